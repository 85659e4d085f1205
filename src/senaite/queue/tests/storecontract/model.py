# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: `pop` takes the right task after any sequence of events.

A model of a few lines, which looks at every task each time, determines the
best of the tasks that may run. The store, which must not look at all of them,
has to agree.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import itertools

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.tests import effort
from senaite.queue.tests.storecontract.base import NOT_CHECKED
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests.tasks import make_task
from senaite.queue.tests.tasks import START

CONSUMERS = ["c{}/00000000".format(n) for n in range(4)]
ORDERS = ([], ["a"], ["b", "a"], ["c", "b", "a"])

small = st.integers(0, 3)
additions = st.tuples(
    st.sampled_from("abc"), small, small,
    st.lists(st.sampled_from("wxyz"), max_size=3, unique=True),
    st.sampled_from([0, 0, 0, 40]))
steps = st.one_of(
    st.tuples(st.just("add"), additions),
    st.tuples(st.just("add_many"), st.lists(additions, max_size=8)),
    st.tuples(st.just("pop"), small),
    st.tuples(st.just("pop"), small),
    st.tuples(st.just("done"), small),
    st.tuples(st.just("fail"), small),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("configure"), small),
    st.tuples(st.just("prefer"), st.integers(0, 20), small),
    st.tuples(st.just("pause"), st.sampled_from(["", "a", "a", "b", "c"])),
    st.tuples(st.just("resume"), st.sampled_from(["", "", "a", "b", "c"])),
    st.tuples(st.just("wait"), st.sampled_from([5, 20])),
)


class Model(object):
    """All tasks in a list that is searched from end to end."""

    def __init__(self):
        self.tasks = []
        self.holds = {}
        self.top = []
        self.paused = set()
        self.now = START

    def best(self):
        running = [entry for entry in self.tasks if entry["running"]]
        lanes = set(scheduling.lane(entry["task"]) for entry in running)
        locks = set(lock for entry in running
                    for lock in entry["task"]["locks"])
        heads = {}
        for entry in self.tasks:
            lane = scheduling.lane(entry["task"])
            if not entry["queued"] or entry["visible_at"] > self.now:
                continue
            if self.paused.intersection(["", entry["task"]["name"]]):
                continue
            if lane not in lanes:
                heads[lane] = min(heads.get(lane, entry), entry,
                                  key=self.sort_key)
        free = [entry for entry in heads.values()
                if not locks.intersection(entry["task"]["locks"])]
        return min(free, key=self.sort_key) if free else None

    def sort_key(self, entry):
        return scheduling.sort_key(entry["task"], self.top, entry["arrival"])


class ModelContract(StoreCase):

    @settings(max_examples=effort.choose(30, 300), deadline=None,
              suppress_health_check=NOT_CHECKED)
    @given(st.lists(steps, min_size=5, max_size=40))
    def test_pop_agrees_with_the_model(self, script):
        numbers = self.__dict__.setdefault("_runs", itertools.count())
        clock = Clock()
        store = self.open_store("/run{}".format(next(numbers)), clock)
        model = Model()
        for step in script:
            getattr(self, "do_" + step[0])(store, model, clock, *step[1:])
        self.finish(store, model, clock)

    def do_add(self, store, model, clock, values):
        store.add(self.new_task(model, clock, *values))

    def do_add_many(self, store, model, clock, several):
        store.add_many([self.new_task(model, clock, *values)
                        for values in several])

    def new_task(self, model, clock, name, place, priority, locks, delay):
        """Return a task that the model knows."""
        number = len(model.tasks)
        task = make_task(number, name=name, priority=priority, locks=locks,
                         context_path="/s/f/{}".format(place),
                         created=clock.now + number % 3, delay=delay,
                         retries=1)
        model.tasks.append({
            "task": task, "arrival": number, "queued": True,
            "running": False,
            "visible_at": clock.now + delay})
        return task

    def do_pop(self, store, model, clock, consumer):
        if consumer in model.holds:
            return
        expected = model.best()
        got = store.pop(CONSUMERS[consumer], 100000)
        self.assertEqual(got, expected and expected["task"])
        if expected:
            expected.update(queued=False, running=True)
            model.holds[consumer] = expected

    def do_done(self, store, model, clock, consumer):
        entry = model.holds.pop(consumer, None)
        if entry:
            store.acknowledge(entry["task"]["task_uid"], CONSUMERS[consumer])
            entry["running"] = False

    def do_fail(self, store, model, clock, consumer):
        entry = model.holds.pop(consumer, None)
        if entry:
            uid = entry["task"]["task_uid"]
            state = store.fail(uid, CONSUMERS[consumer], "error", "no")
            entry.update(running=False, queued=state == states.QUEUED)
            if entry["queued"]:
                # The first backoff takes at most 7.5 seconds
                self.do_wait(store, model, clock, 8)
                entry["visible_at"] = clock.now

    def do_cancel(self, store, model, clock, number):
        waiting = [entry for entry in model.tasks if entry["queued"]]
        if number < len(waiting):
            store.cancel(waiting[number]["task"]["task_uid"])
            waiting[number]["queued"] = False

    def do_configure(self, store, model, clock, order):
        model.top = ORDERS[order]
        store.configure(model.top)

    def do_prefer(self, store, model, clock, number, priority):
        waiting = [entry for entry in model.tasks if entry["queued"]]
        if number < len(waiting):
            task = waiting[number]["task"]
            store.set_priority(task["task_uid"], priority)
            task["priority"] = priority

    def do_pause(self, store, model, clock, name):
        self.assertEqual(store.pause(name, "boss"), name not in model.paused)
        model.paused.add(name)

    def do_resume(self, store, model, clock, name):
        self.assertEqual(store.resume(name), name in model.paused)
        model.paused.discard(name)

    def do_wait(self, store, model, clock, seconds):
        clock.forward(seconds)
        model.now = clock.now

    def finish(self, store, model, clock):
        """Run the remaining tasks one by one."""
        for name in sorted(model.paused):
            self.do_resume(store, model, clock, name)
        for consumer in sorted(model.holds):
            self.do_done(store, model, clock, consumer)
        self.do_wait(store, model, clock, 1000)
        for _ in range(len(model.tasks)):
            self.do_pop(store, model, clock, 0)
            self.do_done(store, model, clock, 0)
        self.assertEqual(store.count(states.ACTIVE), 0)
