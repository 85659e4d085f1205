# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: how attempts and tasks end, and what remains of them."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import itertools

import six

from senaite.queue.errors import NotRunning
from senaite.queue.errors import TaskNotFound
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import LEASE
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import make_task

NOBODY = "0" * 32
JOB = "f" * 32


class OutcomeContract(StoreCase):

    def fail(self, uid, kind="error", consumer=ALICE):
        return self.store.fail(uid, consumer, kind, u"B\xf6se", "Traceback")

    def test_acknowledge_can_be_repeated(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        for _ in range(2):
            self.assertTrue(self.store.acknowledge(uid, ALICE, 1, "well"))
        self.assertEqual(self.store.job(uid)["done"], 1)
        self.assertEqual(self.store.get(uid)["note"], "well")
        with self.assertRaises(NotRunning):
            self.store.acknowledge(uid, BOB)

    def test_text_that_databases_refuse_is_replaced(self):
        """It comes with messages that quote bytes, and must not make a
        report fail."""
        for number, code in enumerate((0, 0xd800, 0xdc00, 0xdfff), 1):
            broken = u"see {} here".format(six.unichr(code))
            uid = self.add(number, retries=0)["task_uid"]
            self.pop()
            self.store.fail(uid, ALICE, "error", broken, broken)
            self.assertEqual(self.store.get(uid)["error_message"],
                             u"see \ufffd here")
            self.assertEqual(self.store.attempts(uid)[-1]["traceback"],
                             u"see \ufffd here")
            self.store.requeue(uid)
            self.pop()
            self.store.acknowledge(uid, ALICE, 1, broken)
            self.assertEqual(self.store.get(uid)["note"], u"see \ufffd here")
            self.assertEqual(
                self.store.page([states.DONE], text=broken)["total"], number)

    def test_characters_beyond_the_basic_plane_are_kept(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.store.acknowledge(uid, ALICE, 1, u"well \U0001f600")
        self.assertEqual(self.store.get(uid)["note"], u"well \U0001f600")

    def test_reports_on_tasks_not_held_are_refused(self):
        uid = self.add(1)["task_uid"]
        for report in (lambda u: self.store.acknowledge(u, ALICE),
                       lambda u: self.fail(u)):
            with self.assertRaises(NotRunning):
                report(uid)
            with self.assertRaises(TaskNotFound):
                report(NOBODY)
        self.pop(BOB)
        with self.assertRaises(NotRunning):
            self.store.acknowledge(uid, ALICE)
        with self.assertRaises(NotRunning):
            self.fail(uid)
        self.assertState(make_task(1), states.RUNNING)

    def test_failed_attempt_is_retried_and_frees_its_lane(self):
        uid = self.add(1)["task_uid"]
        self.add(2)
        self.pop()
        self.assertEqual(self.fail(uid), states.QUEUED)
        task = self.store.get(uid)
        self.assertEqual(task["retries"], 2)
        self.assertEqual(task["chunk_size"], 5)
        self.assertEqual(task["error_message"], u"B\xf6se")
        self.assertEqual(self.pop(), make_task(2)["task_uid"])
        self.store.acknowledge(make_task(2)["task_uid"], ALICE)
        self.assertIsNone(self.pop())
        self.clock.forward_to(self.store.next_due())
        self.assertEqual(self.pop(), uid)

    def test_failure_report_can_be_repeated(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.assertEqual(self.fail(uid), self.fail(uid))
        self.assertEqual(self.store.get(uid)["retries"], 2)
        with self.assertRaises(NotRunning):
            self.fail(uid, consumer=BOB)

    def test_timeout_extends_the_time_limit(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.fail(uid, "timeout")
        self.assertEqual(self.store.get(uid)["max_seconds"], 180)

    def test_planned_stops_cost_nothing(self):
        task = self.add(1, retries=1, chunk_size=8)
        uid = task["task_uid"]
        for _number in range(4):
            self.assertEqual(self.pop(), uid)
            self.assertEqual(self.store.fail(
                uid, ALICE, scheduling.STOPPED, u"stopped"), states.QUEUED)
            # Its answer was lost
            self.assertEqual(self.store.fail(
                uid, ALICE, scheduling.STOPPED, u"stopped"), states.QUEUED)
        # At once, by whoever asks
        self.assertEqual(self.pop(BOB), uid)
        found = self.store.get(uid)
        self.assertEqual((found["retries"], found["chunk_size"]), (1, 8))
        self.assertEqual([attempt["outcome"] for attempt
                          in self.store.attempts(uid)], ["stopped"] * 4 + [None])
        # ... and a failure waits no longer than the first one
        self.store.fail(uid, BOB, scheduling.ERROR, u"x")
        self.clock.forward(scheduling.BACKOFF_FROM * 1.5)
        self.assertEqual(self.pop(BOB), uid)

    def test_planned_stop_without_retries_left(self):
        task = self.add(1, retries=0)
        self.pop()
        self.store.fail(task["task_uid"], ALICE, scheduling.STOPPED, u"x")
        self.assertState(task, states.QUEUED)

    def test_fatal_error_fails_the_task_immediately(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.assertEqual(self.fail(uid, "fatal"), states.FAILED)
        self.assertIsNone(self.store.next_due())

    def test_unknown_kind_of_failure_is_refused(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        with self.assertRaises(ValueError):
            self.fail(uid, "whatever")

    def test_poisoned_task_fails_with_its_traceback(self):
        uid = self.add(1, retries=1)["task_uid"]
        for expected in (states.QUEUED, states.FAILED):
            self.assertEqual(self.pop(), uid)
            self.assertEqual(self.fail(uid), expected)
            self.clock.forward(600)
        self.assertIsNone(self.pop())
        attempts = self.store.attempts(uid)
        self.assertEqual(len(attempts), 2)
        self.assertEqual(attempts[1]["outcome"], "error")
        self.assertEqual(attempts[1]["traceback"], "Traceback")
        self.assertEqual(attempts[1]["error_message"], u"B\xf6se")
        self.assertEqual(attempts[1]["consumer_id"], ALICE)
        # It can be queued again
        self.assertTrue(self.store.requeue(uid))
        self.assertFalse(self.store.requeue(uid))
        self.assertEqual(self.store.get(uid)["retries"], 1)
        self.assertEqual(self.pop_and_finish(), uid)
        self.assertFalse(self.store.requeue(uid))

    def test_waiting_task_is_cancelled(self):
        path = "/senaite/worksheets/WS-1"
        first = self.add(1, context_path=path)
        self.add(2, context_path=path)
        self.assertTrue(self.store.cancel(first["task_uid"]))
        self.assertFalse(self.store.cancel(first["task_uid"]))
        self.assertState(first, states.CANCELLED)
        self.assertEqual(self.drain(), [make_task(2)["task_uid"]])

    def test_cancel_and_requeue_of_unknown_tasks_are_refused(self):
        for verb in (self.store.cancel, self.store.requeue):
            with self.assertRaises(TaskNotFound):
                verb(NOBODY)

    def test_failed_task_is_cancelled(self):
        task = self.add(1)
        self.pop()
        self.fail(task["task_uid"], "fatal")
        self.assertTrue(self.store.cancel(task["task_uid"]))
        self.assertState(task, states.CANCELLED)

    def test_cancelling_a_running_task_ends_its_job(self):
        path = "/senaite/worksheets/WS-1"
        kw = {"context_path": path, "job_uid": JOB, "job_total": 30}
        uid = self.add(1, **kw)["task_uid"]
        early = self.add(2, **kw)
        stranger = self.add(9, context_path=path)
        self.pop()
        self.assertTrue(self.store.cancel(uid))
        self.assertState(early, states.CANCELLED)
        self.assertFalse(self.store.heartbeat(ALICE, uid, LEASE))
        late = self.add(3, **kw)
        self.assertState(late, states.CANCELLED)
        # The consumer may still be working: nobody else gets in
        self.assertIsNone(self.pop(BOB))
        with self.assertRaises(NotRunning):
            self.store.acknowledge(uid, ALICE, processed=10)
        self.assertEqual(self.store.job(JOB)["done"], 10)
        self.assertEqual(self.pop(BOB), stranger["task_uid"])

    def test_lane_of_a_cancelled_task_always_opens(self):
        path = "/senaite/worksheets/WS-1"
        ways = (
            lambda uid: self.clock.forward(LEASE),
            lambda uid: self.pop("a/00000000"),
            lambda uid: self.store.hello("a/00000001"),
            lambda uid: self.assertRaises(
                NotRunning, self.fail, uid, "error", "a/00000000"))
        numbers = itertools.count(1)
        for way in ways:
            uid = self.add(next(numbers), context_path=path)["task_uid"]
            self.assertEqual(self.pop("a/00000000"), uid)
            self.store.cancel(uid)
            waiting = self.add(next(numbers), context_path=path)
            self.assertIsNone(self.pop(BOB))
            way(uid)
            self.assertIn(waiting["task_uid"],
                          (self.pop(BOB), self.pop("a/00000000")))
            self.store.purge()

    def test_job_total_grows_with_a_follow_up(self):
        """Only the plan of a worksheet template tells the total."""
        self.add(1, job_uid=JOB, job_total=1, uids=[])
        self.pop()
        self.add(2, job_uid=JOB, job_total=25, uids=["a"])
        self.assertEqual(self.store.job(JOB)["total"], 25)
        self.add(3, job_uid=JOB, job_total=3, uids=["b"])
        self.assertEqual(self.store.job(JOB)["total"], 25)

    def test_job_progress(self):
        first = self.add(1, job_uid=JOB, job_total=25, uids=["a", "b"])
        self.pop()
        follow_up = self.add(2, job_uid=JOB, job_total=25, uids=["b"])
        self.store.acknowledge(first["task_uid"], ALICE, processed=10)
        job = self.store.job(JOB)
        self.assertEqual(job["total"], 25)
        self.assertEqual(job["done"], 10)
        self.assertEqual((job["queued"], job["running"], job["failed"]),
                         (1, 0, 0))
        self.assertEqual(job["name"], "task_test")
        self.assertEqual(job["context_uid"], first["context_uid"])
        self.assertEqual(job["username"], "lab")
        self.pop()
        self.store.acknowledge(follow_up["task_uid"], ALICE, processed=99)
        self.assertEqual(self.store.job(JOB)["done"], 25)
        self.assertIsNone(self.store.job(NOBODY))

    def test_processed_items_default_to_all(self):
        uid = self.add(1, uids=["a", "b", "c"])["task_uid"]
        self.pop_and_finish()
        job = self.store.job(uid)
        self.assertEqual((job["total"], job["done"]), (3, 3))

    def test_history_keeps_the_processed_items(self):
        uid = self.add(1, uids=["a", "b", "c"])["task_uid"]
        self.pop()
        self.store.acknowledge(uid, ALICE, processed=2)
        self.assertEqual(self.store.get(uid)["uids"], ["a", "b"])

    def test_states_change_only_as_defined(self):
        """Whatever is requested, states change as defined in `states`."""
        reports = (NotRunning, TaskNotFound)
        verbs = {
            "acknowledge": lambda uid: self.store.acknowledge(uid, ALICE),
            "retry": lambda uid: self.fail(uid),
            "give_up": lambda uid: self.fail(uid, "fatal"),
            "cancel": self.store.cancel,
            "requeue": self.store.requeue,
        }
        numbers = itertools.count(1)
        for state in states.STATES:
            for event in sorted(verbs):
                uid = self.bring_to(state, next(numbers))
                try:
                    verbs[event](uid)
                except reports:
                    pass
                expected = states.TRANSITIONS.get((state, event), state)
                if (state, event) == (states.QUEUED, "give_up"):
                    expected = states.QUEUED  # no consumer can report it
                self.assertEqual(self.store.get(uid)["status"], expected,
                                 (state, event))
                self.store.purge()

    def bring_to(self, state, number):
        uid = self.add(number)["task_uid"]
        if state in (states.RUNNING, states.FAILED, states.DONE):
            self.pop()
        if state == states.FAILED:
            self.fail(uid, "fatal")
        elif state == states.DONE:
            self.store.acknowledge(uid, ALICE)
        elif state == states.CANCELLED:
            self.store.cancel(uid)
        return uid
