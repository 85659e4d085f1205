# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api as senaite_api

from senaite.queue import api
from senaite.queue.browser import indicator
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils

USER = "labman1"


class IndicatorTest(WorksheetTestCase):
    """Tests how each page reads the jobs of the user who is logged in."""

    def setUp(self):
        super(IndicatorTest, self).setUp()
        self.worksheet = utils.create_worksheet(self.portal)
        self.add("submit")

    def add(self, action):
        task = api.add_task("task_action_" + action, self.worksheet,
                            action=action, uids=["a" * 32], username=USER)
        transaction.commit()
        return task

    def state(self, user_id=USER):
        return indicator.get_state(self.portal, user_id)

    def test_jobs_of_a_user(self):
        state = self.state()
        self.assertEqual(state["active"], 1)
        self.assertEqual(state["jobs"][0]["state"], "active")
        self.assertEqual(self.state("somebody else"),
                         {"active": 0, "skipped": 0, "waits": u"",
                          "jobs": []})

    def test_pages_do_not_search_all_tasks_again(self):
        first = self.state()
        asked, collect = [], indicator._collect_jobs

        def spy(tasks):
            asked.append(len(tasks))
            return collect(tasks)
        indicator._collect_jobs = spy
        try:
            self.assertEqual(self.state(), first)
            self.assertEqual(asked, [])
            # Tasks queued in the meantime are seen at once
            self.add("verify")
            self.assertEqual(self.state()["active"], 2)
            self.assertEqual(asked, [2])
        finally:
            indicator._collect_jobs = collect

    def test_each_call_returns_its_own_copy(self):
        state = self.state()
        state["jobs"][0]["label"] = "changed by somebody"
        self.assertNotEqual(self.state()["jobs"], state["jobs"])
        self.assertTrue(senaite_api.safe_unicode(
            self.state()["jobs"][0]["label"]))
