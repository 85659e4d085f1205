# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A restored backup of the database, or of the store: nothing is lost, and
nothing is done twice.

A real FileStorage and a real SQLite store, copied and copied back; the relay
delivers to the queue server's utility.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import os
import shutil
import sqlite3
import tempfile
import unittest
import uuid

import transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from senaite.queue.client import relay
from senaite.queue.consumer import ledger_upkeep
from senaite.queue.errors import QueueHeld
from senaite.queue.errors import ServerFailed
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model import restores
from senaite.queue.model import states
from senaite.queue.model import surroundings
from senaite.queue.model.queue_task import to_task
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.records import store_mark
from senaite.queue.server import agreement
from senaite.queue.server.server_utility import ServerQueueUtility
from senaite.queue.site import connections
from senaite.queue.storage import backup
from senaite.queue.storage import open_store
from senaite.queue.tests.zodbsite import Connected
from senaite.queue.tests.zodbsite import make_site
from senaite.queue.tests.zodbsite import make_task
from senaite.queue.tests.zodbsite import PATH

CONSUMER = "client1/00000001"
HOUR = 3600


class Settings(surroundings.Surroundings):
    """The settings' defaults."""

    def get_setting(self, name):
        return surroundings.DEFAULTS[name]


class Queue(ServerQueueUtility):
    """The queue server of the site in a database of the test."""

    def __init__(self, lab):
        ServerQueueUtility.__init__(self, lab.store, "/senaite")
        self.here = Connected(lab.db)
        self.agreement = agreement.Agreement(
            lab.store, self.here.begin, confirm_seconds=0)

    def find_portal(self):
        return self.here.begin()


class Direct(object):
    """The way from the relay to the queue server, without HTTP."""

    def __init__(self, queue):
        self.queue = queue

    def call(self, route, payload, force=False):
        if route == "queue_server/over":
            return {"over": self.queue.find_over(
                payload["task_uids"], payload["consumer_id"]),
                "version": self.queue.store.version()}
        tasks = [to_task(task) for task in payload["tasks"]]
        try:
            results = self.queue.accept(tasks)
        except QueueHeld as error:
            raise ServerFailed(error.status, str(error))
        return {"results": dict(zip(
            (task.task_uid for task in tasks), results)),
            "version": self.queue.store.version()}


