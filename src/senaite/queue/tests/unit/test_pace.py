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

import sys
import threading
import time
import unittest

from senaite.queue.model.current import working_on
from senaite.queue.speedups import pace
from senaite.queue.tests.sitecase import SiteCase
from senaite.queue.tests.tasks import make_task

#: CPU seconds that a busy thread uses in these tests
BUSY_SECONDS = 0.2


def work_hard():
    """Keep a processor busy."""
    began = time.time()
    while time.time() < began + BUSY_SECONDS:
        sum(range(1000))


class TestStopwatch(unittest.TestCase):
    """CPU time of the own thread counts, whatever else goes on."""

    def test_work_counts(self):
        stopwatch = pace.Stopwatch()
        work_hard()
        self.assertGreater(stopwatch.get_seconds(), 0)

    def test_waiting_does_not_count(self):
        stopwatch = pace.Stopwatch()
        began = time.time()
        time.sleep(BUSY_SECONDS)
        self.assertLess(stopwatch.get_seconds(), time.time() - began)
        self.assertLess(stopwatch.get_seconds(), BUSY_SECONDS / 4)

    def test_waiting_counts_for_the_time_limit(self):
        stopwatch = pace.Stopwatch()
        time.sleep(BUSY_SECONDS)
        self.assertGreaterEqual(
            stopwatch.get_elapsed(), BUSY_SECONDS * 0.9)

    def test_setting_the_clock_does_not_count(self):
        stopwatch = pace.Stopwatch()
        self.addCleanup(setattr, time, "time", time.time)
        now = time.time()
        for step in (-3600, 3600):
            time.time = lambda: now + step
            self.assertLess(abs(stopwatch.get_elapsed()), 60)

    @unittest.skipUnless(sys.platform.startswith("linux"),
                         "Threads are measured on Linux only")
    def test_other_threads_do_not_count(self):
        used = []

        def work():
            stopwatch = pace.Stopwatch()
            work_hard()
            used.append(stopwatch.get_seconds())
        stopwatch = pace.Stopwatch()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        self.assertLess(stopwatch.get_seconds(), used[0])

    def test_clock_where_threads_are_not_measured(self):
        """No thread time: that of the process, or the time that passes."""
        self.addCleanup(setattr, pace, "resource", pace.resource)
        pace.resource = None
        clock = pace.choose_clock()
        first = clock()
        work_hard()
        self.assertGreater(clock(), first)


