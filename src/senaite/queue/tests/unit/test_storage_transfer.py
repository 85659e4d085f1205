# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Moving all tasks from one store to another, without losing any."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import sqlite3
import sys
import tempfile
import unittest

import six
from sqlalchemy.engine import make_url

from senaite.queue.errors import CannotMove
from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import states
from senaite.queue.storage import open_store
from senaite.queue.storage import transfer
from senaite.queue.tests import postgres
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import make_task

SITES = ("/senaite", "/other")


class MoveCase(object):
    """Tests of a move; subclasses provide an empty `new_url`."""

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.old_url = self.file("old.db")
        for site in SITES:
            store = self.open(self.old_url, site)
            store.configure(["task_x"])
            store.add_many([make_task(n, locks=["s{}".format(n % 3)])
                            for n in range(30)])
            first = store.pop(BOB, 600)["task_uid"]
            store.acknowledge(first, BOB)
            store.cancel(make_task(29)["task_uid"])
            store.pop(ALICE, 600)

    def file(self, name):
        return "sqlite:///" + os.path.join(self.directory, name)

    def open(self, url, site="/senaite"):
        store = open_store(url, site)
        self.addCleanup(store.close)
        return store

    def facts(self, url, site):
        store = self.open(url, site)
        return (store.version(), [dict(task) for task in store.find()],
                store.consumers(), sorted(store.uids()),
                store.job(make_task(0)["job_uid"]),
                store.attempts(make_task(0)["task_uid"]))

    def test_all_tasks_of_all_sites_arrive(self):
        before = [self.facts(self.old_url, site) for site in SITES]
        counts = transfer.move(self.old_url, self.new_url)
        self.assertEqual(counts["task"], 60)
        after = [self.facts(self.new_url, site) for site in SITES]
        self.assertEqual(before, after)

    def test_work_continues_in_the_new_store(self):
        running, = self.open(self.old_url).find([states.RUNNING])
        transfer.move(self.old_url, self.new_url)
        store = self.open(self.new_url)
        # Reported by the consumer that held it before the move
        self.assertTrue(store.acknowledge(running["task_uid"], ALICE))
        done = 0
        while True:
            task = store.pop(BOB, 600)
            if task is None:
                break
            store.acknowledge(task["task_uid"], BOB)
            done += 1
        self.assertEqual(done, 27)
        self.assertEqual(store.add(make_task(3)), "known")

    def test_server_on_the_old_store_answers_that_it_is_closed(self):
        store = self.open(self.old_url)
        store.count()
        transfer.move(self.old_url, self.new_url)
        for verb in (store.count, lambda: store.add(make_task(99)),
                     lambda: store.pop(BOB, 600)):
            with self.assertRaises(StoreUnavailable) as caught:
                verb()
            self.assertIn("moved to another", str(caught.exception))
        store.close()
        with self.assertRaises(StoreUnavailable) as caught:
            self.open(self.old_url).count()
        self.assertIn("moved to another", str(caught.exception))

    def test_store_is_moved_only_once(self):
        transfer.move(self.old_url, self.new_url)
        with self.assertRaises(StoreUnavailable):
            transfer.move(self.old_url, self.new_url)

    def test_new_store_in_use_is_refused(self):
        self.open(self.new_url, "/third").add(make_task(1))
        with self.assertRaises(CannotMove) as caught:
            transfer.move(self.old_url, self.new_url)
        self.assertIn("/third", str(caught.exception))
        self.assertEqual(self.open(self.old_url).count(), 30)
        self.assertEqual(self.open(self.new_url, "/third").count(), 1)

    def test_move_interrupted_between_commits_can_be_repeated(self):
        former = transfer._close
        transfer._close = self.fall_over
        try:
            with self.assertRaises(RuntimeError):
                transfer.move(self.old_url, self.new_url)
        finally:
            transfer._close = former
        self.assertEqual(self.open(self.old_url).count(), 30)
        self.assertEqual(
            transfer.move(self.old_url, self.new_url)["task"], 60)
        self.assertEqual(self.open(self.new_url).count(), 30)

    def fall_over(self, source):
        raise RuntimeError("killed")

    def test_move_interrupted_while_copying_can_be_repeated(self):
        former = transfer._copy_table
        transfer._copy_table = self.fall_over_tables
        try:
            with self.assertRaises(RuntimeError):
                transfer.move(self.old_url, self.new_url)
        finally:
            transfer._copy_table = former
        self.assertEqual(
            transfer.move(self.old_url, self.new_url)["task"], 60)

    def fall_over_tables(self, source, target, table):
        raise RuntimeError("killed")

    def test_command_moves_all_tasks(self):
        self.assertEqual(self.run_command(self.old_url, self.old_url)[0], 1)
        status, text = self.run_command(self.old_url, self.new_url)
        self.assertEqual(status, 0)
        self.assertIn("Moved 60 tasks of 2 sites from {} to {}.".format(
            self.old_url, repr(make_url(self.new_url))), text)
        self.assertEqual(self.open(self.new_url).count(), 30)

    def run_command(self, *arguments):
        """Return the status and what was printed."""
        former = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = six.StringIO()
        try:
            return transfer.main(list(arguments)), sys.stdout.getvalue()
        finally:
            sys.stdout, sys.stderr = former

    def test_mistyped_source_is_refused(self):
        """A new and empty store would be moved, and nobody would notice."""
        for name in ("odl.db", "no/such/old.db"):
            status, text = self.run_command(self.file(name), self.new_url)
            self.assertEqual(status, 1)
            self.assertIn("There is no task store", text)
            self.assertIn(name, text)
        self.assertEqual(os.listdir(self.directory).count("odl.db"), 0)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "no")))
        # ... and the right one can still be moved
        self.assertEqual(transfer.move(self.old_url, self.new_url)["task"], 60)

    def test_source_of_another_program_is_refused(self):
        path = os.path.join(self.directory, "other.db")
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE task (id INTEGER)")
        connection.commit()
        connection.close()
        with self.assertRaises(StoreUnavailable) as caught:
            transfer.move(self.file("other.db"), self.new_url)
        self.assertIn("not a task store", str(caught.exception))
        with open(path, "wb") as opened:
            opened.write(b"a letter" * 1000)
        with self.assertRaises(StoreUnavailable) as caught:
            transfer.move(self.file("other.db"), self.new_url)
        self.assertIn("not a task store", str(caught.exception))

    def test_blank_in_the_url_is_refused(self):
        with self.assertRaises(CannotMove) as caught:
            transfer.move(self.old_url, self.file("ne w.db"))
        self.assertIn("blank", str(caught.exception))
        self.assertFalse(os.path.exists(
            os.path.join(self.directory, "ne w.db")))


