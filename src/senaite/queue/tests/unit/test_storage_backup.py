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
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import six

from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import states
from senaite.queue.storage import backup
from senaite.queue.storage import open_store
from senaite.queue.storage import store_files
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import make_task

#: Has a store open until it is killed, or its standard input is closed
HOLDER = """
import sys
from senaite.queue.storage import open_store
store = open_store(sys.argv[1], "/senaite")
store.count()
print("open")
sys.stdout.flush()
sys.stdin.read()
"""


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
            self.assertIn("not a task store", self.refused(
                backup.restore, self.copy, self.path))
        self.assertIn("no task store", self.refused(
            backup.restore, self.place("none.db"), self.path))
        self.assertFalse(os.path.exists(self.place("none.db")))
        # a database of another program is no store
        other = self.place("other.db")
        connection = sqlite3.connect(other)
        connection.execute("CREATE TABLE task (id INTEGER)")
        connection.commit()
        connection.close()
        before = self.read(other)
        for attempt in ((backup.restore, other, self.path),
                        (backup.save, other, self.place("copy2.db"))):
            self.assertIn("not a task store", self.refused(*attempt))
        self.assertEqual(self.read(other), before)
        # ... and the store is unchanged
        self.assertEqual(self.store.count(), 1)

    def test_store_that_somebody_has_open_is_not_replaced(self):
        self.store.add(make_task(1))
        backup.save(self.path, self.copy)
        self.store.add(make_task(2))
        link = self.place("link.db")
        os.symlink(self.path, link)
        for name in (self.path, self.url, link):
            self.assertIn("Stop the queue server first", self.refused(
                backup.restore, self.copy, name))
        self.assertEqual(self.store.count(), 2)
        self.store.close()
        backup.restore(self.copy, self.path)
        self.assertEqual(self.store.count(), 1)

    def test_store_of_another_running_process_is_not_replaced(self):
        self.store.add(make_task(1))
        backup.save(self.path, self.copy)
        self.store.close()
        other = subprocess.Popen(
            [sys.executable, "-c", HOLDER, self.url], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=dict(
                os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
        self.addCleanup(other.wait)
        self.addCleanup(other.stdin.close)
        self.addCleanup(other.stdout.close)
        self.assertEqual(other.stdout.readline().strip(), b"open")
        self.assertIn("Stop the queue server first", self.refused(
            backup.restore, self.copy, self.path))
        # a killed process leaves no lock behind
        other.kill()
        other.wait()
        self.assertEqual(backup.restore(self.copy, self.path)["tasks"], 1)

    def test_store_cannot_be_opened_while_it_is_replaced(self):
        self.store.add(make_task(1))
        self.store.close()
        with store_files.alone(self.path):
            self.assertIn("being replaced", self.refused(self.store.count))
        self.assertEqual(self.store.count(), 1)

    def test_only_their_user_may_read_the_files(self):
        former = os.umask(0o022)
        self.addCleanup(os.umask, former)
        url = "sqlite:///" + self.place("made/tasks.db")
        store = open_store(url, "/senaite")
        self.addCleanup(store.close)
        store.add(make_task(1))
        self.assertEqual(self.mode(self.place("made")), 0o700)
        names = os.listdir(self.place("made"))
        self.assertIn("tasks.db-wal", names)
        for name in names:
            self.assertEqual(self.mode(self.place("made/" + name)), 0o600,
                             name)
        backup.save(url, self.copy)
        self.assertEqual(self.mode(self.copy), 0o600)
        store.close()
        os.remove(self.place("made/tasks.db"))
        backup.restore(self.copy, url)
        self.assertEqual(self.mode(self.place("made/tasks.db")), 0o600)

    def mode(self, path):
        return stat.S_IMODE(os.stat(path).st_mode)

    def test_files_of_former_releases_become_private(self):
        self.store.add(make_task(1))
        self.store.close()
        for before, after in ((0o644, 0o600), (0o666, 0o600), (0o640, 0o640),
                              (0o660, 0o660), (0o604, 0o600)):
            os.chmod(self.path, before)
            self.assertEqual(self.store.count(), 1)
            self.store.close()
            self.assertEqual(self.mode(self.path), after)

    def test_restored_store_can_be_used_by_the_same_group(self):
        self.store.add(make_task(1))
        backup.save(self.path, self.copy)
        self.store.close()
        os.chmod(self.path, 0o640)
        backup.restore(self.copy, self.path)
        self.assertEqual(self.mode(self.path), 0o640)

    @unittest.skipIf(os.geteuid(), "only root can give files away")
    def test_restored_store_belongs_to_the_former_user(self):
        self.store.add(make_task(1))
        backup.save(self.path, self.copy)
        self.store.close()
        for suffix in ("", ".lock"):
            os.remove(self.path + suffix)
        os.chown(self.directory, 12345, 12346)
        backup.restore(self.copy, self.path)
        for suffix in ("", ".lock"):
            found = os.stat(self.path + suffix)
            self.assertEqual((found.st_uid, found.st_gid), (12345, 12346))

    def test_damaged_backup_is_not_restored(self):
        for number in range(1, 60):
            self.store.add(make_task(number))
        backup.save(self.path, self.copy)
        with open(self.copy, "r+b") as opened:
            opened.seek(4096 * 2)
            opened.write(os.urandom(4096 * 10))
        self.assertTrue(self.refused(backup.restore, self.copy, self.path))
        self.assertEqual(self.store.count(), 59)

    def read(self, path):
        with open(path, "rb") as opened:
            return opened.read()

    def test_command_saves_and_restores(self):
        self.store.add(make_task(1))
        self.assertEqual(self.run_command("save", self.url, self.copy), (
            0, "1 tasks saved from {} to {}\n".format(self.path, self.copy)))
        self.assertEqual(self.run_command("save", self.url, self.copy),
                         (1, ""))
        self.assertEqual(self.run_command("restore", self.copy, self.url),
                         (1, ""))
        self.store.close()
        status, text = self.run_command("restore", self.copy, self.url)
        self.assertEqual(status, 0)
        self.assertIn("1 tasks restored from {} to {}, 0 of them set to "
                      "failed".format(self.copy, self.path), text)
        self.assertIn("former store is kept: {}.before-".format(self.path),
                      text)
        self.assertEqual(self.store.count(), 1)
        other = self.place("mistyped.db")
        status, text = self.run_command("restore", self.copy, other)
        self.assertEqual(status, 0)
        self.assertIn("There was no store before", text)

    def run_command(self, *arguments):
        """Return the status and what was printed as a result."""
        former, sys.stdout = sys.stdout, six.StringIO()
        try:
            status = backup.main(list(arguments))
            return status, sys.stdout.getvalue()
        finally:
            sys.stdout = former
