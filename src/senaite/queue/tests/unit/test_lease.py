# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Leases of a process, and the heartbeats that renew them."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.consumer.heartbeat import Heartbeat
from senaite.queue.consumer.lease import LeaseRegistry
from senaite.queue.errors import AlreadyRunning
from senaite.queue.errors import LeaseNotHeld
from senaite.queue.errors import ServerUnreachable
from senaite.queue.tests.tasks import eventually
from senaite.queue.tests.tasks import make_task

SITE = ("db", "/senaite")
CONSUMER = "here:8089/00000001"


class LeaseTestCase(unittest.TestCase):

    def setUp(self):
        self.registry = LeaseRegistry()
        self.task = make_task(1)
        self.lease = self.registry.hold(SITE, self.task, CONSUMER)

    def begin(self, site=SITE):
        return self.registry.begin(site, self.task.task_uid)


class TestLease(LeaseTestCase):

    def test_work_starts_while_the_lease_is_held(self):
        self.assertIs(self.begin(), self.lease)

    def test_work_without_a_lease_is_refused(self):
        with self.assertRaises(LeaseNotHeld):
            self.registry.begin(SITE, "f" * 32)

    def test_lease_of_another_site_is_refused(self):
        with self.assertRaises(LeaseNotHeld):
            self.begin(("db", "/other"))

    def test_second_thread_is_refused(self):
        self.begin()
        with self.assertRaises(AlreadyRunning):
            self.begin()

    def test_finished_work_may_start_again(self):
        self.registry.end(self.begin())
        self.assertIs(self.begin(), self.lease)

    def test_lost_lease_is_refused(self):
        self.registry.lose(self.lease)
        with self.assertRaises(LeaseNotHeld):
            self.begin()

    def test_released_lease_is_gone_and_lost(self):
        self.begin()
        self.registry.release(self.lease)
        self.assertTrue(self.lease.lost)
        self.assertEqual(len(self.registry), 0)

    def test_new_lease_ends_the_former_one(self):
        self.begin()
        again = self.registry.hold(SITE, self.task, CONSUMER)
        self.assertTrue(self.lease.lost)
        self.registry.release(self.lease)
        self.assertIs(self.begin(), again)

    def test_stray_attempts_are_counted_while_they_run(self):
        self.begin()
        self.assertEqual(self.registry.strays(), 0)
        self.registry.release(self.lease)
        self.assertEqual(self.registry.strays(), 1)
        self.registry.end(self.lease)
        self.assertEqual(self.registry.strays(), 0)


class Line(object):
    """Answers heartbeats from a list; repeats the last answer."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = 0

    def call(self, route, payload, **kw):
        self.calls += 1
        answer = self.answers[0]
        if len(self.answers) > 1:
            self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"held": answer}


class TestHeartbeat(LeaseTestCase):

    def test_heartbeats_are_sent_while_work_runs(self):
        line = Line(True)
        with Heartbeat(line, self.registry, self.lease, 0.01):
            eventually(lambda: line.calls > 3)
        self.assertFalse(self.lease.lost)

    def test_refused_heartbeat_loses_the_lease(self):
        line = Line(True, False)
        with Heartbeat(line, self.registry, self.lease, 0.01):
            eventually(lambda: self.lease.lost)

    def test_unanswered_heartbeat_keeps_the_lease(self):
        line = Line(ServerUnreachable("away"))
        with Heartbeat(line, self.registry, self.lease, 0.01):
            eventually(lambda: line.calls > 3)
        self.assertFalse(self.lease.lost)

    def test_heartbeats_end_with_the_work(self):
        heartbeat = Heartbeat(Line(True), self.registry, self.lease, 0.01)
        with heartbeat:
            pass
        eventually(lambda: not heartbeat._thread.is_alive())
