# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page of a task and "My tasks": which users see what."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import transaction
from lxml import html
from zExceptions import Unauthorized

from senaite.queue import api
from senaite.queue.browser.monitor import task_page
from senaite.queue.browser.monitor.task_page import address_of
from senaite.queue.browser.monitor.task_page import language_of
from senaite.queue.browser import my_tasks
from senaite.queue.model import clock
from senaite.queue.model.queue_task import new_task
from senaite.queue.records import enqueue
from senaite.queue.tests import utils
from senaite.queue.tests.integration.test_monitor import CONSUMER
from senaite.queue.tests.integration.test_monitor import MonitorCase


UNDONE = "is not in the database any more"


class Late(object):
    """A clock."""

    @staticmethod
    def now():
        return clock.now() - 1800


class TestTaskPage(MonitorCase):

    def page(self, uid, who="lab_manager"):
        browser = self.browse(who)
        browser.raiseHttpErrors = False
        browser.open("{}/@@queue_task?uid={}".format(
            self.portal.absolute_url(), uid))
        return browser

    def test_managers_see_everything(self):
        task = self.add(retries=1, uids=[self.client.UID()],
                        colour=[u"<i>blue"])
        queue = api.get_queue()
        queue.fail(queue.pop(CONSUMER), "Out of ether <b>",
                   traceback="Traceback <b>: line 1")
        page = self.page(task.task_uid).contents
        for text in (task.task_uid, "Some task", "Out of ether &lt;b&gt;",
                     "Traceback &lt;b&gt;: line 1", CONSUMER, "colour",
                     "&lt;i&gt;blue", self.client.absolute_url(),
                     "@@queue_my_tasks", "queue_remove_button"):
            self.assertIn(text, page)
        self.assertNotIn("<i>blue", page)

    def done_ago(self, minutes):
        """Return the page of a task that was done so many minutes ago, by the
        store's clock. That of this machine is half an hour late."""
        task = self.add()
        queue = api.get_queue()
        queue.done(queue.pop(CONSUMER))
        real = queue.get_history

        def get_history(task_uid):
            found = real(task_uid)
            found["row"]["started"] = found["now"] - 60 * minutes - 1
            found["row"]["ended"] = found["now"] - 60 * minutes
            return found
        queue.get_history = get_history
        self.addCleanup(setattr, task_page, "clock", task_page.clock)
        task_page.clock = Late
        try:
            return self.page(task.task_uid).contents
        finally:
            del queue.get_history

    def test_work_that_was_undone_is_told(self):
        """The ledger has no record of it."""
        self.assertIn(UNDONE, self.done_ago(40))

    def test_forgotten_work_is_not_told_to_be_undone(self):
        self.assertNotIn(UNDONE, self.done_ago(70))

    def test_duration_is_measured_by_the_clock_of_the_store(self):
        task = self.add()
        queue = api.get_queue()
        queue.pop(CONSUMER)
        real = queue.get_history
        queue.get_history = lambda task_uid: dict(
            real(task_uid), now=queue.store.now() + 600)
        try:
            page = self.page(task.task_uid).contents
        finally:
            del queue.get_history
        # of the task, and of its attempt
        self.assertEqual(page.count("10 min"), 2)

    def test_secrets_are_not_shown(self):
        task = self.add(__ac="s3cr3t-of-the-test", colour="blue",
                        options={"password": "s3cr3t-of-the-test"},
                        retries=2)
        page = self.page(task.task_uid).contents
        for text in ("__ac", "password", "***", "blue"):
            self.assertIn(text, page)
        for text in ("s3cr3t-of-the-test", "job_given"):
            self.assertNotIn(text, page)

    def test_address_and_language_of_the_click_are_shown(self):
        """But not where the user was, nor with which browser."""
        task = self.add(click_origin={
            "server_url": "https://lims.example.com", "virtual_root": ["lab"],
            "root_path": "/plone", "languages": ["de", "en"],
            "comments": "not-for-all",
            "client": {"address": "192.0.2.7", "user_agent": "Some browser"}})
        page = self.page(task.task_uid).contents
        self.assertIn("https://lims.example.com/lab", page)
        for text in ("192.0.2.7", "Some browser", "not-for-all"):
            self.assertNotIn(text, page)
        self.assertNotIn("not added from a page", page)
        page = self.page(self.add().task_uid).contents
        self.assertIn("not added from a page", page)

    def test_key_origin_of_an_addon_is_shown_with_its_payload(self):
        task = self.add(origin="from-the-importer")
        page = self.page(task.task_uid).contents
        self.assertIn("from-the-importer", page)

    def test_origins_that_are_none_do_not_break_the_page(self):
        """Somebody has changed the stored task."""
        nowhere = address_of(None)
        for origin in ("import", 3, [], ["x"], {}, {"server_url": 1},
                       {"server_url": "x", "virtual_root": 3},
                       {"server_url": "x", "virtual_root": [3]}):
            self.assertEqual(address_of(origin), nowhere, origin)
            self.assertIsNone(language_of(origin))
        for languages in ("de", 3, {}, []):
            self.assertIsNone(language_of({"languages": languages}))

    def test_other_tasks_of_the_job_are_listed(self):
        task, other = [self.add(job_uid="f" * 32, uids=[self.client.UID()])
                       for _number in range(2)]
        page = html.fromstring(self.page(task.task_uid).contents)
        entry, = page.xpath("//li[a[contains(@href, '{}')]]".format(
            other.task_uid))
        text = " ".join(entry.text_content().split())
        self.assertIn("Queued, items: 1, ", text)

    def test_the_user_of_the_task_sees_less(self):
        task = self.add(username="client_contact", colour="blue")
        queue = api.get_queue()
        queue.fail(queue.pop(CONSUMER), "Out of ether",
                   traceback="Traceback of it", kind="fatal")
        page = self.page(task.task_uid, "client_contact").contents
        self.assertIn("Out of ether", page)
        for text in ("Traceback of it", CONSUMER, "blue", "_button"):
            self.assertNotIn(text, page)

    def test_others_see_nothing(self):
        task = self.add(username="lab_manager")
        seen = self.page(task.task_uid, "client_contact")
        unknown = self.page("0" * 32, "client_contact")
        for browser in (seen, unknown):
            self.assertIn("404", browser.headers["Status"])
            self.assertIn("There is no such task", browser.contents)
            self.assertNotIn("Some task", browser.contents)
        with self.assertRaises(Unauthorized):
            self.browse(None).open("{}/@@queue_task?uid={}".format(
                self.portal.absolute_url(), task.task_uid))

    def test_invalid_uids(self):
        for uid in ("", "x", "<script>", "%00", "a" * 33):
            self.assertIn("There is no such task", self.page(uid).contents)


