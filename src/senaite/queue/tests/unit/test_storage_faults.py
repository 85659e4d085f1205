# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A SQLite file that is locked, damaged, full, read-only, missing, or written
by a process that is killed: clear errors, no silent loss."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

from sqlalchemy.exc import IntegrityError

from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import states
from senaite.queue.storage import database
from senaite.queue.storage import open_store
from senaite.queue.storage import sqlite
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import make_task

#: Writes until it is killed, and prints each answer
WRITER = """
import itertools, sys
from senaite.queue.storage import open_store
from senaite.queue.tests.tasks import make_task
store = open_store(sys.argv[1], "/senaite")
for n in itertools.count(1):
    store.add(make_task(n, uids=["u%d" % i for i in range(200)],
                        locks=["s%d" % (n % 7)], created=1000.0 + n))
    print("added %d" % n)
    if n % 3 == 0:
        task = store.pop("c/00000000", 600)
        print("popped %d" % int(task.task_uid, 16))
        sys.stdout.flush()
        store.acknowledge(task.task_uid, "c/00000000", 1)
        print("done %d" % int(task.task_uid, 16))
    sys.stdout.flush()
"""


class StoreFileCase(unittest.TestCase):

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.path = os.path.join(self.directory, "tasks.db")
        self.url = "sqlite:///" + self.path
        self.store = open_store(self.url, "/senaite")
        self.addCleanup(shutil.rmtree, self.directory)
        self.addCleanup(lambda: self.store.close())

    def refused(self, verb, *words):
        with self.assertRaises(StoreUnavailable) as caught:
            verb()
        for word in words:
            self.assertIn(word, str(caught.exception))

    def each_connection(self, statement):
        """Execute a statement on the one pooled connection."""
        engine = database.get_database(self.url)._open()
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
            connection.commit()


