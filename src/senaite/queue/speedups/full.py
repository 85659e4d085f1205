# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Sessions and chunks with all speedups that fit the installed packages."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import contextlib

import transaction
from bika.lims import api
from bika.lims.interfaces import IInternalUse
from Products.CMFCore.indexing import processQueue

from senaite.queue.speedups import ahead
from senaite.queue.speedups import garbage
from senaite.queue.speedups import holdback
from senaite.queue.speedups import memos
from senaite.queue.speedups import pace
from senaite.queue.speedups import readahead
from senaite.queue.speedups import turns
from senaite.queue.speedups.plain import Plain
from senaite.queue.speedups.plain import PlainChunk
from senaite.queue.speedups.prepared import NothingPrepared
from senaite.queue.speedups.prepared import Prepared

#: States of analyses that keep their sample from being submitted
OPEN_STATES = ("registered", "unassigned", "assigned")


class Full(Plain):
    """A session with speedups."""

    def __init__(self, table):
        """
        :param table: what was patched, and what is relied on
        :type table: senaite.queue.site.patching.Table
        """
        self._table = table

    def fits(self, speedup):
        """Tell whether a speedup fits the installed packages."""
        return self._table.fits(speedup)

    def get_changed(self):
        return self._table.get_changed()

    @contextlib.contextmanager
    def working_off(self):
        with garbage.rarely_collected():
            yield

    @contextlib.contextmanager
    def processing(self, portal):
        with garbage.rarely_collected():
            if not self.fits("turns"):
                yield
                return
            with turns.offered(portal):
                yield

    @contextlib.contextmanager
    def reading_once(self):
        with memos.kept():
            yield

    @contextlib.contextmanager
    def asked_once(self, obj, action):
        with memos.asked_once(obj, action):
            yield

    def read_ahead(self, objects):
        objects = list(objects)
        for obj in objects:
            memos.know(obj)
        if self.fits("readahead"):
            readahead.read_ahead(objects)

    def read_status_ahead(self, objects):
        if self.fits("readahead"):
            readahead.read_ahead(objects, readahead.STATUS)

    def chunk(self, task):
        return Chunk(self, task)


class Chunk(PlainChunk):
    """The work on one chunk of a task."""

    def __init__(self, session, task):
        super(Chunk, self).__init__(task)
        self._session = session
        self._stopwatch = pace.Stopwatch()
        #: What is owed, see `senaite.queue.speedups.holdback.Held`
        self._reindexing = collections.OrderedDict()
        self._promotions = collections.OrderedDict()
        self._verified = collections.OrderedDict()
        #: The action on analyses for which work was held back
        self._action = None

    def get_size(self):
        return pace.get_size(self.task)

    def get_next_size(self, items):
        return pace.get_next_size(
            self.task, items, self._stopwatch.get_seconds(),
            self._stopwatch.get_elapsed(), on_commit)

    @contextlib.contextmanager
    def holding(self, action):
        if not self._session.fits("holdback"):
            yield
            return
        with holdback.holding(action) as held:
            yield
        self._note(held)

    def _note(self, held):
        """Remember what was held back.

        :type held: senaite.queue.speedups.holdback.Held
        """
        if held is not None:
            self._action = held.action
            self._reindexing.update(held.reindexing)
            self._promotions.update(held.promotions)
            self._verified.update(held.verified)

    def get_owed_reindexing(self):
        return list(self._reindexing.values())

    def get_owed_promotions(self):
        return list(self._promotions.values())

    def get_last_verified(self):
        return self._verified.copy()

    def is_futile(self, action, analyses):
        return action == "submit" and self._session.fits("submission") and \
            any(is_open(analysis) for analysis in analyses)

    def index(self, settlement):
        """Index the analyses, then the samples and worksheets that can be
        promoted before the turn comes.

        What is indexed is read before the turn, in which no other consumer
        can go on.
        """
        values = Prepared() if self._session.fits("indexing") \
            else NothingPrepared()
        values.read()
        promoted = collections.OrderedDict()
        if self._action in ahead.ACTIONS and \
                all(map(self._session.fits, ("ahead", "indexing"))):
            self._promote_ahead(settlement, values, promoted)
        # The metadata of samples and worksheets, and the guards of others,
        # read the catalogs. Nothing may change any of them in between.
        if self._session.fits("turns"):
            values.forget_if_changed(turns.take(settlement.context._p_jar))
        with memos.given(values):
            processQueue()
            for obj in promoted.values():
                obj.reindexObject()
            processQueue()
        return set(promoted)

    def _promote_ahead(self, settlement, values, promoted):
        """Promote the samples and worksheets that need no turn for that.

        :param values: reads what each of them is to be indexed with
        :type values: senaite.queue.speedups.prepared.Prepared
        :param promoted: dict from uid to object; gets those promoted
        """
        action = self._action
        with self.holding(action):
            for uid, sample in settlement.samples.items():
                analyses = settlement.analyses[uid]
                if settlement.owes(sample, action) and \
                        not self.is_futile(action, analyses) and \
                        ahead.promote(sample, analyses, action, settlement.do,
                                      values.read_promoted):
                    promoted[uid] = sample
            for uid, worksheet in settlement.worksheets.items():
                if ahead.has_all(worksheet, settlement.members[uid]) and \
                        settlement.promote(worksheet):
                    values.read_promoted(worksheet)
                    promoted[uid] = worksheet


def on_commit(function):
    """Have a function called when the current transaction was committed."""
    def call(committed):
        if committed:
            function()
    transaction.get().addAfterCommitHook(call)


def is_open(analysis):
    """Tell whether an analysis keeps its sample from being submitted.

    Analyses for internal use do not, unless all are
    (`bika.lims.workflow.analysisrequest.guards.guard_submit`); duplicates and
    references never do, since they do not belong to the sample. The guard
    wakes up all analyses of the sample to find one that is open: after an
    assignment, each analysis that was assigned is.
    """
    return api.get_portal_type(analysis) == "Analysis" and \
        not IInternalUse.providedBy(analysis) and \
        api.get_workflow_status_of(analysis) in OPEN_STATES
