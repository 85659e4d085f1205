# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Contract: what became of the items of a job, and what people did to it."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.errors import NotRunning
from senaite.queue.model import failures
from senaite.queue.model import human_acts
from senaite.queue.model import left_out
from senaite.queue.model import restores
from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import make_task
from senaite.queue.tests.tasks import START

CALCIUM = {"uid": "ca", "item": u"Calcium", "sample": u"H2O-3",
           "reason": left_out.IN_STATE, "state": u"retracted",
           "user": u"j\xe4ne", "at": START}
JOB = "e" * 32


class ItemsContract(StoreCase):

    def chunk(self, number, left, **kw):
        """Add and pop a task of one job; return its uid."""
        uid = self.add(number, uids=["i%d" % one for one in range(left)],
                       job_uid=JOB, job_total=6, **kw)["task_uid"]
        self.assertEqual(self.pop(), uid)
        return uid

    def test_skipped_items_are_not_done(self):
        uid = self.chunk(1, 6)
        for _ in range(2):
            self.store.acknowledge(uid, ALICE, 3, skipped=2,
                                   skipped_items=[CALCIUM])
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["skipped"]), (1, 2))
        task = self.store.get(uid)
        self.assertEqual((task["skipped"], task["skipped_items"]),
                         (2, [CALCIUM]))

    def test_skipped_items_of_all_chunks_add_up(self):
        for number, (left, skipped) in enumerate(((6, 1), (4, 0), (2, 2)), 1):
            self.store.acknowledge(
                self.chunk(number, left), ALICE, 2, skipped=skipped,
                skipped_items=[dict(CALCIUM, item=u"%d" % number)] * skipped)
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["skipped"], job["total"]),
                         (3, 3, 6))
        self.assertEqual([item["item"] for item in job["skipped_items"]],
                         [u"1", u"3", u"3"])

    def test_step_that_follows_counts_as_one_of_the_items(self):
        # All three were skipped, and so was one of the steps after them
        first = self.chunk(1, 6)
        self.store.acknowledge(first, ALICE, 5, skipped=6)
        step = self.chunk(2, 0)
        self.store.acknowledge(step, ALICE, 0, skipped=1,
                               skipped_items=[CALCIUM])
        self.store.acknowledge(self.chunk(3, 0), ALICE, 1)
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["skipped"]), (0, 6))
        self.assertEqual(self.store.get(first)["skipped"], 6)
        self.assertEqual(self.store.get(step)["skipped_items"], [CALCIUM])

    def test_attempts_before_leave_no_trace_in_what_is_done(self):
        uid = self.chunk(1, 6)
        self.store.fail(uid, ALICE, "conflict", u"Busy",
                        error_code="conflict")
        self.clock.forward(600)
        self.assertEqual(self.pop(), uid)
        self.store.acknowledge(uid, ALICE, 6)
        self.assertIsNone(self.store.get(uid)["error_code"])

    def test_failed_task_that_is_requeued_has_skipped_nothing(self):
        uid = self.chunk(1, 6)
        self.store.acknowledge(uid, ALICE, 6, skipped=2,
                               skipped_items=[CALCIUM])
        self.store.hold(restores.DATABASE, None)
        self.store.reconcile(restores.DATABASE, None, {uid: restores.FAIL},
                             {restores.FAIL: u"Unknown"})
        self.assertEqual(self.store.get(uid)["skipped"], 0)
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["skipped"], job["failed_items"]),
                         (0, 0, 6))

    def test_more_work_than_items_does_not_turn_skipped_ones_into_done(self):
        """The steps of a worksheet template are counted, too."""
        self.store.acknowledge(self.chunk(1, 6), ALICE, 6, skipped=4)
        self.store.acknowledge(self.chunk(2, 0), ALICE, 5)
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["skipped"]), (2, 4))

    def test_no_more_are_skipped_than_were_processed(self):
        self.store.acknowledge(self.chunk(1, 6), ALICE, 1, skipped=5)
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["skipped"]), (0, 2))

    def test_items_of_failed_tasks_are_counted(self):
        self.store.acknowledge(self.chunk(1, 6), ALICE, 2)
        self.store.fail(self.chunk(2, 4), ALICE, "fatal", u"No")
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["failed"], job["failed_items"]),
                         (2, 1, 4))

    def test_names_are_bounded_and_safe(self):
        uid = self.chunk(1, 6)
        long = dict(CALCIUM, item=u"x" * 10000, sample=u"a\n\x00\u2028b",
                    colour=u"red", user=["who"], at=float("nan"))
        self.store.acknowledge(uid, ALICE, 6, skipped=3,
                               skipped_items=[long, "no item", {}] + [
                                   CALCIUM] * 1000)
        items = self.store.get(uid)["skipped_items"]
        self.assertEqual(len(items), left_out.MOST_ITEMS - 2)
        self.assertEqual(items[0], {
            "uid": u"ca", "item": u"x" * 200, "sample": u"a \ufffd b",
            "reason": left_out.IN_STATE, "state": u"retracted"})
        for number, broken in enumerate((None, 7, {"a": 1}, u"text"), 2):
            other = self.add(number)["task_uid"]
            self.pop()
            self.store.acknowledge(other, ALICE, 1, skipped_items=broken)
            self.assertEqual(self.store.get(other)["skipped_items"], [])

    def test_work_of_a_cancelled_attempt_is_counted(self):
        uid = self.chunk(1, 6)
        self.store.cancel(uid)
        with self.assertRaises(NotRunning):
            self.store.acknowledge(uid, ALICE, 2, skipped=1,
                                   skipped_items=[CALCIUM])
        job = self.store.job(JOB)
        self.assertEqual((job["done"], job["skipped"]), (1, 1))
        self.assertEqual(self.store.get(uid)["skipped"], 1)

    def test_work_that_is_done_again_is_counted_once(self):
        uid = self.chunk(1, 6)
        self.store.acknowledge(uid, ALICE, 6, skipped=2,
                               skipped_items=[CALCIUM])
        task = self.store.get(uid)
        self.store.reconcile("database", ("x", 1), {uid: "put_back"},
                             {"put_back": u"Restored"}, {uid: task})
        self.assertEqual((self.store.job(JOB)["done"],
                          self.store.job(JOB)["skipped"]), (0, 0))
        self.assertEqual(self.store.get(uid)["skipped"], 0)
        self.assertEqual(self.pop(), uid)
        self.store.acknowledge(uid, ALICE, 6)
        self.assertEqual(self.store.job(JOB)["done"], 6)

    def test_listings_feed_and_statistics_tell(self):
        version = self.store.version()
        uid = self.chunk(1, 6)
        self.clock.forward(60)
        self.store.acknowledge(uid, ALICE, 6, skipped=5,
                               skipped_items=[CALCIUM] * 5)
        row, = self.store.page([states.DONE])["tasks"]
        self.assertEqual((row["skipped"], row["job_skipped"],
                          row["job_done"]), (5, 5, 1))
        self.assertEqual(row["skipped_items"],
                         [CALCIUM] * left_out.MOST_IN_LISTING)
        change, = self.store.changes(version)["tasks"]
        self.assertEqual(change["job_skipped"], 5)
        now = self.clock.now
        self.assertEqual(self.store.finished(now - 1, now + 1)["skipped"], 5)
        self.assertEqual(self.store.finished(now + 1, now + 2)["skipped"], 0)

    def test_a_code_tells_why_a_task_failed(self):
        uid = self.chunk(1, 6)
        self.store.fail(uid, ALICE, "fatal", u"No", None,
                        error_code=failures.NOT_ALLOWED)
        self.assertEqual(self.store.get(uid)["error_code"],
                         failures.NOT_ALLOWED)
        self.assertEqual(self.store.page()["tasks"][0]["error_code"],
                         failures.NOT_ALLOWED)
        self.store.requeue(uid)
        self.assertIsNone(self.store.get(uid)["error_code"])

    def test_what_people_do_is_kept_with_the_task(self):
        uid = self.add(1)["task_uid"]
        self.clock.forward(60)
        self.store.set_priority(uid, 3, u"ann\xe4")
        self.pop()
        self.store.fail(uid, ALICE, "fatal", u"No")
        self.store.requeue(uid, "bob")
        self.store.cancel(uid, "carol")
        self.store.cancel(uid, "late")
        now = self.clock.now
        self.assertEqual(self.store.get(uid)["interventions"], [
            {"act": human_acts.PRIORITY, "username": u"ann\xe4", "at": now,
             "priority": 3},
            {"act": human_acts.REQUEUED, "username": u"bob", "at": now},
            {"act": human_acts.REMOVED, "username": u"carol", "at": now}])
        row, = self.store.page([states.CANCELLED])["tasks"]
        self.assertEqual([act["username"] for act in row["interventions"]],
                         ["carol"])

    def test_all_tasks_of_a_cancelled_job_tell_by_whom(self):
        first = self.chunk(1, 6)
        second = make_task(2, job_uid=JOB)
        self.store.add(second)
        self.store.cancel_job(JOB, "carol")
        for uid in (first, second["task_uid"]):
            act, = self.store.get(uid)["interventions"]
            self.assertEqual((act["act"], act["username"]),
                             (human_acts.REMOVED, "carol"))

    def test_only_the_latest_acts_are_kept(self):
        uid = self.add(1)["task_uid"]
        for number in range(human_acts.MOST_ACTS + 5):
            self.store.set_priority(uid, number, "ann")
        acts = self.store.get(uid)["interventions"]
        self.assertEqual((len(acts), acts[-1]["priority"]),
                         (human_acts.MOST_ACTS, human_acts.MOST_ACTS + 4))
