# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Turns of consumers at the catalogs, on real connections and files."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from BTrees.IIBTree import IITreeSet
from persistent.mapping import PersistentMapping
from ZODB.POSException import ConflictError

from senaite.queue.records import ledger
from senaite.queue.speedups import turns
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import Connected

#: Maximum size of a bucket; it is split when one more is added
BUCKET = 120

#: Takes the lock and reports it, like a consumer that is killed afterwards
HOLDER = """
import sys
from senaite.queue.speedups import turns
assert turns.Turn(sys.argv[1]).take()
sys.stdout.write("taken\\n")
sys.stdout.flush()
sys.stdin.read()
"""


class TestTurn(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "turn")

    def turn(self, seconds=0):
        turn = turns.Turn(self.path, seconds)
        self.addCleanup(turn.give)
        return turn

    def test_only_one_holds_the_turn(self):
        mine, other = self.turn(), self.turn()
        self.assertTrue(mine.take())
        self.assertTrue(mine.is_ours)
        self.assertFalse(other.take())
        self.assertFalse(other.is_ours)
        # Taking it twice does no harm
        self.assertTrue(mine.take())
        mine.give()
        self.assertFalse(mine.is_ours)
        self.assertTrue(other.take())

    def test_work_continues_without_the_turn_after_a_timeout(self):
        mine, other = self.turn(), self.turn(seconds=0.2)
        mine.take()
        began = time.time()
        self.assertFalse(other.take())
        self.assertGreaterEqual(time.time() - began, 0.2)
        self.addCleanup(turns._resting.clear)
        # ... and does not wait again for each chunk
        again = self.turn(seconds=600)
        self.assertFalse(again.take())
        mine.give()
        self.assertTrue(again.take())

    def test_turn_is_released_when_its_process_dies(self):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, self.path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(
                path for path in sys.path if path)))
        try:
            self.assertEqual(holder.stdout.readline(), b"taken\n")
            self.assertFalse(self.turn().take())
        finally:
            holder.kill()
            holder.wait()
        self.assertTrue(self.turn(seconds=10).take())

    def test_child_processes_do_not_inherit_the_turn(self):
        mine = self.turn()
        mine.take()
        # Python 2 passes open files to child processes
        child = subprocess.Popen(["sleep", "60"])
        try:
            mine.give()
            self.assertTrue(self.turn().take())
        finally:
            child.kill()
            child.wait()

    def test_links_are_not_followed(self):
        target = os.path.join(self.folder, "target")
        os.symlink(target, self.path)
        self.assertFalse(self.turn().take())
        self.assertFalse(os.path.exists(target))


