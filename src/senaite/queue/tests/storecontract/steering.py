# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: users pause and resume tasks, change priorities, cancel jobs."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.errors import NotRunning
from senaite.queue.errors import TaskNotFound
from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import LEASE
from senaite.queue.tests.storecontract.base import SITE
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import START

JOB = "f" * 32
NOBODY = "0" * 31 + "f"


class SteeringContract(StoreCase):

    # -- pause and resume

    def test_no_task_is_handed_out_while_all_are_paused(self):
        running = self.add(1)["task_uid"]
        self.assertEqual(self.pop(), running)
        self.add(2)
        self.assertTrue(self.store.pause(username="boss"))
        self.assertFalse(self.store.pause(username="other"))
        self.assertIsNone(self.pop(BOB))
        # Running tasks are not disturbed
        self.assertEqual(self.pop(), running)
        self.assertTrue(self.store.heartbeat(ALICE, running, LEASE))
        self.store.acknowledge(running, ALICE)
        self.assertIsNone(self.pop())
        self.assertTrue(self.store.resume())
        self.assertFalse(self.store.resume())
        self.assertIsNotNone(self.pop())

    def test_leases_expire_while_all_are_paused(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.store.pause()
        self.clock.forward(LEASE + 1)
        self.assertIsNone(self.pop(BOB))
        self.assertState({"task_uid": uid}, states.QUEUED)

    def test_pause_of_one_name_leaves_others_running(self):
        first = self.add(1, name="a", created=START - 99)["task_uid"]
        self.add(2, name="a", created=START - 98)
        other = self.add(3, name="b")["task_uid"]
        self.assertEqual(self.pop(), first)
        self.store.pause("a", "boss")
        later = self.add(4, name="a", created=START - 97)["task_uid"]
        self.assertEqual(self.pop_and_finish(BOB), other)
        self.assertIsNone(self.pop(BOB))
        self.store.acknowledge(first, ALICE)
        self.assertIsNone(self.pop(BOB))
        self.store.resume("a")
        self.assertEqual(len(self.drain()), 2)
        self.assertState({"task_uid": later}, states.DONE)

    def test_paused_tasks_claim_no_locks(self):
        for name in ("a", "c"):
            self.add(ord(name), name=name, locks=["s", name])
        waiting = self.add(2, name="b", created=START + 9 ** 6,
                           locks=["s"])["task_uid"]
        self.store.pause("a")
        self.store.pause("c")
        self.assertEqual(self.pop(), waiting)
        self.store.resume("a")
        self.store.resume("c")
        self.assertIsNone(self.pop(BOB))
        self.store.acknowledge(waiting, ALICE)
        self.assertEqual(len(self.drain()), 2)

    def test_pauses_are_listed_and_survive_purge(self):
        self.store.pause("a", u"b\xf6ss")
        self.clock.forward(5)
        self.store.pause(None, None)
        self.store.purge()
        again = self.open_store("/senaite", self.clock)
        self.assertEqual([(p["name"], p["since"]) for p in again.pauses()],
                         [("", START + 5), ("a", START)])
        self.assertEqual(self.open_store("/other", self.clock).pauses(), [])

    def past(self, name="a", since=0, until=START + 10 ** 6, store=None):
        return [(pause["name"], pause["since"] - START, pause["username"],
                 pause["until"] - START, pause["resumed_by"]) for pause in (
                     store or self.store).past_pauses(name, since, until)]

    def test_pauses_that_have_ended_are_remembered(self):
        self.assertEqual(self.past(), [])
        for name, first, second in (
                (None, u"b\xf6ss", "other"), ("a", "boss", None),
                ("b", None, "boss")):
            self.store.pause(name, first)
            self.clock.forward(10)
            self.assertTrue(self.store.resume(name, second))
            self.clock.forward(10)
        # Without a pause, nothing has ended
        self.assertFalse(self.store.resume("a", "boss"))
        whole = ("", 0, fields.to_native(u"b\xf6ss"), 10, "other")
        own = ("a", 20, "boss", 30, "")
        self.assertEqual(self.past(), [whole, own])
        self.assertEqual(self.past(since=START + 10), [own])
        self.assertEqual(self.past(until=START + 20), [whole])
        self.assertEqual(self.past("c"), [whole])
        again = self.open_store(SITE, self.clock)
        self.assertEqual(self.past(store=again), [whole, own])
        other = self.open_store("/other", self.clock)
        self.assertEqual(self.past(store=other), [])

    def test_pause_that_lasts_has_not_ended(self):
        self.store.pause("a", "boss")
        self.clock.forward(10)
        self.assertEqual(self.past(), [])

    def test_pause_of_no_time_is_remembered_once(self):
        for user in ("boss", "other"):
            self.store.pause("a", user)
            self.store.resume("a", user)
        self.assertEqual(self.past(), [("a", 0, "other", 0, "other")])

    def test_past_pauses_go_with_the_history(self):
        self.store.pause("a", "boss")
        self.clock.forward(10)
        self.store.resume("a", "boss")
        self.clock.forward(100)
        self.store.prune(100.5)
        self.assertEqual(len(self.past()), 1)
        self.store.prune(100)
        self.assertEqual(self.past(), [])

    def test_priority_list_may_change_while_a_name_is_paused(self):
        self.add(1, name="a", locks=["s"])
        self.add(2, name="b", locks=["s"])
        self.store.pause("a")
        self.store.configure(["a"])
        self.assertEqual(self.drain(), ["{:032x}".format(2)])
        self.store.resume("a")
        self.assertEqual(self.drain(), ["{:032x}".format(1)])

    # -- priority

    def test_priority_changes_the_order(self):
        one, two = self.add(1), self.add(2)
        version = self.store.version()
        self.assertTrue(self.store.set_priority(two["task_uid"], 1))
        self.assertNotEqual(self.store.version(), version)
        self.assertEqual(self.store.get(two["task_uid"])["priority"], 1)
        self.assertEqual(self.store.page()["tasks"][0]["priority"], 1)
        self.assertEqual(self.drain(), [two["task_uid"], one["task_uid"]])

    def test_priority_changes_the_order_within_a_lane(self):
        path = "/senaite/worksheets/WS-1"
        one = self.add(1, context_path=path)["task_uid"]
        two = self.add(2, context_path=path)["task_uid"]
        self.store.set_priority(one, 20)
        self.assertEqual(self.drain(), [two, one])

    def test_priority_of_unqueued_tasks_is_not_changed(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.assertFalse(self.store.set_priority(uid, 1))
        self.store.acknowledge(uid, ALICE)
        self.assertFalse(self.store.set_priority(uid, 1))
        with self.assertRaises(TaskNotFound):
            self.store.set_priority(NOBODY, 1)

    def test_priority_of_a_delayed_task_is_changed(self):
        uid = self.add(1, delay=60)["task_uid"]
        self.assertTrue(self.store.set_priority(uid, 1))
        self.assertIsNone(self.pop())
        self.clock.forward(100)
        self.assertEqual(self.pop(), uid)

    # -- cancelling a job

    def test_cancelling_a_job_keeps_finished_tasks(self):
        done = self.add(1, job_uid=JOB, uids=["a", "b"])
        self.pop_and_finish()
        running = self.add(2, job_uid=JOB, name="x")
        self.pop()
        queued = self.add(3, job_uid=JOB)
        other = self.add(4)
        cancelled = self.store.cancel_job(JOB)
        self.assertEqual(set(cancelled),
                         {queued["task_uid"], running["task_uid"]})
        self.assertState(done, states.DONE)
        self.assertState(queued, states.CANCELLED)
        self.assertState(other, states.QUEUED)
        # The running chunk is told, and follow-ups do not run
        self.assertFalse(
            self.store.heartbeat(ALICE, running["task_uid"], LEASE))
        late = self.add(5, job_uid=JOB)
        self.assertState(late, states.CANCELLED)
        with self.assertRaises(NotRunning):
            self.store.acknowledge(running["task_uid"], ALICE, processed=1)
        self.assertEqual(self.drain(BOB), [other["task_uid"]])
        self.assertEqual(self.store.cancel_job(JOB), [])

    def test_cancelling_a_job_cancels_failed_tasks(self):
        failed = self.add(1, job_uid=JOB)
        self.store.fail(self.pop(), ALICE, "fatal", "no")
        self.assertEqual(self.store.cancel_job(JOB), [failed["task_uid"]])

    def test_cancelling_an_unknown_job_is_refused(self):
        with self.assertRaises(TaskNotFound):
            self.store.cancel_job(NOBODY)
