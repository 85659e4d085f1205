# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A copy of the database whose queue server opens the original's task store.

Real FileStorages and a real SQLite store, as in `test_backups`; two queue
servers, each on a database of its own.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil

from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from senaite.queue.errors import QueueHeld
from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import clock
from senaite.queue.model import peers
from senaite.queue.model import restores
from senaite.queue.server import agreement
from senaite.queue.server import companions
from senaite.queue.server import server_utility
from senaite.queue.server.server_utility import NOT_OURS
from senaite.queue.storage import open_store
from senaite.queue.tests.integration.test_backups import CONSUMER
from senaite.queue.tests.integration.test_backups import Laboratory
from senaite.queue.tests.integration.test_backups import Queue


class Clock(object):
    """A clock that goes on when it is told to, for the queue servers and the
    store."""

    def __init__(self):
        self.seconds = clock.now()

    def __call__(self):
        return self.seconds


class TwoDatabases(Laboratory):
    """An original and a copy, which share a store."""

    def setUp(self):
        self.clock = Clock()
        super(TwoDatabases, self).setUp()

    def start(self):
        super(TwoDatabases, self).start()
        self.store.close()
        self.store = self.open_store()
        self.queue = self.begin_server(self.db, "original:1")
        self.transport.queue = self.queue

    def open_store(self):
        return open_store("sqlite:///" + self.tasks, "/senaite", self.clock)

    def begin_server(self, db, place):
        """Return the queue server of a process that has just started."""
        self.addCleanup(setattr, self, "db", self.db)
        own, self.db = self.db, db
        queue = Queue(self)
        self.db = own
        queue.agreement = agreement.Agreement(
            self.store, queue.here.begin, confirm_seconds=0,
            companions=companions.Companions(self.store, place, self.clock))
        self.addCleanup(queue.here.close)
        return queue

    def copy(self):
        """Copy the database while it is not in use; return the copy."""
        self.stop()
        shutil.copyfile(self.data, self.place("Copy.fs"))
        self.start()
        copied = DB(FileStorage(self.place("Copy.fs")))
        self.addCleanup(copied.close)
        return copied

    def pass_time(self, seconds, *queues):
        """Let time go by, while consumers ask these queue servers."""
        for _number in range(int(seconds)):
            self.clock.seconds += 1
            for queue in queues:
                try:
                    queue.hello("another/00000001")
                except QueueHeld:
                    # It comes back
                    continue

    def said(self, event):
        return [line for line in self.lines if "event=" + event in line]


