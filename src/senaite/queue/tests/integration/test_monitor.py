# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The monitor: what is shown to whom, and what its buttons do."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import os
import unittest

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from plone.testing.zope import Browser
from six.moves.urllib.parse import urlencode
from zExceptions import Unauthorized

from senaite.queue import api
from senaite.queue import roles
from senaite.queue.browser import tasks as monitor
from senaite.queue.fields import to_native
from senaite.queue.queue import new_task
from senaite.queue.states import CANCELLED
from senaite.queue.states import FAILED
from senaite.queue.states import QUEUED
from senaite.queue.states import RUNNING
from senaite.queue.states import STATES
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests.integration import people

CONSUMER = "tests/0000000a"
SCRIPT = u"<img src=x onerror='alert(1)'>\xe4"


class MonitorCase(unittest.TestCase):
    """Against the queue server's utility, in this very process."""

    layer = QUEUE_FUNCTIONAL_TESTING
    role = roles.SERVER

    def setUp(self):
        self.portal = self.layer["portal"]
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        people.make(self.portal)
        transaction.commit()
        os.environ[roles.ENVIRONMENT] = self.role
        self.addCleanup(os.environ.pop, roles.ENVIRONMENT, None)
        self.url = self.portal.absolute_url() + "/@@queue_tasks"
        self.client = self.portal.clients.objectValues("Client")[0]

    def browse(self, who):
        browser = Browser(self.layer["app"])
        browser.handleErrors = False
        if who:
            people.log_in(browser, who)
        return browser

    def add(self, **kw):
        """Put a task into the store, past outbox and relay."""
        kw.setdefault("username", "analyst")
        task = new_task(kw.pop("name", "some_task"), self.client, **kw)
        api.get_queue().accept([task])
        return task

    def add_failed(self, message=u"It did not work"):
        task = self.add(retries=0)
        queue = api.get_queue()
        popped = queue.pop(CONSUMER)
        self.assertEqual(task.task_uid, popped.task_uid)
        queue.fail(popped, message)
        return task

    def rows(self, tab="default", who="lab_manager", **kw):
        """Return what the listing of a tab gets from its ajax endpoint."""
        browser = self.browse(who)
        payload = {"review_state": tab, "selected_uids": []}
        payload.update(kw)
        browser.post(self.url + "/folderitems", json.dumps(payload),
                     "application/json")
        return json.loads(browser.contents)


class TestMonitor(MonitorCase):

    def test_page(self):
        for who in ("lab_manager", "analyst"):
            browser = self.browse(who)
            browser.open(self.url)
            self.assertIn("Queue Monitor", browser.contents)
            self.assertNotIn("does not answer", browser.contents)

    def test_who_may_not_see_it(self):
        for who in (None, "client_contact", "consumer"):
            for path in ("", "/folderitems"):
                with self.assertRaises(Unauthorized):
                    self.browse(who).open(self.url + path)

    def test_tabs(self):
        failed = self.add_failed()
        queued = self.add()
        hidden = self.add(name="another_task", ghost=True)
        found = dict(
            (tab, set(row["uid"] for row in self.rows(tab)["folderitems"]))
            for tab in monitor.TABS)
        self.assertEqual({queued.task_uid}, found["default"])
        self.assertEqual({queued.task_uid}, found[QUEUED])
        self.assertEqual({failed.task_uid}, found[FAILED])
        self.assertEqual(set(), found[RUNNING])
        self.assertEqual(
            {failed.task_uid, queued.task_uid, hidden.task_uid},
            found["all"])
        self.assertLess(set(STATES), set(monitor.TABS))

    def test_row(self):
        task = self.add(uids=["a" * 32, "b" * 32], priority=7)
        row = self.rows()["folderitems"][0]
        self.assertEqual(task.task_short_uid, row["task_short_uid"])
        self.assertEqual("some_task", row["name"])
        self.assertEqual("analyst", row["username"])
        self.assertEqual("2", row["items"])
        self.assertEqual("7", row["priority"])
        self.assertEqual(QUEUED, row["status"])
        self.assertIn(self.client.absolute_url(), row["context_path"])
        self.assertTrue(row["created"])

    def test_everything_is_escaped(self):
        self.add_failed(SCRIPT)
        task = new_task("some_task", self.client, username=SCRIPT)
        task["context_path"] = to_native(u"/plone/" + SCRIPT)
        api.get_queue().accept([task])
        shown = 0
        for row in self.rows("all")["folderitems"]:
            for key, value in row.items():
                self.assertNotIn("<img", repr(value), key)
                shown += "&lt;img" in repr(value)
        self.assertEqual(3, shown)

    def test_pages(self):
        made = [self.add().task_uid for _number in range(7)]
        first = self.rows(pagesize=5, limit_from=0)
        second = self.rows(pagesize=5, limit_from=5)
        self.assertEqual(5, len(first["folderitems"]))
        self.assertTrue(first["show_more"])
        self.assertEqual(2, len(second["folderitems"]))
        self.assertFalse(second["show_more"])
        self.assertEqual(
            sorted(made),
            sorted(row["uid"] for page in (first, second)
                   for row in page["folderitems"]))

    def test_ghosts_do_not_disturb_pages(self):
        former = monitor.BLOCK
        self.addCleanup(setattr, monitor, "BLOCK", former)
        monitor.BLOCK = 3
        made = set()
        for number in range(20):
            task = self.add(ghost=bool(number % 4))
            if not task.ghost:
                made.add(task.task_uid)
        page = self.rows(pagesize=50, limit_from=0)
        self.assertEqual(made, set(r["uid"] for r in page["folderitems"]))

    def test_transitions_are_for_managers(self):
        task = self.add_failed()
        for who, wanted in (("lab_manager",
                             ["queue_remove", "queue_requeue"]),
                            ("analyst", [])):
            found = self.rows(FAILED, who, selected_uids=[task.task_uid])
            self.assertEqual(wanted, sorted(
                item["id"] for item in found["transitions"]))
            self.assertEqual(bool(wanted), found["show_select_column"])

    def test_store_that_does_not_open(self):
        def fail():
            raise RuntimeError(SCRIPT)
        former = api.get_queue
        self.addCleanup(setattr, api, "get_queue", former)
        api.get_queue = fail
        browser = self.browse("lab_manager")
        browser.open(self.url)
        self.assertIn("does not answer", browser.contents)
        self.assertNotIn("<img src=x", browser.contents)
        self.assertEqual([], self.rows()["folderitems"])


