# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The utility of the queue server on a real store, without a site."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import os
import shutil
import tempfile
import unittest
import uuid

from senaite.queue.errors import NotRunning
from senaite.queue.errors import TaskNotFound
from senaite.queue.interfaces import IServerQueueUtility
from senaite.queue import logger
from senaite.queue.model.queue_task import to_task
from senaite.queue.model.states import CANCELLED
from senaite.queue.model.states import DONE
from senaite.queue.model.states import FAILED
from senaite.queue.model.states import QUEUED
from senaite.queue.model.states import RUNNING
from senaite.queue.model import surroundings
from senaite.queue.server.event_log import show
from senaite.queue.server import maintenance
from senaite.queue.server.server_utility import ServerQueueUtility
from senaite.queue.storage import open_store
from zope.interface.verify import verifyObject

CONSUMER = "client1/00000001"
RESTARTED = "client1/00000002"
OTHER = "client2/00000001"


class Clock(object):
    """A clock that stands still until a test moves it."""

    now = 1000000.0

    def __call__(self):
        return self.now


class Settings(surroundings.Surroundings):
    """Settings that tests may change."""

    def __init__(self):
        self.values = dict(surroundings.DEFAULTS)

    def get_setting(self, name):
        return self.values[name]


class Lines(logging.Handler):
    """Collects log lines."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


class ServerCase(unittest.TestCase):

    def setUp(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory, True)
        self.clock = Clock()
        store = open_store(
            "sqlite:///" + os.path.join(directory, "tasks.db"), "/site",
            clock=self.clock)
        self.addCleanup(store.close)
        self.queue = ServerQueueUtility(store)
        self.settings = Settings()
        self.addCleanup(
            surroundings.provide, surroundings.provide(self.settings))
        self.log = Lines()
        level = logger.level
        logger.addHandler(self.log)
        logger.setLevel(logging.INFO)
        self.addCleanup(logger.setLevel, level)
        self.addCleanup(logger.removeHandler, self.log)

    def task(self, **kw):
        values = dict(
            task_uid=uuid.uuid4().hex, name="task_x", created=self.clock.now,
            context_uid=uuid.uuid4().hex, username="jane")
        values["context_path"] = "/site/a/" + values["context_uid"]
        values.update(kw)
        return to_task(values)

    def put(self, **kw):
        task = self.task(**kw)
        self.assertEqual(self.queue.accept([task]), ["added"])
        return task

    def events(self):
        return [line.split()[0][len("event="):] for line in self.log.lines]


class TestUtility(ServerCase):

    def test_utility_provides_its_interface(self):
        verifyObject(IServerQueueUtility, self.queue)

    def test_task_is_added_popped_and_acknowledged(self):
        task = self.put()
        self.assertEqual(self.queue.get_task(task.task_uid).status, QUEUED)
        self.assertTrue(self.queue.has_task(task))
        self.assertFalse(self.queue.is_busy())
        popped = self.queue.pop(CONSUMER)
        self.assertEqual(popped, task)
        self.assertTrue(self.queue.is_busy())
        self.queue.done(popped)
        self.assertEqual(self.queue.get_task(task.task_uid).status, DONE)
        self.assertTrue(self.queue.is_empty())
        self.assertEqual(self.events(), ["queued", "started", "done"])

    def test_repeated_reports_are_harmless_and_not_logged(self):
        task = self.put()
        self.assertEqual(self.queue.accept([task]), ["known"])
        popped = self.queue.pop(CONSUMER)
        self.clock.now += 1
        self.assertEqual(self.queue.pop(CONSUMER), popped)
        self.queue.done(task.task_uid, consumer_id=CONSUMER)
        self.queue.done(task.task_uid, consumer_id=CONSUMER)
        self.assertEqual(self.events(), ["queued", "started", "done"])

    def test_polls_are_not_logged(self):
        self.queue.pop(CONSUMER)
        self.queue.get_tasks()
        self.queue.tick()
        self.assertEqual(self.log.lines, [])

    def test_failures_are_recorded_and_logged(self):
        task = self.put(retries=1)
        self.queue.pop(CONSUMER)
        state = self.queue.fail(task, "Oh", consumer_id=CONSUMER)
        self.assertEqual(state, QUEUED)
        self.clock.now += 1000
        popped = self.queue.pop(CONSUMER)
        self.assertEqual(self.queue.timeout(popped), FAILED)
        self.assertEqual(self.queue.get_task(task.task_uid).status, FAILED)
        self.assertTrue(self.queue.requeue(task, "boss"))
        self.assertFalse(self.queue.requeue(task, "boss"))
        self.assertEqual(self.events(), [
            "queued", "started", "retried", "started", "failed", "requeued"])
        self.assertTrue("by=boss" in self.log.lines[-1])

    def test_reports_on_tasks_of_others_are_refused(self):
        task = self.put()
        self.queue.pop(CONSUMER)
        self.assertRaises(NotRunning, self.queue.done, task,
                          consumer_id=OTHER)
        self.assertRaises(TaskNotFound, self.queue.done, uuid.uuid4().hex,
                          consumer_id=OTHER)
        self.assertFalse(self.queue.heartbeat(task, OTHER))
        self.assertTrue(self.queue.heartbeat(task, CONSUMER))

    def test_tasks_of_a_restarted_consumer_are_queued_again(self):
        task = self.put()
        self.queue.pop(CONSUMER)
        self.assertEqual(self.queue.hello(RESTARTED), [task.task_uid])
        self.assertEqual(self.events()[-1], "rescued")

    def test_tasks_of_a_silent_consumer_are_queued_again(self):
        task = self.put()
        self.queue.pop(CONSUMER)
        self.clock.now += self.settings.values["lease_seconds"] + 1
        self.queue.tick()
        self.assertEqual(self.queue.get_task(task.task_uid).status, QUEUED)

    def test_history_is_pruned(self):
        task = self.put()
        self.queue.done(self.queue.pop(CONSUMER))
        self.clock.now += 86400 * self.settings.values["retention_days"] - 10
        self.queue.tick()
        self.assertTrue(self.queue.get_task(task.task_uid))
        self.clock.now += 20
        self.queue.tick()
        self.assertEqual(self.queue.get_task(task.task_uid), None)

    def test_free_keys_are_dropped_when_a_task_is_done(self):
        task = self.put(colour="blue", uids=["item1"])
        self.queue.done(self.queue.pop(CONSUMER))
        self.settings.values["payload_hours"] = 2
        self.clock.now += 2 * 3600 - 10
        self.queue.tick()
        self.assertEqual(self.queue.get_task(task)["colour"], "blue")
        self.clock.now += 10
        self.queue.tick()
        found = self.queue.get_task(task)
        self.assertNotIn("colour", found)
        self.assertEqual((found.status, found.uids, found.username),
                         (DONE, ["item1"], "jane"))

    def test_deleted_task_is_gone(self):
        task = self.put()
        self.assertTrue(self.queue.delete(task, "boss"))
        self.assertFalse(self.queue.delete(task, "boss"))
        self.assertEqual(self.queue.get_task(task.task_uid).status, CANCELLED)
        self.assertEqual(self.events(), ["queued", "cancelled"])

    def test_delete_of_an_unknown_task_is_silent(self):
        self.assertFalse(self.queue.delete(uuid.uuid4().hex))
        self.assertEqual(self.log.lines, [])

    def test_reports_on_unknown_tasks_name_them(self):
        task_uid = uuid.uuid4().hex
        for report in (self.queue.done, self.queue.fail, self.queue.timeout):
            with self.assertRaises(TaskNotFound) as caught:
                report(task_uid)
            self.assertIn(task_uid, str(caught.exception))

    def test_purge_frees_what_is_stuck_and_deletes_nothing(self):
        stuck = self.put(created=1)
        waiting = self.put(created=2)
        self.assertEqual(self.queue.pop(CONSUMER), stuck)
        self.assertEqual(self.queue.purge(), 0)
        self.assertEqual(self.queue.get_task(stuck.task_uid).status, RUNNING)
        self.clock.now += self.settings.values["lease_seconds"] + 1
        self.assertEqual(self.queue.purge(), 1)
        self.assertEqual(self.queue.get_tasks(QUEUED), [stuck, waiting])
        self.assertEqual(self.events()[-1], "rescued")

    def test_remove_all(self):
        self.put()
        self.assertEqual(self.queue.remove_all(), 1)
        self.assertTrue(self.queue.is_empty())
        self.assertTrue(self.queue)
        self.assertEqual(self.events()[-1], "removed_all")

    def test_changed_top_priorities_apply_to_waiting_tasks(self):
        self.put(name="task_x")
        urgent = self.put(name="task_y")
        self.settings.values["top_priority_tasks"] = ("task_y",)
        self.assertEqual(self.queue.pop(CONSUMER), urgent)


class TestReads(ServerCase):

    def test_tasks_are_read_by_status(self):
        first = self.put(created=100)
        second = self.put(created=200)
        running = self.queue.pop(CONSUMER)
        self.assertEqual(running, first)
        self.assertEqual(self.queue.get_tasks(RUNNING), [first])
        self.assertEqual(self.queue.get_tasks([QUEUED]), [second])
        self.assertEqual(len(self.queue.get_tasks()), 2)
        self.assertEqual(len(self.queue), 2)
        self.assertEqual(self.queue.get_uids(QUEUED), [second.context_uid])

    def test_no_status_is_the_default(self):
        task = self.put(uids=["item1"])
        for nothing in (None, [], (), ""):
            self.assertEqual(self.queue.get_tasks(nothing), [task])
            self.assertEqual(sorted(self.queue.get_uids(nothing)),
                             sorted(["item1", task.context_uid]))

    def test_tasks_are_read_by_object(self):
        task = self.put(uids=["item1", "item2"])
        self.put()
        self.assertEqual(self.queue.get_tasks_for("item1"), [task])
        self.assertEqual(self.queue.get_tasks_for(task.context_uid), [task])
        self.assertEqual(self.queue.get_tasks_for("item1", name="other"), [])
        self.assertTrue(self.queue.has_tasks_for("item2"))
        self.assertFalse(self.queue.has_tasks_for("item3"))

    def test_since_time_is_that_of_the_oldest_task(self):
        self.assertEqual(self.queue.get_since_time(), -1)
        self.put(created=500)
        self.put(created=900)
        self.assertEqual(self.queue.get_since_time(), 500)
        self.queue.pop(CONSUMER)
        self.assertEqual(self.queue.get_since_time(), 500)

    def test_invalid_values_are_named_in_errors(self):
        for call in (self.queue.add, self.queue.get_task, self.queue.has_task,
                     self.queue.done, self.queue.fail, self.queue.timeout,
                     self.queue.delete, self.queue.get_tasks_for,
                     self.queue.has_tasks_for, self.queue.get_tasks,
                     self.queue.get_uids):
            with self.assertRaises(ValueError) as caught:
                call("no such thing!")
            self.assertTrue("no such thing!" in str(caught.exception))

    def test_what_is_no_uid_in_this_site_is_shown(self):
        self.settings.is_uid = lambda value: value != "dummy"
        for call in (self.queue.get_tasks_for, self.queue.has_tasks_for):
            with self.assertRaises(ValueError) as caught:
                call("dummy")
            self.assertIn("'dummy'", str(caught.exception))


class LateStore(object):
    """A store to which the relay adds a task right after the first read."""

    def __init__(self, store, task):
        self.store = store
        self.task = task

    def __getattr__(self, name):
        verb = getattr(self.store, name)

        def call(*args, **kw):
            answer = verb(*args, **kw)
            if self.task is not None:
                self.store.add(self.task)
                self.task = None
            return answer
        return call


class TestDeliveredMeanwhile(ServerCase):
    """The outbox is read as of the request's start, the store a bit later."""

    def setUp(self):
        super(TestDeliveredMeanwhile, self).setUp()
        self.waiting = self.task()
        self.queue.get_outbox_tasks = lambda: [self.waiting]
        self.queue.store = LateStore(self.queue.store, self.waiting)

    def test_task_is_listed_once(self):
        self.assertEqual(self.queue.get_tasks(), [self.waiting])
        self.assertEqual(self.queue.get_tasks(), [self.waiting])

    def test_objects_of_the_task_are_listed(self):
        self.assertEqual(
            self.queue.get_uids(), [self.waiting.context_uid])

    def test_job_of_the_task_is_known(self):
        job = self.queue.get_job(self.waiting.job_uid)
        # Counted twice for a moment, but never overlooked
        self.assertTrue(job["queued"])
        self.assertEqual(job["total"], 1)
        delivered = self.queue.get_job(self.waiting.job_uid)
        self.assertEqual(set(delivered), set(job))
        self.assertEqual(delivered["queued"], 1)
        self.assertIsNone(self.queue.get_job(uuid.uuid4().hex))

    def test_queue_is_not_reported_empty(self):
        self.assertFalse(self.queue.is_empty())
        self.assertEqual(len(self.queue), 1)


class TestPace(unittest.TestCase):

    def test_work_is_due_once_per_interval(self):
        pace = maintenance.Pace(5)
        self.assertTrue(pace.is_due(100))
        self.assertFalse(pace.is_due(104))
        self.assertTrue(pace.is_due(105))
        self.assertFalse(pace.is_due(106))

    def test_clock_set_back_does_not_stop_the_work(self):
        pace = maintenance.Pace(5)
        self.assertTrue(pace.is_due(100))
        self.assertTrue(pace.is_due(50))


class TestLog(unittest.TestCase):

    def test_values_never_break_the_log_line(self):
        self.assertEqual(show("plain-value.1"), "plain-value.1")
        self.assertEqual(show(1.23456), "1.23")
        self.assertEqual(show("a b"), '"a b"')
        for nasty in ("a\nevent=done", u"\u2028x", "a\x1b[31m", u"\xe9",
                      b"\xff\xfe", 'a" task=b', ""):
            shown = show(nasty)
            self.assertTrue(shown.startswith('"') and shown.endswith('"'))
            self.assertTrue(all(32 <= ord(char) < 127 for char in shown))
        self.assertTrue(len(show("x" * 10000)) < 1000)
