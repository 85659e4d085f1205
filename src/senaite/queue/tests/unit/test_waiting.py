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
import os
import signal
import threading
import time
import unittest

from senaite.queue.site import waiting

STATUS = "/proc/thread-self/status"


def switches():
    """Return the number of voluntary context switches of this thread."""
    with open(STATUS) as status:
        return [int(line.split()[1]) for line in status
                if line.startswith("voluntary_ctxt_switches")][0]


class TestEvent(unittest.TestCase):

    def setUp(self):
        self.event = waiting.Event()

    def test_set_and_clear(self):
        self.assertFalse(self.event.is_set())
        for _number in range(3):
            self.event.set()
            self.event.set()
            self.assertTrue(self.event.is_set())
            self.assertTrue(self.event.wait())
            self.assertTrue(self.event.wait(0))
            self.event.clear()
            self.event.clear()
            self.assertFalse(self.event.is_set())
            self.assertFalse(self.event.wait(0))

    def test_wait_lasts_until_the_timeout(self):
        for seconds in (0.0004, 0.05, 0.2):
            started = time.time()
            self.assertFalse(self.event.wait(seconds))
            self.assertGreater(time.time() - started, seconds * 0.9)

    def test_negative_timeout_returns_immediately(self):
        self.assertFalse(self.event.wait(-5))

    def test_set_wakes_all_waiting_threads(self):
        woken = []
        threads = [threading.Thread(
            target=lambda seconds=seconds: woken.append(
                self.event.wait(seconds))) for seconds in (None, 60, 90)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        self.assertEqual(woken, [])
        self.event.set()
        for thread in threads:
            thread.join(30)
        self.assertEqual(woken, [True] * 3)

    @unittest.skipUnless(os.path.exists(STATUS), "needs the /proc of Linux")
    def test_thread_sleeps_while_it_waits(self):
        found = []

        def wait():
            before = switches()
            self.event.wait(1)
            found.append(switches() - before)
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
        self.assertLess(found[0], 8)

    @unittest.skipUnless(hasattr(signal, "setitimer"), "needs timers")
    def test_signal_ends_the_wait_only_if_its_handler_sets_it(self):
        calls = []

        def handle(_number, _frame):
            calls.append(time.time())
            if len(calls) == 3:
                self.event.set()
        former = signal.signal(signal.SIGALRM, handle)
        self.addCleanup(signal.signal, signal.SIGALRM, former)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        self.assertTrue(self.event.wait(60))
        self.assertEqual(len(calls), 3)

    def test_forked_process_does_not_wake_its_parent(self):
        def in_child(act):
            child = os.fork()
            if not child:
                # No code of the test runner may run in the child
                status = 1
                try:
                    status = 0 if act() else 2
                finally:
                    os._exit(status)
            return os.waitpid(child, 0)[1]

        def change():
            self.event.set()
            return self.event.wait(60)
        self.assertEqual(in_child(change), 0)
        self.assertFalse(self.event.is_set())
        # The parent keeps sleeping, without polling
        clock = getattr(time, "process_time", getattr(time, "clock", None))
        used = clock()
        self.assertFalse(self.event.wait(1))
        self.assertLess(clock() - used, 0.5)
        self.event.set()
        # An event that was set before is also set in the child, which clears
        # only its own
        self.assertEqual(in_child(lambda: self.event.wait(0)), 0)
        self.assertEqual(in_child(
            lambda: self.event.clear() or not self.event.wait(0)), 0)
        self.assertTrue(self.event.wait(0))

    @unittest.skipUnless(os.path.exists("/proc/self/fd"),
                         "needs the /proc of Linux")
    def test_no_file_descriptors_are_left_open(self):
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))
        for _number in range(100):
            event = waiting.Event()
            event.set()
            cycle = [event]
            cycle.append(cycle)
            del event, cycle
        gc.collect()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


class TestSignalFlag(unittest.TestCase):

    def setUp(self):
        self.flag = waiting.SignalFlag()

    def test_wait_lasts_until_the_timeout(self):
        for seconds in (-1, 0, 0.05, 0.2):
            started = time.time()
            self.assertFalse(self.flag.wait(seconds))
            self.assertGreater(time.time() - started, seconds * 0.9)
        self.assertFalse(self.flag.is_set())

    def test_thread_that_waits_is_woken(self):
        woken = []
        thread = threading.Thread(
            target=lambda: woken.append(self.flag.wait(60)))
        thread.start()
        self.flag.set()
        self.flag.set()
        thread.join(30)
        self.assertEqual(woken, [True])
        self.assertTrue(self.flag.wait(0))

    @unittest.skipUnless(hasattr(signal, "setitimer"), "needs POSIX")
    def test_signals_that_come_at_any_moment(self):
        """An event with a lock is set by the very thread that holds it."""
        came = []

        def handle(number, frame):
            came.append(number)
            self.flag.set()
            self.flag = waiting.SignalFlag()
        former = signal.signal(signal.SIGALRM, handle)
        self.addCleanup(signal.signal, signal.SIGALRM, former)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        # ends the test if it hangs
        watchdog = threading.Timer(60, os._exit, (70,))
        watchdog.daemon = True
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        end = time.time() + 1
        while time.time() < end:
            self.flag.wait(0.001)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.assertGreater(len(came), 20)

    @unittest.skipUnless(hasattr(signal, "setitimer"), "needs POSIX")
    def test_signal_ends_the_wait(self):
        former = signal.signal(
            signal.SIGALRM, lambda number, frame: self.flag.set())
        self.addCleanup(signal.signal, signal.SIGALRM, former)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        started = time.time()
        self.assertTrue(self.flag.wait(60))
        self.assertLess(time.time() - started, 30)
