# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Health never waits for long, and never occupies more than one thread."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading
import unittest

from senaite.queue.monitoring import question
from senaite.queue.tests.tasks import eventually


class TestQuestion(unittest.TestCase):

    def setUp(self):
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.asked = []
        self.question = question.Question(None, self.find_out, "silent")
        self.addCleanup(setattr, question, "REMEMBER_SECONDS",
                        question.REMEMBER_SECONDS)

    def find_out(self):
        self.asked.append(1)
        self.go_on.wait(60)
        return "fine"

    def count_threads(self):
        return len([thread for thread in threading.enumerate()
                    if thread.name == "senaite.queue health"])

    def test_answer_is_reused(self):
        question.REMEMBER_SECONDS = 3600
        self.go_on.set()
        self.assertEqual([self.question.ask() for _number in range(5)],
                         ["fine"] * 5)
        self.assertEqual(len(self.asked), 1)

    def test_nobody_waits_for_a_store_that_hangs(self):
        before = self.count_threads()
        threads = [threading.Thread(target=self.question.ask)
                   for _number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertFalse(any(thread.is_alive() for thread in threads))
        self.assertEqual(self.question.ask(), "silent")
        self.assertEqual(len(self.asked), 1)
        self.assertLessEqual(self.count_threads(), before + 1)
        self.go_on.set()
        self.assertTrue(eventually(lambda: self.question.ask() == "fine"))

    def test_failure_is_no_answer(self):
        def fail():
            raise ValueError("?")
        self.question._find_out = fail
        self.assertEqual(self.question.ask(), "silent")
