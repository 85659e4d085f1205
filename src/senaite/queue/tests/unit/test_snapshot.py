# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The snapshot: the state that results from the change feed."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from hypothesis import given
from hypothesis import strategies as st

from senaite.queue.client import snapshot
from senaite.queue.model import places
from senaite.queue.model import states


def change(task_uid, status=states.QUEUED, context_uid="ctx", uids=()):
    return {"task_uid": task_uid, "status": status, "name": "task_test",
            "context_uid": context_uid, "uids": list(uids)}


def feed(version, *changes, **kw):
    return dict(kw, version=version, tasks=list(changes))


class TestSnapshot(unittest.TestCase):

    def test_tasks_are_found_by_object(self):
        state = snapshot.apply_feed(snapshot.State(), feed(
            "e:1", change("t1", uids=["a", "b"])))
        self.assertEqual(state.objects["a"], ("t1",))
        self.assertEqual(state.objects["ctx"], ("t1",))
        self.assertEqual(state.status_of("t1"), states.QUEUED)
        self.assertEqual(state.version, "e:1")

    def test_locked_objects_are_found_but_not_queued(self):
        locked = dict(change("t1"), locks=["sample"])
        state = snapshot.apply_feed(snapshot.State(), feed("e:1", locked))
        self.assertEqual(state.objects[places.lock_place("sample")], ("t1",))
        self.assertNotIn("sample", state.objects)
        self.assertNotIn("sample", places.involved(locked))
        state = snapshot.apply_feed(state, feed(
            "e:2", change("t1", states.DONE)))
        self.assertEqual(state.objects, {})

    def test_skipped_items_of_jobs_follow_the_feed(self):
        def skipped(state, version, count):
            return snapshot.apply_feed(state, feed(version, dict(
                change("t1"), job_uid="j", job_skipped=count)))
        state = skipped(snapshot.State(), "e:1", 2)
        self.assertEqual(state.skipped, {"j": 2})
        self.assertEqual(skipped(state, "e:2", 3).skipped, {"j": 3})
        # It was put back to the queue
        self.assertEqual(skipped(state, "e:2", 0).skipped, {})
        # Servers of older versions do not tell
        state = snapshot.apply_feed(state, feed("e:2", change("t2")))
        self.assertEqual(state.skipped, {"j": 2})
        state = snapshot.apply_feed(state, feed("f:1", reset=True))
        self.assertEqual(state.skipped, {})

    def test_states_follow_the_feed(self):
        state = snapshot.apply_feed(snapshot.State(), feed(
            "e:1", change("t1")))
        state = snapshot.apply_feed(state, feed(
            "e:2", change("t1", states.RUNNING)))
        self.assertEqual(state.status_of("t1"), states.RUNNING)
        self.assertEqual(state.objects["ctx"], ("t1",))
        state = snapshot.apply_feed(state, feed(
            "e:3", change("t1", states.DONE)))
        self.assertEqual(state.status_of("t1"), states.DONE)
        self.assertEqual((state.tasks, state.objects), ({}, {}))

    def test_requeued_task_is_found_again(self):
        state = snapshot.apply_feed(snapshot.State(), feed(
            "e:1", change("t1", states.CANCELLED)))
        state = snapshot.apply_feed(state, feed("e:2", change("t1")))
        self.assertEqual(state.status_of("t1"), states.QUEUED)
        self.assertNotIn("t1", state.ended)

    def test_former_snapshots_do_not_change(self):
        first = snapshot.apply_feed(snapshot.State(), feed(
            "e:1", change("t1", uids=["a"])))
        snapshot.apply_feed(first, feed("e:2", change("t1", states.DONE)))
        self.assertEqual(first.objects["a"], ("t1",))
        self.assertEqual(first.status_of("t1"), states.QUEUED)

    def test_empty_feed_keeps_the_snapshot(self):
        state = snapshot.apply_feed(snapshot.State(), feed(
            "e:1", change("t1")))
        self.assertIs(snapshot.apply_feed(state, feed("e:1")), state)

    def test_reset_forgets_all_tasks(self):
        state = snapshot.apply_feed(snapshot.State(), feed(
            "e:1", change("t1")))
        state = snapshot.apply_feed(state, feed(
            "f:1", change("t2"), reset=True))
        self.assertEqual(list(state.tasks), ["t2"])

    def test_memory_of_ended_tasks_is_bounded(self):
        state = snapshot.apply_feed(snapshot.State(), feed("e:1", *[
            change("t%s" % number, states.DONE)
            for number in range(snapshot.REMEMBER + 1)]))
        self.assertLessEqual(len(state.ended), snapshot.REMEMBER)

    @given(st.lists(st.lists(st.tuples(
        st.sampled_from(["t1", "t2", "t3"]), st.sampled_from(states.STATES),
        st.sampled_from(["x", "y"]),
        st.lists(st.sampled_from(["a", "b", "x"])))), max_size=6))
    def test_index_matches_the_tasks(self, feeds):
        state = snapshot.State()
        last = {}
        for number, changes in enumerate(feeds):
            changes = [change(*parts) for parts in changes]
            last.update((c["task_uid"], c) for c in changes)
            state = snapshot.apply_feed(
                state, feed("e:%s" % number, *changes))
        expected = {}
        for task in last.values():
            if task["status"] in snapshot.KEPT:
                for uid in places.involved(task):
                    expected.setdefault(uid, set()).add(task["task_uid"])
        found = dict((uid, set(tasks)) for uid, tasks in
                     state.objects.items())
        self.assertEqual(found, expected)
        for tasks in state.objects.values():
            self.assertEqual(len(tasks), len(set(tasks)))
