# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Bring samples and worksheets in line after a chunk of analyses was processed.

While a worksheet or a sample is queued, it does not follow the analyses that
people process by hand, since our guards keep it where it is. And core leaves
its catalog metadata one step behind after a bulk action: the last reindexing
of a worksheet runs before the last analyses are indexed. Both are put right at
the end of each chunk.
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
from senaite.queue.site import samples
from senaite.queue.speedups import ahead
from senaite.queue.speedups import holdback
from senaite.queue.speedups import memos
from senaite.queue.speedups.prepared import Prepared
from senaite.queue.speedups.readahead import read_ahead
from senaite.queue.speedups import turns

#: What core tries on a worksheet whenever its analyses change: ways, each of
#: transitions that may follow each other. Where one was gone the others are
#: closed, and their guards need not be asked.
WORKSHEET_PROMOTIONS = (("rollback_to_open",), ("submit", "verify"))

#: The same for samples. Verification depends on a setting, see `_verify`.
SAMPLE_PROMOTIONS = (("submit",), ("rollback_to_receive",))


#: States of analyses that keep their sample from being submitted
OPEN_STATES = ("registered", "unassigned", "assigned")


def is_open(analysis):
    """Tell whether an analysis keeps its sample from being submitted.

    Those for internal use do not, unless all are
    (`bika.lims.workflow.analysisrequest.guards.guard_submit`); duplicates and
    references never do, they are not the sample's.
    """
    return api.get_portal_type(analysis) == "Analysis" and \
        not IInternalUse.providedBy(analysis) and \
        api.get_workflow_status_of(analysis) in OPEN_STATES


class Settlement(object):
    """Remembers the samples and worksheets involved, and settles them."""

    def __init__(self, context):
        self.context = context
        self.samples = collections.OrderedDict()
        #: The analyses involved, by the uid of their sample
        self.analyses = collections.defaultdict(list)
        self.worksheets = collections.OrderedDict()
        #: The analyses involved, by the uid of their worksheet
        self.members = collections.defaultdict(list)
        #: Samples and worksheets that were promoted before our turn, by uid
        self._promoted = collections.OrderedDict()
        #: The analyses verified last, by the path of their sample
        self._verified = {}
        self._remember(context)

    def involve(self, obj):
        """Remember the sample (with its ancestors) and the worksheet of an
        object: before it is processed, since it may leave them.

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

    def settle(self, held=None):
        """Promote and reindex what was involved.

        :param held: what was held back meanwhile
        :type held: senaite.queue.speedups.holdback.Held
        """
        self._note(held)
        # Before our turn, in which nobody else can go on
        read_ahead(self.samples.values())
        values = Prepared()
        values.read()
        if held is not None and held.action in ahead.ACTIONS:
            self._note(self._promote_ahead(held.action, values))
        self._index(values)
        self._settle(self.samples, SAMPLE_PROMOTIONS)
        self._settle(self.worksheets, WORKSHEET_PROMOTIONS)

    def _note(self, held):
        """Remember what was held back."""
        if held is not None:
            self._verified.update(held.verified)
            for obj in held.objects.values():
                self._remember(obj)

    def _promote_ahead(self, action, values):
        """Promote the samples and worksheets for which that needs no turn.

        :param action: id of the transition that was done to the analyses
        :param values: is told of each of them
        :returns: what was held back meanwhile: all is indexed later
        """
        with holdback.holding(action) as held:
            for uid, sample in self.samples.items():
                if not self._is_vain(sample, action) and ahead.promote(
                        sample, self.analyses[uid], action,
                        values.read_promoted):
                    self._promoted[uid] = sample
            for uid, worksheet in self.worksheets.items():
                if ahead.has_all(worksheet, self.members[uid]) and \
                        self._promote(worksheet, WORKSHEET_PROMOTIONS):
                    values.read_promoted(worksheet)
                    self._promoted[uid] = worksheet
        return held

    def _index(self, values):
        """Wait for our turn, and index the analyses, then the samples and
        worksheets that were promoted: the metadata of these, and guards of
        others, read the catalogs.

        Nothing may come in between that changes any of them.

        :param values: what they are indexed with, read before the turn
        """
        values.forget_if_changed(turns.take(self.context._p_jar))
        with memos.given(values):
            processQueue()
            for obj in self._promoted.values():
                obj.reindexObject()
            processQueue()

    def _settle(self, objects, promotions):
        for obj in objects.values():
            uid = api.get_uid(obj)
            if uid in self._promoted or \
                    api.get_object_by_uid(uid, default=None) is None:
                # Settled before, or removed by the very action
                continue
            self._promote(obj, promotions)
            if api.get_path(obj) in self._verified:
                self._verify(obj, self._verified[api.get_path(obj)])
            obj.reindexObject()
        processQueue()

    def _promote(self, obj, promotions):
        """Do what is possible of the first way that is; tell whether any
        was."""
        return any(self._go(obj, way) for way in promotions)

    def _go(self, obj, way):
        """Do what is possible of some transitions; tell whether any was."""
        return any([do_if_allowed(obj, action) for action in way
                    if not self._is_vain(obj, action)])

    def _is_vain(self, obj, action):
        """Tell whether it is plain that a transition is not possible.

        The guard of a sample's submission wakes up all its analyses, to find
        one that is open: after an assignment, each that was assigned is.
        """
        return action == "submit" and any(
            is_open(analysis) for analysis in
            self.analyses.get(api.get_uid(obj), ()))

    def _verify(self, sample, analysis):
        """Do to a sample what core does after the last of its analyses was
        verified.

        :param analysis: the one that was verified last
        """
        if events.check_all_verified(analysis) and \
                api.get_setup().getAutoVerifySamples():
            do_if_allowed(sample, "verify")

    def _remember(self, obj):
        if IWorksheet.providedBy(obj):
            self.worksheets[api.get_uid(obj)] = obj
        elif IAnalysisRequest.providedBy(obj):
            # Partitions first, then what they were made from
            for sample in samples.get_ancestry(obj):
                uid = api.get_uid(sample)
                self.samples.pop(uid, None)
                self.samples[uid] = sample
