# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The buttons of the monitor: what they do, and which users may use them."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from six.moves.urllib.parse import urlencode
from zExceptions import Unauthorized

from senaite.queue import api
from senaite.queue.browser.monitor import controls
from senaite.queue.browser.monitor import task_actions
from senaite.queue.errors import StoreUnavailable
from senaite.queue.model.states import CANCELLED
from senaite.queue.model.states import FAILED
from senaite.queue.model.states import QUEUED
from senaite.queue.tests.integration.test_monitor import CONSUMER
from senaite.queue.tests.integration.test_monitor import MonitorCase


class BrokenApi(object):
    """Stands in for `senaite.queue.api` while the store cannot be opened."""

    @staticmethod
    def get_queue():
        raise StoreUnavailable()


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
        self.assertIn("no longer exist: 2", page.contents)
        self.assertIn("queue_tasks", page.url)

    def test_remove(self):
        failed, queued = self.add_failed(), self.add()
        page = self.click("queue_remove", [failed.task_uid, queued.task_uid])
        self.assertEqual(CANCELLED, self.status(failed))
        self.assertEqual(CANCELLED, self.status(queued))
        self.assertIn("Tasks removed: 2", page.contents)

    def test_cancel_job(self):
        done = self.add(job_uid="f" * 32)
        queue = api.get_queue()
        queue.done(queue.pop(CONSUMER))
        left = [self.add(job_uid="f" * 32) for _number in range(2)]
        other = self.add()
        page = self.click("queue_cancel_job",
                          [task.task_uid for task in left + [done]])
        self.assertIn("Jobs cancelled: 3", page.contents)
        self.assertEqual(["done", CANCELLED, CANCELLED, QUEUED], [
            self.status(task) for task in [done] + left + [other]])
        page = self.click("queue_cancel_job", [done.task_uid, "c" * 32])
        self.assertIn("have finished or no longer exist: 2", page.contents)

    def test_task_has_finished_meanwhile(self):
        task = self.add()
        queue = api.get_queue()
        queue.done(queue.pop(CONSUMER))
        page = self.click("queue_remove", [task.task_uid])
        self.assertIn("have finished or no longer exist: 1", page.contents)
        self.assertNotIn("Tasks removed", page.contents)

    def post(self, view, who="lab_manager", token=True, **form):
        """Send the form of one of the views."""
        browser = self.browse(who)
        if token:
            browser.open(self.url)
            form["_authenticator"] = browser.getControl(
                name="_authenticator", index=0).value
        browser.post("{}/@@{}".format(self.portal.absolute_url(), view),
                     urlencode(form, True))
        return browser

    def test_pause_and_resume(self):
        task = self.add()
        queue = api.get_queue()
        for name in ("", "some_task"):
            page = self.post("queue_pause", name=name)
            self.assertIn("Paused: ", page.contents)
            self.assertEqual([name], [p["name"] for p in queue.store.pauses()])
            self.assertEqual("lab_manager",
                             queue.store.pauses()[0]["username"])
            self.assertIsNone(queue.pop(CONSUMER))
            page = self.post("queue_pause", name=name)
            self.assertIn("Already paused", page.contents)
            page = self.post("queue_resume", name=name)
            self.assertIn("Resumed: ", page.contents)
            page = self.post("queue_resume", name=name)
            self.assertIn("No longer paused", page.contents)
        self.assertEqual(task.task_uid, queue.pop(CONSUMER).task_uid)
        page = self.post("queue_pause", name="no name")
        self.assertIn("Not the name of a task", page.contents)
        self.assertEqual([], queue.store.pauses())

    def test_priority(self):
        other = self.add_failed()
        task = self.add()
        uids = ",".join([task.task_uid, other.task_uid])
        browser = self.browse("lab_manager")
        browser.open("{}/@@queue_priority?uids={}".format(
            self.portal.absolute_url(), uids))
        self.assertIn('value="{}"'.format(uids), browser.contents)
        self.post("queue_priority", uids=uids, priority="3")
        page = self.post("queue_priority", uids=uids, priority="x")
        self.assertEqual(3, api.get_queue().get_task(task.task_uid).priority)
        page.open(self.url)
        self.assertIn("must be a whole number", page.contents)

    def test_store_that_cannot_be_opened(self):
        failed, queued = self.add_failed(), self.add()
        for module in (task_actions, controls):
            self.addCleanup(setattr, module, "api", module.api)
            module.api = BrokenApi
        for action in ("queue_requeue", "queue_remove", "queue_cancel_job"):
            page = self.click(action, [failed.task_uid, queued.task_uid])
            self.assertIn("refused them: 2", page.contents)
        page = self.post("queue_priority", priority="3", uids=queued.task_uid)
        self.assertEqual("", page.contents)
        page.open(self.url)
        self.assertIn("refused them: 1", page.contents)
        self.assertEqual([FAILED, QUEUED], [
            self.status(failed), self.status(queued)])

    def test_users_without_permission(self):
        task = self.add_failed()
        for who in (None, "client_contact", "analyst", "consumer"):
            for action in ("queue_requeue", "queue_remove",
                           "queue_cancel_job"):
                with self.assertRaises(Unauthorized):
                    self.click(action, [task.task_uid], who, token=False)
            for view in ("queue_pause", "queue_resume", "queue_priority"):
                with self.assertRaises(Unauthorized):
                    self.post(view, who, token=False, priority="1",
                              uids=task.task_uid)
        self.assertEqual(FAILED, self.status(task))
        self.assertEqual([], api.get_queue().store.pauses())

    def test_forged_requests_are_refused(self):
        task = self.add_failed()
        for attempt in (
                lambda: self.click("queue_remove", [task.task_uid],
                                   token=False),
                lambda: self.click("queue_cancel_job", [task.task_uid],
                                   token=False),
                lambda: self.post("queue_pause", token=False),
                lambda: self.post("queue_resume", token=False),
                lambda: self.post("queue_priority", token=False,
                                  uids=task.task_uid, priority="1")):
            with self.assertRaises(Exception) as caught:
                attempt()
            self.assertIn("orbidden", repr(caught.exception))
        self.assertEqual(FAILED, self.status(task))
        self.assertEqual([], api.get_queue().store.pauses())

    def test_no_redirect_to_another_site(self):
        task = self.add_failed()
        page = self.click("queue_remove", [task.task_uid],
                          redirect_url="http://evil.example/")
        self.assertTrue(page.url.startswith(self.portal.absolute_url()))
