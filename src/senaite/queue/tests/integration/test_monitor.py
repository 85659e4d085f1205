# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The monitor: what it shows to which users."""

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
from zExceptions import Unauthorized

from senaite.queue import api
from senaite.queue.browser.monitor.dashboard import Dashboard
from senaite.queue.browser.monitor import overview as monitor
from senaite.queue.browser import words
from senaite.queue import config
from senaite.queue.model.fields import to_native
from senaite.queue.model.queue_task import new_task
from senaite.queue.model.states import FAILED
from senaite.queue.model.states import QUEUED
from senaite.queue.model.states import RUNNING
from senaite.queue.model.states import STATES
from senaite.queue.site import process_role
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests.integration import people

CONSUMER = "tests/0000000a"
SCRIPT = u"<img src=x onerror='alert(1)'>\xe4"


class MonitorCase(unittest.TestCase):
    """Tests the monitor on the queue server itself."""

    layer = QUEUE_FUNCTIONAL_TESTING
    role = process_role.SERVER

    def setUp(self):
        self.portal = self.layer["portal"]
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        people.make(self.portal)
        transaction.commit()
        os.environ[config.ROLE.variable] = self.role
        self.addCleanup(os.environ.pop, config.ROLE.variable, None)
        self.url = self.portal.absolute_url() + "/@@queue_tasks"
        self.client = self.portal.clients.objectValues("Client")[0]

    def browse(self, who):
        browser = Browser(self.layer["app"])
        browser.handleErrors = False
        if who:
            people.log_in(browser, who)
        return browser

    def add(self, **kw):
        """Add a task to the store, without outbox and relay."""
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
        """Return the answer of the ajax endpoint to the listing of a tab."""
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

    def test_users_without_permission(self):
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
        self.assertEqual(set(), found["scheduled"])
        self.assertEqual({failed.task_uid}, found[FAILED])
        self.assertEqual(set(), found[RUNNING])
        self.assertEqual(
            {failed.task_uid, queued.task_uid, hidden.task_uid},
            found["all"])
        self.assertLess(set(STATES), set(monitor.TABS))

    def test_scheduled_tab(self):
        later = self.add(delay=3600)
        row, = self.rows("scheduled")["folderitems"]
        self.assertEqual(later.task_uid, row["uid"])
        self.assertIn("Scheduled", row["state"])
        self.assertIn("starts in", row["since"])
        self.assertEqual(1, self.rows()["total"])
        self.assertEqual(0, self.rows(QUEUED)["total"])

    def test_row(self):
        task = self.add(name="task_action_submit", priority=7,
                        uids=["a" * 32, "b" * 32])
        row = self.rows()["folderitems"][0]
        self.assertIn(task.task_short_uid, row["task_short_uid"])
        self.assertIn("@@queue_task?uid=" + task.task_uid,
                      row["task_short_uid"])
        self.assertIn("Submit results", row["name"])
        self.assertIn("task_action_submit", row["name"])
        self.assertIn("analyst", row["username"])
        self.assertEqual("7", row["priority"])
        self.assertEqual(QUEUED, row["review_state"])
        self.assertIn("Queued", row["state"])
        self.assertIn("waiting for", row["since"])
        self.assertIn("0 / 2", row["job_progress"])
        self.assertIn(self.client.absolute_url(), row["context_path"])
        self.assertIn(self.client.Title(), row["context_path"])
        self.assertTrue(row["added"])

    def test_hidden_objects_have_no_title_and_no_link(self):
        self.client.manage_permission("View", ["Owner"], 0)
        self.add()
        transaction.commit()
        row = self.rows(who="analyst")["folderitems"][0]
        self.assertNotIn("href", row["context_path"])
        self.assertNotIn(self.client.Title(), row["context_path"])

    def test_everything_is_escaped(self):
        self.add_failed(SCRIPT)
        task = new_task("some_task", self.client, username=SCRIPT)
        task["context_path"] = to_native(u"/plone/" + SCRIPT)
        task["context_uid"] = "e" * 32
        api.get_queue().accept([task])
        shown = 0
        for row in self.rows("all")["folderitems"]:
            for key, value in row.items():
                self.assertNotIn("<img", repr(value), key)
                shown += "&lt;img" in repr(value)
        self.assertEqual(3, shown)

    def test_paging(self):
        made = [self.add().task_uid for _number in range(7)]
        first = self.rows(pagesize=5, limit_from=0)
        second = self.rows(pagesize=5, limit_from=5)
        self.assertEqual(5, len(first["folderitems"]))
        self.assertTrue(first["show_more"])
        self.assertEqual(7, first["total"])
        self.assertEqual(2, len(second["folderitems"]))
        self.assertFalse(second["show_more"])
        self.assertEqual(
            sorted(made),
            sorted(row["uid"] for page in (first, second)
                   for row in page["folderitems"]))

    def test_ghosts_do_not_count_in_pages(self):
        made = set()
        for number in range(20):
            task = self.add(ghost=bool(number % 4))
            if not task.ghost:
                made.add(task.task_uid)
        page = self.rows(pagesize=5, limit_from=0)
        self.assertEqual(made, set(r["uid"] for r in page["folderitems"]))
        self.assertFalse(page["show_more"])

    def test_search(self):
        self.add(name="task_one")
        wanted = self.add(name="task_other", username="somebody")
        for text in ("OTHER", "somebody task", wanted.task_uid):
            page = self.rows(filter=text)
            self.assertEqual([wanted.task_uid],
                             [r["uid"] for r in page["folderitems"]])
            self.assertEqual(1, page["total"])
        self.assertEqual(0, self.rows(filter=u"\xe4%_")["total"])

    def test_every_sortable_column_sorts(self):
        for number in range(3):
            self.add(name="task_{}".format(number), priority=number,
                     username="user{}".format(number))
        sortable = self.rows()["sortable_columns"]
        self.assertEqual(
            {"name", "context_path", "username", "priority", "added",
             "since"}, set(sortable))
        for column in sortable:
            found = [[row["uid"] for row in self.rows(
                sort_on=column, sort_order=order)["folderitems"]]
                for order in ("ascending", "descending")]
            self.assertEqual(found[0], found[1][::-1], column)
        # An unknown column is ignored
        self.assertEqual(3, self.rows(sort_on="nonsense")["total"])

    def test_transitions_are_for_managers(self):
        task = self.add_failed()
        for who, wanted in (
                ("lab_manager",
                 ["queue_cancel_job", "queue_remove", "queue_requeue"]),
                ("analyst", [])):
            found = self.rows(FAILED, who, selected_uids=[task.task_uid])
            self.assertEqual(wanted, sorted(
                item["id"] for item in found["transitions"]))
            self.assertEqual(bool(wanted), found["show_select_column"])
        found = self.rows(QUEUED, selected_uids=[self.add().task_uid])
        self.assertIn("modal_queue_priority",
                      [item["id"] for item in found["transitions"]])

    def test_dashboard(self):
        self.add_failed()
        self.add()
        api.get_queue().pause("task_action_submit", "lab_manager")
        browser = self.browse("analyst")
        browser.open(self.url + "/dashboard")
        page = json.loads(browser.contents)["html"]
        for text in ("Failed tasks that need a decision: 1",
                     CONSUMER, "Submit results", "<svg", "has been paused"):
            self.assertIn(text, page)
        # The analyst sees no buttons of managers
        self.assertNotIn("@@queue_pause", page)
        browser = self.browse("lab_manager")
        browser.open(self.url + "/dashboard")
        self.assertIn("@@queue_pause", browser.contents)
        self.assertIn("@@queue_resume", browser.contents)

    def test_charts_without_data_say_so(self):
        def opened():
            browser = self.browse("analyst")
            browser.open(self.url + "/dashboard")
            return json.loads(browser.contents)["html"]
        page = opened()
        self.assertEqual(6, page.count("(no data)"))
        self.assertNotIn("(highest:", page)
        queue, task = api.get_queue(), self.add()
        queue.pop(CONSUMER)
        queue.done(task, CONSUMER)
        page = opened()
        self.assertIn("(highest:", page)

    def test_chart_with_values_of_zero_has_data(self):
        dashboard = Dashboard(self.portal, self.layer["request"])
        spans = [("09:00", None), ("09:05", 0.0)]
        self.assertEqual(u"0.0 s", dashboard.most(spans, words.duration))
        self.assertIsNone(dashboard.most(spans[:1], words.duration))
        self.assertIsNone(dashboard.most([("09:00", 0)], None))
        self.assertEqual(u"3", dashboard.most([("09:00", 3)], None))

    def test_store_cannot_be_opened(self):
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


class TestMonitorOfAClient(MonitorCase):
    """Tests the monitor on a client whose queue server does not answer."""

    role = process_role.CLIENT

    def test_page_shows_the_outage(self):
        browser = self.browse("lab_manager")
        browser.open(self.url)
        self.assertIn("does not answer", browser.contents)
        self.assertEqual([], self.rows()["folderitems"])
