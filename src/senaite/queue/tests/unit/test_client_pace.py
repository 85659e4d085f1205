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

import time

from senaite.queue.model.current import working_on
from senaite.queue.speedups import pace
from senaite.queue.tests.sitecase import SiteCase
from senaite.queue.tests.tasks import make_task


class TestPace(SiteCase):

    def setUp(self):
        pace.forget()
        self.addCleanup(pace.forget)
        self.provide(default=10, max_items=40)

    def task(self, **kw):
        return make_task(1, **dict({"name": "a", "chunk_size": 10,
                                    "attempt": 1}, **kw))

    def work(self, task, items=None, seconds=1.0, tries=1):
        """Process a chunk; returns the size of the next one."""
        task["chunk_size"] = pace.get_size(task)
        with working_on(task, tries):
            return pace.get_next_size(
                task, task["chunk_size"] if items is None else items,
                time.time() - seconds)

    def test_a_job_begins_where_the_last_one_ended(self):
        self.assertEqual(pace.get_size(self.task()), 10)
        self.assertEqual(self.work(self.task()), 20)
        self.assertEqual(pace.get_size(self.task()), 20)
        self.work(self.task())
        self.work(self.task())
        self.assertEqual(pace.get_size(self.task()), 40)

    def test_tasks_of_another_name_know_nothing_of_it(self):
        self.work(self.task())
        self.assertEqual(pace.get_size(self.task(name="b")), 10)

    def test_conflicts_and_slow_chunks_make_it_smaller(self):
        self.work(self.task())
        self.work(self.task())
        self.assertEqual(self.work(self.task(), tries=2), 20)
        self.assertEqual(pace.get_size(self.task()), 20)
        self.assertEqual(self.work(self.task(), seconds=60), 10)
        self.assertEqual(self.work(self.task(), seconds=60), 5)
        self.assertEqual(pace.get_size(self.task()), 5)

    def test_few_items_that_were_quick_say_nothing(self):
        self.work(self.task(), items=9)
        self.assertEqual(pace.get_size(self.task()), 10)
        # but few that were slow do
        self.work(self.task(), items=9, seconds=60)
        self.assertEqual(pace.get_size(self.task()), 5)

    def test_what_somebody_asked_for_counts(self):
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
        # and nothing was learnt from it
        self.assertEqual(pace.get_size(self.task()), 20)

    def test_all_at_once_stays_so(self):
        self.assertEqual(self.work(self.task(chunk_size=0), items=90), 0)
        self.assertEqual(pace.get_size(self.task()), 10)

    def test_other_settings_begin_anew(self):
        self.work(self.task())
        self.provide(default=10, max_items=15)
        self.assertEqual(pace.get_size(self.task()), 10)
        self.assertEqual(self.work(self.task()), 15)
        self.provide(default=10, max_items=40)
        self.assertEqual(pace.get_size(self.task()), 20)