class Laboratory(unittest.TestCase):
    """A database and a store on disk."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="queue-backups-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(surroundings.provide,
                        surroundings.provide(Settings()))
        self.data, self.tasks = self.place("Data.fs"), self.place("tasks.db")
        self.db = DB(FileStorage(self.data))
        make_site(self.db)
        self.addCleanup(self.stop)
        self.db.close()
        self.start()
        self.lines = []
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)

    def place(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        self.db = DB(FileStorage(self.data))
        self.store = open_store("sqlite:///" + self.tasks, "/senaite")
        self.jane = Connected(self.db)
        self.queue = Queue(self)
        self.transport = Direct(self.queue)

    def stop(self):
        self.queue.here.close()
        self.jane.close()
        self.db.close()
        self.store.close()

    def save(self, name):
        """Copy a file while nothing writes to it."""
        self.stop()
        path = self.data if name == "Data.fs" else self.tasks
        if path == self.tasks:
            connection = sqlite3.connect(path)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        shutil.copyfile(path, path + ".backup")
        self.start()

    def put_back(self, name):
        """Copy the file back, as people do, with everything stopped."""
        self.stop()
        path = self.data if name == "Data.fs" else self.tasks
        for suffix in ("", "-wal", "-shm", ".index", ".tmp"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
        if os.path.exists(path + ".backup"):
            shutil.copyfile(path + ".backup", path)
        self.start()

    def click(self, number=1, **values):
        found = []
        for _number in range(number):
            task = make_task(uids=[uuid.uuid4().hex], **values)
            outbox.put(self.jane.begin(), task)
            self.jane.commit()
            found.append(task)
        return found

    def relay(self):
        return relay.run(connections.Site(self.db, PATH), self.transport,
                         relay.Sightings())

    def work(self, most=None):
        """Process tasks as a consumer does; return how many were handed
        out."""
        count = 0
        while most is None or count < most:
            task = self.queue.pop(CONSUMER)
            if task is None:
                break
            self.process(task)
            self.queue.done(task, CONSUMER)
            count += 1
        return count

    def process(self, task):
        site = self.jane.begin()
        if ledger.has(site, task.task_uid):
            return
        for uid in task.uids:
            site.done[uid] = site.done.get(uid, 0) + 1
        ledger.record(site, task.task_uid, clock.now(), 1)
        self.jane.commit()

    def done(self, tasks):
        """Return how many times the work of each task is in the database."""
        site = self.jane.begin()
        return [site.done.get(task.uids[0], 0) for task in tasks]

    def states(self, tasks):
        return [self.store.get(task.task_uid).status for task in tasks]

    def forget_ledger(self):
        """Let the ledger forget what is done, as a consumer does after an
        hour."""
        ledger_upkeep.run(connections.Site(self.db, PATH), self.transport,
                          clock.now() + 2 * HOUR, CONSUMER, every=0)

    def deliver_and_work(self, number):
        tasks = self.click(number)
        self.relay()
        self.work()
        self.look_again()
        return tasks

    def look_again(self):
        """Compare and note, as the queue server does every few seconds."""
        self.queue.agreement._noted_at = None
        self.queue.agreement.check()


class TestOlderDatabase(Laboratory):
    """Data.fs is restored, the store is kept."""

    def test_work_in_the_outbox_of_the_backup_is_not_lost(self):
        self.deliver_and_work(1)
        tasks = self.click(10)
        self.save("Data.fs")
        self.relay()
        self.work()
        self.assertEqual(self.done(tasks), [1] * 10)
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        self.assertEqual(self.done(tasks), [0] * 10)
        with self.assertRaises(ServerFailed) as caught:
            self.relay()
        self.assertEqual(caught.exception.answered, 503)
        self.assertEqual(len(outbox.pending(self.jane.begin())), 10)
        self.assertEqual(self.work(), 0)
        line, = [line for line in self.lines if "event=held" in line]
        self.assertIn("the database is older than the task store", line)

        counts = self.queue.reconcile()
        self.assertEqual(counts[restores.PUT_BACK], 10)
        self.relay()
        self.work()
        self.assertEqual(self.done(tasks), [1] * 10)
        self.assertEqual(self.states(tasks), [states.DONE] * 10)
        self.assertEqual(outbox.pending(self.jane.begin()), [])

    def test_work_that_waited_in_the_store_is_done_again(self):
        before = self.deliver_and_work(3)
        waiting = self.click(5)
        self.relay()
        self.work(2)
        self.save("Data.fs")
        self.work()
        later = self.deliver_and_work(2)
        self.put_back("Data.fs")
        self.queue.hello(CONSUMER)
        counts = self.queue.reconcile()
        self.assertEqual(counts["kind"], restores.DATABASE)
        self.assertEqual(counts[restores.PUT_BACK], 3)
        # clicks that the restored database does not contain
        self.assertEqual(counts[restores.FAIL], 2)
        self.assertEqual(self.states(later), [states.FAILED] * 2)
        self.work()
        self.assertEqual(self.done(before + waiting), [1] * 8)
        self.assertEqual(self.done(later), [0] * 2)

    def test_only_work_was_done_since(self):
        """Nobody clicked, and no record left the ledger."""
        tasks = self.click(6)
        self.relay()
        self.work(2)
        self.save("Data.fs")
        self.work()
        self.look_again()
        self.put_back("Data.fs")
        self.assertEqual(self.done(tasks), [1] * 2 + [0] * 4)
        self.assertEqual(self.store.meet(
            store_mark.read(self.jane.begin()))["kind"], None)
        self.queue.hello(CONSUMER)
        self.assertEqual(self.store.get_hold()["kind"], restores.DATABASE)
        self.assertEqual(self.queue.reconcile()[restores.PUT_BACK], 4)
        self.work()
        self.assertEqual(self.done(tasks), [1] * 6)
        self.look_again()
        self.assertIsNone(self.store.get_hold())

    def test_undone_work_is_not_an_older_database(self):
        self.deliver_and_work(2)
        newest = self.db.undoLog(0, 1)[0]
        transaction.begin()
        self.db.undo(newest["id"])
        transaction.commit()
        self.look_again()
        self.assertIsNone(self.store.get_hold())

    def test_ledger_that_forgot_before_the_backup_costs_nothing(self):
        tasks = self.deliver_and_work(4)
        self.forget_ledger()
        self.assertFalse(ledger.has(self.jane.begin(), tasks[0].task_uid))
        self.save("Data.fs")
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        self.queue.hello(CONSUMER)
        counts = self.queue.reconcile()
        self.assertEqual(counts[restores.PUT_BACK], 0)
        self.work()
        self.assertEqual(self.done(tasks), [1] * 4)

    def test_it_goes_on_afterwards(self):
        self.deliver_and_work(1)
        self.save("Data.fs")
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        self.queue.hello(CONSUMER)
        self.queue.reconcile()
        tasks = self.deliver_and_work(3)
        self.assertEqual(self.done(tasks), [1] * 3)
        self.assertIsNone(self.queue.agreement.check())
        self.assertIsNone(self.queue.reconcile())

    def test_backup_of_before_the_first_delivery(self):
        tasks = self.click(10)
        self.save("Data.fs")
        self.relay()
        self.work()
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        with self.assertRaises(ServerFailed):
            self.relay()
        self.queue.reconcile()
        self.relay()
        self.work()
        self.assertEqual(self.done(tasks), [1] * 10)

    def test_older_transaction_is_not_an_older_database(self):
        """A request may have begun before another one was noted."""
        self.deliver_and_work(1)
        site = self.queue.here.begin()
        self.queue.agreement._find_portal = lambda: site
        self.click(1)
        self.relay()
        late = Connected(self.db)
        self.addCleanup(late.close)
        self.store.note_mark(store_mark.read(late.begin()))
        self.assertEqual(self.store.meet(store_mark.read(site))["kind"],
                         restores.DATABASE)
        self.assertIsNone(self.queue.agreement.check())
        self.assertIsNone(self.store.get_hold())

    def test_hold_survives_a_restart(self):
        self.deliver_and_work(1)
        self.save("Data.fs")
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        self.queue.hello(CONSUMER)
        self.stop()
        self.start()
        self.assertEqual(self.store.get_hold()["kind"], restores.DATABASE)
        self.assertEqual(self.work(), 0)

    def test_consumer_prunes_no_ledger_meanwhile(self):
        self.deliver_and_work(1)
        self.save("Data.fs")
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        self.forget_ledger()
        self.assertEqual(len(ledger.old(
            self.jane.begin(), clock.now() + 2 * HOUR, 10)), 1)


class TestOlderStore(Laboratory):
    """The store is copied back by hand, the database is kept."""

    def prepare(self):
        tasks = self.click(10)
        self.relay()
        self.save("tasks.db")
        self.work()
        self.deliver_and_work(1)
        return tasks

    def test_nothing_is_done_twice_while_the_ledger_remembers(self):
        tasks = self.prepare()
        self.put_back("tasks.db")
        self.assertEqual(self.work(), 0)
        line, = [line for line in self.lines if "event=held" in line]
        self.assertIn("the task store is older than the database", line)
        counts = self.queue.reconcile()
        self.assertEqual(counts["kind"], restores.STORE)
        self.assertEqual(counts[restores.FAIL], 0)
        self.work()
        self.assertEqual(self.done(tasks), [1] * 10)
        self.assertEqual(self.states(tasks), [states.DONE] * 10)

    def test_nothing_is_done_twice_when_the_ledger_has_forgotten(self):
        tasks = self.prepare()
        self.forget_ledger()
        self.put_back("tasks.db")
        self.assertEqual(self.work(), 0)
        self.queue.reconcile()
        self.work()
        self.assertEqual(self.done(tasks), [1] * 10)
        self.assertEqual(self.states(tasks), [states.FAILED] * 10)
        self.assertIn("A backup was restored",
                      self.store.get(tasks[0].task_uid).error_message)

    def test_it_goes_on_afterwards(self):
        self.prepare()
        self.put_back("tasks.db")
        self.queue.hello(CONSUMER)
        self.queue.reconcile()
        tasks = self.deliver_and_work(3)
        self.assertEqual(self.done(tasks), [1] * 3)
        self.assertIsNone(self.queue.agreement.check())

    def test_command_leaves_nothing_to_reconcile(self):
        tasks = self.click(10)
        self.relay()
        backup.save(self.tasks, self.place("copy.db"))
        self.work()
        self.deliver_and_work(1)
        self.stop()
        backup.restore(self.place("copy.db"), self.tasks)
        self.start()
        self.assertEqual(self.work(), 10)
        self.assertEqual(self.done(tasks), [1] * 10)
        self.assertEqual(self.done(self.deliver_and_work(2)), [1] * 2)
        self.assertIsNone(self.queue.agreement.check())

    def test_both_restored_with_the_store_a_little_younger(self):
        waiting = self.click(3)
        self.relay()
        self.save("Data.fs")
        self.work()
        self.deliver_and_work(1)
        backup.save(self.tasks, self.place("copy.db"))
        self.stop()
        backup.restore(self.place("copy.db"), self.tasks)
        self.start()
        self.put_back("Data.fs")
        self.assertEqual(self.work(), 0)
        self.assertEqual(self.store.get_hold()["kind"], restores.DATABASE)
        self.queue.reconcile()
        self.work()
        self.assertEqual(self.done(waiting), [1] * 3)

    def test_both_restored_to_the_same_moment(self):
        waiting = self.click(3)
        self.relay()
        self.save("Data.fs")
        self.save("tasks.db")
        self.work()
        self.deliver_and_work(1)
        self.put_back("Data.fs")
        self.put_back("tasks.db")
        self.assertEqual(self.work(), 3)
        self.assertEqual(self.done(waiting), [1] * 3)
        self.assertIsNone(self.store.get_hold())


class TestOtherStore(Laboratory):
    """The store is a new one, or somebody else's."""

    def test_new_site_starts_at_once(self):
        tasks = self.deliver_and_work(2)
        self.assertEqual(self.done(tasks), [1, 1])
        self.assertIsNone(self.queue.agreement.check())

    def test_site_without_a_record_is_not_stopped(self):
        """An upgrade: tasks in the store, nothing recorded."""
        self.click(2)
        self.relay()
        store_mark.uninstall(self.jane.begin())
        self.jane.commit()
        self.assertEqual(self.work(), 2)
        self.assertEqual(self.done(self.deliver_and_work(1)), [1])

    def test_uninstalled_elsewhere_and_installed_again(self):
        """The tasks stay in the store, and do not run by themselves."""
        self.deliver_and_work(1)
        waiting = self.click(2)
        self.relay()
        store_mark.uninstall(self.jane.begin())
        store_mark.install(self.jane.site)
        self.jane.commit()
        self.assertEqual(self.work(), 0)
        self.assertEqual(self.store.get_hold()["kind"], restores.DATABASE)
        self.queue.reconcile()
        self.assertEqual(self.work(), 0)
        self.assertEqual(self.states(waiting), [states.FAILED] * 2)

    def test_store_that_was_lost_is_told(self):
        self.deliver_and_work(2)
        self.put_back("tasks.db")
        tasks = self.click(1)
        with self.assertRaises(ServerFailed):
            self.relay()
        self.assertEqual(self.store.get_hold()["kind"], restores.LOST)
        self.queue.reconcile()
        self.relay()
        self.work()
        self.assertEqual(self.done(tasks), [1])
        self.assertIsNone(self.queue.agreement.check())

    def test_store_of_another_site_is_told(self):
        self.deliver_and_work(2)
        self.put_back("tasks.db")
        stranger = make_task()
        self.store.add(stranger)
        self.assertEqual(self.work(), 0)
        self.assertEqual(self.store.get_hold()["kind"], restores.OTHER)
        self.queue.reconcile()
        self.assertEqual(self.states([stranger]), [states.FAILED])

    def test_removing_everything_is_no_restore(self):
        self.deliver_and_work(2)
        self.queue.remove_all()
        self.queue.remove_all()
        self.assertIsNone(self.queue.agreement.check())
        self.assertEqual(self.done(self.deliver_and_work(1)), [1])
        self.assertIsNone(self.queue.agreement.check())

    def test_site_that_was_renamed_has_no_record(self):
        self.deliver_and_work(1)
        site = self.jane.begin()
        self.assertIsNotNone(store_mark.read(site))
        site.getPhysicalPath = lambda: ("", "renamed")
        self.assertIsNone(store_mark.read(site))
        del site.getPhysicalPath
        self.jane.abort()

    def test_late_answer_of_a_former_epoch_is_not_noted(self):
        """It was given before all tasks were removed, and is noted after."""
        site = self.jane.begin()
        store_mark.note(site, "one:7")
        store_mark.note(site, "two:1")
        store_mark.note(site, "one:8")
        self.assertEqual(store_mark.read(site), ("two", 1))
        store_mark.note(site, "three:1")
        store_mark.note(site, "two:9")
        self.assertEqual(store_mark.read(site), ("three", 1))