class TestToAnotherFile(MoveCase, unittest.TestCase):

    @property
    def new_url(self):
        return self.file("new.db")

    def test_other_name_of_the_old_store_is_refused(self):
        os.symlink(os.path.join(self.directory, "old.db"),
                   os.path.join(self.directory, "new.db"))
        with self.assertRaises(CannotMove) as caught:
            transfer.move(self.old_url, self.new_url)
        self.assertIn("the same", str(caught.exception))


@unittest.skipIf(postgres.why_not(), postgres.why_not())
class TestToPostgreSQL(MoveCase, unittest.TestCase):

    def setUp(self):
        super(TestToPostgreSQL, self).setUp()
        self.new_url = postgres.get_server().create_database()

    def test_database_without_a_store_is_refused_as_source(self):
        new = self.file("new.db")
        with self.assertRaises(StoreUnavailable) as caught:
            transfer.move(self.new_url, new)
        self.assertIn("not a task store", str(caught.exception))
        self.assertFalse(os.path.exists(os.path.join(
            self.directory, "new.db")))

    def test_store_is_moved_back_to_sqlite(self):
        transfer.move(self.old_url, self.new_url)
        back = self.file("back.db")
        before = self.facts(self.new_url, "/senaite")
        transfer.move(self.new_url, back)
        self.assertEqual(before, self.facts(back, "/senaite"))
        with self.assertRaises(StoreUnavailable) as caught:
            self.open(self.new_url).count()
        self.assertIn("moved to another", str(caught.exception))
