# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A planned stop costs a task nothing: its chunk ends in time, or somebody else
has it within a second."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import asyncore
import logging
import os
import signal
import sys
import threading
import types
import unittest

from senaite.queue import config
from senaite.queue.consumer import identity
from senaite.queue.consumer import stopping
from senaite.queue.consumer import worker as workers
from senaite.queue.errors import PluginMissing
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model import states
from senaite.queue.site.waiting import SignalFlag
from senaite.queue.tests.integration.clientcase import ClusterTestCase
from senaite.queue.tests.zodbsite import eventually


class Lines(logging.Handler):
    """Collects log lines of any level that people see."""

    def __init__(self):
        logging.Handler.__init__(self, logging.INFO)
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelno, record.getMessage()))


class StopCase(ClusterTestCase):
    """Chunks begin, and end when `go_on` is set."""

    def setUp(self):
        super(StopCase, self).setUp()
        self.go_on = threading.Event()
        self.begun = []
        self.is_plugin_missing = False
        self.addCleanup(self.go_on.set)
        self.log = Lines()
        logger.addHandler(self.log)
        self.addCleanup(logger.setLevel, logger.level)
        logger.setLevel(logging.INFO)
        self.addCleanup(logger.removeHandler, self.log)

    def work(self, site, task):
        self.begun.append(task.chunk_size)
        if self.is_plugin_missing:
            raise PluginMissing()
        super(StopCase, self).work(site, task)
        self.go_on.wait(30)

    def begin(self, **values):
        """Queue a task and have it begun; return it and the consumer."""
        task = self.click(uids=["a"], **values)
        consumer, _worker = self.add_consumer()
        eventually(lambda: self.begun)
        return task, consumer

    def outcomes(self, task):
        return [attempt["outcome"] for attempt
                in self.store.attempts(task.task_uid)]

    def problems(self):
        """Return what the log says above INFO."""
        return [line for level, line in self.log.lines
                if level > logging.INFO]


