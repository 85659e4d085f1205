# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: which consumer gets which task, in which order, and how long."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.errors import NotRunning
from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import LEASE
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import make_task


class ClaimContract(StoreCase):

    def test_number_of_running_tasks_is_limited(self):
        for number in range(3):
            self.add(number)
        self.assertIsNotNone(self.store.pop(ALICE, LEASE, 1))
        self.assertIsNone(self.store.pop(BOB, LEASE, 1))
        # A consumer that holds a task gets it again
        self.assertIsNotNone(self.store.pop(ALICE, LEASE, 1))
        self.assertIsNotNone(self.store.pop(BOB, LEASE, 2))

    def numbers(self, uids):
        return [int(uid, 16) for uid in uids]

    def test_pop_of_an_empty_queue_returns_none(self):
        self.assertIsNone(self.store.pop(ALICE, LEASE))

    def test_popped_task_names_its_consumer(self):
        self.add(1)
        task = self.store.pop(ALICE, LEASE)
        self.assertEqual(task["status"], states.RUNNING)
        self.assertEqual(task["consumer_id"], ALICE)
        self.assertEqual(task["started"], self.clock.now)
        self.assertEqual(task["attempt"], 1)
        self.assertEqual(dict(self.store.get(task["task_uid"])), dict(task))

    def test_repeated_pop_returns_the_same_task(self):
        self.add(1)
        self.add(2)
        first = self.pop()
        self.clock.forward(LEASE - 1)
        self.assertEqual(self.pop(), first)
        # ... and its lease starts again
        self.clock.forward(LEASE - 1)
        self.assertEqual(self.store.rescue(), [])
        self.assertNotEqual(self.pop(BOB), first)

    def test_invalid_consumer_ids_are_refused(self):
        for consumer in ("", "alice", "alice/xyz", "a b/0000000a", None,
                         "alice/0000000a\n", "x" * 129 + "/0000000a"):
            with self.assertRaises(ValueError):
                self.store.pop(consumer, LEASE)

    def test_order_is_tier_rank_context_arrival(self):
        same = {"created": 1000.0}
        self.add(1, priority=11, **same)
        self.add(2, context_uid="b", **same)
        self.add(3, context_uid="a", **same)
        self.add(4, context_uid="a", **same)
        self.add(5, name="top2", priority=90, **same)
        self.add(6, name="top1", priority=99, **same)
        self.store.configure(["top1", "top2"])
        self.assertEqual(self.numbers(self.drain()), [6, 5, 3, 4, 2, 1])

    def test_long_waiting_task_overtakes_higher_priority(self):
        self.add(1, priority=20, created=1000.0)
        self.add(2, priority=10, created=1000.0 + 3001)
        self.add(3, priority=10, created=1000.0 + 2999)
        self.assertEqual(self.numbers(self.drain()), [3, 1, 2])

    def test_changed_priority_list_reorders_waiting_tasks(self):
        self.store.configure(["b"])
        for number, name in enumerate("abcab"):
            self.add(number, name=name, locks=["all"])
        self.store.configure(["c", "a"])
        self.assertEqual(self.numbers(self.drain()), [2, 0, 3, 1, 4])
        self.add(8, name="b")
        self.add(9, name="c")
        self.assertEqual(self.numbers(self.drain()), [9, 8])

    def test_site_in_a_folder_runs_tasks_of_its_worksheets_at_once(self):
        store = self.open_store("/labs/senaite", self.clock)
        store.add_many([
            make_task(number, context_path="/labs/senaite/worksheets/WS-"
                      + str(number % 2)) for number in range(1, 5)])
        popped = [store.pop(consumer, LEASE)
                  for consumer in (ALICE, BOB, "carol:1/00000003")]
        self.assertEqual([task is not None for task in popped],
                         [True, True, False])
        store.close()

    def test_lane_runs_one_task_at_a_time(self):
        path = "/senaite/worksheets/WS-1"
        first = self.add(1, context_path=path)
        self.add(2, context_path=path + "/analysis")
        other_name = self.add(3, context_path=path, name="other")
        other_path = self.add(4, context_path=path + "0")
        self.assertEqual(self.pop(), first["task_uid"])
        self.assertEqual(self.pop("b/00000000"), other_name["task_uid"])
        self.assertEqual(self.pop("c/00000000"), other_path["task_uid"])
        self.assertIsNone(self.pop("d/00000000"))
        self.store.acknowledge(first["task_uid"], ALICE)
        self.assertEqual(self.numbers([self.pop("d/00000000")]), [2])

    def test_running_tasks_share_no_lock(self):
        self.add(1, locks=["a", "b"])
        self.add(2, locks=["b", "c"])
        self.add(3, locks=["c"])
        self.add(4, locks=["a"])
        self.assertEqual(self.numbers([self.pop("a/00000000")]), [1])
        # 2 waits for b, and does not keep c from 3
        self.assertEqual(self.numbers([self.pop("b/00000000")]), [3])
        self.assertIsNone(self.pop("c/00000000"))
        self.store.acknowledge(make_task(1)["task_uid"], "a/00000000")
        self.assertEqual(self.numbers([self.pop("c/00000000")]), [4])
        self.assertIsNone(self.pop("d/00000000"))
        self.store.acknowledge(make_task(3)["task_uid"], "b/00000000")
        self.assertEqual(self.numbers([self.pop("d/00000000")]), [2])

    def test_task_waits_for_all_of_its_locks(self):
        self.add(1, locks=["s{}".format(n) for n in range(1500)])
        self.add(2, locks=["s1499"])
        self.assertEqual(self.numbers([self.pop()]), [1])
        self.assertIsNone(self.pop(BOB))
        self.pop_and_finish()
        self.assertEqual(self.numbers([self.pop(BOB)]), [2])

    def test_delayed_task_is_invisible_and_blocks_no_others(self):
        path = "/senaite/worksheets/WS-1"
        now = self.clock.now
        self.add(1, created=now, delay=60, context_path=path, locks=["a"])
        self.add(2, created=now, context_path=path, locks=["a"])
        self.assertEqual(self.store.next_due(), now + 60)
        self.assertEqual(self.numbers(self.drain()), [2])
        self.clock.forward(59)
        self.assertIsNone(self.pop())
        self.clock.forward(1)
        self.assertEqual(self.numbers(self.drain()), [1])
        self.assertIsNone(self.store.next_due())

    def test_fast_clock_of_a_client_hides_no_task(self):
        self.add(1, created=self.clock.now + 3600)
        self.assertEqual(self.numbers(self.drain()), [1])

    def test_heartbeats_keep_the_lease(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        for _ in range(3):
            self.clock.forward(LEASE - 1)
            self.assertTrue(self.store.heartbeat(ALICE, uid, LEASE))
            self.assertIsNone(self.pop(BOB))
        self.assertFalse(self.store.heartbeat(BOB, uid, LEASE))
        self.assertFalse(self.store.heartbeat(ALICE, "0" * 32, LEASE))

    def test_expired_lease_gives_the_task_to_others(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.assertEqual(self.store.next_due(), self.clock.now + LEASE)
        self.clock.forward(LEASE - 1)
        self.assertIsNone(self.pop(BOB))
        self.clock.forward(1)
        self.assertEqual(self.pop(BOB), uid)
        self.assertFalse(self.store.heartbeat(ALICE, uid, LEASE))
        with self.assertRaises(NotRunning):
            self.store.acknowledge(uid, ALICE)
        with self.assertRaises(NotRunning):
            self.store.fail(uid, ALICE, "error", "late")
        self.assertTrue(self.store.acknowledge(uid, BOB))

    def test_rescue_is_bounded_and_returns_the_uids(self):
        uids = [self.add(n)["task_uid"] for n in range(3)]
        for number in range(3):
            self.pop("c{}/00000000".format(number))
        self.clock.forward(LEASE)
        self.assertEqual(len(self.store.rescue(limit=2)), 2)
        self.assertEqual(len(self.store.rescue(limit=2)), 1)
        self.assertEqual(self.store.rescue(), [])
        self.assertEqual(self.store.get(uids[0])["retries"], 2)

    def test_task_that_kills_its_consumers_fails_eventually(self):
        task = self.add(1, retries=2)
        for _ in range(3):
            self.assertEqual(self.pop(), task["task_uid"])
            self.clock.forward(LEASE)
            self.store.rescue()
            self.clock.forward(600)
        self.assertState(task, states.FAILED)
        outcomes = [attempt["outcome"] for attempt
                    in self.store.attempts(task["task_uid"])]
        self.assertEqual(outcomes, ["lease_lost"] * 3)

    def test_restarted_consumer_returns_its_task_immediately(self):
        uid = self.add(1)["task_uid"]
        other = self.add(2)["task_uid"]
        self.pop("c/00000001")
        self.pop(BOB)
        self.assertEqual(self.store.hello("c/00000002"), [uid])
        self.assertEqual(self.store.hello("c/00000002"), [])
        self.assertEqual(self.pop("c/00000002"), uid)
        # ... and is not mistaken for its former self
        with self.assertRaises(NotRunning):
            self.store.acknowledge(uid, "c/00000001")
        self.assertEqual(self.store.hello("c/00000003"), [uid])
        self.assertEqual(self.pop("c/00000003"), uid)
        self.assertEqual(self.pop(BOB), other)

    def test_stopped_consumer_that_restarts_costs_nothing(self):
        task = self.add(1, retries=0)
        uid = task["task_uid"]
        self.pop("c/00000001")
        self.assertEqual(
            self.store.hello("c/00000002", ["c/00000001"]), [uid])
        self.assertState(task, states.QUEUED)
        self.pop("c/00000002")
        # This one was killed
        self.assertEqual(
            self.store.hello("c/00000003", ["c/00000001"]), [uid])
        self.assertState(task, states.FAILED)

    def test_consumers_are_listed_with_their_tasks(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        self.clock.forward(5)
        self.pop(BOB)
        self.assertEqual(self.store.consumers(), [
            {"consumer_id": ALICE, "last_seen": self.clock.now - 5,
             "task_uid": uid},
            {"consumer_id": BOB, "last_seen": self.clock.now,
             "task_uid": None}])
        self.store.hello("alice/00000001")
        self.assertEqual(
            [c["consumer_id"] for c in self.store.consumers()],
            ["alice/00000001", BOB])
