# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Clocks: setting the time of day neither stops nor speeds up anything."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import random
import unittest

from senaite.queue.model import clock
from senaite.queue.tests.tasks import Clock

HOURS = 3600.0


class TestSteadyClock(unittest.TestCase):

    def setUp(self):
        self.wall = Clock()
        self.steady = clock.SteadyClock(self.wall, self.wall.measure)
        self.began = self.wall()

    def test_it_is_the_time_of_day_as_long_as_nobody_sets_it(self):
        for _number in range(10):
            self.wall.forward(1000)
            self.assertAlmostEqual(self.steady(), self.wall(), places=3)

    def test_a_step_changes_nothing_at_once(self):
        for step in (-2 * HOURS, 5 * HOURS):
            before = self.steady()
            self.wall.step(step)
            self.assertEqual(self.steady(), before)

    def test_it_runs_on_after_a_step(self):
        for step in (-2 * HOURS, 5 * HOURS):
            self.wall.step(step)
            before = self.steady()
            self.wall.forward(100)
            self.assertTrue(75 <= self.steady() - before <= 125)

    def test_it_agrees_with_the_time_of_day_again(self):
        for step in (-2 * HOURS, 2 * HOURS):
            self.wall.step(step)
            self.assertAlmostEqual(self.steady.ahead(), -step, places=3)
            self.wall.forward(4 * HOURS)
            self.assertAlmostEqual(self.steady.ahead(), -step / 2, places=3)
            self.wall.forward(5 * HOURS)
            self.assertAlmostEqual(self.steady.ahead(), 0, places=3)

    def test_it_never_runs_backwards(self):
        chance = random.Random(7)
        last = self.steady()
        for _number in range(1000):
            self.wall.forward(chance.uniform(0, 100))
            if chance.random() < 0.3:
                self.wall.step(chance.uniform(-5, 5) * HOURS)
            self.assertGreaterEqual(self.steady(), last)
            last = self.steady()

    def test_clocks_of_the_system(self):
        before = clock.monotonic(), clock.steady()
        self.assertLess(abs(clock.steady.ahead()), 60)
        self.assertLessEqual(before[0], clock.monotonic())
        self.assertLessEqual(before[1], clock.steady())