class TestStopping(StopCase):

    def test_chunk_that_ends_in_time_is_done(self):
        task, consumer = self.begin()
        threading.Timer(0.5, self.go_on.set).start()
        stopping.stop([consumer], 20)
        self.assertEqual(self.status(task), states.DONE)
        self.assertEqual(self.outcomes(task), ["done"])
        self.assertEqual(self.problems(), [])

    def test_chunk_that_does_not_end_is_handed_back(self):
        task, consumer = self.begin(retries=0, chunk_size=8)
        stopping.stop([consumer], 0.1)
        found = self.store.get(task.task_uid)
        self.assertEqual(found.status, states.QUEUED)
        self.assertEqual((found.retries, found.chunk_size), (0, 8))
        self.assertEqual(self.outcomes(task), ["stopped"])
        self.go_on.set()
        eventually(lambda: consumer.ended.is_set())
        # The work that went on was not committed, and is nobody's fault
        self.assertEqual(self.done(), {})
        self.assertEqual(self.outcomes(task), ["stopped"])
        self.assertEqual(self.problems(), [])
        self.assertTrue(any("outcome=stopped" in line
                            for _level, line in self.log.lines))

    def test_task_that_waits_for_the_plugin_is_handed_back(self):
        self.is_plugin_missing = True
        task, consumer = self.begin(retries=0)
        eventually(lambda: any("consumer_waits" in line
                               for line in self.problems()))
        stopping.stop([consumer], 20)
        found = self.store.get(task.task_uid)
        self.assertEqual(found.status, states.QUEUED)
        self.assertEqual(found.retries, 0)
        self.assertEqual(self.outcomes(task), ["stopped"])
        self.assertTrue(consumer.ended.is_set())
        self.assertEqual(len(self.problems()), 1)
        self.assertEqual(stopping.get_stopped(), [])

    def test_server_is_away_while_a_task_waits_for_the_plugin(self):
        self.is_plugin_missing = True
        task, consumer = self.begin(retries=0)
        eventually(lambda: any("consumer_waits" in line
                               for line in self.problems()))
        self.stop_server()
        stopping.stop([consumer], 20)
        self.assertEqual(stopping.get_stopped(), [consumer.consumer_id])

    def test_four_deploys_in_a_row(self):
        task = self.click(uids=["a"], retries=1, chunk_size=8)
        for number in range(1, 5):
            consumer, _worker = self.add_consumer()
            eventually(lambda: len(self.begun) == number)
            stopping.stop([consumer], 0.1)
        self.go_on.set()
        self.add_consumer()
        self.wait_for(task)
        self.assertEqual(self.outcomes(task), ["stopped"] * 4 + ["done"])
        self.assertEqual(self.begun, [8] * 5)
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual(self.problems(), [])

    def test_another_consumer_has_it_within_a_second(self):
        task, consumer = self.begin()
        self.add_consumer()
        # It has found nothing to do, and listens
        eventually(lambda: self.server.routes().count("pop") >= 2)
        began = clock.monotonic()
        stopping.stop([consumer], 0)
        eventually(lambda: len(self.begun) == 2)
        self.assertLess(clock.monotonic() - began, 2)
        self.go_on.set()
        self.wait_for(task)

    def test_commit_that_is_under_way_is_no_stop(self):
        commits = threading.Event()
        self.go_on.set()

        def before_commit():
            commits.set()
            threading.Event().wait(1)
        self.before_commit = before_commit
        task = self.click(uids=["a"])
        consumer, _worker = self.add_consumer()
        commits.wait(30)
        stopping.stop([consumer], 0)
        self.assertEqual(self.status(task), states.DONE)
        self.assertEqual(self.outcomes(task), ["done"])

    def test_server_that_is_away_is_told_at_the_next_start(self):
        task, consumer = self.begin(retries=0)
        self.stop_server()
        stopping.stop([consumer], 0)
        self.start_server()
        self.assertEqual(self.status(task), states.RUNNING)
        self.go_on.set()
        # The same place in another life
        self.assertEqual(stopping.get_stopped(), [consumer.consumer_id])
        self.add_consumer()
        eventually(lambda: not stopping.get_stopped())
        self.store.hello(consumer.consumer_id[:-8] + "0" * 8,
                         [consumer.consumer_id])
        self.wait_for(task)
        self.assertEqual(self.outcomes(task)[0], "stopped")

    def test_work_that_was_done_while_the_server_was_away(self):
        task, consumer = self.begin(retries=0)
        self.stop_server()
        self.go_on.set()
        stopping.stop([consumer], 5)
        self.assertEqual(
            stopping.get_stopped(), [consumer.consumer_id])
        self.start_server()
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual(self.status(task), states.RUNNING)

    def test_one_grace_for_all_sites(self):
        """Three chunks that do not end cost one grace, not three."""
        tasks = [self.click(uids=[uid], context_path="/senaite/clients/" + uid)
                 for uid in "abc"]
        running = [self.add_consumer()[0] for _task in tasks]
        eventually(lambda: len(self.begun) == 3)
        worker = workers.Worker(self.db, grace=2)
        worker._consumers = dict(enumerate(running))
        began = clock.monotonic()
        worker.stop()
        self.assertLess(clock.monotonic() - began, 2 * worker.grace)
        for task in tasks:
            self.assertEqual(self.outcomes(task), ["stopped"])

    def test_notes_add_up(self):
        for name in ("a/00000001", "b/00000002", "a/00000001"):
            stopping.note_stopped([name])
        self.assertEqual(
            stopping.get_stopped(), ["a/00000001", "b/00000002"])
        stopping.forget_stopped()
        self.assertEqual(stopping.get_stopped(), [])
        stopping.forget_stopped()
        # A damaged file is none
        with open(stopping._note_path(), "w") as target:
            target.write("{")
        self.assertEqual(stopping.get_stopped(), [])
        self.assertTrue(os.path.exists(stopping._note_path()))
        self.assertIn(identity.instance_path(), stopping._note_path())


