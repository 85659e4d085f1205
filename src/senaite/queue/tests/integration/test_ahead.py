# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Samples and worksheets are promoted before the turn of a chunk, if nobody
else has a say."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api
from bika.lims.api.snapshot import get_last_snapshot
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.utils.analysisrequest import create_partition
from Products.CMFCore.indexing import getQueue
from Products.DCWorkflow.interfaces import IAfterTransitionEvent
from senaite.core.catalog import ANALYSIS_CATALOG
from senaite.core.catalog import SAMPLE_CATALOG
from senaite.core.catalog import WORKSHEET_CATALOG
from zope.component import getGlobalSiteManager

from senaite.queue.adapters import settle
from senaite.queue import api as qapi
from senaite.queue.speedups import ahead
from senaite.queue.speedups import turns
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils

RECEIVED, TO_VERIFY = "sample_received", "to_be_verified"


class AheadTest(WorksheetTestCase):

    #: all of a task in one chunk
    chunk_size = 10

    def setUp(self):
        super(AheadTest, self).setUp()
        #: states of the samples when the turn comes, and how many objects wait
        #: for being indexed
        self.seen, self.waiting = [], []
        #: states of the worksheet
        self.sheets = []
        self.samples, self.analyses, self.worksheet = self.make()
        self.enter_results(self.analyses)
        take = turns.take
        self.addCleanup(setattr, turns, "take", take)

        def look(connection):
            self.seen.append(self.states(self.samples))
            self.sheets.append(api.get_review_status(self.worksheet))
            self.waiting.append(getQueue().length())
            return take(connection)
        turns.take = look

    def queue(self, action, analyses):
        """Have an action done to analyses by the queue, in one chunk."""
        del self.seen[:], self.waiting[:], self.sheets[:]
        qapi.add_action_task(analyses, action, self.worksheet)
        self.assertEqual(len(self.drain()), 1)

    def test_submitted_before_the_turn(self):
        self.queue("submit", self.analyses)
        self.assertEqual(self.seen, [[TO_VERIFY] * 2])
        # The analyses, and nothing was indexed before
        self.assertEqual(self.waiting, [6])
        self.assertEqual(self.states(self.samples), [TO_VERIFY] * 2)
        self.assertEqual(self.sheets, [TO_VERIFY])
        self.assertEqual(api.get_review_status(self.worksheet), TO_VERIFY)
        self.check_indexed()
        for sample in self.samples:
            brain, = api.search({"UID": api.get_uid(sample)},
                                "senaite_catalog_sample")
            self.assertEqual(brain.review_state, TO_VERIFY)
            self.assertEqual(brain.getAnalysesNum, sample.getAnalysesNum())
            snapshot = get_last_snapshot(sample)
            self.assertEqual(snapshot["__metadata__"]["action"], "submit")
            self.assertEqual(snapshot["Analyses"], [
                brain.UID for brain in sample.getAnalyses()])

    def check_indexed(self):
        """See whether catalogs hold of samples and worksheet what they hold
        when these are indexed once more."""
        for obj, name in [(sample, SAMPLE_CATALOG) for sample in
                          self.samples] + [(self.worksheet, WORKSHEET_CATALOG)]:
            before = self.entry(obj, name)
            self.assertEqual(before["review_state"], api.get_review_status(obj))
            obj.reindexObject()
            self.assertEqual(self.entry(obj, name), before)

    def entry(self, obj, name):
        """Return what a catalog holds of an object, but for times."""
        catalog = api.get_tool(name)
        brain, = catalog(UID=api.get_uid(obj))
        found = dict((column, getattr(brain, column))
                     for column in catalog.schema())
        data = catalog.getIndexDataForUID(api.get_path(obj))
        found.update(("index " + index, data[index]) for index in data)
        for time in ("modified", "ModificationDate", "index modified"):
            found.pop(time, None)
        return found

    def test_worksheets_with_other_analyses_are_not(self):
        self.queue("submit", self.analyses[:3])
        self.assertEqual(self.sheets, ["open"])
        self.queue("submit", self.analyses[3:])
        # Others have a say in those that were submitted before
        self.assertEqual(self.sheets, ["open"])
        self.assertEqual(api.get_review_status(self.worksheet), TO_VERIFY)
        self.check_indexed()

    def test_worksheets_with_open_analyses_are_not(self):
        self.analyses[5].setResult("")
        transaction.commit()
        self.queue("submit", self.analyses)
        self.assertEqual(self.sheets, ["open"])
        self.assertEqual(api.get_review_status(self.worksheet), "open")
        self.check_indexed()

    def test_whoever_changes_a_worksheet_writes_to_it_too(self):
        self.do("submit", self.analyses)
        for change in (
                lambda: api.do_transition_for(self.analyses[0], "retract"),
                lambda: api.do_transition_for(self.analyses[0], "reject"),
                lambda: self.worksheet.addAnalysis(
                    utils.analyses_of(utils.create_samples(
                        self.portal, 1))[0])):
            self.assertFalse(self.worksheet._p_changed)
            change()
            self.assertTrue(self.worksheet._p_changed)
            transaction.abort()

    def test_samples_with_other_analyses_are_not(self):
        """One of these is submitted by somebody else in the meantime."""
        first, others = self.analyses[0], self.analyses[1:]
        self.queue("submit", others)
        self.assertEqual(self.seen, [[RECEIVED, TO_VERIFY]])
        self.assertEqual(self.states(self.samples), [RECEIVED, TO_VERIFY])
        self.queue("submit", [first])
        self.assertEqual(self.seen, [[RECEIVED, TO_VERIFY]])
        self.assertEqual(self.states(self.samples), [TO_VERIFY] * 2)

    def test_samples_with_open_analyses_are_not(self):
        """The last one has no result."""
        self.analyses[5].setResult("")
        transaction.commit()
        self.queue("submit", self.analyses)
        self.assertEqual(self.seen, [[TO_VERIFY, RECEIVED]])
        self.assertEqual(self.states(self.samples), [TO_VERIFY, RECEIVED])

    def test_partitions_are_not(self):
        create_partition(self.samples[0], self.layer["request"],
                         self.analyses[:1])
        partition = self.samples[0].getDescendants()[0]
        for sample in (partition, self.samples[0]):
            self.assertFalse(ahead.is_whole(
                sample, sample.getAnalyses(full_objects=True)))
        analyses = self.samples[1].getAnalyses(full_objects=True)
        self.assertTrue(ahead.is_whole(self.samples[1], analyses))
        self.assertFalse(ahead.is_whole(self.samples[1], analyses[1:]))
        self.assertFalse(ahead.is_whole(self.samples[1], []))

    def test_verified_before_the_turn(self):
        api.get_setup().setAutoVerifySamples(True)
        self.do("submit", self.analyses)
        self.queue("verify", self.analyses[:5])
        self.assertEqual(self.seen, [["verified", TO_VERIFY]])
        self.assertEqual(self.sheets, [TO_VERIFY])
        self.queue("verify", self.analyses[5:])
        # The others of its sample were no part of this
        self.assertEqual(self.seen, [["verified", TO_VERIFY]])
        self.assertEqual(self.states(self.samples), ["verified"] * 2)

    def test_verified_as_the_setup_wants_it(self):
        api.get_setup().setAutoVerifySamples(False)
        self.do("submit", self.analyses)
        self.queue("verify", self.analyses)
        self.assertEqual(self.sheets, ["verified"])
        self.assertEqual(self.states(self.samples), [TO_VERIFY] * 2)
        self.assertEqual(self.states(self.analyses), ["verified"] * 6)
        self.check_indexed()

    def test_who_looks_sees_what_was_done(self):
        """What another add-on does with the event may look into the catalog."""
        found = []

        def look(sample, event):
            if event.transition and event.transition.id == "submit":
                found.append([brain.review_state
                              for brain in sample.getAnalyses()])
                found.append([brain.review_state for brain in api.search(
                    {"getAncestorsUIDs": api.get_uid(sample)},
                    ANALYSIS_CATALOG)])
        handler = (look, (IAnalysisRequest, IAfterTransitionEvent))
        getGlobalSiteManager().registerHandler(*handler)
        self.addCleanup(getGlobalSiteManager().unregisterHandler, *handler)
        self.queue("submit", self.analyses)
        self.assertEqual(found, [[TO_VERIFY] * 3] * 4)
        self.assertEqual(self.states(self.samples), [TO_VERIFY] * 2)

    def test_known_as_long_as_its_analyses_are_the_same(self):
        """Another add-on may add one when the sample is submitted."""
        found, do = [], settle.do_if_allowed
        self.addCleanup(setattr, settle, "do_if_allowed", do)

        def look(sample, action):
            if not ahead.knows(sample):
                return do(sample, action)
            found.append(ahead.knows(sample))
            self.add_analysis(sample)
            found.append(ahead.knows(sample))
            found.append(len(sample.getAnalyses(full_objects=True)))
            return False
        settle.do_if_allowed = look
        self.queue("submit", self.analyses)
        self.assertEqual(found, [True, False, 4] * 2)
        self.assertEqual(self.states(self.samples), [RECEIVED] * 2)

    def add_analysis(self, sample):
        service, = api.search({"portal_type": "AnalysisService",
                               "getKeyword": "Fe"}, "senaite_catalog_setup")
        sample.setAnalyses(sample.getAnalyses() + [service])

    def test_whoever_opens_a_sample_again_writes_to_it_too(self):
        """So that one of the two conflicts, and is done again."""
        sample = self.samples[0]
        self.do("submit", self.analyses)
        self.assertFalse(sample._p_changed)
        api.do_transition_for(self.analyses[0], "retract")
        self.assertTrue(sample._p_changed)
        transaction.abort()
        self.assertFalse(sample._p_changed)
        self.add_analysis(sample)
        self.assertEqual(len(sample.getAnalyses()), 4)
        self.assertTrue(sample._p_changed)
        transaction.abort()

    def test_promotion_writes_to_the_sample(self):
        changed = []
        take = turns.take
        turns.take = lambda connection: changed.append(
            [sample._p_changed for sample in self.samples]) or take(connection)
        self.queue("submit", self.analyses)
        self.assertEqual(changed, [[True] * 2])
