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

While a worksheet or a sample is queued, it does not follow the analyses that
people process by hand, since our guards keep it in its state. In addition,
core leaves its catalog metadata one step behind after a bulk action: the last
reindexing of a worksheet runs before the last analyses are indexed. Both are
corrected at the end of each chunk.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from bika.lims import api
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IWorksheet
from bika.lims.workflow.analysis import events
from Products.CMFCore.indexing import processQueue

from senaite.queue.adapters.transitions import do_if_allowed
from senaite.queue.site.objects import get_object
from senaite.queue.site import samples
from senaite.queue import speedups

#: What core tries on a worksheet whenever its analyses change: alternatives,
#: each of transitions that may follow each other. Once one alternative was
#: taken the others are closed, and their guards need not be asked.
WORKSHEET_PROMOTIONS = (("rollback_to_open",), ("submit", "verify"))

#: The same for samples. Verification depends on a setting, see `_verify`.
SAMPLE_PROMOTIONS = (("submit",), ("rollback_to_receive",))


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
        #: Samples by uid, partitions before the samples they were made from
        self.samples = collections.OrderedDict()
        #: The analyses involved, by the uid of their sample
        self.analyses = collections.defaultdict(list)
        #: Worksheets by uid
        self.worksheets = collections.OrderedDict()
        #: The analyses involved, by the uid of their worksheet
        self.members = collections.defaultdict(list)
        self._remember(context)

    def involve(self, obj):
        """Remember the sample (with its ancestors) and the worksheet of an
        object. To be called before it is processed, since it may leave them.

        :param obj: content object
        """
        self._remember(obj)
        sample = samples.get_sample(obj)
        if sample is None:
            return
        self.analyses[api.get_uid(sample)].append(obj)
        self._remember(sample)
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
        self._settle(self.samples, SAMPLE_PROMOTIONS, settled)
        self._settle(self.worksheets, WORKSHEET_PROMOTIONS, settled)

    def do(self, obj, action):
        """Do a transition if it is possible; tell whether it was."""
        return do_if_allowed(obj, action)

    def promote_worksheet(self, worksheet):
        """Promote a worksheet as far as possible; tell whether it was."""
        return self._promote(worksheet, WORKSHEET_PROMOTIONS)

    def _remember_owed(self):
        """Remember what the speedups have held something back for."""
        for obj in self.chunk.get_owed():
            self._remember(obj)

    def _settle(self, objects, promotions, settled):
        """Promote and index objects.

        :param objects: dict from uid to sample or worksheet
        :param settled: uids of those that were settled before
        """
        verified = self.chunk.get_last_verified()
        for uid, obj in objects.items():
            if uid in settled or get_object(uid) is None:
                # Settled before, or removed by the very action
                continue
            self._promote(obj, promotions)
            if api.get_path(obj) in verified:
                self._verify(obj, verified[api.get_path(obj)])
            obj.reindexObject()
        processQueue()

    def _promote(self, obj, promotions):
        """Do what is possible of the first alternative that is possible; tell
        whether any was."""
        return any(self._go(obj, way) for way in promotions)

    def _go(self, obj, way):
        """Do what is possible of some transitions; tell whether any was."""
        analyses = self.analyses.get(api.get_uid(obj), ())
        return any([self.do(obj, action) for action in way
                    if not self.chunk.is_futile(action, analyses)])

    def _verify(self, sample, analysis):
        """Do to a sample what core does after the last of its analyses was
        verified.

        :param analysis: the one that was verified last
        """
        if events.check_all_verified(analysis) and \
                api.get_setup().getAutoVerifySamples():
            self.do(sample, "verify")

    def _remember(self, obj):
        if IWorksheet.providedBy(obj):
            self.worksheets[api.get_uid(obj)] = obj
        elif IAnalysisRequest.providedBy(obj):
            # Partitions first, then the samples they were made from
            for sample in samples.get_ancestry(obj):
                uid = api.get_uid(sample)
                self.samples.pop(uid, None)
                self.samples[uid] = sample
