# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks that no consumer asks for are noticed."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import unittest

from senaite.queue.server.attendance import Attendance
from senaite.queue.server.attendance import REMEMBER_SECONDS
from senaite.queue.server.upkeep_turn import KEEP_SECONDS
from senaite.queue.server.upkeep_turn import UpkeepTurn
from senaite.queue.storage import open_store
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests.tasks import make_task


class TestAttendance(unittest.TestCase):

    def setUp(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        self.clock = Clock()
        self.store = open_store(
            "sqlite:///" + os.path.join(directory, "tasks.db"), "/senaite",
            clock=self.clock)
        self.addCleanup(self.store.close)
        self.attendance = Attendance(self.store)

    def after(self, seconds):
        self.clock.forward(seconds)
        return self.attendance.unattended_seconds()

    def test_task_waits_without_a_consumer(self):
        self.assertEqual(self.after(1000), 0)
        self.store.add(make_task(1, created=self.clock()))
        self.assertEqual(self.after(100), 100)
        self.assertEqual(self.after(1), 101)

    def test_consumer_that_was_stopped(self):
        self.store.hello(ALICE)
        self.assertEqual(self.after(1000), 0)
        self.store.add(make_task(1, created=self.clock() - 500))
        self.store.add(make_task(2, created=self.clock() - 500))
        self.store.pop(ALICE, 10000)
        self.assertEqual(self.after(300), 300)

    def test_consumer_that_asks(self):
        self.store.add(make_task(1, created=self.clock()))
        self.assertEqual(self.after(100), 100)
        self.store.pause()
        self.store.pop(BOB, 30)
        self.assertLess(self.after(REMEMBER_SECONDS), 100)

    def test_task_for_later_is_not_waited_for(self):
        self.store.add(make_task(1, created=self.clock(), delay=500))
        self.assertEqual(self.after(400), 0)
        self.assertEqual(self.after(200), 100)


class TestUpkeepTurn(unittest.TestCase):

    def test_one_consumer_keeps_the_turn_while_it_asks(self):
        turn = UpkeepTurn()
        self.assertTrue(turn.take(ALICE, 1000))
        for now in (1100, 1200, 1300, 1400):
            self.assertFalse(turn.take(BOB, now))
            self.assertTrue(turn.take(ALICE, now))
        self.assertTrue(turn.take(BOB, 1400 + KEEP_SECONDS))
        self.assertFalse(turn.take(ALICE, 1401 + KEEP_SECONDS))

    def test_clock_that_was_set_back(self):
        turn = UpkeepTurn()
        self.assertTrue(turn.take(ALICE, 10000))
        self.assertTrue(turn.take(BOB, 2000))
