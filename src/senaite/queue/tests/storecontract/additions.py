# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: added tasks are kept once, unchanged, for their site only."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six

from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests.tasks import make_task

#: Job uids
OLD, NEW = "a" * 32, "b" * 32


class AdditionContract(StoreCase):

    def test_added_task_is_returned_unchanged(self):
        task = self.add(1, action="submit", slots=[1, None, {"a": 1.5}],
                        username=u"J\xf6rg", locks=["sample1"], ghost=True,
                        title=u"\u6c34 <b>")
        found = self.store.get(task["task_uid"])
        self.assertEqual(dict(found), dict(task, title=u"\u6c34 <b>"))
        for field in ("task_uid", "name", "context_uid", "context_path"):
            self.assertIsInstance(found[field], str)
        self.assertIsInstance(found["uids"][0], str)
        self.assertIsInstance(found["title"], six.text_type)

    def test_second_addition_is_known_in_every_state(self):
        task = self.add(1)
        self.assertEqual(self.store.add(task), "known")
        self.pop()
        self.assertEqual(self.store.add(task), "known")
        self.store.acknowledge(task["task_uid"], ALICE)
        self.assertEqual(self.store.add(task), "known")
        self.assertState(task, states.DONE)
        cancelled = self.add(2)
        self.store.cancel(cancelled["task_uid"])
        self.assertEqual(self.store.add(cancelled), "known")
        self.assertEqual(self.store.count(), 2)

    def test_unique_task_is_refused_only_while_a_twin_is_queued(self):
        self.add(1, context_uid="ws")
        twin = make_task(2, context_uid="ws", unique=True)
        self.assertEqual(self.store.add(twin), "duplicate")
        self.assertIsNone(self.store.get(twin["task_uid"]))
        self.assertEqual(self.store.add(
            make_task(3, context_uid="ws", unique=True, name="other")),
            "added")
        self.pop()
        self.assertEqual(self.store.add(twin), "added")

    def test_unique_task_is_added_beside_a_failed_twin(self):
        task = self.add(1, context_uid="ws")
        self.pop()
        self.store.fail(task["task_uid"], ALICE, "fatal", "gone")
        self.assertEqual(self.store.add(
            make_task(2, context_uid="ws", unique=True)), "added")

    def test_added_task_starts_as_queued_whatever_its_fields_say(self):
        task = make_task(1, status=states.DONE, attempt=7,
                         consumer_id=BOB, started=5.0)
        self.store.add(task)
        found = self.store.get(task["task_uid"])
        self.assertEqual(found["status"], states.QUEUED)
        self.assertEqual(found["attempt"], 0)
        self.assertIsNone(found["consumer_id"])
        self.assertIsNone(found["started"])

    def test_plain_dict_is_validated(self):
        self.assertEqual(self.store.add(dict(make_task(1))), "added")
        with self.assertRaises(ValueError):
            self.store.add({"name": "task_test"})

    def test_several_tasks_are_added_in_one_call(self):
        tasks = [make_task(n) for n in (1, 2, 1)]
        self.assertEqual(self.store.add_many(tasks),
                         ["added", "added", "known"])

    def test_adding_no_tasks_changes_nothing(self):
        before = self.store.version()
        self.assertEqual(self.store.add_many([]), [])
        self.assertEqual(self.store.version(), before)

    def test_twins_within_one_call_are_refused(self):
        twins = [make_task(n, context_uid="ws", unique=n != 1)
                 for n in (1, 2, 3)]
        self.assertEqual(self.store.add_many(twins),
                         ["added", "duplicate", "duplicate"])
        self.assertEqual(self.drain(), [twins[0]["task_uid"]])
        self.assertEqual(self.store.add_many(twins),
                         ["known", "added", "duplicate"])

    def test_tasks_of_one_call_count_towards_their_jobs(self):
        self.add(1, job_uid=OLD, job_total=5)
        self.store.add_many([
            make_task(2, job_uid=OLD, job_total=5),
            make_task(3, job_uid=OLD, job_total=8),
            make_task(4, job_uid=NEW, job_total=2),
            make_task(5, job_uid=NEW, job_total=3, username="other"),
            make_task(6, job_uid=NEW, job_total=1)])
        old, new = self.store.job(OLD), self.store.job(NEW)
        self.assertEqual((old["total"], old[states.QUEUED]), (8, 3))
        self.assertEqual((new["total"], new[states.QUEUED]), (3, 3))
        self.assertEqual(new["username"], "lab")

    def test_tasks_added_to_a_cancelled_job_are_cancelled(self):
        self.add(1, job_uid=OLD)
        self.store.cancel_job(OLD)
        tasks = [make_task(2, job_uid=OLD, context_uid="ws"),
                 make_task(3, context_uid="ws", unique=True),
                 make_task(4, job_uid=OLD, context_uid="ws")]
        version = self.store.version()
        self.assertEqual(self.store.add_many(tasks), ["added"] * 3)
        self.assertEqual(
            [self.store.get(task["task_uid"])["status"] for task in tasks],
            [states.CANCELLED, states.QUEUED, states.CANCELLED])
        self.assertEqual(self.store.uids(states.ACTIVE),
                         set(["ws", "item3"]))
        self.assertEqual(
            [found["task_uid"] for found in
             self.store.changes(version)["tasks"]
             if found["status"] == states.QUEUED], [tasks[1]["task_uid"]])
        self.assertEqual(self.drain(), [tasks[1]["task_uid"]])

    def test_tasks_of_one_call_see_the_locks_of_those_before(
            self):
        def task(number, lane, locks):
            # The lower the number, the more urgent
            return make_task(number, locks=locks,
                             context_path="/senaite/worksheets/" + lane)
        self.store.add(task(8, "A", ["w"]))
        self.store.add(task(9, "B", ["w"]))
        # The head of A no longer needs w, so B claims it; then B's head, too
        self.store.add_many([
            task(1, "A", []), task(2, "B", ["x"]), task(3, "C", ["w"])])
        self.assertEqual(
            [self.pop("c{}/00000000".format(n)) for n in (1, 2, 3)],
            [make_task(n)["task_uid"] for n in (1, 2, 3)])

    def test_one_call_adds_more_tasks_than_a_statement_takes(self):
        tasks = [make_task(n, context_path="/senaite/worksheets/WS-{}".format(
            n % 1100), priority=n % 7) for n in range(1500)]
        self.assertEqual(self.store.add_many(tasks), ["added"] * 1500)
        self.assertEqual(self.store.add_many(tasks), ["known"] * 1500)
        self.assertEqual(len(self.store.uids(states.ACTIVE)), 3000)
        expected = [task["task_uid"] for task in
                    sorted(tasks, key=scheduling.sort_key)]
        self.assertEqual([self.pop_and_finish() for _ in range(20)],
                         expected[:20])

    def test_invalid_task_rejects_the_whole_call(self):
        with self.assertRaises(ValueError):
            self.store.add_many([make_task(1), {"name": "task_test"}])
        self.assertEqual(self.store.count(), 0)
        self.assertIsNone(self.pop())

    def test_tasks_belong_to_their_site(self):
        task = self.add(1)
        other = self.open_store("/other", Clock())
        self.assertIsNone(other.get(task["task_uid"]))
        self.assertIsNone(other.pop(ALICE, 30))
        self.assertEqual(other.count(), 0)
        self.assertEqual(other.add(task), "added")
        self.assertEqual(other.pop(BOB, 30), task)
        self.assertState(task, states.QUEUED)
        self.assertEqual(other.purge(), 1)
        self.assertEqual(self.pop(), task["task_uid"])
        self.assertEqual(other.changes()["tasks"], [])
        self.assertEqual(other.consumers(), [])

    def test_stores_of_one_site_see_the_same_tasks(self):
        task = self.add(1)
        again = self.open_store("/senaite", self.clock)
        self.assertEqual(again.get(task["task_uid"]), task)
        self.assertEqual(again.version(), self.store.version())

    def test_find_by_state_name_and_object(self):
        one = self.add(1, uids=["a", "b"], context_uid="ws")
        two = self.add(2, uids=["b", "c"], name="other")
        self.pop()
        find = self.store.find
        self.assertEqual(find(uid="b"), [one, two])
        self.assertEqual(find(uid="ws"), [one])
        self.assertEqual(find(uid="b", name="other"), [two])
        self.assertEqual(find(uid="nothing"), [])
        self.assertEqual(find(states=[states.RUNNING]), [one])
        self.assertEqual(find(limit=1, offset=1), [two])
        self.assertEqual(find(offset=1), [two])
        self.assertEqual(find(states=[]), [])
        self.assertEqual(self.store.count([states.QUEUED]), 1)

    def test_find_returns_tasks_in_the_order_of_running(self):
        late = self.add(1, priority=50)
        soon = self.add(2, priority=10)
        first = self.add(3, priority=50, name="top")
        self.store.configure(["top"])
        self.assertEqual(self.store.find(), [first, soon, late])

    def test_uids_by_state(self):
        self.add(1, uids=["a", "b"], context_uid="x")
        self.add(2, uids=["b", "c"], context_uid="y")
        uid = self.pop()
        self.assertEqual(self.store.uids(states.ACTIVE),
                         set(["a", "b", "c", "x", "y"]))
        self.store.acknowledge(uid, ALICE)
        self.assertEqual(self.store.uids(states.ACTIVE),
                         set(["b", "c", "y"]))
        self.assertEqual(self.store.uids([states.DONE]),
                         set(["a", "b", "x"]))

    def test_stats_count_tasks_by_state(self):
        self.add(1)
        self.add(2)
        self.pop()
        self.assertEqual(self.store.stats(), {
            states.QUEUED: 1, states.RUNNING: 1, states.FAILED: 0,
            states.DONE: 0, states.CANCELLED: 0,
            "scheduled": 0, "oldest_queued": make_task(2)["created"],
            "oldest_due": self.clock.now})
