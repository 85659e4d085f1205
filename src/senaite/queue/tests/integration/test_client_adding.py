# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What it costs to add tasks and to see them, in calls of functions: times
would tell more of the machine than of the code.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import random
import sys
import unittest

from senaite.queue.client import agent as agents
from senaite.queue.client import snapshot
from senaite.queue.client import view
from senaite.queue.model import current
from senaite.queue.model import states
from senaite.queue.records import enqueue
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.records import outbox_index
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import Connected
from senaite.queue.tests.zodbsite import make_task


class Agent(object):
    """Knows of the queue what a test says, and what it was told."""

    def __init__(self):
        self.state = snapshot.State("e:1")
        self.woken = []
        self.noted = []
        self.stopped = False
        self.wake = self.woken.append
        self.note = self.noted.append

    def known_state(self, root):
        return self.state

    def want(self):
        """Nobody refreshes it."""


def count_calls(function):
    """Return how many functions a function calls, one in the other."""
    count = [0]

    def profile(frame, event, argument):
        if event in ("call", "c_call"):
            count[0] += 1
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count[0]


class AddingCase(unittest.TestCase):

    def setUp(self):
        self.world = zodbsite.MemoryStorage()
        self.addCleanup(self.world.close)
        self.agent = Agent()
        former = enqueue.use_agents(lambda portal: self.agent)
        self.addCleanup(enqueue.use_agents, former)
        self.addCleanup(setattr, agents, "get_agent", agents.get_agent)
        agents.get_agent = lambda portal: self.agent
        self.jane = self.connect()

    def connect(self):
        """Return another client."""
        client = Connected(self.world.db)
        self.addCleanup(client.close)
        return client

    def add(self, count, site, first=0, **values):
        for number in range(first, first + count):
            enqueue.add(make_task(
                context_uid="context{}".format(number),
                uids=["item{}-{}".format(number, item)
                      for item in range(20)], **values), site)

    def cost_of_adding(self, count, **values):
        """Return the calls it takes to add so many tasks at once."""
        site = self.jane.begin()
        calls = count_calls(lambda: self.add(count, site, **values))
        self.jane.abort()
        return calls

    def know(self, *tasks):
        """Have the agent know tasks of the server."""
        self.agent.state = snapshot.apply_feed(
            snapshot.State(), {"version": "e:2", "tasks": [
                dict(task) for task in tasks]})


class TestCost(AddingCase):

    def setUp(self):
        super(TestCost, self).setUp()
        # As Zope: the outbox is in the cache, however full it is
        self.world.db.setCacheSize(30000)

    def test_adding_is_linear(self):
        self.cost_of_adding(10)
        few, many = self.cost_of_adding(50), self.cost_of_adding(500)
        self.assertLess(many, 11 * few)

    def test_adding_unique_tasks_is_linear(self):
        self.cost_of_adding(10, unique=True)
        few = self.cost_of_adding(50, unique=True)
        many = self.cost_of_adding(500, unique=True)
        self.assertLess(many, 11 * few)

    def test_a_page_costs_the_same_however_many_tasks_wait(self):
        few = self.cost_of_a_page(50)
        for many in (1000, 10000):
            self.assertLess(self.cost_of_a_page(many), 2 * few)

    def test_a_click_costs_the_same_however_many_tasks_wait(self):
        self.check_clicks()

    def test_unique_clicks_cost_the_same_however_many_tasks_wait(self):
        self.check_clicks(unique=True)

    def check_clicks(self, **values):
        self.cost_of_a_click(10, **values)
        few = self.cost_of_a_click(50, **values)
        self.assertLess(self.cost_of_a_click(5000, **values), 1.5 * few)

    def cost_of_a_click(self, waiting, **values):
        """Return the calls it takes to add 100 tasks while some wait, as a
        process that has shown a page knows."""
        site = self.jane.begin()
        have = len(outbox.entries(outbox.get_root(site)))
        self.add(waiting - have, site)
        self.jane.commit()
        site = self.jane.begin()
        view.queued_view(site).is_queued("x")
        calls = count_calls(lambda: self.add(
            100, site, first=10 ** 6, **values))
        self.jane.abort()
        return calls

    def cost_of_a_page(self, waiting):
        """Return the calls it takes to see that one more task waits."""
        site = self.jane.begin()
        have = len(outbox.entries(outbox.get_root(site)))
        self.add(waiting - have, site)
        self.jane.commit()
        # A bucket that is split costs more, now and then
        return sorted(self.cost_of_a_change() for _number in range(3))[1]

    def cost_of_a_change(self):
        view.queued_view(self.jane.begin()).is_queued("x")
        john = self.connect()
        task = make_task(context_uid="new")
        enqueue.add(task, john.begin())
        john.commit()
        site = self.jane.begin()
        seen = []
        calls = count_calls(lambda: seen.append(
            view.queued_view(site).is_queued("new")))
        self.assertEqual(seen, [True])
        outbox.forget(site, task.task_uid)
        self.jane.commit()
        return calls