class TestActions(MonitorCase):

    def click(self, action, task_uids, who="lab_manager", token=True, **form):
        """Press a button of the listing."""
        browser = self.browse(who)
        form.update({"workflow_action_id": action,
                     "uids:list": task_uids})
        if token:
            browser.open(self.url)
            form["_authenticator"] = browser.getControl(
                name="_authenticator", index=0).value
        browser.post(self.portal.absolute_url() + "/workflow_action",
                     urlencode(form, True))
        return browser

    def status(self, task):
        found = api.get_queue().get_task(task.task_uid)
        return found and found.status

    def test_requeue(self):
        failed, queued = self.add_failed(), self.add()
        page = self.click("queue_requeue",
                          [failed.task_uid, queued.task_uid, "c" * 32])
        self.assertEqual(QUEUED, self.status(failed))
        self.assertIn("Tasks queued again: 1", page.contents)
        self.assertIn("does not answer: 2", page.contents)
        self.assertIn("queue_tasks", page.url)

    def test_remove(self):
        failed, queued = self.add_failed(), self.add()
        page = self.click("queue_remove", [failed.task_uid, queued.task_uid])
        self.assertEqual(CANCELLED, self.status(failed))
        self.assertEqual(CANCELLED, self.status(queued))
        self.assertIn("Tasks removed: 2", page.contents)

    def test_who_may_not(self):
        task = self.add_failed()
        for who in (None, "client_contact", "analyst", "consumer"):
            for action in ("queue_requeue", "queue_remove"):
                with self.assertRaises(Unauthorized):
                    self.click(action, [task.task_uid], who, token=False)
        self.assertEqual(FAILED, self.status(task))

    def test_not_from_elsewhere(self):
        task = self.add_failed()
        with self.assertRaises(Exception) as caught:
            self.click("queue_remove", [task.task_uid], token=False)
        self.assertIn("orbidden", repr(caught.exception))
        self.assertEqual(FAILED, self.status(task))

    def test_no_redirect_to_elsewhere(self):
        task = self.add_failed()
        page = self.click("queue_remove", [task.task_uid],
                          redirect_url="http://evil.example/")
        self.assertTrue(page.url.startswith(self.portal.absolute_url()))


class TestMonitorOfAClient(MonitorCase):
    """A process that is not the queue server, which is away."""

    role = roles.CLIENT

    def test_page_comes_and_says_it(self):
        browser = self.browse("lab_manager")
        browser.open(self.url)
        self.assertIn("does not answer", browser.contents)
        self.assertEqual([], self.rows()["folderitems"])
