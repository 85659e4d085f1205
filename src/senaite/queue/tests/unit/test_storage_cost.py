# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The cost of a method does not grow with the number of waiting tasks.

Cost is counted in steps of SQLite's virtual machine, which are the same on
every machine and under any load.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import unittest

from sqlalchemy import event

from senaite.queue.storage import database
from senaite.queue.storage import open_store
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import make_task

FEW = 50
MANY = 2000
LAST = 100000


class TestCost(unittest.TestCase):

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.steps = [0]
        # Python 2's sqlite3 keeps a reference only to the first of equal
        # handlers, and crashes when another one is deleted: use just one
        self.handler = self.on_step

    def open(self, name):
        url = "sqlite:///" + os.path.join(self.directory, name)
        engine = database.get_database(url)._open()
        self.addCleanup(database.forget_database, url)
        event.listen(engine, "checkout", self.count_steps)
        return open_store(url, "/senaite", clock=lambda: 3e9)

    def count_steps(self, connection, record, proxy):
        connection.set_progress_handler(self.handler, 10)

    def on_step(self):
        self.steps[0] += 10

    def cost(self, verb, *args):
        before = self.steps[0]
        answer = verb(*args)
        return answer, self.steps[0] - before

    def cost_of_a_round(self, count, blocker=None, **kw):
        """Return the steps of pop, acknowledge, add and heartbeat while
        `count` tasks wait."""
        store = self.open("{}.db".format(count))
        if blocker:
            store.add(make_task(LAST, created=1.0, **blocker))
            self.assertIsNotNone(store.pop(BOB, 1e6))
        store.add_many([make_task(n, **kw) for n in range(count)])
        store.add_many([make_task(LAST + n, created=2e9, name="free")
                        for n in range(1, 4)])
        task, pop = self.cost(store.pop, ALICE, 30)
        if blocker:
            self.assertEqual(task["name"], "free")
        costs = [pop]
        for verb, args in (
                (store.heartbeat, (ALICE, task["task_uid"], 30)),
                (store.acknowledge, (task["task_uid"], ALICE)),
                (store.add, (make_task(LAST + 9, **kw),)),
                (store.pop, (ALICE, 30)),
                (store.next_due, ()),
                (store.changes, (store.version(),))):
            costs.append(self.cost(verb, *args)[1])
        if blocker:
            costs.append(self.cost(
                store.acknowledge, make_task(LAST)["task_uid"], BOB)[1])
            costs.append(self.cost(store.pop, BOB, 30)[1])
        return costs

    def check_flat(self, **kw):
        few = self.cost_of_a_round(FEW, **kw)
        many = self.cost_of_a_round(MANY, **kw)
        for one, other in zip(few, many):
            # Steps are counted in units of ten
            self.assertLessEqual(other, one * 1.2 + 50, (few, many))

    def test_many_tasks_are_added_in_a_few_statements(self):
        store = self.open("statements.db")
        seen = []
        event.listen(database.get_database(store.url)._open(),
                     "before_cursor_execute", lambda *args: seen.append(args))
        counts = []
        for count, first in ((1, 0), (400, 1), (400, 401)):
            del seen[:]
            store.add_many([make_task(first + n) for n in range(count)])
            counts.append(len(seen))
        # The first addition of a site also creates its row
        self.assertLessEqual(max(counts), 14, counts)
        self.assertEqual(store.count(), 801)

    def test_order_of_many_lanes_changes_in_a_few_statements(self):
        """Nobody else can write meanwhile, not even a heartbeat."""
        seen = []
        counts = []
        for count in (50, 1000):
            store = self.open("order-{}.db".format(count))
            store.add_many([make_task(
                n, name="task_{}".format(n % 3), locks=[
                    "s{}".format(n // 2), "s{}".format(count + n)],
                context_path="/senaite/worksheets/WS-{}".format(n))
                for n in range(count)])
            event.listen(database.get_database(store.url)._open(),
                         "before_cursor_execute",
                         lambda *args: seen.append(args))
            del seen[:]
            self.assertTrue(store.configure(["task_2"]))
            counts.append(len(seen))
            self.assertEqual(store.pop(ALICE, 30)["name"], "task_2")
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[1], 12)

    def test_no_statement_has_too_many_variables(self):
        """SQLite allows 999 of them before version 3.32."""
        store = self.open("variables.db")
        store.add_many([make_task(n) for n in range(1200)])
        seen = []
        event.listen(database.get_database(store.url)._open(),
                     "before_cursor_execute",
                     lambda *args: seen.append(len(args[3])))
        self.assertEqual(len(store.page(limit=1200)["tasks"]), 1200)
        self.assertEqual(len(set(task["task_uid"] for task in store.page(
            limit=1200, sort="created")["tasks"])), 1200)
        self.assertTrue(seen)
        self.assertLess(max(seen), 999)

    def test_cost_is_flat_with_many_lanes(self):
        self.check_flat()

    def test_cost_is_flat_with_a_long_lane(self):
        path = "/senaite/worksheets/WS"
        self.check_flat(context_path=path)

    def test_cost_is_flat_with_a_blocked_lane(self):
        path = "/senaite/worksheets/WS"
        self.check_flat(blocker={"context_path": path}, context_path=path)

    def test_cost_is_flat_with_many_tasks_behind_one_lock(self):
        self.check_flat(blocker={"locks": ["s"]}, locks=["s", "t"])

    def test_cost_is_flat_with_many_delayed_tasks(self):
        self.check_flat(delay=1e8, created=2.95e9)