class TestCopyBesideTheOriginal(TwoDatabases):
    """The original's queue server is at work."""

    def setUp(self):
        super(TestCopyBesideTheOriginal, self).setUp()
        self.deliver_and_work(1)

    def check_refused(self, copied):
        """Have the copy try everything, and the original do its work."""
        tasks = self.click(5)
        self.relay()
        for _number in range(30):
            self.assertIsNone(copied.pop(CONSUMER))
            self.pass_time(1, self.queue)
        self.assertEqual(
            copied.agreement.glance(), {"kind": restores.FOREIGN})
        with self.assertRaises(QueueHeld):
            copied.accept(tasks)
        self.check_shows_nothing(copied, tasks)
        running = self.queue.pop(CONSUMER)
        # The copy's consumers have the names of the original's
        with self.assertRaises(QueueHeld):
            copied.hello(CONSUMER)
        self.assertEqual(self.store.get(running.task_uid).status, "running")
        for change in (copied.remove_all, copied.pause, copied.reconcile,
                       lambda: copied.delete(tasks[3].task_uid),
                       lambda: copied.set_priority(tasks[3].task_uid, 1)):
            with self.assertRaises(QueueHeld):
                change()
        self.assertIsNone(self.store.get_hold())
        self.assertIsNone(self.queue.agreement.check())
        self.process(running)
        self.queue.done(running, CONSUMER)
        self.work()
        self.assertEqual(self.done(tasks), [1] * 5)
        self.assertEqual(len(self.said("foreign_store")), 1)
        # Nor does it forget the original's history, whatever its settings
        self.clock.seconds += 10 * 366 * 24 * 3600
        copied.tick()
        self.assertEqual(self.store.get(running.task_uid).status, "done")

    def check_shows_nothing(self, copied, tasks):
        """Its pages would mark and guard the objects of the original's tasks,
        which have the same uids."""
        self.assertEqual(len(self.queue.get_feed()["tasks"]), 5)
        feed = copied.get_feed(self.store.version())
        self.assertEqual((feed["tasks"], feed["reset"]), ([], True))
        self.assertEqual(feed["held"], {"kind": restores.FOREIGN})
        self.assertEqual((feed["line"], feed["unattended"]), ({}, 0))
        self.assertFalse(copied.get_feed(feed["version"])["reset"])
        self.assertEqual(copied.get_tasks(), [])
        self.assertEqual(copied.get_uids(), [])
        self.assertEqual(copied.get_tasks_for(tasks[0].uids[0]), [])
        self.assertIsNone(copied.get_job(tasks[0].job_uid))
        self.assertEqual((len(copied), copied.is_busy()), (0, False))
        self.assertEqual(copied.get_since_time(), -1)

    def test_younger_than_the_start_of_the_original(self):
        """All that the original has committed is in the copy."""
        copied = self.copy()
        self.queue.agreement.check()
        self.check_refused(self.begin_server(copied, "copy:1"))

    def test_made_while_the_original_runs(self):
        self.queue.agreement.check()
        shutil.copyfile(self.data, self.place("Copy.fs"))
        copied = DB(FileStorage(self.place("Copy.fs")))
        self.addCleanup(copied.close)
        self.check_refused(self.begin_server(copied, "copy:1"))
        self.assertEqual(len(self.said("stranger")), 1)
        # also while the original is away
        self.pass_time(60)
        again = self.begin_server(copied, "copy:2")
        self.click(1)
        self.assertEqual(
            again.agreement.check(), {"kind": restores.FOREIGN})
        # unless somebody says that it is to go on with the store. Whether that
        # has told of the work that the copy lacks, is a matter of seconds
        again.reconcile()
        self.assertIsNone(again.agreement.check())
        # and who has read nothing meanwhile, begins again
        feed = again.get_feed(NOT_OURS)
        self.assertTrue(feed["reset"])
        self.assertEqual(feed["version"], self.store.version())
        self.assertEqual(len(self.said("store_taken")), 1)

    def test_older_copy_holds_nothing(self):
        copied = self.copy()
        self.deliver_and_work(3)
        self.check_refused(self.begin_server(copied, "copy:1"))


class TestCopyWhileTheOriginalIsAway(TwoDatabases):

    def test_hold_of_the_copy_is_not_one_of_the_original(self):
        copied = self.copy()
        self.deliver_and_work(2)
        self.stop()
        self.start()
        self.pass_time(60)
        other = self.begin_server(copied, "copy:1")
        self.assertEqual(
            other.agreement.check()["kind"], restores.DATABASE)
        self.assertEqual(self.store.get_hold()["kind"], restores.DATABASE)
        self.assertIsNone(self.queue.agreement.check())
        self.assertIsNone(self.store.get_hold())
        self.pass_time(10, self.queue, other)
        self.assertEqual(other.agreement.check(), {"kind": restores.FOREIGN})
        self.assertIsNone(self.queue.agreement.check())

    def test_database_moves_to_another_machine(self):
        copied = self.copy()
        self.pass_time(60)
        moved = self.begin_server(copied, "new:1")
        self.assertIsNone(moved.agreement.check())
        self.pass_time(5, moved)
        # and who starts the former one by mistake gets nothing
        for _number in range(30):
            self.assertIsNone(self.queue.pop(CONSUMER))
            self.pass_time(1, moved)
        self.assertEqual(
            self.queue.agreement.check(), {"kind": restores.FOREIGN})
        self.assertIsNone(moved.agreement.check())


