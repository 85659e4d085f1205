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

import re

import transaction
from plone.app.testing import SITE_OWNER_NAME
from plone.app.testing import SITE_OWNER_PASSWORD
from six.moves.urllib.parse import urlencode
from zExceptions import Unauthorized

from senaite.queue import api
from senaite.queue.browser.monitor import controls
from senaite.queue.browser.monitor import reconciling
from senaite.queue.browser.monitor import removal
from senaite.queue.browser.monitor import task_actions
from senaite.queue.browser import uninstall_notice
from senaite.queue.errors import StoreUnavailable
from senaite.queue.model.queue_task import new_task
from senaite.queue.model.states import CANCELLED
from senaite.queue.model.states import FAILED
from senaite.queue.model.states import QUEUED
from senaite.queue.model.states import RUNNING
from senaite.queue.records import outbox
from senaite.queue.records import store_mark
from senaite.queue.tests.integration import people
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

    def manage(self):
        """Return a browser of a manager on the page of the question."""
        browser = self.browse(None)
        people.log_in(browser, SITE_OWNER_NAME, SITE_OWNER_PASSWORD)
        browser.open(self.url)
        browser.getLink("Remove everything").click()
        return browser

    def test_remove_everything(self):
        failed, queued = self.add_failed(), self.add()
        running = self.add()
        queue = api.get_queue()
        self.assertEqual(queued.task_uid, queue.pop(CONSUMER).task_uid)
        outbox.put(self.portal, new_task("some_task", self.client))
        transaction.commit()
        page = self.manage()
        self.assertIn('id="queue-unfinished">4</span>', page.contents)
        words = " ".join(re.sub("<[^>]*>", "", page.contents).split())
        self.assertIn("Waiting: 2, running: 1, failed: 1.", words)
        self.assertIn("Their work will not be done", words)
        # the question alone removes nothing
        self.assertEqual([FAILED, RUNNING, QUEUED], [
            self.status(task) for task in (failed, queued, running)])
        page.getControl("Remove everything").click()
        self.assertIn("Everything was removed from the queue. Tasks: 4",
                      page.contents)
        self.assertIn("queue_tasks", page.url)
        self.assertEqual([None] * 3, [
            self.status(task) for task in (failed, queued, running)])
        transaction.begin()
        self.assertEqual([], outbox.pending(self.portal))

    def test_remove_everything_and_the_server_is_away(self):
        task = self.add()
        page = self.manage()
        self.addCleanup(setattr, removal, "api", removal.api)
        removal.api = BrokenApi
        page.getControl("Remove everything").click()
        self.assertIn("nothing was changed", page.contents)
        page.open(self.portal.absolute_url() + "/@@queue_remove_all")
        self.assertIn("nothing can be removed", page.contents)
        self.assertEqual(QUEUED, self.status(task))

    def test_only_managers_remove_everything(self):
        task = self.add()
        for who in (None, "client_contact", "analyst", "consumer",
                    "lab_manager"):
            browser = self.browse(who)
            with self.assertRaises(Unauthorized):
                browser.open(
                    self.portal.absolute_url() + "/@@queue_remove_all")
            with self.assertRaises(Unauthorized):
                self.post("queue_remove_all", who, token=False, confirmed="1")
        self.assertNotIn("queue_remove_all", self.browse_monitor())
        page = self.manage()
        for attempt in (
                lambda: page.open(page.url + "?confirmed=1"),
                lambda: page.post(
                    self.portal.absolute_url() + "/@@queue_remove_all",
                    "confirmed=1")):
            with self.assertRaises(Exception) as caught:
                attempt()
            self.assertIn("orbidden", repr(caught.exception))
        self.assertEqual(QUEUED, self.status(task))

    def hold(self):
        """Restore the database to a state before the store's tasks; return the
        queue and a task that waits."""
        task = self.add()
        queue = api.get_queue()
        self.assertEqual(task.task_uid, queue.pop(CONSUMER).task_uid)
        queue.done(task, CONSUMER)
        waiting = self.add()
        transaction.begin()
        store_mark.uninstall(self.portal)
        transaction.commit()
        queue.store.note_mark(store_mark.split_version(queue.store.version()))
        queue.agreement._confirm_seconds = 0
        queue.agreement.check()
        return queue, waiting

    def test_reconcile(self):
        queue, waiting = self.hold()
        self.assertIsNone(queue.pop(CONSUMER))
        browser = self.browse(None)
        people.log_in(browser, SITE_OWNER_NAME, SITE_OWNER_PASSWORD)
        browser.open(self.url)
        self.assertIn("The database was restored from a backup",
                      browser.contents)
        browser.getLink("Reconcile").click()
        self.assertIn("are set to failed", browser.contents)
        # the question alone changes nothing
        self.assertIsNone(queue.pop(CONSUMER))
        browser.getControl("Reconcile").click()
        self.assertIn("Tasks done again: 0, failed: 1, replaced: 0.",
                      browser.contents)
        self.assertIn("queue_tasks", browser.url)
        self.assertNotIn("queue_reconcile", browser.contents)
        self.assertEqual(FAILED, self.status(waiting))
        browser.open(self.portal.absolute_url() + "/@@queue_reconcile")
        self.assertIn("nothing to reconcile", browser.contents)

    def test_reconcile_and_the_server_is_away(self):
        queue, _task = self.hold()
        browser = self.browse(None)
        people.log_in(browser, SITE_OWNER_NAME, SITE_OWNER_PASSWORD)
        url = self.portal.absolute_url() + "/@@queue_reconcile"
        browser.open(url)
        self.addCleanup(setattr, reconciling, "api", reconciling.api)
        reconciling.api = BrokenApi
        browser.getControl("Reconcile").click()
        self.assertIn("nothing was changed", browser.contents)
        browser.open(url)
        self.assertIn("nothing can be reconciled", browser.contents)
        self.assertIsNotNone(queue.store.get_hold())

    def test_only_managers_reconcile(self):
        queue, _task = self.hold()
        for who in (None, "client_contact", "analyst", "consumer",
                    "lab_manager"):
            with self.assertRaises(Unauthorized):
                self.browse(who).open(
                    self.portal.absolute_url() + "/@@queue_reconcile")
            with self.assertRaises(Unauthorized):
                self.post("queue_reconcile", who, token=False, confirmed="1")
        page = self.browse_monitor()
        self.assertIn("The database was restored from a backup", page)
        self.assertNotIn("queue_reconcile", page)
        browser = self.browse(None)
        people.log_in(browser, SITE_OWNER_NAME, SITE_OWNER_PASSWORD)
        url = self.portal.absolute_url() + "/@@queue_reconcile"
        for attempt in (lambda: browser.open(url + "?confirmed=1"),
                        lambda: browser.post(url, "confirmed=1")):
            with self.assertRaises(Exception) as caught:
                attempt()
            self.assertIn("orbidden", repr(caught.exception))
        self.assertIsNotNone(queue.store.get_hold())

    def browse_monitor(self):
        """Return the monitor of a lab manager."""
        browser = self.browse("lab_manager")
        browser.open(self.url)
        return browser.contents

    def test_what_is_lost_is_said_before_uninstalling(self):
        page = self.browse(None)
        people.log_in(page, SITE_OWNER_NAME, SITE_OWNER_PASSWORD)
        url = self.portal.absolute_url() + "/prefs_install_products_form"
        page.open(url)
        self.assertIn("senaite.queue", page.contents)
        self.assertNotIn("queue-uninstall-notice", page.contents)
        self.add_failed()
        self.add()
        page.open(url)
        self.assertIn("Tasks that have not finished: 2. If you uninstall "
                      "SENAITE QUEUE now, they are lost", page.contents)
        self.assertNotIn("is not the queue server", page.contents)
        # other pages do not tell
        page.open(self.portal.absolute_url() + "/@@overview-controlpanel")
        self.assertNotIn("queue-uninstall-notice", page.contents)
        self.addCleanup(setattr, removal, "api", removal.api)
        removal.api = BrokenApi
        page.open(url)
        self.assertIn("how many tasks are lost if you uninstall SENAITE QUEUE "
                      "is not known", page.contents)

    def test_tasks_that_are_kept_elsewhere_are_said_before(self):
        self.add()
        self.addCleanup(setattr, uninstall_notice, "process_role",
                        uninstall_notice.process_role)

        class Client(object):
            @staticmethod
            def is_queue_server():
                return False
        uninstall_notice.process_role = Client
        page = self.browse(None)
        people.log_in(page, SITE_OWNER_NAME, SITE_OWNER_PASSWORD)
        page.open(self.portal.absolute_url() + "/prefs_install_products_form")
        self.assertIn("This process is not the queue server", page.contents)
        self.assertIn("Remove everything", page.contents)
        self.assertIn("they stay in the task store", page.contents)
        self.assertNotIn("they are lost", page.contents)

    def test_no_redirect_to_another_site(self):
        task = self.add_failed()
        page = self.click("queue_remove", [task.task_uid],
                          redirect_url="http://evil.example/")
        self.assertTrue(page.url.startswith(self.portal.absolute_url()))
