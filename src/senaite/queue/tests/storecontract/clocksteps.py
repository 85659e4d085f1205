# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The clock of the store's machine is set: nothing waits, nothing is hurried."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import scheduling
from senaite.queue.tests.storecontract.base import LEASE
from senaite.queue.tests.storecontract.base import SITE
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB

HOURS = 3600
DAYS = 24 * HOURS


class ClockContract(StoreCase):

    def seconds_until(self, check, step=1, most=LEASE * 10):
        """Return after how many seconds a check is true."""
        for spent in range(0, most, step):
            if check():
                return spent
            self.clock.forward(step)
        raise AssertionError("Did not happen within {} s".format(most))

    def set_clock(self, seconds):
        """Set the clock of the machine, in no time."""
        before = self.store.now()
        self.clock.step(seconds)
        self.assertAlmostEqual(self.store.now(), before, places=3)

    def test_lease_ends_in_time_when_the_clock_is_set_back(self):
        task = self.add(1)
        self.assertEqual(self.pop(ALICE), task["task_uid"])
        self.set_clock(-2 * HOURS)
        spent = self.seconds_until(lambda: self.pop(BOB))
        self.assertTrue(LEASE * 0.75 <= spent <= LEASE * 1.5, spent)

    def test_retry_comes_in_time_when_the_clock_is_set_back(self):
        task = self.add(1)
        self.pop(ALICE)
        self.store.fail(task["task_uid"], ALICE, scheduling.ERROR, u"x")
        self.set_clock(-2 * HOURS)
        spent = self.seconds_until(lambda: self.pop(BOB))
        self.assertLessEqual(spent, scheduling.BACKOFF_FROM * 2.5)

    def test_lease_holds_when_the_clock_is_set_forward(self):
        self.add(1)
        self.pop(ALICE)
        self.set_clock(5 * HOURS)
        self.assertEqual(self.store.rescue(), [])
        spent = self.seconds_until(self.store.rescue)
        self.assertTrue(LEASE * 0.75 <= spent <= LEASE, spent)

    def test_history_is_kept_when_the_clock_is_set_forward(self):
        task = self.add(1)
        self.pop_and_finish()
        self.set_clock(365 * DAYS)
        self.assertEqual(self.store.prune(7 * DAYS), 0)
        self.assertIsNotNone(self.store.get(task["task_uid"]))

    def test_new_tasks_do_not_wait_for_a_slow_clock(self):
        self.add(1)
        self.assertIsNotNone(self.pop_and_finish())
        self.set_clock(-2 * HOURS)
        task = self.add(2, created=self.clock.now)
        self.assertEqual(self.pop(), task["task_uid"])

    def test_restart_with_a_clock_that_was_put_right(self):
        self.clock.step(2 * HOURS)
        self.add(1)
        self.pop(ALICE)
        before = self.store.now()
        self.clock.step(-2 * HOURS)
        self.store = self.open_store(SITE, self.clock)
        self.assertGreaterEqual(self.store.now(), before)
        spent = self.seconds_until(lambda: self.pop(BOB))
        self.assertLessEqual(spent, LEASE * 1.5)

    def test_leases_that_ended_while_no_server_was_there(self):
        """Their consumers get the time to report."""
        kept, stopped, dead = (
            self.add(number, retries=0)["task_uid"] for number in (1, 2, 3))
        for name in (ALICE, BOB, "c/00000001"):
            self.pop(name)
        self.clock.forward(10 * LEASE)
        self.store = self.open_store(SITE, self.clock)
        self.assertEqual(self.store.rescue(), [])
        self.assertGreater(self.store.next_due(), self.store.now() + 20)
        self.clock.forward(10)
        self.assertTrue(self.store.heartbeat(ALICE, kept, LEASE))
        self.assertEqual(self.store.hello("bob/00000009", [BOB]), [stopped])
        self.clock.forward(LEASE - 10)
        self.assertEqual(self.store.rescue(), [dead])
        self.assertEqual(
            [self.store.get(uid)["status"] for uid in (kept, stopped, dead)],
            ["running", "queued", "failed"])

    def test_difference_is_told_and_becomes_smaller(self):
        self.add(1)
        self.assertEqual(self.store.ahead(), 0)
        self.set_clock(-2 * HOURS)
        self.assertAlmostEqual(self.store.ahead(), 2 * HOURS, places=3)
        self.clock.forward(4 * HOURS)
        self.assertAlmostEqual(self.store.ahead(), HOURS, places=3)
        self.clock.forward(4 * HOURS)
        self.assertAlmostEqual(self.store.ahead(), 0, places=3)

    def test_servers_that_share_a_store_agree(self):
        other = self.open_store(SITE, self.clock)
        self.assertEqual(other.now(), self.store.now())
        self.add(1)
        self.pop(ALICE)
        self.set_clock(-2 * HOURS)
        for _number in range(20):
            self.clock.forward(10)
            other.heartbeat(BOB, "0" * 32, LEASE)
            self.store.heartbeat(BOB, "0" * 32, LEASE)
            self.assertAlmostEqual(other.now(), self.store.now(), places=3)
