# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Prefetching of objects in batches, on a real ZEO and with real analyses."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

import transaction
from BTrees.OOBTree import OOBTree
from persistent import GHOST
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping
from Products.CMFCore.CMFCatalogAware import CatalogAware

from senaite.queue.speedups.readahead import read_ahead
from senaite.queue.speedups.readahead import STATUS
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests import utils
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import BareSite
from senaite.queue.tests.zodbsite import Connected


class Content(CatalogAware, BareSite):
    """Stands in for content that is referenced by other content."""


class TestLayers(unittest.TestCase):

    layer = zodbsite.OVER_ZEO

    def setUp(self):
        first, second = self.layer.world.databases(2)
        self.jane, self.john = Connected(first), Connected(second)
        self.addCleanup(self.jane.close)
        self.addCleanup(self.john.close)
        site = self.john.begin()
        site.items = PersistentMapping()
        for number in range(3):
            item = site.items[number] = BareSite()
            item.title = u"Item {}".format(number)
            item.workflow_history = PersistentMapping(state="open")
            item.texts = PersistentMapping(body=u"Text")
            item.other = Content()
            item.__annotations__ = OOBTree({
                "references": PersistentMapping(uids=PersistentList(["a"])),
                "snapshots": PersistentList(["{}"])})
        self.john.commit()
        self.connection = self.jane.connection
        getattr(self.connection.db().storage, "ping")()
        self.items = list(self.jane.begin().items.values())
        self.asked = []
        self.prefetch = self.connection.prefetch
        self.connection.prefetch = self.note
        self.addCleanup(self.connection.__dict__.pop, "prefetch", None)

    def note(self, oids):
        self.asked.append(list(oids))
        self.prefetch(oids)

    def oids(self, get_part):
        return [get_part(item)._p_oid for item in self.items]

    def test_each_layer_is_prefetched_in_one_batch(self):
        read_ahead(self.items)
        self.assertEqual([len(oids) for oids in self.asked], [3, 9, 6, 3])
        self.assertEqual(self.asked[0], self.oids(lambda item: item))
        self.assertEqual(set(self.asked[1]), set(
            self.oids(lambda item: item.workflow_history) +
            self.oids(lambda item: item.texts) +
            self.oids(lambda item: item.__annotations__)))
        self.assertEqual(set(self.asked[2]), set(
            self.oids(lambda item: item.__annotations__["references"]) +
            self.oids(lambda item: item.__annotations__["snapshots"])))
        self.assertEqual(set(self.asked[3]), set(self.oids(
            lambda item: item.__annotations__["references"]["uids"])))
        # Other content has parts of its own, and is not prefetched
        self.assertEqual([item.other._p_state for item in self.items],
                         [GHOST] * 3)
        # Prefetched objects load as usual
        for item in self.items:
            self.assertEqual(item.workflow_history["state"], "open")
            self.assertEqual(
                list(item.__annotations__["references"]["uids"]), ["a"])

    def test_only_the_requested_parts_are_prefetched(self):
        read_ahead(self.items, ("__annotations__", "references"))
        self.assertEqual(self.asked, [
            self.oids(lambda item: item),
            self.oids(lambda item: item.__annotations__),
            self.oids(lambda item: item.__annotations__["references"])])

    def test_loaded_objects_are_not_prefetched(self):
        for item in self.items[:2]:
            len(item.title)
            item.workflow_history.get("state")
        read_ahead(self.items, ("workflow_history",))
        self.assertEqual(self.asked, [
            [self.items[2]._p_oid], [self.items[2].workflow_history._p_oid]])

    def test_new_objects_are_not_prefetched(self):
        read_ahead([])
        read_ahead([BareSite()])
        self.items[0].made = PersistentMapping(made=PersistentMapping())
        read_ahead(self.items[:1], ("made",))
        self.assertEqual(self.asked, [])


    def test_no_prefetch_after_a_savepoint(self):
        # The connection could never prefetch again: its temporary storage
        # cannot
        self.jane.site.other = 1
        self.jane.manager.savepoint(optimistic=True)
        del self.connection.prefetch
        read_ahead(self.items)
        self.assertNotIn("prefetch", vars(self.connection))
        self.jane.abort()


class TestAnalyses(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def test_status_of_analyses_is_prefetched(self):
        portal = self.layer["portal"]
        utils.act_as(portal, "labman1")
        analyses = utils.analyses_of(utils.create_samples(portal, 1))
        worksheet = utils.create_worksheet(portal)
        worksheet.addAnalyses(analyses)
        transaction.commit()
        connection, asked = portal._p_jar, []
        connection.prefetch = asked.append
        self.addCleanup(connection.__dict__.pop, "prefetch", None)
        connection.cacheMinimize()
        read_ahead(analyses, STATUS)
        # The analyses, history and annotations, references, and their uids
        self.assertEqual([len(oids) // len(analyses) for oids in asked],
                         [1, 2, 1, 1])
        for analysis in analyses:
            self.assertEqual(analysis.getWorksheet(), worksheet)