class CatchUpContract(object):
    """Behaviour on any storage; the two consumers are Jane and John."""

    def setUp(self):
        first, second = self.layer.world.databases(2)
        self.jane, self.john = Connected(first), Connected(second)
        self.addCleanup(self.jane.close)
        self.addCleanup(self.john.close)
        site = self.jane.begin()
        site.mapping, site.other = PersistentMapping(), PersistentMapping()
        site.tree = IITreeSet(range(BUCKET - 1))
        self.jane.commit()

    def begin(self):
        """Begin a transaction of each, and return their sites with all
        committed changes, which reach a ZEO client with a delay."""
        for who in (self.jane, self.john):
            getattr(who.connection.db().storage, "ping", lambda: None)()
        return self.jane.begin(), self.john.begin()

    def test_catching_up_shows_changes_of_others(self):
        mine, his = self.begin()
        self.assertEqual(dict(mine.mapping), {})
        mine.other["mine"] = 1
        his.mapping["his"] = 1
        self.john.commit()
        self.assertEqual(dict(mine.mapping), {})
        turns.catch_up(self.jane.connection)
        self.assertEqual(dict(mine.mapping), {"his": 1})
        self.assertEqual(dict(mine.other), {"mine": 1})
        mine.mapping["mine"] = 2
        self.jane.commit()
        _mine, his = self.begin()
        self.assertEqual(dict(his.mapping), {"his": 1, "mine": 2})
        self.assertEqual(dict(his.other), {"mine": 1})

    def test_loaded_objects_are_prefetched_in_one_batch(self):
        mine, his = self.begin()
        self.assertEqual(dict(mine.mapping), {})
        mine.other._p_deactivate()
        his.mapping["his"] = his.other["his"] = 1
        self.john.commit()
        asked, prefetch = [], self.jane.connection.prefetch
        self.jane.connection.prefetch = lambda oids: asked.extend(oids)
        try:
            turns.catch_up(self.jane.connection)
        finally:
            self.jane.connection.prefetch = prefetch
        # Only objects that were loaded before
        self.assertEqual(asked, [mine.mapping._p_oid])

    def test_what_has_left_the_cache_counts_as_changed(self):
        """It may have been read before: catalogs shrink the cache."""
        mine, his = self.begin()
        changed = [mine.mapping._p_oid, mine.other._p_oid]
        dict(mine.mapping), dict(mine.other)
        mine.other._p_deactivate()
        del mine
        self.jane.connection.cacheMinimize()
        his.mapping["his"] = his.other["his"] = 1
        self.john.commit()
        self.assertEqual(set(turns.catch_up(self.jane.connection)),
                         set(changed))

    def test_changes_to_the_same_object_conflict(self):
        mine, his = self.begin()
        mine.mapping["mine"] = 1
        his.mapping["his"] = 1
        self.john.commit()
        self.assertRaises(ConflictError, turns.catch_up,
                          self.jane.connection)
        self.jane.abort()
        self.assertEqual(dict(self.jane.begin().mapping), {"his": 1})

    def split(self, catches_up):
        """Let both add to a tree until it is split."""
        mine, his = self.begin()
        # Load the tree into the cache
        list(mine.tree)
        his.tree.update(range(1000, 1010))
        self.john.commit()
        if catches_up:
            turns.catch_up(self.jane.connection)
        mine.tree.update(range(2000, 2010))
        self.jane.commit()

    def test_no_conflict_after_a_split(self):
        self.split(True)
        _mine, his = self.begin()
        self.assertEqual(len(his.tree), BUCKET - 1 + 20)

    def test_split_conflicts_without_catching_up(self):
        self.assertRaises(ConflictError, self.split, False)

    def test_mergeable_changes_are_merged(self):
        mine, his = self.begin()
        mine.tree.remove(1)
        his.tree.remove(5)
        self.john.commit()
        turns.catch_up(self.jane.connection)
        self.jane.commit()
        _mine, his = self.begin()
        self.assertNotIn(1, his.tree)
        self.assertNotIn(5, his.tree)

    def test_no_task_is_recorded_twice(self):
        mine, his = self.begin()
        self.assertIsNone(ledger.get(mine, "a" * 32))
        ledger.record(his, "a" * 32, 100, 5)
        self.john.commit()
        turns.catch_up(self.jane.connection)
        self.assertRaises(ConflictError, ledger.record, mine, "a" * 32, 100)

    def test_no_catching_up_after_a_savepoint(self):
        mine, his = self.begin()
        mine.other["mine"] = 1
        self.jane.manager.savepoint()
        his.mapping["his"] = 1
        self.john.commit()
        turns.catch_up(self.jane.connection)
        self.assertEqual(dict(mine.mapping), {})

    def test_turn_is_taken_only_in_a_task(self):
        mine, his = self.begin()
        his.mapping["his"] = 1
        self.john.commit()
        turns.take(self.jane.connection)
        self.assertEqual(dict(mine.mapping), {})
        with turns.offered(mine) as turn:
            turns.take(self.jane.connection)
            self.assertTrue(turn.is_ours)
            self.assertEqual(dict(mine.mapping), {"his": 1})
        self.assertFalse(turn.is_ours)


TestInMemory, TestOnDisk, TestOverZEO = zodbsite.test_cases(CatchUpContract)
