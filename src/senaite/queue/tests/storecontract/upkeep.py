# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: history is pruned, with everything that belongs to it."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import make_task

JOB = "f" * 32


class UpkeepContract(StoreCase):

    def test_states_of_many_tasks(self):
        uids = [self.add(number)["task_uid"] for number in range(1, 4)]
        popped = self.pop()
        self.store.cancel(uids[2])
        asked = uids + ["%032x" % number for number in range(100, 1400)]
        known = dict((uid, self.store.get(uid)["status"]) for uid in uids)
        self.assertEqual(self.store.states_of(asked), known)
        self.assertEqual(known[popped], "running")
        self.assertEqual(self.store.states_of([]), {})

    def test_prune_removes_old_history_only(self):
        done = self.add(1)["task_uid"]
        cancelled = self.add(2)["task_uid"]
        failed = self.add(3)["task_uid"]
        self.pop_and_finish()
        self.store.cancel(cancelled)
        self.pop()
        self.store.fail(failed, ALICE, "fatal", "no")
        self.clock.forward(100)
        young = self.add(4)["task_uid"]
        self.pop_and_finish()
        waiting = self.add(5)["task_uid"]
        self.assertEqual(self.store.prune(101), 0)
        self.assertEqual(self.store.prune(100), 2)
        self.assertIsNone(self.store.get(done))
        self.assertIsNone(self.store.job(done))
        self.assertEqual(self.store.attempts(done), [])
        for uid in (failed, young, waiting):
            self.assertIsNotNone(self.store.get(uid))
            self.assertIsNotNone(self.store.job(uid))

    def test_prune_is_bounded(self):
        for number in range(5):
            self.add(number)
        self.drain()
        self.clock.forward(1)
        self.assertEqual(self.store.prune(0, limit=3), 3)
        self.assertEqual(self.store.prune(0, limit=3), 2)
        self.assertEqual(self.store.prune(0, limit=3), 0)

    def test_free_keys_of_finished_tasks_are_forgotten(self):
        done = self.add(1, colour="blue", uids=["a"])["task_uid"]
        self.pop_and_finish()
        cancelled = self.add(2, colour="blue")["task_uid"]
        self.store.cancel(cancelled)
        failed = self.add(3, colour="blue")["task_uid"]
        self.pop()
        self.store.fail(failed, ALICE, "fatal", "no")
        waiting = self.add(4, colour="blue")["task_uid"]
        self.clock.forward(100)
        young = self.add(5, colour="blue")["task_uid"]
        self.store.cancel(young)
        after = self.store.forget_payloads(101)
        self.assertIsNone(after)
        self.assertEqual(self.store.get(done)["colour"], "blue")
        after = self.store.forget_payloads(100, after)
        for uid in (done, cancelled):
            self.assertNotIn("colour", self.store.get(uid))
        for uid in (failed, waiting, young):
            self.assertEqual(self.store.get(uid)["colour"], "blue")
        found = self.store.get(done)
        self.assertEqual((found.uids, found.status), (["a"], states.DONE))
        self.clock.forward(100)
        self.store.forget_payloads(100, after)
        self.assertNotIn("colour", self.store.get(young))

    def test_users_of_finished_tasks_are_forgotten(self):
        """Their addresses, browsers and comments; but tasks that failed can
        be requeued, and then they need them."""
        origin = {"server_url": "https://lims.example.com",
                  "languages": ["de"], "comments": "Agreed",
                  "client": {"address": "192.0.2.7"}}
        done, failed = [self.add(number, click_origin=origin)["task_uid"]
                        for number in (1, 2)]
        self.pop_and_finish()
        self.pop()
        self.store.fail(failed, ALICE, "fatal", "no")
        self.store.forget_payloads(0)
        found = self.store.get(done)["click_origin"]
        self.assertEqual((found["server_url"], found["languages"]),
                         ("https://lims.example.com", ["de"]))
        self.assertIsNone(found["comments"])
        self.assertEqual(set(found["client"].values()), {None})
        found = self.store.get(failed)["click_origin"]
        self.assertEqual((found["comments"], found["client"]["address"]),
                         ("Agreed", "192.0.2.7"))
        # It has lost nothing that it needs in order to be done again
        self.assertEqual(
            [row["is_whole"] for row in self.store.changed_since(None)[1]],
            [True, True])

    def test_what_was_given_with_a_job_is_not_forgotten(self):
        """A restored database would have it done again."""
        given = {"retries": 2, "chunk_size": 5}
        task_uid = self.add(1, job_given=given)["task_uid"]
        other = self.add(2, job_given=given, steps=[{"x": 1}])["task_uid"]
        for _number in range(2):
            self.pop_and_finish()
        self.store.forget_payloads(0)
        self.assertEqual(self.store.get(task_uid)["job_given"], given)
        self.assertNotIn("steps", self.store.get(other))
        self.assertEqual(
            dict((row["task_uid"], row["is_whole"])
                 for row in self.store.changed_since(None)[1]),
            {task_uid: True, other: False})

    def test_free_keys_are_forgotten_in_bounded_steps(self):
        uids = [self.add(number, colour="blue")["task_uid"]
                for number in range(5)]
        for uid in uids:
            self.store.cancel(uid)

        def left():
            return len([uid for uid in uids
                        if "colour" in self.store.get(uid)])
        after = None
        for count in (3, 1, 0, 0):
            after = self.store.forget_payloads(0, after, limit=2)
            self.assertEqual(left(), count)

    def test_job_is_kept_as_long_as_its_tasks(self):
        self.add(1, job_uid=JOB)
        self.pop_and_finish()
        self.add(2, job_uid=JOB)
        self.clock.forward(1)
        self.store.prune(0)
        self.assertEqual(self.store.job(JOB)["queued"], 1)
        self.pop_and_finish()
        self.clock.forward(1)
        self.store.prune(0)
        self.assertIsNone(self.store.job(JOB))

    def test_cancelled_task_that_may_still_run_is_kept(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.store.cancel(uid)
        self.assertEqual(self.store.prune(0), 0)

    def test_absent_consumers_are_forgotten(self):
        self.pop()
        self.clock.forward(2 * 24 * 3600)
        self.pop(BOB)
        self.store.prune(0)
        self.assertEqual([c["consumer_id"] for c in self.store.consumers()],
                         [BOB])

    def test_purge_leaves_nothing(self):
        for number in range(4):
            self.add(number, locks=["a"])
        self.pop_and_finish()
        self.pop()
        self.assertEqual(self.store.purge(), 4)
        self.assertEqual(self.store.count(), 0)
        self.assertEqual(self.store.uids(), set())
        self.assertEqual(self.store.consumers(), [])
        self.assertIsNone(self.store.next_due())
        self.assertIsNone(self.pop())
        self.add(1, locks=["a"])
        self.assertEqual(self.drain(), [make_task(1)["task_uid"]])

    def test_closed_store_reopens(self):
        task = self.add(1)
        self.store.close()
        self.assertState(task, states.QUEUED)