class TestPace(SiteCase):

    def setUp(self):
        pace.forget()
        self.addCleanup(pace.forget)
        self.provide(default=10, max_items=40)

    def task(self, **kw):
        return make_task(1, **dict({"name": "a", "chunk_size": 10,
                                    "attempt": 1}, **kw))

    def work(self, task, items=None, seconds=1.0, tries=1, elapsed=1.0):
        """Process a chunk; return the size of the next one."""
        with working_on(task, tries):
            task["chunk_size"] = pace.get_size(task)
            return pace.get_next_size(
                task, task["chunk_size"] if items is None else items, seconds,
                elapsed, self.on_commit)

    def on_commit(self, function):
        """Have a function called after the commit: there is one at once."""
        function()

    def test_job_starts_with_the_last_chunk_size(self):
        self.assertEqual(pace.get_size(self.task()), 10)
        self.assertEqual(self.work(self.task()), 20)
        self.assertEqual(pace.get_size(self.task()), 20)
        self.work(self.task())
        self.work(self.task())
        self.assertEqual(pace.get_size(self.task()), 40)

    def test_chunk_size_is_learned_per_task_name(self):
        self.work(self.task())
        self.assertEqual(pace.get_size(self.task(name="b")), 10)

    def test_conflicts_and_slow_chunks_reduce_the_size(self):
        self.work(self.task())
        self.work(self.task())
        self.assertEqual(self.work(self.task(), tries=2), 20)
        self.assertEqual(pace.get_size(self.task()), 20)
        self.assertEqual(self.work(self.task(), seconds=60), 10)
        self.assertEqual(self.work(self.task(), seconds=60), 5)
        self.assertEqual(pace.get_size(self.task()), 5)

    def test_growth_is_remembered_after_the_commit(self):
        """A chunk that is rolled back has proved nothing."""
        waiting = []
        self.on_commit = waiting.append
        self.assertEqual(self.work(self.task()), 20)
        self.assertEqual(pace.get_size(self.task()), 10)
        for function in waiting:
            function()
        self.assertEqual(pace.get_size(self.task()), 20)

    def test_chunk_that_is_repeated_after_a_conflict_is_smaller(self):
        self.on_commit = lambda function: None
        self.work(self.task(), tries=1)
        with working_on(self.task(), 2):
            self.assertEqual(pace.get_size(self.task()), 5)
        # It is halved once, and does not grow again at once
        self.assertEqual(self.work(self.task(), tries=2), 5)
        self.assertEqual(pace.get_size(self.task()), 5)

    def test_within_a_job_as_well(self):
        with working_on(self.task(), 2):
            self.assertEqual(pace.get_size(self.task(chunk_size=20)), 10)
            # The failure of an attempt has halved it already
            self.assertEqual(
                pace.get_size(self.task(chunk_size=20, attempt=2)), 20)
            self.assertEqual(pace.get_size(self.task(chunk_size=1)), 1)
            self.assertEqual(pace.get_size(self.task(chunk_size=0)), 0)

    def test_few_quick_items_do_not_raise_the_size(self):
        self.work(self.task(), items=9)
        self.assertEqual(pace.get_size(self.task()), 10)
        # ... but a few slow items do
        self.work(self.task(), items=9, seconds=60)
        self.assertEqual(pace.get_size(self.task()), 5)

    def test_requested_chunk_size_is_respected(self):
        self.work(self.task())
        self.assertEqual(pace.get_size(self.task(chunk_size=3)), 3)
        self.assertEqual(pace.get_size(self.task(chunk_size=0)), 0)

    def test_what_was_given_with_a_task_stays(self):
        task = self.task(job_given={"chunk_size": 10})
        self.assertEqual(self.work(task), 10)
        self.assertEqual(self.work(task, seconds=60), 10)
        # a failure has made one chunk smaller, not the job's
        failed = self.task(attempt=2, chunk_size=5,
                           job_given={"chunk_size": 10})
        self.assertEqual(self.work(failed), 5)
        after = self.task(chunk_size=5, job_given={"chunk_size": 10})
        self.assertEqual(self.work(after), 10)
        # and others learn nothing from it
        self.assertEqual(pace.get_size(self.task()), 10)

    def test_smaller_after_a_failure(self):
        self.work(self.task())
        self.assertEqual(pace.get_size(self.task(attempt=2)), 10)
        failed = self.task(attempt=2, chunk_size=5)
        self.assertEqual(self.work(failed), 5)
        # The next job starts with no more than what has worked
        self.assertEqual(pace.get_size(self.task()), 5)
        # ... which a larger chunk that has worked does not raise
        self.work(self.task(attempt=2, chunk_size=20))
        self.assertEqual(pace.get_size(self.task()), 5)
        # The rest of the job has the same size
        self.assertEqual(pace.get_size(self.task(chunk_size=5)), 5)

    def test_chunks_that_wait_keep_away_from_the_time_limit(self):
        """Their items take 3.2 s each, and hardly any CPU time."""
        sizes = []
        for _job in range(3):
            size = 10
            for _chunk in range(8):
                task = self.task(chunk_size=size, max_seconds=120)
                size = self.work(task, seconds=0.1,
                                 elapsed=3.2 * pace.get_size(task))
                sizes.append(task["chunk_size"])
        self.assertLess(max(sizes) * 3.2, 120)
        self.assertEqual(sizes[-1], 5)

    def test_unlimited_chunk_size_stays_unlimited(self):
        self.assertEqual(self.work(self.task(chunk_size=0), items=90), 0)
        self.assertEqual(pace.get_size(self.task()), 10)

    def test_changed_settings_reset_the_size(self):
        self.work(self.task())
        self.provide(default=10, max_items=15)
        self.assertEqual(pace.get_size(self.task()), 10)
        self.assertEqual(self.work(self.task()), 15)
        self.provide(default=10, max_items=40)
        self.assertEqual(pace.get_size(self.task()), 20)
