# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: a reader of the change feed ends up with the store's contents."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import states
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import make_task
from senaite.queue.tests.tasks import START


class Reader(object):
    """A snapshot as kept by clients."""

    def __init__(self, store, limit=1000):
        self.store = store
        self.limit = limit
        self.version = None
        self.tasks = {}
        self.resets = 0

    def catch_up(self):
        more = True
        while more:
            news = self.store.changes(self.version, self.limit)
            if news["reset"]:
                self.resets += 1
                self.tasks = {}
            for task in news["tasks"]:
                self.tasks[task["task_uid"]] = task["status"]
            self.version = news["version"]
            more = news["more"]

    def living(self):
        return dict((uid, status) for uid, status in self.tasks.items()
                    if status not in states.FINISHED)


class FeedContract(StoreCase):

    def actual(self):
        return dict((task["task_uid"], task["status"])
                    for task in self.store.find()
                    if task["status"] not in states.FINISHED)

    def check(self, reader):
        reader.catch_up()
        self.assertEqual(reader.living(), self.actual())

    def test_reader_sees_every_change(self):
        reader = Reader(self.store, limit=2)
        self.check(reader)
        for number in range(7):
            self.add(number)
        self.check(reader)
        running = self.pop()
        self.check(reader)
        self.assertEqual(reader.tasks[running], states.RUNNING)
        self.store.acknowledge(running, ALICE)
        self.check(reader)
        self.assertEqual(reader.tasks[running], states.DONE)
        failed = self.pop()
        self.store.fail(failed, ALICE, "fatal", "no")
        self.check(reader)
        self.assertEqual(reader.tasks[failed], states.FAILED)
        self.store.cancel(failed)
        self.check(reader)
        self.assertEqual(reader.tasks[failed], states.CANCELLED)
        self.assertEqual(reader.resets, 1)

    def test_feed_describes_a_task(self):
        task = self.add(1, ghost=True, uids=["a", "b"], locks=["s"])
        self.assertEqual(self.store.changes()["tasks"], [{
            "task_uid": task["task_uid"], "name": "task_test",
            "status": states.QUEUED, "context_uid": "context1",
            "context_path": "/senaite/worksheets/WS-1", "uids": ["a", "b"],
            "username": "lab", "ghost": True, "job_uid": task["task_uid"],
            "job_total": 2, "job_created": task["created"], "locks": ["s"],
            "overtime": None, "job_skipped": 0,
            "visible_at": START,
            "version": self.store.version()}])
        # Each change has a version of its own
        first = self.store.version()
        self.add(2, delay=60)
        self.pop()
        told = dict((change["task_uid"], change)
                    for change in self.store.changes()["tasks"])
        later = told["{:032x}".format(2)]
        self.assertEqual(later["visible_at"], START + 60)
        self.assertNotIn(first, [change["version"] for change in
                                 told.values()])

    def test_feed_tells_the_overtime_of_a_slow_task(self):
        task = self.add(1)
        self.pop()
        self.store.fail(task["task_uid"], ALICE, "timeout", "too slow")
        told, = self.store.changes()["tasks"]
        self.assertEqual(told["overtime"], task["max_seconds"] * 1.5)

    def test_feed_is_empty_without_changes(self):
        self.add(1)
        version = self.store.version()
        news = self.store.changes(version)
        self.assertEqual(news, {"version": version, "reset": False,
                                "more": False, "tasks": []})

    def test_reads_and_heartbeats_are_not_changes(self):
        uid = self.add(1)["task_uid"]
        self.pop()
        version = self.store.version()
        self.store.heartbeat(ALICE, uid, 30)
        self.pop()
        self.store.rescue()
        self.store.find()
        self.store.add(make_task(1))
        self.assertEqual(self.store.version(), version)

    def test_new_reader_gets_no_history(self):
        self.add(1)
        self.pop_and_finish()
        self.assertEqual(self.store.changes()["tasks"], [])

    def test_reader_that_missed_pruned_changes_starts_again(self):
        reader = Reader(self.store)
        self.add(1)
        self.add(2)
        reader.catch_up()
        self.pop_and_finish()
        self.clock.forward(100)
        fresh = Reader(self.store)
        fresh.catch_up()
        self.store.prune(50)
        self.check(reader)
        self.assertEqual(reader.resets, 2)
        self.check(fresh)
        self.assertEqual(fresh.resets, 1)

    def test_purge_starts_a_new_epoch(self):
        reader = Reader(self.store)
        self.add(1)
        self.add(2)
        reader.catch_up()
        self.assertEqual(self.store.purge(), 2)
        self.check(reader)
        self.assertEqual(reader.living(), {})
        self.assertEqual(reader.resets, 2)
        self.assertEqual(self.store.add(make_task(1)), "added")
        self.check(reader)

    def test_unknown_and_malformed_versions_reset_the_reader(self):
        self.add(1)
        epoch, counter = self.store.version().split(":")
        for since in ("", "x", "x:1", ":", "{}:x".format(epoch),
                      "{}:-1".format(epoch),
                      "{}:{}".format(epoch, int(counter) + 1)):
            self.assertTrue(self.store.changes(since)["reset"], since)

    def test_counter_grows_with_every_change(self):
        seen = []
        for verb in (lambda: self.add(1), self.pop,
                     lambda: self.store.cancel(make_task(1)["task_uid"])):
            verb()
            seen.append(int(self.store.version().split(":")[1]))
        self.assertEqual(seen, sorted(set(seen)))
