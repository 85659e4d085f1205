# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What analyses are indexed with, read in advance."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

import transaction
from Acquisition import aq_base
from bika.lims import api
from plone.indexer.wrapper import IndexableObjectWrapper
from Products.CMFCore.indexing import getQueue
from Products.CMFCore.indexing import processQueue
from senaite.core.catalog import ANALYSIS_CATALOG
from senaite.core.catalog import SAMPLE_CATALOG

from senaite.queue.speedups import memos
from senaite.queue.speedups.prepared import Prepared
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests import utils


def by_oid(objects):
    """Return changed objects as `turns.take` does."""
    return dict((obj._p_oid, obj) for obj in objects)


class PreparedTest(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        utils.act_as(self.portal, "labman1")
        self.samples = utils.create_samples(self.portal, 1)
        self.analyses = utils.analyses_of(self.samples)
        self.catalog = api.get_tool(ANALYSIS_CATALOG)
        processQueue()
        # Gives all objects their oids
        transaction.savepoint(optimistic=True)

    def prepare(self, result="12"):
        """Change the analyses, and return what they are to be indexed with."""
        for analysis in self.analyses:
            analysis.setResult(result)
            analysis.reindexObject()
        prepared = Prepared()
        prepared.read()
        return prepared

    def entry(self, analysis):
        """Return what the catalog holds of an analysis."""
        path = api.get_path(analysis)
        brain = self.catalog(UID=api.get_uid(analysis))[0]
        return (self.catalog.getIndexDataForUID(path),
                [getattr(brain, name) for name in self.catalog.schema()])

    def asked(self, function):
        """Call a function; return the names that wrappers had to look up."""
        names, ask = [], IndexableObjectWrapper.__getattr__
        self.addCleanup(
            setattr, IndexableObjectWrapper, "__getattr__", ask)

        def look_up(wrapper, name):
            names.append(name)
            return ask(wrapper, name)
        IndexableObjectWrapper.__getattr__ = look_up
        function()
        IndexableObjectWrapper.__getattr__ = ask
        return names

    def test_catalogs_hold_the_same(self):
        analysis = self.analyses[0]
        with memos.kept():
            prepared = self.prepare()
            with memos.given(prepared):
                processQueue()
        found = self.entry(analysis)
        self.assertEqual(found[1][self.catalog.schema().index("getResult")],
                         "12")
        analysis.reindexObject()
        self.assertEqual(self.entry(analysis), found)

    def test_little_is_asked_for_again(self):
        with memos.kept():
            with memos.given(self.prepare()):
                with_them = self.asked(processQueue)
            self.prepare()
            without = self.asked(processQueue)
        # what an analysis does not have is asked for each time
        self.assertGreater(len(without), 4 * len(with_them))
        self.assertIn("review_state", without)
        self.assertNotIn("review_state", with_them)

    def test_given_out_in_its_block_only(self):
        with memos.kept():
            with memos.given(self.prepare("12")):
                processQueue()
            self.prepare("13")
            processQueue()
        self.assertEqual(self.catalog(UID=api.get_uid(
            self.analyses[0]))[0].getResult, "13")

    def test_forgotten_when_its_sample_was_changed(self):
        found = self.find(self.prepare(), self.samples[0])
        self.assertEqual(found, {})

    def test_forgotten_when_its_client_was_changed(self):
        found = self.find(self.prepare(), self.samples[0].aq_parent)
        self.assertEqual(found, {})

    def test_forgotten_when_anything_unknown_was_changed(self):
        service = self.analyses[0].getAnalysisService()
        self.assertEqual(self.find(self.prepare(), service), {})

    def test_kept_when_others_of_its_kind_were_changed(self):
        other = utils.create_samples(self.portal, 1)[0]
        worksheet = utils.create_worksheet(self.portal)
        processQueue()
        transaction.savepoint(optimistic=True)
        found = self.find(
            self.prepare(), other, utils.analyses_of([other])[0], worksheet,
            self.catalog._catalog, self.catalog._catalog.data,
            self.catalog, other.workflow_history)
        self.assertEqual(found["getResult"], "12")

    def test_samples_are_indexed_with_the_same(self):
        catalog = api.get_tool(SAMPLE_CATALOG)
        sample = self.samples[0]

        def index():
            sample.reindexObject()
            processQueue()
            path = api.get_path(sample)
            data = catalog.getIndexDataForUID(path)
            brain = catalog(UID=api.get_uid(sample))[0]
            columns = dict((name, getattr(brain, name))
                           for name in catalog.schema())
            return data, columns
        sample.setClientReference("Bottle 7")
        sample.setRemarks("Half empty")
        with memos.kept():
            prepared = Prepared()
            prepared.read_promoted(sample)
            # Only what was read before is found, whatever it is by now
            sample.setClientReference("Bottle 8")
            with memos.given(prepared):
                given = index()
        self.assertEqual(given[1]["getClientReference"], "Bottle 7")
        self.assertIn("7", given[0]["listing_searchable_text"])
        sample.setClientReference("Bottle 7")
        live = index()
        self.assertLessEqual(
            given[0].pop("modified"), live[0].pop("modified"))
        self.assertEqual(given, live)

    def test_what_is_searched_for_is_not_read_before(self):
        """It is another when the analyses have been indexed."""
        sample, catalog = self.samples[0], api.get_tool(SAMPLE_CATALOG)
        states = []

        def search():
            states.append(sorted(
                brain.review_state for brain in sample.getAnalyses()))
            return states[-1]
        sample.getPrinted = search
        self.addCleanup(delattr, sample, "getPrinted")
        self.analyses[0].reindexObject()
        waiting = getQueue().getState()
        with memos.kept():
            prepared = Prepared()
            prepared.read_promoted(sample)
        self.assertEqual(states, [["unassigned"] * 3])
        # Nothing was indexed for that
        self.assertEqual(getQueue().getState(), waiting)
        found = prepared.find(sample, catalog)
        self.assertEqual(found["getClientID"], sample.getClientID())
        for name in ("getPrinted", "getAnalysesNum", "getProgress",
                     "modified", "getPhysicalPath"):
            self.assertIn(name, catalog.schema() + ["modified"])
            self.assertNotIn(name, found)

    def test_samples_forgotten_when_their_client_was_changed(self):
        sample, catalog = self.samples[0], api.get_tool(SAMPLE_CATALOG)
        prepared = Prepared()
        prepared.read_promoted(sample)
        self.assertTrue(prepared.find(sample, catalog))
        prepared.forget_if_changed(by_oid([aq_base(sample.aq_parent)]))
        self.assertEqual(prepared.find(sample, catalog), {})

    def find(self, prepared, *changed):
        """Return what is left of an analysis when objects were changed."""
        prepared.forget_if_changed(by_oid(
            [aq_base(obj) for obj in changed]))
        return prepared.find(self.analyses[0], self.catalog)
