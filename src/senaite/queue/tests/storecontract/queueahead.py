# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: what stands in line, and how long such tasks take."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import START


class QueueAheadContract(StoreCase):

    def line(self, limit=50):
        return [(task["name"], task["status"], task["scheduled"])
                for task in self.store.line_up(limit)]

    def test_line_of_an_empty_queue(self):
        self.assertEqual(self.store.line_up(50), [])
        self.assertEqual(self.store.paces(0), {})

    def test_line_is_in_the_order_of_running(self):
        first = self.add(1, name="a")
        self.pop()
        self.add(2, name="b", created=START + 9)
        self.add(3, name="c", created=START + 5)
        self.add(4, name="d", created=START + 7, priority=0)
        self.assertEqual(self.line(), [
            ("a", "running", False), ("d", "queued", False),
            ("c", "queued", False), ("b", "queued", False)])
        self.assertEqual(self.store.line_up(50)[0]["job_uid"],
                         first["job_uid"])
        self.assertIsInstance(self.store.line_up(50)[0]["job_uid"], str)
        self.store.configure(["b"])
        self.assertEqual(self.line()[1], ("b", "queued", False))
        # It runs in that order
        self.store.acknowledge(first["task_uid"], ALICE)
        self.assertEqual(self.drain(), ["{:032x}".format(number)
                                        for number in (2, 4, 3)])

    def test_no_more_than_the_limit_is_read(self):
        for number in range(1, 8):
            self.add(number, name="n{}".format(number))
        self.pop()
        self.pop(BOB)
        self.assertEqual([name for name, _state, _later in self.line(3)],
                         ["n1", "n2", "n3", "n4", "n5"])

    def test_tasks_for_later_are_told_from_those_that_are_due(self):
        self.add(1, delay=60)
        self.assertEqual([later for _n, _s, later in self.line()], [True])
        # Due, although no consumer has noticed
        self.clock.forward(100)
        self.assertEqual([later for _n, _s, later in self.line()], [False])

    def test_line_and_paces_are_those_of_the_site(self):
        self.add(1)
        self.pop_and_finish()
        self.add(2)
        other = self.open_store("/other", self.clock)
        self.assertEqual(other.line_up(50), [])
        self.assertEqual(other.paces(0), {})

    def test_paces_are_medians_of_what_was_done(self):
        for number, seconds in enumerate((1, 2, 30), 1):
            self.add(number, name="a")
            self.pop()
            self.clock.forward(seconds)
            self.store.acknowledge("{:032x}".format(number), ALICE)
        self.add(4, name="b")
        self.pop()
        self.clock.forward(7)
        self.store.acknowledge("{:032x}".format(4), ALICE)
        # What has failed or was removed tells nothing
        self.add(5, name="b")
        uid = self.pop()
        self.clock.forward(1000)
        self.store.fail(uid, ALICE, "fatal", "no")
        self.add(6, name="c")
        self.store.cancel("{:032x}".format(6))
        self.assertEqual(self.store.paces(START), {
            "a": {"count": 3, "median": 2.0},
            "b": {"count": 1, "median": 7.0}})
        self.assertEqual(self.store.paces(START + 4), {
            "a": {"count": 1, "median": 30.0},
            "b": {"count": 1, "median": 7.0}})