class TestMyTasks(MonitorCase):

    def test_reasons_end_with_one_full_stop(self):
        for text, shown in ((u"No adapter", u"No adapter."),
                            (u"Gone.", u"Gone."),
                            (u"\u539f\u56e0\u672a\u77e5\u3002",
                             u"\u539f\u56e0\u672a\u77e5\u3002")):
            self.assertEqual(my_tasks.sentence(text), shown)

    def page(self, who):
        browser = self.browse(who)
        browser.open(self.portal.absolute_url() + "/@@queue_my_tasks")
        return browser.contents

    def test_user_without_tasks(self):
        for who in ("client_contact", "analyst", "lab_manager"):
            self.assertIn("You have no tasks", self.page(who))
        with self.assertRaises(Unauthorized):
            self.page(None)

    def test_one_row_for_each_job(self):
        for number in range(3):
            self.add(username="client_contact", job_uid="f" * 32,
                     name="task_action_submit", job_total=3)
        queue = api.get_queue()
        queue.done(queue.pop(CONSUMER), processed=1)
        self.add(username="lab_manager", name="task_action_verify")
        page = self.page("client_contact")
        self.assertEqual(1, page.count("data-job"))
        self.assertIn("Submit results", page)
        self.assertIn("1 / 3", page)
        self.assertNotIn("Verify", page)
        self.assertIn("Verify results", self.page("lab_manager"))

    def test_failures_are_explained(self):
        self.add(username="client_contact")
        queue = api.get_queue()
        queue.fail(queue.pop(CONSUMER), "Traceback...\nIt is <b>closed",
                   kind="fatal")
        page = self.page("client_contact")
        self.assertIn("The task failed: It is &lt;b&gt;closed.", page)

    def state(self, who):
        """Return the state that the script of a page receives."""
        utils.have_answer(self.portal)
        browser = self.browse(who)
        browser.open(self.portal.absolute_url() + "/queue_state?all=1")
        return json.loads(browser.contents)

    def test_state_of_tasks_in_the_outbox(self):
        task = new_task("task_action_submit", self.client,
                        username="client_contact")
        enqueue.add(task)
        transaction.commit()
        state = self.state("client_contact")
        self.assertEqual(1, state["active"])
        self.assertEqual([(task.job_uid, "Submit results", "active")], [
            (job["uid"], job["label"], job["state"]) for job in state["jobs"]])
        for who in ("lab_manager", None):
            state = self.state(who)
            self.assertEqual(len(state.pop("version")), 16)
            self.assertEqual({"active": 0, "skipped": 0, "jobs": [],
                              "waits": "", "user": who, "ended": {}, "unsettled": [],
                              "queued": [], "marks": [],
                              "progress": None}, state)
