# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import gc
import threading
import unittest

from senaite.queue.speedups import garbage


class TestRarelyCollected(unittest.TestCase):

    def setUp(self):
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(700, 10, 10)

    def test_threshold_is_raised_and_restored(self):
        with garbage.rarely_collected():
            self.assertEqual(gc.get_threshold(),
                             (garbage.MOST_OBJECTS, 10, 10))
        self.assertEqual(gc.get_threshold(), (700, 10, 10))

    def test_threshold_is_restored_after_an_error(self):
        try:
            with garbage.rarely_collected():
                raise KeyError("x")
        except KeyError:
            pass
        self.assertEqual(gc.get_threshold(), (700, 10, 10))

    def test_threshold_is_restored_after_the_last_thread(self):
        begun, done = threading.Event(), threading.Event()

        def work():
            with garbage.rarely_collected():
                begun.set()
                done.wait(10)
        thread = threading.Thread(target=work)
        with garbage.rarely_collected():
            thread.start()
            begun.wait(10)
        self.assertEqual(gc.get_threshold()[0], garbage.MOST_OBJECTS)
        done.set()
        thread.join()
        self.assertEqual(gc.get_threshold(), (700, 10, 10))

    def test_garbage_is_still_collected(self):
        gc.collect()
        before = len(gc.get_objects())
        with garbage.rarely_collected():
            most = 0
            for _number in range(2 * garbage.MOST_OBJECTS):
                cycle = []
                cycle.append(cycle)
                if _number % 10000 == 0:
                    most = max(most, len(gc.get_objects()) - before)
        self.assertGreater(most, 10000)
        self.assertLess(most, 1.5 * garbage.MOST_OBJECTS)

    def test_threshold_set_by_others_is_respected(self):
        for threshold in (0, 10 ** 6):
            gc.set_threshold(threshold)
            with garbage.rarely_collected():
                self.assertEqual(gc.get_threshold()[0], threshold)
            self.assertEqual(gc.get_threshold()[0], threshold)
