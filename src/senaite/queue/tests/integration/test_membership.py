# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Copies of a database, with the settings and the key of the original."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import time

from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from senaite.queue.auth import membership
from senaite.queue.auth import process_marks
from senaite.queue.client import agent as agents
from senaite.queue.consumer import loop as consumers
from senaite.queue.errors import DatabaseRefused
from senaite.queue.model import states
from senaite.queue.records import enqueue
from senaite.queue.site import connections
from senaite.queue.tests.integration import clientcase
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import Connected
from senaite.queue.tests.zodbsite import eventually
from senaite.queue.tests.zodbsite import make_task


class Stopped(agents.Agent):
    """An agent without its thread: the test calls it."""

    def ensure(self):
        """Start nothing."""


class TestCopy(clientcase.ClusterTestCase):

    def make_world(self):
        return zodbsite.FileStorages()

    def setUp(self):
        super(TestCopy, self).setUp()
        # a mark that will be in both databases
        self.agent.tick()
        self.folder = tempfile.mkdtemp(prefix="queue-copy-")
        self.addCleanup(shutil.rmtree, self.folder)
        path = os.path.join(self.folder, "Data.fs")
        shutil.copy(os.path.join(self.world.folder, "Data.fs"), path)
        self.copy = DB(FileStorage(path))
        self.addCleanup(self.copy.close)
        self.copied_site = connections.Site(self.copy, zodbsite.PATH)
        self.copied = Stopped(self.copied_site)

    def test_copy_is_refused(self):
        with self.assertRaises(DatabaseRefused):
            self.copied.tick()
        self.assertTrue(self.copied.membership.is_refused)
        asked = [route for route in self.server.routes() if route == "join"]
        # the original's agent has asked once
        self.assertEqual(len(asked), 3)

    def test_tasks_of_the_copy_stay_there(self):
        copied = Connected(self.copy)
        task = make_task()
        enqueue.add(task, copied.begin())
        copied.commit()
        copied.close()
        for _number in range(3):
            with self.assertRaises(DatabaseRefused):
                self.copied.tick(everything=True)
        self.assertIsNone(self.store.get(task.task_uid))

    def test_consumer_of_the_copy_takes_nothing(self):
        worker = clientcase.Worker(self)
        self.addCleanup(worker.close)
        consumer = consumers.Consumer(
            self.copied_site, self.copied, worker.registry,
            find_url=lambda portal: worker.url)
        consumer.loopback = None
        consumer._require_loopback = lambda: None
        consumer.start()
        self.addCleanup(consumer.stop, 10)
        eventually(lambda: self.copied.membership.is_refused)
        task = self.click()
        eventually(lambda: self.status(task))
        time.sleep(1.5)
        self.assertEqual(self.status(task), states.QUEUED)
        self.assertEqual(worker.processed, [])
        self.add_consumer()
        self.wait_for(task)

    def test_refused_process_asks_seldom(self):
        with self.assertRaises(DatabaseRefused):
            self.copied.tick()
        asked = len(self.server.calls)
        for _number in range(3):
            with self.assertRaises(DatabaseRefused):
                self.copied.tick()
        self.assertEqual(len(self.server.calls), asked)

    def test_refusal_ends_when_the_server_sees_the_mark(self):
        with self.assertRaises(DatabaseRefused):
            self.copied.tick()
        self.patch_clock(self.copied.membership)
        # the copy gets a queue server of its own
        self.db, original = self.copy, self.db
        try:
            self.copied.tick()
        finally:
            self.db = original
        self.assertFalse(self.copied.membership.is_refused)

    def patch_clock(self, found):
        later = time.time() + membership.ASK_AGAIN_SECONDS + 1
        found._clock = lambda: later

    def test_removed_mark_is_made_again(self):
        first = self.agent.membership.get_mark()
        self.site.write(lambda portal: process_marks.uninstall(portal), "x")
        task = self.click()
        eventually(lambda: self.status(task))
        self.assertNotEqual(self.agent.membership.get_mark(), first)
        self.assertFalse(self.agent.membership.is_refused)


class TestMarks(zodbsite.unittest.TestCase):
    layer = zodbsite.OVER_ZEO

    def test_processes_add_marks_without_conflicts(self):
        sites = [connections.Site(db, zodbsite.PATH)
                 for db in self.layer.world.databases(2)]
        found = [membership.Membership(site) for site in sites]
        for one in found:
            with one.site.opened() as (portal, _manager):
                one.configure(portal)
        given = [one.get_mark() for one in found]
        self.assertEqual(len(set(given)), 2)
        self.assertEqual([one.get_mark() for one in found], given)
        for site in sites:
            def is_there():
                with site.opened() as (portal, _manager):
                    return all(process_marks.has(portal, mark)
                               for mark in given)
            eventually(is_there)

    def test_old_marks_are_removed(self):
        site = connections.Site(self.layer.world.databases(1)[0],
                                zodbsite.PATH)
        now = time.time()
        keep = process_marks.KEEP_SECONDS

        def age(portal):
            process_marks.install(portal)
            connections.get_annotation(portal, process_marks.KEY).update({
                "a" * 32: now - keep - 1, "b" * 32: now - 5,
                "c" * 32: now + keep + 1})

        site.write(age, "x")
        site.write(lambda portal: process_marks.add(portal, "d" * 32, now),
                   "x")
        with site.opened() as (portal, _manager):
            self.assertEqual(
                [process_marks.has(portal, name * 32) for name in "abcd"],
                [False, True, False, True])

    def test_duplicated_machine_is_found_out_in_time(self):
        site = connections.Site(self.layer.world.databases(1)[0],
                                zodbsite.PATH)
        clock = [time.time()]
        found = membership.Membership(site, clock=lambda: clock[0])
        first = found.get_mark()
        clock[0] += membership.MARK_SECONDS - 1
        self.assertEqual(found.get_mark(), first)
        clock[0] += 2
        second = found.get_mark()
        self.assertNotEqual(second, first)
        # the clock was set back
        clock[0] -= 10 * membership.MARK_SECONDS
        self.assertNotEqual(found.get_mark(), second)
