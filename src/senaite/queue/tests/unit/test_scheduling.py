# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The rules of order, chunk size and retry, as properties."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.tests.tasks import make_task

NOW = 1700000000.0

tasks = st.builds(
    dict,
    name=st.sampled_from(["a", "b", "c"]),
    created=st.floats(0, 2e9),
    priority=st.integers(0, 1000),
    context_uid=st.sampled_from(["x", "y"]),
    context_path=st.just("/s/f/x"),
    uids=st.lists(st.just("u"), max_size=30),
    retries=st.integers(0, 10),
    attempt=st.integers(1, 2000),
    chunk_size=st.integers(0, 50),
    max_seconds=st.floats(1, 1e6),
)
kinds = st.sampled_from(scheduling.KINDS)
randoms = st.floats(0, 0.999999).map(lambda value: lambda: value)
orders = st.lists(st.sampled_from(["a", "b", "c"]), unique=True)


class TestChunkSize(unittest.TestCase):

    def size(self, size=10, seconds=1.0, conflicts=False, most=40,
             elapsed=1.0, max_seconds=120):
        return scheduling.next_chunk_size(
            size, seconds, conflicts, most, elapsed, max_seconds)

    def test_grows_while_chunks_end_quickly(self):
        self.assertEqual(self.size(), 20)
        self.assertEqual(self.size(30), 40)

    def test_never_grows_beyond_the_limit(self):
        self.assertEqual(self.size(40), 40)
        self.assertEqual(self.size(60), 60)

    def test_unchanged_for_chunks_of_medium_duration(self):
        self.assertEqual(self.size(seconds=5.0), 10)

    def test_halved_after_conflicts_and_when_slow(self):
        self.assertEqual(self.size(conflicts=True), 5)
        self.assertEqual(self.size(seconds=9.0), 5)
        self.assertEqual(self.size(1, conflicts=True), 1)

    def test_halved_when_it_waits_long_for_its_time_limit(self):
        """Whatever it waits for: a chunk that times out is lost."""
        self.assertEqual(self.size(elapsed=31), 5)
        self.assertEqual(self.size(elapsed=31, max_seconds=1200), 20)

    def test_does_not_grow_when_twice_the_size_might_wait_too_long(self):
        self.assertEqual(self.size(elapsed=15), 20)
        self.assertEqual(self.size(elapsed=16), 10)
        self.assertEqual(self.size(elapsed=30), 10)

    def test_unlimited_size_stays_unlimited(self):
        self.assertEqual(self.size(0, conflicts=True), 0)
        self.assertEqual(self.size(0, elapsed=100), 0)


class TestRank(unittest.TestCase):

    @settings(deadline=None)
    @given(tasks, tasks, tasks, orders)
    def test_order_is_total(self, one, two, three, order):
        keys = [scheduling.sort_key(task, order, number)
                for number, task in enumerate((one, two, three))]
        # No two keys are equal, so any permutation is sorted the same way
        self.assertEqual(len(set(keys)), 3)
        self.assertEqual(sorted(keys), sorted(reversed(keys)))
        a, b, c = keys
        self.assertEqual(a < b, not b < a)
        if a < b and b < c:
            self.assertLess(a, c)

    @settings(deadline=None)
    @given(tasks, st.integers(1, 100))
    def test_waiting_makes_up_for_priority(self, task, steps):
        later = dict(task, priority=0, created=(
            task["created"] + 300 * (task["priority"] + steps)))
        self.assertLess(scheduling.rank(task), scheduling.rank(later))

    @settings(deadline=None)
    @given(orders)
    def test_tiers_follow_the_list(self, order):
        tiers = [scheduling.tier(name, order) for name in order]
        self.assertEqual(tiers, list(range(len(order))))
        self.assertEqual(scheduling.tier("other", order), len(order))

    def test_lane_combines_name_and_container(self):
        def lane(name, path):
            return scheduling.lane({"name": name, "context_path": path})

        worksheet = lane("a", "/senaite/worksheets/WS-1")
        self.assertEqual(worksheet, lane("a", "/senaite/worksheets/WS-1/x/y"))
        for name, path in (("b", "/senaite/worksheets/WS-1"),
                           ("a", "/senaite/worksheets/WS-11"),
                           ("a", "/senaite/worksheets"), ("a", "/senaite")):
            self.assertNotEqual(worksheet, lane(name, path))

    def test_site_in_a_folder_has_as_many_lanes(self):
        def lanes(site, given):
            return len(set(scheduling.lane(
                {"name": "a", "context_path": "{}/worksheets/WS-{}/x".format(
                    site, number % 10)}, given) for number in range(20)))

        for site in ("/senaite", "/labs/senaite", "/labs/north/senaite"):
            self.assertEqual(lanes(site, site), 10)
        # A store that was not told the path of the site
        self.assertEqual(lanes("/senaite", "main"), 10)
        self.assertEqual(lanes("/labs/senaite", "/labs/sen"), 1)


