# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Backup while tasks are added, and restore: complete, honest about unknown
outcomes, and without overwriting anything."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import sqlite3
import tempfile
import threading
import time
import unittest

from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import states
from senaite.queue.storage import backup
from senaite.queue.storage import open_store
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import make_task


class TestBackup(unittest.TestCase):

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = self.place("tasks.db")
        self.url = "sqlite:///" + self.path
        self.store = open_store(self.url, "/senaite")
        self.addCleanup(lambda: self.store.close())
        self.copy = self.place("copy.db")

    def place(self, name):
        return os.path.join(self.directory, name)

    def refused(self, function, *args):
        with self.assertRaises(StoreUnavailable) as caught:
            function(*args)
        return str(caught.exception)

    def test_backup_and_restore_round_trip(self):
        for number in range(1, 6):
            self.store.add(make_task(number))
        done = self.store.pop(ALICE, 30)
        self.store.acknowledge(done.task_uid, ALICE)
        running = self.store.pop(ALICE, 30)
        version = self.store.version()
        self.assertEqual(backup.save(self.url, self.copy), 5)
        self.store.purge()
        self.store.close()

        found = backup.restore(self.copy, self.url)
        self.assertEqual((found["tasks"], found["failed"]), (5, 0))
        self.assertTrue(time.time() - found["made"] < 600)
        counted = dict((state, self.store.count([state]))
                       for state in states.STATES)
        self.assertEqual(counted, {"queued": 3, "running": 1, "done": 1,
                                   "failed": 0, "cancelled": 0})
        # Versions that clients know from the former queue are void
        feed = self.store.changes(version)
        self.assertTrue(feed["reset"])
        self.assertEqual(self.store.pop(ALICE, 30), running)
        # The former file is kept
        former = sqlite3.connect(found["former"])
        self.addCleanup(former.close)
        self.assertEqual(former.execute("PRAGMA integrity_check").fetchone(),
                         ("ok",))
        self.assertEqual([name for name in os.listdir(self.directory)
                          if ".restore-" in name or ".part-" in name], [])

    def test_backup_is_consistent_while_others_write(self):
        stop = threading.Event()
        added = [self.store.add(make_task(1))]

        def write():
            while not stop.is_set():
                number = len(added) + 1
                self.store.add(make_task(number))
                added.append(number)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for round_ in range(8):
                before = len(added)
                target = self.place("copy{}.db".format(round_))
                count = backup.save(self.path, target)
                after = len(added)
                self.assertTrue(before <= count <= after + 1)
                copy = open_store("sqlite:///" + target, "/senaite")
                numbers = sorted(int(task.task_uid, 16)
                                 for task in copy.find(limit=100000))
                copy.close()
                # One moment: no earlier task is missing
                self.assertEqual(numbers, list(range(1, count + 1)))
        finally:
            stop.set()
            writer.join()

    def test_tasks_of_unknown_outcome_are_set_to_failed(self):
        for number in range(1, 6):
            self.store.add(make_task(number))
        running = self.store.pop(ALICE, 30)
        backup.save(self.path, self.copy, now=1700000000)
        self.store.close()
        found = backup.restore(self.copy, self.path)
        self.assertEqual(found["failed"], 5)
        self.assertEqual(self.store.count(states.ACTIVE), 0)
        for task in self.store.find(["failed"]):
            self.assertIn("after 2023-11-14 22:13 UTC", task["error_message"])
        self.assertEqual(self.store.pop(ALICE, 30), None)
        # A manager has checked it
        self.assertTrue(self.store.requeue(running.task_uid))
        self.assertEqual(self.store.pop(ALICE, 30), running)

    def test_ledger_remembers_longer_than_the_restore_assumes(self):
        try:
            from senaite.queue.records import ledger
        except ImportError:
            self.skipTest("needs the ZODB")
        self.assertTrue(backup.REMEMBERED_SECONDS < ledger.KEEP_SECONDS)

    def test_wrong_paths_are_refused(self):
        self.assertIn("no task store", self.refused(
            backup.save, self.place("none.db"), self.copy))
        self.store.add(make_task(1))
        self.assertIn("exists already", self.refused(
            backup.save, self.path, self.path))
        self.assertIn("No backup", self.refused(
            backup.save, self.path, self.place("no/such/copy.db")))
        self.assertIn("pg_dump", self.refused(
            backup.save, "postgresql://x/y", self.copy))
        for text in (b"", b"garbage" * 1000):
            with open(self.copy, "wb") as opened:
                opened.write(text)
            self.refused(backup.restore, self.copy, self.path)
        self.refused(backup.restore, self.place("none.db"), self.path)
        # ... and the store is unchanged
        self.assertEqual(self.store.count(), 1)

    def test_damaged_backup_is_not_restored(self):
        for number in range(1, 60):
            self.store.add(make_task(number))
        backup.save(self.path, self.copy)
        with open(self.copy, "r+b") as opened:
            opened.seek(4096 * 2)
            opened.write(os.urandom(4096 * 10))
        self.assertTrue(self.refused(backup.restore, self.copy, self.path))
        self.assertEqual(self.store.count(), 59)

    def test_command_saves_and_restores(self):
        self.store.add(make_task(1))
        self.assertEqual(backup.main(["save", self.url, self.copy]), 0)
        self.assertEqual(backup.main(["save", self.url, self.copy]), 1)
        self.store.close()
        self.assertEqual(backup.main(["restore", self.copy, self.url]), 0)
        self.assertEqual(self.store.count(), 1)
