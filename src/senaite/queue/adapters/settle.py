# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Bring samples and worksheets in line after a chunk of analyses.

While a task works, core itself promotes samples and worksheets, partitions and
what these were made from included. What the speedups held back of that is done
here, at the end of the chunk, and nothing else: core's guards do not agree with
each other about analyses for internal use, for instance, so that a transition
that core does not try may well be possible, and wrong.

Two things that core leaves behind in its catalogs are corrected as well. After
a bulk action, samples and worksheets are one step behind, since the last
reindexing of a worksheet runs before the last analyses are indexed. And
analyses of a sample for internal use may be indexed in the middle of a
transition of their sample, when clients can view it for a moment.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from bika.lims import api
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IInternalUse
from bika.lims.interfaces import IWorksheet
from bika.lims.workflow.analysis import events
from Products.CMFCore.indexing import processQueue

from senaite.queue.adapters.transitions import do_if_allowed
from senaite.queue.site.objects import get_object
from senaite.queue.site import samples
from senaite.queue import speedups

#: The index of who can view an object
VIEWERS = "allowedRolesAndUsers"


class Settlement(object):
    """Remembers the samples and worksheets of a chunk, and settles them."""

    def __init__(self, context, chunk):
        """
        :param context: context of the task
        :param chunk: the chunk, as the speedups see it
        :type chunk: senaite.queue.speedups.plain.PlainChunk
        """
        self.context = context
        self.chunk = chunk
        #: Samples to index by uid, partitions before the samples they were
        #: made from
        self.samples = collections.OrderedDict()
        #: The analyses involved, by the uid of their sample
        self.analyses = collections.defaultdict(list)
        #: Worksheets to index by uid
        self.worksheets = collections.OrderedDict()
        #: The analyses involved, by the uid of their worksheet
        self.members = collections.defaultdict(list)
        #: Samples that were processed themselves
        self.processed = []
        #: Each sample and those it is a partition of, from the bottom up, by
        #: its uid
        self._ancestries = {}
        #: Actions that were held back, by the path of the sample or worksheet
        self._promotions = {}
        #: See `PlainChunk.get_last_verified`
        self._verified = collections.OrderedDict()
        #: See `_get_overtaken`
        self._overtaken = None
        if IWorksheet.providedBy(context):
            self._remember(context)

    def involve(self, obj):
        """Remember what core writes to when it processes an object: the object
        itself or, for an analysis, its sample (with its ancestors) and its
        worksheet. To be called before it is processed, since it may leave
        them.

        :param obj: content object
        """
        self._remember(obj)
        if IAnalysisRequest.providedBy(obj):
            self.processed.append(obj)
        sample = samples.get_sample(obj)
        if sample is None:
            return
        analyses = self.analyses[api.get_uid(sample)]
        if not analyses:
            for ancestor in self._get_ancestry(sample):
                self._remember(ancestor)
        analyses.append(obj)
        worksheet = obj.getWorksheet()
        if worksheet is not None:
            self.members[api.get_uid(worksheet)].append(obj)
            self._remember(worksheet)

    def settle(self):
        """Index the analyses, and promote and index what was involved."""
        self._remember_owed()
        speedups.session().read_ahead(self.samples.values())
        settled = self.chunk.index(self)
        processQueue()
        self._remember_owed()
        self._settle(self.samples, settled)
        self._settle(self.worksheets, settled)
        self._close()

    def do(self, obj, action):
        """Do a transition if it is possible; tell whether it was."""
        return do_if_allowed(obj, action)

    def owes(self, obj, action):
        """Tell whether a transition of a sample or worksheet was held back."""
        path = api.get_path(obj)
        if IAnalysisRequest.providedBy(obj) and action == "verify" and \
                path in self._verified:
            return True
        return action in self._promotions.get(path, ())

    def promote(self, obj):
        """Try the transitions of a sample or worksheet that were held back;
        tell whether any was possible."""
        analyses = self.analyses.get(api.get_uid(obj), ())
        return any([self.do(obj, action) for action
                    in self._promotions.get(api.get_path(obj), ())
                    if not self.chunk.is_futile(action, analyses)])

    def _remember_owed(self):
        """Remember what the speedups have held back, and for what."""
        owed = self.chunk.get_owed_promotions()
        for obj in self.chunk.get_owed_reindexing():
            self._remember(obj)
        for obj, _actions in owed:
            self._remember(obj)
        self._promotions = dict(
            (api.get_path(obj), actions) for obj, actions in owed)
        self._verified = self.chunk.get_last_verified()
        self._overtaken = None

    def _settle(self, objects, settled):
        """Promote and index objects.

        :param objects: dict from uid to sample or worksheet
        :param settled: uids of those that were settled before
        """
        for uid, obj in objects.items():
            if uid in settled or get_object(uid) is None:
                # Settled before, or removed by the very action
                continue
            self.promote(obj)
            self._verify(obj)
            obj.reindexObject()
        processQueue()

    def _verify(self, obj):
        """Do to a sample what core does after the last of its analyses was
        verified, if that was held back.

        Core does nothing when the last one of its own was verified before one
        of its partitions.
        """
        analysis = self._verified.get(api.get_path(obj))
        if analysis is None or not api.get_setup().getAutoVerifySamples():
            return
        if obj.getDescendantsUIDs() and \
                api.get_uid(obj) in self._get_overtaken():
            return
        if events.check_all_verified(analysis):
            self.do(obj, "verify")

    def _get_overtaken(self):
        """Return the uids of the samples whose own analyses were all verified
        before one of their partitions."""
        if self._overtaken is None:
            self._overtaken = set()
            for analysis in self._verified.values():
                uids = list(map(
                    api.get_uid, self._get_ancestry(analysis.getRequest())))
                self._overtaken.discard(uids[0])
                self._overtaken.update(uids[1:])
        return self._overtaken

    def _get_ancestry(self, sample):
        """Return a sample and those it is a partition of, from the bottom up;
        look them up once."""
        uid = api.get_uid(sample)
        if uid not in self._ancestries:
            self._ancestries[uid] = samples.get_ancestry(sample)
        return self._ancestries[uid]

    def _close(self):
        """Index who can view the analyses of samples for internal use."""
        involved = list(self.samples.values())
        for sample in self.processed:
            involved.extend(sample.getDescendants(all_descendants=True))
        for sample in involved:
            if not IInternalUse.providedBy(sample):
                continue
            for analysis in sample.objectValues("Analysis"):
                analysis.reindexObject(idxs=[VIEWERS])
        processQueue()

    def _remember(self, obj):
        if IWorksheet.providedBy(obj):
            self.worksheets[api.get_uid(obj)] = obj
        elif IAnalysisRequest.providedBy(obj):
            # Partitions first, then the samples they were made from
            uid = api.get_uid(obj)
            if uid in self.samples:
                return
            self.samples[uid] = obj
            for ancestor in self._get_ancestry(obj)[1:]:
                uid = api.get_uid(ancestor)
                if uid in self.samples:
                    self.samples[uid] = self.samples.pop(uid)