class TestRetry(unittest.TestCase):

    @settings(deadline=None)
    @given(tasks, kinds, randoms)
    def test_failure_never_adds_retries(self, task, kind, random):
        after = scheduling.after_failure(task, kind, NOW, random)
        if after["status"] == states.QUEUED:
            self.assertEqual(after["retries"], task["retries"] - 1)
            self.assertGreaterEqual(after["retries"], 0)
        else:
            self.assertEqual(after["status"], states.FAILED)
            self.assertEqual(after["retries"], task["retries"])
            self.assertTrue(kind == "fatal" or task["retries"] == 0)

    @settings(deadline=None)
    @given(tasks, kinds, randoms)
    def test_failure_reduces_chunks_and_extends_time(self, task, kind, random):
        after = scheduling.after_failure(task, kind, NOW, random)
        size = task["chunk_size"] or len(task["uids"]) or 1
        if after["status"] == states.QUEUED:
            self.assertTrue(1 <= after["chunk_size"] <= max(1, size // 2))
        self.assertGreaterEqual(after["max_seconds"], task["max_seconds"])

    @settings(deadline=None)
    @given(tasks, kinds, randoms)
    def test_wait_is_bounded(self, task, kind, random):
        after = scheduling.after_failure(task, kind, NOW, random)
        if after["status"] == states.FAILED:
            self.assertIsNone(after["visible_at"])
            return
        wait = after["visible_at"] - NOW
        if kind == "lease_lost" and task["attempt"] == 1:
            self.assertEqual(wait, 0)
        else:
            self.assertTrue(5 <= wait <= 300)

    @settings(deadline=None)
    @given(st.integers(-1, 10 ** 6), randoms)
    def test_backoff_grows_up_to_the_cap(self, attempt, random):
        wait = scheduling.backoff(attempt, random)
        self.assertTrue(5 <= wait <= 300)
        self.assertGreaterEqual(scheduling.backoff(attempt + 1, random), wait)

    def test_backoff_is_randomised(self):
        self.assertEqual(scheduling.backoff(1, lambda: 0), 5)
        self.assertEqual(scheduling.backoff(1, lambda: 0.5), 6.25)
        self.assertEqual(scheduling.backoff(2, lambda: 0), 10)
        self.assertEqual(scheduling.backoff(9, lambda: 0), 300)

    @settings(deadline=None)
    @given(tasks, st.lists(kinds, min_size=20, max_size=20), randoms)
    def test_every_task_ends_eventually(self, task, failures, random):
        for kind in failures:
            after = scheduling.after_failure(task, kind, NOW, random)
            if after["status"] == states.FAILED:
                return
            task = dict(task, retries=after["retries"],
                        chunk_size=after["chunk_size"])
        self.fail("Retried for ever")

    def test_events_are_known_transitions(self):
        for kind in scheduling.ENDINGS:
            after = scheduling.after_failure(
                make_task(1), kind, NOW, lambda: 0)
            self.assertEqual(
                states.next_state(states.RUNNING, after["event"]),
                after["status"])

    @settings(deadline=None)
    @given(tasks, randoms)
    def test_planned_stop_costs_nothing(self, task, random):
        after = scheduling.after_failure(
            task, scheduling.STOPPED, NOW, random)
        self.assertEqual(after["status"], states.QUEUED)
        self.assertEqual(after["visible_at"], NOW)
        for key in ("retries", "chunk_size", "max_seconds"):
            self.assertEqual(after[key], task[key])

    def test_unknown_kind_of_failure_is_refused(self):
        with self.assertRaises(ValueError):
            scheduling.after_failure(make_task(1), "x", NOW, lambda: 0)