class TestUniqueness(AddingCase):

    def add_unique(self, **values):
        return enqueue.add(make_task(unique=True, **values), self.jane.site)

    def test_one_in_this_transaction(self):
        self.jane.begin()
        self.assertIsNotNone(self.add_unique())
        self.assertIsNone(self.add_unique())
        self.assertIsNotNone(self.add_unique(name="task_other"))
        self.assertIsNotNone(self.add_unique(context_uid="other"))

    def test_one_that_was_aborted_is_no_twin(self):
        self.jane.begin()
        self.add_unique()
        self.jane.abort()
        self.jane.begin()
        self.assertIsNotNone(self.add_unique())

    def test_one_that_the_server_has(self):
        self.know(make_task())
        self.jane.begin()
        self.assertIsNone(self.add_unique())

    def test_one_that_runs_is_no_twin(self):
        self.know(make_task(status=states.RUNNING))
        self.jane.begin()
        self.assertIsNotNone(self.add_unique())

    def test_one_whose_work_is_done_is_no_twin(self):
        task = make_task()
        self.know(task)
        ledger.record(self.jane.begin(), task.task_uid, 1)
        self.assertIsNotNone(self.add_unique())

    def test_the_task_that_is_processed_is_no_twin(self):
        task = make_task()
        self.know(task)
        self.jane.begin()
        with current.working_on(task):
            self.assertIsNotNone(self.add_unique())

    def test_one_that_the_server_refused_is_no_twin(self):
        task = make_task()
        enqueue.add(task, self.jane.begin())
        outbox.mark(self.jane.site, {task.task_uid: "invalid: no"}, "e:1", 1)
        self.assertIsNotNone(self.add_unique())

    def test_one_that_left_the_queue_is_no_twin(self):
        task = make_task()
        enqueue.add(task, self.jane.begin())
        outbox.mark(self.jane.site, {task.task_uid: "added"}, "e:1", 1)
        self.assertIsNotNone(self.add_unique())

    def test_one_that_the_snapshot_does_not_know_yet(self):
        task = make_task()
        enqueue.add(task, self.jane.begin())
        outbox.mark(self.jane.site, {task.task_uid: "added"}, "e:2", 1)
        self.assertIsNone(self.add_unique())


class TestKnownUid(AddingCase):

    def test_in_the_outbox(self):
        task = make_task()
        self.assertIsNotNone(enqueue.add(task, self.jane.begin()))
        self.assertIsNone(enqueue.add(task, self.jane.site))

    def test_in_the_ledger(self):
        task = make_task()
        ledger.record(self.jane.begin(), task.task_uid, 1)
        self.assertIsNone(enqueue.add(task, self.jane.site))

    def test_in_the_queue_or_its_history(self):
        for status in (states.QUEUED, states.DONE):
            task = make_task(status=status)
            self.know(task)
            self.assertIsNone(enqueue.add(task, self.jane.begin()))


class TestTelling(AddingCase):

    def test_after_the_commit_only(self):
        task = make_task()
        enqueue.add(task, self.jane.begin())
        self.assertEqual(self.agent.woken, [])
        self.jane.commit()
        self.assertEqual(self.agent.woken, [task.task_uid])

    def test_not_after_an_abort(self):
        enqueue.add(make_task(), self.jane.begin())
        self.jane.abort()
        self.assertEqual(self.agent.woken, [])

    def test_a_follow_up_is_noted(self):
        task = make_task()
        with current.working_on(make_task(task_uid="f" * 32)):
            enqueue.add(task, self.jane.begin())
        self.jane.commit()
        self.assertEqual((self.agent.woken, self.agent.noted),
                         ([], [task.task_uid]))

    def test_without_agents(self):
        enqueue.use_agents(lambda portal: enqueue.NoAgent())
        task = make_task(unique=True)
        self.assertIsNotNone(enqueue.add(task, self.jane.begin()))
        self.jane.commit()
        self.assertIsNone(enqueue.add(
            make_task(unique=True), self.jane.begin()))


