# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What jobs wait for, as the queue server tells all processes."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import unittest

import sqlalchemy as sa

from senaite.queue.model import surroundings
from senaite.queue.server.attendance import SILENT_AFTER
from senaite.queue.server.line_up import FEWEST
from senaite.queue.server.line_up import LineUp
from senaite.queue.server.line_up import MOST_JOBS
from senaite.queue.server.line_up import MOST_TASKS
from senaite.queue.server.line_up import REMEMBER_PACES_SECONDS
from senaite.queue.server.line_up import REMEMBER_SECONDS
from senaite.queue.server.line_up import SHORTEST
from senaite.queue.storage import database
from senaite.queue.storage import open_store
from senaite.queue.storage.queue_ahead import MOST_FOR_PACE
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests.tasks import make_task


class LineUpCase(unittest.TestCase):

    def setUp(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        self.clock = Clock()
        self.url = "sqlite:///" + os.path.join(directory, "tasks.db")
        self.store = open_store(self.url, "/senaite", clock=self.clock)
        self.addCleanup(self.store.close)
        self.line_up = LineUp(self.store)

    def add(self, number, **kw):
        """Add a task; return the uid of its job."""
        task = make_task(number, **dict({
            "created": self.clock(), "name": "a"}, **kw))
        self.store.add(task)
        return task["job_uid"]

    def do(self, number, seconds, name="a"):
        """Have a task done."""
        self.add(number, name=name)
        task = self.store.pop(ALICE, 10000)
        self.clock.forward(seconds)
        self.store.acknowledge(task["task_uid"], ALICE)

    def look(self):
        """Return what is told when the answers of before are too old."""
        self.clock.forward(REMEMBER_SECONDS)
        return self.line_up.describe()


class TestLineUp(LineUpCase):

    def test_nothing_waits(self):
        self.assertEqual(self.look(), {
            "pauses": [], "jobs": [], "rest": None, "under_way": [],
            "version": self.store.version(), "read_at": self.clock()})

    def test_jobs_ahead_are_counted(self):
        first = self.add(1)
        self.store.pop(ALICE, 10000)
        second = self.add(2)
        # Two tasks of one job are one job
        self.add(3, job_uid=second)
        third = self.add(4)
        found = self.look()
        self.assertEqual(found["jobs"], [[second, 1, None], [third, 2, None]])
        self.assertIsNone(found["rest"])
        self.assertNotIn(first, [job[0] for job in found["jobs"]])
        self.assertEqual(found["under_way"], [first])

    def test_time_follows_from_the_medians_of_the_last_hour(self):
        for number in range(FEWEST):
            self.do(number + 1, 100)
        jobs = [self.add(number) for number in (11, 12, 13, 14)]
        self.store.pop(ALICE, 10000)
        # What runs has taken some of its time already
        self.assertEqual(self.look()["jobs"], [
            [jobs[1], 1, 97.0], [jobs[2], 2, 197.0], [jobs[3], 3, 297.0]])
        # Two consumers take turns
        self.store.pop(BOB, 10000)
        self.assertEqual(self.look()["jobs"], [
            [jobs[2], 2, (94.0 + 97.0) / 2],
            [jobs[3], 3, (94.0 + 97.0 + 100.0) / 2]])

    def test_no_time_is_told_by_tasks_that_take_longer_than_usual(self):
        for number in range(FEWEST):
            self.do(number + 1, 10)
        jobs = [self.add(11), self.add(12)]
        self.store.pop(ALICE, 10000)
        self.clock.forward(9.5 - REMEMBER_SECONDS)
        self.assertEqual(self.look()["jobs"], [[jobs[1], 1, SHORTEST]])
        self.assertEqual(self.look()["jobs"], [[jobs[1], 1, None]])

    def test_no_time_while_a_consumer_finds_nothing_that_may_run(self):
        for number in range(FEWEST):
            self.do(number + 1, 10)
        self.store.hello(BOB)
        self.add(11, locks=["sample"])
        waiting = self.add(12, locks=["sample"])
        self.store.pop(ALICE, 10000)
        self.assertIsNone(self.store.pop(BOB, 10000))
        self.assertEqual(self.look()["jobs"], [[waiting, 1, None]])

    def test_no_time_without_a_basis(self):
        for number in range(FEWEST):
            self.do(number + 1, 10)
        for number in range(FEWEST - 1):
            self.do(number + 11, 5, name="b")
        jobs = [self.add(20), self.add(21), self.add(22, name="b"),
                self.add(23)]
        self.store.pop(ALICE, 10000)
        self.assertEqual(self.look()["jobs"], [
            [jobs[1], 1, 7.0], [jobs[2], 2, 17.0], [jobs[3], 3, None]])
        # Too long ago
        self.clock.forward(3700)
        self.store.hello(BOB)
        self.assertEqual([job[2] for job in self.look()["jobs"]], [None] * 3)

    def test_no_time_without_a_consumer(self):
        for number in range(FEWEST):
            self.do(number + 1, 10)
        self.add(11)
        self.add(12)
        self.clock.forward(SILENT_AFTER)
        self.assertEqual([job[1:] for job in self.look()["jobs"]],
                         [[0, None], [1, None]])

    def test_no_more_tasks_run_than_the_setting_allows(self):
        for number in range(FEWEST):
            self.do(number + 1, 10)
        for consumer in (ALICE, BOB):
            self.store.hello(consumer)

        class OneAtATime(surroundings.Surroundings):
            def get_setting(self, name):
                return 1 if name == "max_consumers" else \
                    super(OneAtATime, self).get_setting(name)
        self.addCleanup(surroundings.provide,
                        surroundings.provide(OneAtATime()))
        self.add(11)
        self.add(12)
        self.store.pop(ALICE, 10000)
        self.assertEqual(self.look()["jobs"][0][1:], [1, 7.0])

    def test_pauses_are_told_and_hold_up_nobody_else(self):
        self.add(1, name="a")
        other = self.add(2, name="b")
        self.store.pause("a", "boss")
        found = self.look()
        self.assertEqual(found["jobs"], [[other, 0, None]])
        self.assertEqual([pause["name"] for pause in found["pauses"]], ["a"])
        self.store.pause(None, "boss")
        found = self.look()
        self.assertEqual((found["jobs"], found["rest"]), ([], None))
        self.assertEqual([pause["name"] for pause in found["pauses"]],
                         ["", "a"])

    def test_tasks_for_later_are_not_in_line(self):
        self.add(1, delay=500)
        other = self.add(2)
        self.assertEqual(self.look()["jobs"], [[other, 0, None]])

    def test_jobs_beyond_the_limits_are_known_to_be_later(self):
        self.store.add_many([make_task(number, created=self.clock())
                             for number in range(1, MOST_JOBS + 3)])
        found = self.look()
        self.assertEqual(len(found["jobs"]), MOST_JOBS)
        self.assertEqual(found["rest"], MOST_JOBS)

    def test_answer_is_reused(self):
        self.add(1)
        first = self.look()
        self.add(2)
        self.assertIs(self.line_up.describe(), first)
        self.clock.forward(REMEMBER_SECONDS)
        self.assertEqual(len(self.line_up.describe()["jobs"]), 2)


class TestCost(LineUpCase):
    """What many tasks cost: statements, and how they are answered."""

    def setUp(self):
        super(TestCost, self).setUp()
        self.store.add_many([
            make_task(number, created=self.clock() + number, name="a",
                      job_uid="{:032x}".format(number // 20))
            for number in range(1, 4 * MOST_TASKS)])
        self.statements = []
        engine = database.get_database(self.url)._open()

        def note(conn, cursor, statement, parameters, context, many):
            if statement.startswith("SELECT"):
                self.statements.append((statement, parameters))
        sa.event.listen(engine, "before_cursor_execute", note)
        self.addCleanup(sa.event.remove, engine, "before_cursor_execute",
                        note)
        self.engine = engine

    def test_pages_and_processes_share_one_look(self):
        self.look()
        first = len(self.statements)
        for _page in range(50):
            self.line_up.describe()
        # The store's clock is read, and nothing else
        of_tasks = [statement for statement, _values in
                    self.statements[first:] if "FROM task" in statement]
        self.assertEqual(of_tasks, [])
        self.assertTrue(any("FROM task" in statement for statement, _values
                            in self.statements[:first]))

    def test_an_index_has_the_order_and_the_number_is_limited(self):
        self.do(10 ** 6, 1)
        # Medians are only read for a line that moves
        self.store.pop(ALICE, 10000)
        del self.statements[:]
        self.clock.forward(REMEMBER_PACES_SECONDS)
        self.look()
        of_tasks = [found for found in self.statements
                    if "FROM task" in found[0]]
        self.assertEqual(len(of_tasks), 3)
        for statement, values in of_tasks:
            self.assertIn("LIMIT", statement)
            self.assertIn(max(value for value in values
                              if isinstance(value, int)),
                          (MOST_TASKS, MOST_FOR_PACE))
            with self.engine.connect() as connection:
                plan = " ".join(row[-1] for row in connection.exec_driver_sql(
                    "EXPLAIN QUERY PLAN " + statement, values))
            self.assertIn("USING INDEX ix_task_", plan)
            self.assertNotIn("SCAN", plan)
            self.assertNotIn("TEMP B-TREE", plan)
