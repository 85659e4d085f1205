# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The utility of a client: tasks on the server, and on their way to it."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import time

import transaction
from zope.component import getUtility
from zope.interface.verify import verifyObject

from senaite.queue import api
from senaite.queue.client.client_utility import ClientQueueUtility
from senaite.queue import config
from senaite.queue.errors import TaskNotFound
from senaite.queue.interfaces import IClientQueueUtility
from senaite.queue.interfaces import IServerQueueUtility
from senaite.queue.model.queue_task import new_task
from senaite.queue.model.queue_task import to_task
from senaite.queue.model import states
from senaite.queue.records import outbox
from senaite.queue.tests.integration.test_single_process import NAME
from senaite.queue.tests.integration.test_single_process import ProcessTestCase


class TestClientUtility(ProcessTestCase):

    def test_client_utility_sees_server_and_outbox(self):
        queue = ClientQueueUtility()
        task = self.click(uids=["a"])
        self.wait_for(task, states.QUEUED)
        item = "b" * 32
        other = api.add_task(NAME, self.portal, uids=[item])
        self.assertTrue(queue.sync())
        self.assertEqual(set(queue.get_tasks()), set([task, other]))
        self.assertEqual(queue.get_task(task.task_uid), task)
        self.assertEqual(queue.get_task(other.task_uid), other)
        self.assertIsNone(queue.get_task("f" * 32))
        self.assertTrue(queue.has_task(task))
        self.assertTrue(queue.has_tasks_for(item))
        self.assertEqual(queue.get_tasks_for(item), [other])
        self.assertEqual(sorted(queue.get_uids(status=[])),
                         sorted(["0", "a", item]))
        self.assertEqual(len(queue), 2)
        self.assertTrue(queue.delete(task))
        queue.sync()
        self.assertFalse(queue.has_task(task))
        transaction.abort()

    def test_errors_name_unknown_tasks(self):
        queue = ClientQueueUtility()
        unknown = "f" * 32
        self.assertFalse(queue.delete(unknown))
        for report in (queue.done, queue.fail, queue.timeout):
            with self.assertRaises(TaskNotFound) as caught:
                report(unknown)
            self.assertIn(unknown, str(caught.exception))
            gone = new_task(NAME, self.portal)
            with self.assertRaises(TaskNotFound) as caught:
                report(to_task(dict(gone, consumer_id="client1/00000001")))
            self.assertIn(gone.task_uid, str(caught.exception))
        for read in (queue.get_tasks_for, queue.has_tasks_for):
            with self.assertRaises(ValueError) as caught:
                read("dummy")
            self.assertIn("'dummy'", str(caught.exception))

    def test_utilities_are_found_by_their_interfaces(self):
        """In a single process, both see the same."""
        task = self.click(uids=["a" * 32])
        self.wait_for(task, states.QUEUED)
        for interface in (IServerQueueUtility, IClientQueueUtility):
            queue = getUtility(interface)
            self.assertTrue(interface.providedBy(queue))
            if interface is IClientQueueUtility:
                queue.sync()
            self.assertEqual(queue.get_tasks(), [task])
            self.assertEqual(len(queue), 1)
            self.assertTrue(queue)
            self.assertFalse(queue.is_empty())
            self.assertTrue(queue.has_task(task))
        verifyObject(IServerQueueUtility, getUtility(IServerQueueUtility))
        self.assertTrue(getUtility(IServerQueueUtility).delete(task))

    def test_server_utility_works_on_the_queue_server_only(self):
        """Other processes would open a store of their own."""
        queue = getUtility(IServerQueueUtility)
        os.environ[config.ROLE.variable] = config.CLIENT
        self.addCleanup(os.environ.pop, config.ROLE.variable)
        for call in (queue.get_tasks, queue.__len__):
            with self.assertRaises(RuntimeError) as caught:
                call()
            self.assertIn("IClientQueueUtility", str(caught.exception))
        self.assertTrue(queue)

    def test_monitor_of_a_client_shows_undelivered_tasks(self):
        """The outbox keeps only a summary of delivered tasks: the details come
        from the server."""
        queue = ClientQueueUtility()
        here = self.click(uids=["a"])
        self.wait_for(here, states.QUEUED)
        sent = api.add_task(NAME, self.portal, uids=["b"])
        outbox.mark(self.portal, {sent.task_uid: "added"},
                    "epoch-of-tomorrow:1", time.time())
        refused = api.add_task(NAME, self.portal, uids=["c"])
        outbox.mark(self.portal, {refused.task_uid: "invalid: too long"},
                    "epoch-of-tomorrow:1", time.time())
        waits = api.add_task(NAME, self.portal, uids=["d"])

        def find(*kinds, **asked_for):
            page = queue.get_page(kinds, **asked_for)
            self.assertEqual(page["total"], len(page["tasks"]))
            return [task["task_uid"] for task in page["tasks"]]
        self.assertEqual(find("queued"), [waits.task_uid, here.task_uid])
        self.assertEqual(find("queued", text=NAME + " " + waits.task_uid),
                         [waits.task_uid])
        self.assertEqual(find("failed"), [refused.task_uid])
        self.assertIsNone(queue.get_history(sent.task_uid))
        self.assertEqual(queue.get_history(waits.task_uid)["task"], waits)
        row = queue.get_history(refused.task_uid)["row"]
        self.assertEqual(row["error_message"], "invalid: too long")
        transaction.abort()