class TestIndex(AddingCase):

    def same(self, site, everything=False):
        """Compare the index of this thread with one that is made now."""
        root = outbox.get_root(site)
        index = outbox_index.index_of(root, everything=everything)
        fresh = outbox_index.OutboxIndex(root).refresh()
        self.assertEqual(index.entries, fresh.entries)
        self.assertEqual(index.places, fresh.places)

    def test_put_after_an_abort(self):
        for _number in range(2):
            enqueue.add(make_task(), self.jane.begin())
            self.same(self.jane.site)
            self.jane.abort()
        self.same(self.jane.begin())

    def test_put_after_an_abort_that_nobody_looked_at(self):
        self.same(self.jane.begin())
        enqueue.add(make_task(), self.jane.site)
        self.jane.abort()
        enqueue.add(make_task(), self.jane.begin())
        self.same(self.jane.site)

    def test_savepoint(self):
        enqueue.add(make_task(), self.jane.begin())
        savepoint = self.jane.manager.get().savepoint()
        self.same(self.jane.site)
        enqueue.add(make_task(), self.jane.site)
        self.same(self.jane.site)
        savepoint.rollback()
        self.same(self.jane.site)
        enqueue.add(make_task(), self.jane.site)
        self.same(self.jane.site)

    def test_entries_that_were_pruned_are_gone_with_the_next_state(self):
        task = make_task()
        enqueue.add(task, self.jane.begin())
        self.jane.commit()
        john = self.connect()
        outbox.mark(john.begin(), {task.task_uid: "added"}, "e:2", 1)
        john.commit()
        self.assertTrue(
            view.queued_view(self.jane.begin()).is_queued(task.context_uid))
        outbox.prune(john.begin(), [task.task_uid])
        john.commit()
        # another store, which does not know it
        self.agent.state = snapshot.State("other:1")
        self.assertFalse(
            view.queued_view(self.jane.begin()).is_queued(task.context_uid))

    def test_pages_learn_that_entries_without_a_task_are_gone(self):
        """The store was emptied after the delivery."""
        john = self.connect()
        for version, is_told in (("e:2", False), ("other:1", True)):
            task = make_task()
            enqueue.add(task, self.jane.begin())
            self.jane.commit()
            outbox.mark(john.begin(), {task.task_uid: "added"}, "e:2", 1)
            john.commit()
            self.agent.state = snapshot.State(version)
            self.assertEqual(view.queued_view(self.jane.begin()).is_queued(
                task.context_uid), is_told)
            before = view.version_of(self.jane.site)
            outbox.prune(john.begin(), [task.task_uid], version)
            john.commit()
            self.assertFalse(view.queued_view(self.jane.begin()).is_queued(
                task.context_uid))
            self.assertEqual(
                view.version_of(self.jane.site) != before, is_told)

    def test_a_view_follows_an_index_that_is_told_of_entries(self):
        for context_uid in ("before", "after"):
            enqueue.add(make_task(context_uid=context_uid), self.jane.begin())
            self.assertTrue(
                view.queued_view(self.jane.site).is_queued(context_uid))
            # this thread meets more outboxes than it remembers
            outbox_index._local.indexes.clear()
            self.jane.abort()

    def put_twice(self, site):
        """Put the same task in two shards, as two clients may do."""
        task = make_task()
        real = outbox._shard_number
        try:
            for number in (3, 5):
                outbox._shard_number = lambda: number
                outbox.put(site, task)
        finally:
            outbox._shard_number = real

    def test_whatever_happens(self):
        chance = random.Random(1)
        john = self.connect()
        self.add(3, john.begin())
        john.commit()
        for _number in range(300):
            who = chance.choice((self.jane, john))
            who.begin()
            uids = [uid for uid, _entry in outbox.entries(
                outbox.get_root(who.site))] or ["none"]
            acts = {
                "add": lambda: self.add(chance.randint(1, 3), who.site),
                "put twice": lambda: self.put_twice(who.site),
                "forget": lambda: outbox.forget(
                    who.site, chance.choice(uids)),
                "mark": lambda: outbox.mark(
                    who.site, {chance.choice(uids): "added"}, "e:1", 1),
                "prune": lambda: outbox.prune(who.site, uids),
            }
            act = chance.choice(sorted(acts))
            acts[act]()
            # pruning rings no bell: the next state of the queue tells of it
            pruned = act == "prune"
            if chance.random() < 0.5:
                self.same(who.site, everything=pruned)
            chance.choice((who.commit, who.abort))()
            self.same(self.jane.begin(), everything=pruned)
            self.same(john.begin(), everything=pruned)