class TestFaults(StoreFileCase):

    def setUp(self):
        super(TestFaults, self).setUp()
        self.store.add(make_task(1))

    def add(self):
        return self.store.add(make_task(2))

    def test_locked_file_is_reported(self):
        self.each_connection("PRAGMA busy_timeout=1")
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.refused(self.add, "another process", self.path)
        # Readers are not disturbed
        self.assertEqual(self.store.count(), 1)
        other.execute("ROLLBACK")
        self.assertEqual(self.add(), "added")

    def test_full_disk_is_reported(self):
        self.each_connection("PRAGMA max_page_count=1")
        big = make_task(2, text="x" * 1000000)
        self.refused(lambda: self.store.add(big), "disk is full")
        self.each_connection("PRAGMA max_page_count=1000000")
        self.assertEqual(self.store.add(big), "added")

    def test_check_finds_a_store_that_refuses_writes(self):
        version = self.store.version()
        self.store.check()
        self.assertEqual(self.store.version(), version)
        self.each_connection("PRAGMA query_only=1")
        self.refused(self.store.check, "read-only")
        self.store.check()

    def test_check_finds_a_full_disk(self):
        found = os.statvfs(self.directory)
        self.assertGreater(found.f_bavail, 0)
        real = os.statvfs
        self.addCleanup(setattr, os, "statvfs", real)
        os.statvfs = lambda path: os.statvfs_result(
            tuple(found[:4]) + (0,) + tuple(found[5:10]))
        self.refused(self.store.check, "disk is full")
        os.statvfs = real
        self.store.check()

    def test_read_only_file_is_reported(self):
        self.each_connection("PRAGMA query_only=1")
        self.refused(self.add, "read-only")
        self.assertEqual(self.store.count(), 1)

    def test_store_recovers_when_the_file_is_writable_again(self):
        # Open connections of SQLite do not notice the change
        self.each_connection("PRAGMA query_only=1")
        self.refused(self.add, "read-only")
        self.add()
        self.assertEqual(self.store.count(), 2)

    def test_damaged_header_is_reported(self):
        self.store.close()
        with open(self.path, "r+b") as opened:
            opened.write(b"no database any more")
        for verb in (self.add, self.store.count, self.store.version):
            self.refused(verb, "damaged", "backup")

    def test_damaged_pages_are_reported(self):
        for number in range(10, 60):
            self.store.add(make_task(number))
        self.store.close()
        size = os.path.getsize(self.path)
        with open(self.path, "r+b") as opened:
            opened.seek(4096 * 2)
            opened.write(os.urandom(size // 2))
        for verb in (self.add, self.store.count):
            self.refused(verb, "damaged", "backup")

    def test_truncated_file_is_reported(self):
        for number in range(10, 60):
            self.store.add(make_task(number))
        self.store.close()
        with open(self.path, "r+b") as opened:
            opened.truncate(os.path.getsize(self.path) // 2)
        self.refused(self.store.count, "damaged")

    def test_file_removed_while_in_use_is_reported(self):
        os.rename(self.path, self.path + ".away")
        self.refused(self.add, "removed while in use")
        os.rename(self.path + ".away", self.path)
        self.assertEqual(self.add(), "added")

    def test_file_replaced_while_in_use_is_reopened(self):
        other = tempfile.mkdtemp(dir=self.directory)
        backup = os.path.join(other, "tasks.db")
        second = open_store("sqlite:///" + backup, "/senaite")
        second.add(make_task(7))
        second.close()
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.path + suffix):
                os.remove(self.path + suffix)
        os.rename(backup, self.path)
        self.assertEqual([t.task_uid for t in self.store.find()],
                         [make_task(7).task_uid])
        self.assertEqual(self.add(), "added")

    def test_directory_that_cannot_be_created_is_reported(self):
        store = open_store("sqlite:///" + self.path + "/sub/t.db", "/s")
        self.refused(store.version, "directory")

    def test_path_of_a_directory_is_reported(self):
        store = open_store("sqlite:///" + self.directory, "/s")
        self.refused(store.version, "cannot be opened")

    def test_invalid_urls_are_refused(self):
        for url in ("nonsense", "oracle://x/y", ""):
            with self.assertRaises(StoreUnavailable):
                open_store(url, "/s")
        for url in ("sqlite://", "sqlite:///:memory:"):
            self.refused(open_store(url, "/s").version, "memory")

    def test_database_error_changes_nothing(self):
        version = self.store.version()
        self.each_connection(
            "CREATE TRIGGER no BEFORE INSERT ON attempt BEGIN "
            "SELECT RAISE(ABORT, 'no attempts'); END")
        with self.assertRaises(IntegrityError):
            self.store.pop(ALICE, 30)
        self.each_connection("DROP TRIGGER no")
        self.assertEqual(self.store.version(), version)
        self.assertEqual(self.store.count([states.QUEUED]), 1)
        self.assertEqual(self.store.pop(ALICE, 30), make_task(1))

    def test_every_explanation_names_a_remedy(self):
        for part, meaning in sqlite.EXPLANATIONS:
            explained = sqlite.explain(Exception("x {} y".format(part)))
            self.assertIn(meaning, explained)
            self.assertIn(part, explained)


class TestKilled(StoreFileCase):

    def run_and_kill(self, after, pause=0):
        """Let a process write, then kill it; return the lines it printed.

        :param after: number of lines to wait for
        :param pause: further seconds to wait, so that every moment is tested
        """
        environ = dict(os.environ, PYTHONPATH=os.pathsep.join(
            path for path in sys.path if path))
        writer = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", WRITER, self.url],
            stdout=subprocess.PIPE, env=environ)
        lines = [writer.stdout.readline() for _ in range(after)]
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        lines.extend(writer.stdout.readlines())
        writer.stdout.close()
        self.assertEqual(writer.wait(), -signal.SIGKILL)
        # The last line may be incomplete
        return [line.decode("ascii").split() for line in lines
                if line.endswith(b"\n")]

    def test_store_is_intact_after_a_killed_writer(self):
        kills = int(os.environ.get("STORE_KILLS", 6))
        draw = random.Random(kills)
        moments = [1, 2, 5, 11, 23, 40] + [
            draw.randint(1, 60) for _ in range(kills - 6)]
        for after in moments[:kills]:
            said = self.run_and_kill(after, draw.uniform(0, 0.01))
            self.check(said)
            self.store.purge()
            self.store.close()

    def check(self, said):
        connection = sqlite3.connect(self.path)
        self.assertEqual(
            connection.execute("PRAGMA integrity_check").fetchall(),
            [("ok",)])
        connection.close()
        tasks = dict((int(t.task_uid, 16), t) for t in self.store.find())
        for event, number in said:
            # What was answered has happened
            self.assertIn(int(number), tasks)
            if event == "done":
                self.assertEqual(tasks[int(number)]["status"], states.DONE)
        added = sum(1 for event, _number in said if event == "added")
        # No task in between is missing; at most an unanswered one was added
        self.assertEqual(sorted(tasks), list(range(1, len(tasks) + 1)))
        self.assertIn(len(tasks), (added, added + 1))
        for task in tasks.values():
            self.assertEqual(len(task["uids"]),
                             1 if task["status"] == states.DONE else 200)
        # ... and all remaining tasks can run, once
        self.store.hello("c/00000001")
        left = self.store.count(states.ACTIVE)
        ran = 0
        while True:
            task = self.store.pop("c/00000001", 600)
            if task is None:
                break
            self.store.acknowledge(task["task_uid"], "c/00000001")
            ran += 1
        self.assertEqual(ran, left)