class TestOneDatabase(TwoDatabases):

    def get_standings(self):
        return sorted(peer["standing"] for peer in self.store.servers())

    def test_second_server_is_let_in(self):
        self.deliver_and_work(1)
        second = self.begin_server(self.db, "original:2")
        self.click(1)
        self.relay()
        self.assertEqual(
            second.agreement.check(), {"kind": restores.JOINING})
        self.assertIsNone(second.agreement.glance())
        self.pass_time(6, self.queue)
        self.assertIsNotNone(second.pop(CONSUMER))
        self.assertEqual(self.get_standings(), [peers.MEMBER] * 2)

    def test_standby_does_not_wait_again(self):
        self.deliver_and_work(1)
        second = self.begin_server(self.db, "original:2")
        second.agreement.check()
        self.pass_time(6, self.queue)
        self.assertIsNone(second.agreement.check())
        self.pass_time(2 * peers.SILENT_SECONDS, self.queue)
        self.assertIsNone(second.agreement.check())
        self.assertEqual(self.get_standings(), [peers.MEMBER] * 2)

    def test_server_that_was_killed_elsewhere_is_waited_for(self):
        self.deliver_and_work(1)
        second = self.begin_server(self.db, "original:2")
        self.assertIsNotNone(second.agreement.check())
        self.pass_time(peers.SILENT_SECONDS)
        self.assertIsNone(second.agreement.check())

    def test_server_that_has_signed_off_is_not_waited_for(self):
        self.deliver_and_work(1)
        self.queue.agreement.companions.leave()
        self.click(1)
        second = self.begin_server(self.db, "elsewhere:1")
        self.assertIsNone(second.agreement.check())
        self.transport.queue = second
        self.relay()
        # The former one, which is about to end, does not come back
        self.pass_time(5, self.queue)
        self.assertIsNone(self.queue.pop(CONSUMER))
        self.assertEqual(
            self.queue.agreement.check(), {"kind": restores.JOINING})
        self.assertEqual(self.get_standings(), [peers.MEMBER])
        self.assertIsNotNone(second.pop(CONSUMER))

    def test_process_signs_off_for_itself_only(self):
        self.deliver_and_work(1)
        key = ("store", "/senaite")
        self.addCleanup(server_utility._utilities.pop, key)
        server_utility._utilities[key] = self.queue
        server_utility.sign_off(os.getpid() + 1)
        self.assertEqual(self.get_standings(), [peers.MEMBER])
        server_utility.sign_off(os.getpid())
        self.assertEqual(self.get_standings(), [])

    def test_process_that_cannot_sign_off_ends_all_the_same(self):
        self.deliver_and_work(1)

        def leave(server_id):
            raise StoreUnavailable("locked")
        self.queue.store.leave = leave
        self.queue.agreement.companions.leave()
        self.assertIsNone(self.queue.pop(CONSUMER))

    def test_restored_elsewhere_while_the_killed_server_counts_as_alive(self):
        """Its mark was lost with the database."""
        self.deliver_and_work(1)
        self.save("Data.fs")
        self.queue = self.begin_server(self.db, "killed:1")
        self.transport.queue = self.queue
        self.pass_time(peers.SILENT_SECONDS)
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        for _number in range(peers.SILENT_SECONDS):
            self.assertEqual(
                self.queue.agreement.check(), {"kind": restores.JOINING})
            self.pass_time(1)
        self.assertEqual(
            self.queue.agreement.check()["kind"], restores.DATABASE)
        self.assertEqual(self.said("foreign_store"), [])

    def test_server_that_has_ended_here_is_not_waited_for(self):
        former = self.begin_server(self.db, None)
        former.agreement.check()
        self.queue = self.begin_server(self.db, None)
        self.assertIsNone(self.queue.agreement.check())
        self.assertEqual(self.get_standings(), [peers.MEMBER])

    def test_restored_database_is_no_other_one(self):
        self.deliver_and_work(1)
        self.save("Data.fs")
        tasks = self.deliver_and_work(2)
        self.put_back("Data.fs")
        self.pass_time(30)
        self.assertEqual(
            self.queue.agreement.check()["kind"], restores.DATABASE)
        self.stop()
        self.start()
        self.pass_time(30)
        self.assertEqual(
            self.queue.agreement.check()["kind"], restores.DATABASE)
        self.assertEqual(self.queue.reconcile()[restores.FAIL], 2)
        self.assertEqual(self.done(tasks), [0] * 2)
        self.assertIsNone(self.queue.agreement.check())
        self.assertEqual(self.work(), 0)
        self.assertEqual(self.get_standings(), [peers.MEMBER])
