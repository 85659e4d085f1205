# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""When the queue server starts to process tasks by itself."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import unittest
from xml.etree import ElementTree

import senaite.queue
from senaite.queue.client import snapshot
from senaite.queue.consumer import standalone
from senaite.queue.model import states
from senaite.queue.site import alone


def make_state(**tasks):
    return snapshot.State("e:1", dict(
        (uid, {"task_uid": uid, "status": status})
        for uid, status in tasks.items()))


class TestRegistration(unittest.TestCase):

    def test_the_watch_is_there_before_the_agents_start(self):
        """Both are subscribers, which run in the order of registration; an
        agent that starts first looks again some seconds later."""
        path = os.path.join(os.path.dirname(senaite.queue.__file__),
                            "configure.zcml")
        included = [node.get("package") for node in ElementTree.parse(
            path).getroot() if node.tag.endswith("}include")]
        self.assertLess(included.index(".consumer"), included.index(".client"))


class TestWatch(unittest.TestCase):

    def setUp(self):
        self.watch = standalone.Watch()

    def look(self, now, **tasks):
        return self.watch.is_lonely(make_state(**tasks), now)

    def test_waiting_tasks_without_consumers_are_noticed(self):
        self.assertFalse(self.look(0, a=states.QUEUED))
        self.assertFalse(self.look(4, a=states.QUEUED))
        self.assertTrue(self.look(5, a=states.QUEUED))

    def test_new_tasks_do_not_restart_the_wait(self):
        self.look(0, a=states.QUEUED)
        self.assertTrue(self.look(5, a=states.QUEUED, b=states.QUEUED))

    def test_running_task_means_a_consumer(self):
        self.look(0, a=states.QUEUED)
        self.assertFalse(self.look(5, a=states.QUEUED, b=states.RUNNING))
        self.assertFalse(self.look(6, a=states.QUEUED))

    def test_finished_task_means_a_consumer(self):
        self.look(0, a=states.QUEUED, b=states.QUEUED)
        self.assertFalse(self.look(5, b=states.QUEUED))
        self.assertTrue(self.look(10, b=states.QUEUED))

    def test_empty_queue_needs_no_consumer(self):
        self.look(0)
        self.assertFalse(self.look(60))
        self.assertFalse(self.look(61, a=states.QUEUED))

    def test_tests_and_scripts_do_not_process_tasks(self):
        self.assertFalse(alone.may_volunteer())
