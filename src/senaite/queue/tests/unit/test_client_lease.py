# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Leases in the process, and the heartbeat that keeps them."""

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

    def test_what_is_held_may_be_begun(self):
        self.assertIs(self.begin(), self.lease)

    def test_what_is_not_held_may_not(self):
        with self.assertRaises(LeaseNotHeld):
            self.registry.begin(SITE, "f" * 32)

    def test_another_site_may_not(self):
        with self.assertRaises(LeaseNotHeld):
            self.begin(("db", "/other"))

    def test_two_threads_may_not(self):
        self.begin()
        with self.assertRaises(AlreadyRunning):
            self.begin()

    def test_after_the_end_it_may_be_begun_again(self):
        self.registry.end(self.begin())
        self.assertIs(self.begin(), self.lease)

    def test_what_is_lost_may_not(self):
        self.registry.lose(self.lease)
        with self.assertRaises(LeaseNotHeld):
            self.begin()

    def test_what_is_released_is_gone_and_lost(self):
        self.begin()
        self.registry.release(self.lease)
        self.assertTrue(self.lease.lost)
        self.assertEqual(len(self.registry), 0)

    def test_a_new_lease_of_the_task_ends_the_former(self):
        self.begin()
        again = self.registry.hold(SITE, self.task, CONSUMER)
        self.assertTrue(self.lease.lost)
        self.registry.release(self.lease)
        self.assertIs(self.begin(), again)

    def test_strays_are_counted_while_they_run(self):
        self.begin()
        self.assertEqual(self.registry.strays(), 0)
        self.registry.release(self.lease)
        self.assertEqual(self.registry.strays(), 1)
        self.registry.end(self.lease)
        self.assertEqual(self.registry.strays(), 0)


class Line(object):
    """Answers heartbeats from a list; the last answer stays."""

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

    def test_it_beats_while_the_work_runs(self):
        line = Line(True)
        with Heartbeat(line, self.registry, self.lease, 0.01):
            eventually(lambda: line.calls > 3)
        self.assertFalse(self.lease.lost)

    def test_the_servers_no_loses_the_lease(self):
        line = Line(True, False)
        with Heartbeat(line, self.registry, self.lease, 0.01):
            eventually(lambda: self.lease.lost)

    def test_no_answer_does_not(self):
        line = Line(ServerUnreachable("away"))
        with Heartbeat(line, self.registry, self.lease, 0.01):
            eventually(lambda: line.calls > 3)
        self.assertFalse(self.lease.lost)

    def test_it_ends_with_the_work(self):
        heartbeat = Heartbeat(Line(True), self.registry, self.lease, 0.01)
        with heartbeat:
            pass
        eventually(lambda: not heartbeat._thread.is_alive())