class TestExit(StopCase):

    def test_what_was_handed_back_is_left_alone_at_exit(self):
        task, consumer = self.begin()
        stopping.stop([consumer], 0)
        reports = self.server.routes().count("fail")
        stopping._at_exit(os.getpid(), lambda: [consumer])
        self.assertEqual(self.server.routes().count("fail"), reports)
        self.assertEqual(self.outcomes(task), ["stopped"])
        self.assertEqual(self.problems(), [])
        self.assertEqual(stopping.get_stopped(), [])

    def test_exit_without_a_stop_hands_back(self):
        os.environ[config.STOP_SECONDS.variable] = "0"
        self.addCleanup(os.environ.pop, config.STOP_SECONDS.variable)
        task, consumer = self.begin()
        # A fork, for one, has no consumers of its own
        stopping._at_exit(os.getpid() + 1, lambda: [consumer])
        self.assertEqual(self.status(task), states.RUNNING)
        stopping._at_exit(os.getpid(), lambda: [consumer])
        self.assertEqual(self.outcomes(task), ["stopped"])


class TestSignal(unittest.TestCase):

    def test_worker_is_stopped_without_a_lock(self):
        """Its handler may interrupt the thread that holds the lock of an
        event."""
        worker = workers.Worker(None)
        self.assertIsInstance(worker.stopping, SignalFlag)
        self.addCleanup(signal.signal, signal.SIGTERM, signal.signal(
            signal.SIGTERM, worker.request_stop))
        os.kill(os.getpid(), signal.SIGTERM)
        eventually(worker.stopping.is_set)

    def handle(self, former):
        """Return what handles SIGTERM after the start, with a former handler."""
        self.addCleanup(signal.signal, signal.SIGTERM,
                        signal.signal(signal.SIGTERM, former))
        stopping.on_process_starting(None)
        return signal.getsignal(signal.SIGTERM)

    def test_process_that_would_die_exits(self):
        handler = self.handle(signal.SIG_DFL)
        with self.assertRaises(SystemExit) as caught:
            handler(signal.SIGTERM, None)
        self.assertEqual(caught.exception.code, 0)

    def test_handlers_of_others_stay(self):
        for handler in (signal.SIG_IGN, lambda number, frame: None):
            self.assertEqual(self.handle(handler), handler)

    def test_thread_that_may_set_no_handler(self):
        self.addCleanup(signal.signal, signal.SIGTERM,
                        signal.signal(signal.SIGTERM, signal.SIG_DFL))
        thread = threading.Thread(
            target=stopping.on_process_starting, args=(None,))
        thread.start()
        thread.join()
        self.assertEqual(signal.getsignal(signal.SIGTERM), signal.SIG_DFL)


class TestGuard(StopCase):
    """ZServer waits for the consumers, and goes on serving meanwhile."""

    def setUp(self):
        super(TestGuard, self).setUp()
        self.lifetime = types.ModuleType("Lifetime")
        self.lifetime._shutdown_timeout = 1.0
        self.lifetime._shutdown_phase = 0
        former = sys.modules.get("Lifetime")
        sys.modules["Lifetime"] = self.lifetime
        self.addCleanup(self.put_back, former)

    def put_back(self, former):
        if former is None:
            del sys.modules["Lifetime"]
        else:
            sys.modules["Lifetime"] = former

    def test_shutdown_waits_for_the_chunk(self):
        task, consumer = self.begin()
        guard = stopping.Guard(lambda: [consumer])
        self.addCleanup(asyncore.socket_map.pop, guard._pipe[0])
        self.assertIn(guard, asyncore.socket_map.values())
        self.assertFalse(guard.readable() or guard.writable())
        self.assertTrue(guard.clean_shutdown_control(1, 0))
        # More than the second that SIGTERM gives a phase
        self.assertGreater(self.lifetime._shutdown_timeout,
                           stopping.get_grace())
        self.go_on.set()
        eventually(lambda: not guard.clean_shutdown_control(1, 1))
        self.assertEqual(self.lifetime._shutdown_timeout, 1.0)
        self.assertEqual(self.outcomes(task), ["done"])
