# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The index of an outbox, on plain dicts: duplicates, and what it costs."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import unittest

from senaite.queue.records import outbox_index
from senaite.queue.records.outbox_index import index_of

UID = "f" * 32


class Bell(object):
    """Stands in for `BTrees.Length`."""

    value = 0
    _p_serial = b"serial"


def make_root(shards=2):
    """Return an empty outbox."""
    return {"shards": [{"entries": {"": ""}, "bell": Bell()}
                       for _number in range(shards)]}


def make_text(item="a", sent=None, rejected=None):
    """Return the text of an entry of the task UID."""
    return json.dumps({
        "task": {"task_uid": UID, "context_uid": "c", "uids": [item],
                 "locks": ["l"]},
        "sent": sent, "rejected": rejected})


def write(root, number, text):
    """Write the entry of the task UID to a shard; None removes it."""
    shard = root["shards"][number]
    shard["entries"].pop(UID, None)
    if text is not None:
        shard["entries"][UID] = text
    shard["bell"].value += 1


class TestSameTaskInTwoShards(unittest.TestCase):

    def setUp(self):
        self.root = make_root()
        write(self.root, 0, make_text("a"))
        write(self.root, 1, make_text("b"))
        self.places = index_of(self.root).places

    def test_the_other_one_is_listed_when_one_leaves(self):
        for number, item in ((0, "b"), (1, "a")):
            self.setUp()
            write(self.root, number, None)
            index = index_of(self.root)
            self.assertEqual(list(index.entries), [UID])
            self.assertEqual(set(index.places), set(["c", item, "lock:l"]))

    def test_both_leave(self):
        for number in (0, 1):
            write(self.root, number, None)
        index = index_of(self.root)
        self.assertEqual((index.entries, index.places), ({}, {}))

    def test_one_after_the_other_leaves(self):
        for number in (1, 0):
            write(self.root, number, None)
            index = index_of(self.root)
        self.assertEqual((index.entries, index.places), ({}, {}))

    def test_a_sent_entry_does_not_hide_a_pending_one(self):
        for number in (0, 1):
            self.setUp()
            write(self.root, number, make_text(sent="e:1"))
            index = index_of(self.root)
            self.assertEqual(index.entries[UID]["sent"], None)
            fresh = outbox_index.OutboxIndex(self.root).refresh()
            self.assertEqual(index.entries, fresh.entries)

    def test_a_sent_entry_does_not_hide_a_refused_one(self):
        write(self.root, 0, make_text(sent="e:1"))
        write(self.root, 1, make_text(rejected="invalid"))
        self.assertTrue(index_of(self.root).entries[UID]["rejected"])


class TestCost(unittest.TestCase):

    def setUp(self):
        self.root = make_root()
        self.calls = []
        real = outbox_index.places
        self.addCleanup(setattr, outbox_index, "places", real)

        def places(task):
            self.calls.append(task["task_uid"])
            return real(task)
        outbox_index.places = places

    def test_entries_alone_build_no_places(self):
        for text in (make_text(), make_text("b"), make_text(sent="e:1"), None):
            write(self.root, 0, text)
            index_of(self.root, everything=True)
        self.assertEqual(self.calls, [])

    def test_places_of_an_entry_are_found_once(self):
        write(self.root, 0, make_text())
        index = index_of(self.root)
        self.assertEqual(set(index.places), set(["c", "a", "lock:l"]))
        # the server's answer changes the text, not what the task is about
        write(self.root, 0, make_text(sent="e:1"))
        kept = index_of(self.root).places["a"]
        self.assertIs(index.places["a"], kept)
        write(self.root, 0, None)
        self.assertEqual(index_of(self.root).places, {})
        self.assertEqual(self.calls, [UID])

    def test_places_are_kept_up_to_date(self):
        write(self.root, 0, make_text())
        index = index_of(self.root)
        self.assertIn("a", index.places)
        write(self.root, 0, make_text("b"))
        self.assertEqual(set(index_of(self.root).places),
                         set(["c", "b", "lock:l"]))
