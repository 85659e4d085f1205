# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: statistics of waiting and finished tasks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import START


class StatisticsContract(StoreCase):

    def test_stats_of_an_empty_queue(self):
        stats = self.store.stats()
        for state in states.STATES + ("scheduled",):
            self.assertEqual(stats[state], 0)
        self.assertIsNone(stats["oldest_queued"])
        self.assertIsNone(stats["oldest_due"])

    def test_stats_tell_when_the_oldest_task_became_due(self):
        self.clock.forward(10)
        self.add(1, delay=60)
        self.assertIsNone(self.store.stats()["oldest_due"])
        self.assertEqual(self.store.stats()["scheduled"], 1)
        self.assertEqual(self.store.stats()["queued"], 1)
        self.add(2)
        self.add(3)
        self.assertEqual(self.store.stats()["oldest_due"], START + 2)
        # It becomes due, although no consumer is there to notice
        self.clock.forward(100)
        self.drain()
        self.add(4, delay=5)
        self.clock.forward(10)
        stats = self.store.stats()
        self.assertEqual(stats["scheduled"], 0)
        self.assertEqual(stats["oldest_due"], START + 9)

    def test_statistics_of_a_period(self):
        self.clock.forward(100)
        # Waits of 10, 20 and 60 seconds, runs of 1, 2 and 3
        for number, wait in enumerate((10, 20, 60), 1):
            self.add(number, created=self.clock.now)
            self.clock.forward(wait)
            self.pop()
            self.clock.forward(number)
            self.store.acknowledge("{:032x}".format(number), ALICE)
        self.add(9)
        self.store.fail(self.pop(), ALICE, "fatal", "no")
        end = self.clock.now + 1
        found = self.store.finished(START, end)
        self.assertEqual(found, {"done": 3, "failed": 1, "skipped": 0,
                                 "wait_median": 20.0, "run_median": 2.0})
        found = self.store.finished(end - 10, end)
        self.assertEqual(found, {"done": 1, "failed": 1, "skipped": 0,
                                 "wait_median": 60.0, "run_median": 3.0})
        found = self.store.finished(START, START + 130)
        self.assertEqual(found["done"], 1)
        found = self.store.finished(end, end + 1)
        self.assertEqual(found, {"done": 0, "failed": 0, "skipped": 0,
                                 "wait_median": None, "run_median": None})

    def test_median_of_two_is_their_mean(self):
        for number, wait in enumerate((10, 20)):
            self.add(number, created=self.clock.now)
            self.clock.forward(wait)
            self.pop_and_finish()
        found = self.store.finished(START, START + 100)
        self.assertEqual(found["wait_median"], 15.0)
