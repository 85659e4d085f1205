# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Queued objects cannot be transitioned, and are marked as queued."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from bika.lims import api
from bika.lims.workflow import isTransitionAllowed
from plone.app.testing import TEST_USER_ID
from zope.globalrequest import getRequest

from senaite.queue.api import is_queued
from senaite.queue.model.current import working_on
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils


class GuardsTest(WorksheetTestCase):

    def queue_some(self):
        """Return a worksheet with the analyses of its first sample queued."""
        self.samples, self.analyses, self.worksheet = self.make()
        self.enter_results(self.analyses)
        self.click(self.worksheet, "submit", self.analyses[:3])

    def forget_answers(self):
        utils.clear_caches(getRequest())

    def test_veto(self):
        self.queue_some()
        self.forget_answers()
        for analysis in self.analyses[:3]:
            self.assertTrue(is_queued(analysis))
            self.assertEqual(api.get_transitions_for(analysis), [])
        for analysis in self.analyses[3:]:
            self.assertFalse(is_queued(analysis))
            self.assertTrue(isTransitionAllowed(analysis, "submit"))
        self.assertTrue(is_queued(self.worksheet))
        self.assertEqual(api.get_transitions_for(self.worksheet), [])
        self.assertEqual(api.get_transitions_for(self.samples[0]), [])
        self.assertNotEqual(api.get_transitions_for(self.samples[1]), [])

    def test_only_the_current_task_may_transition(self):
        self.queue_some()
        self.forget_answers()
        # A request parameter does not help
        getRequest().form["queue_tuid"] = self.pending()[0].task_uid
        getRequest().set("queue_tuid", self.pending()[0].task_uid)
        self.assertFalse(isTransitionAllowed(self.analyses[0], "submit"))
        with working_on(self.pending()[0]):
            self.assertTrue(isTransitionAllowed(self.analyses[0], "submit"))

    def test_another_task_may_not_transition(self):
        self.queue_some()
        first = self.pending()[0]
        self.click(self.worksheet, "submit", self.analyses[3:])
        other, = [task for task in self.pending() if task != first]
        self.forget_answers()
        with working_on(other):
            self.assertFalse(isTransitionAllowed(self.analyses[0], "submit"))
            self.assertTrue(isTransitionAllowed(self.analyses[3], "submit"))

    def test_no_veto_after_processing(self):
        self.queue_some()
        self.drain()
        self.forget_answers()
        self.assertFalse(is_queued(self.worksheet))
        self.assertTrue(isTransitionAllowed(self.analyses[0], "verify"))

    def test_worksheet_is_promoted_after_transitions_by_hand(self):
        """A queued worksheet cannot be submitted: the task does it later."""
        self.queue_some()
        self.do("submit", self.analyses[3:])
        self.assertEqual(api.get_review_status(self.worksheet), "open")
        self.drain()
        self.assertEqual(api.get_review_status(self.worksheet),
                         "to_be_verified")
        self.assertEqual(self.states(self.samples), ["to_be_verified"] * 2)

    def rows(self, url):
        answer = self.post(url + "/folderitems", json.dumps({}),
                           "application/json")
        items = json.loads(answer)["folderitems"]
        return {item["uid"]: item for item in items if item.get("uid")}

    def test_listings(self):
        self.queue_some()
        rows = self.rows(
            self.worksheet.absolute_url() + "/analyses_classic_view")
        for index, analysis in enumerate(self.analyses):
            row = rows[api.get_uid(analysis)]
            self.assertEqual(bool(row["disabled"]), index < 3)
            self.assertEqual("queued-mark" in json.dumps(row), index < 3)

        rows = self.rows(self.portal.worksheets.absolute_url() + "/base_view")
        self.assertIn("queued-mark",
                      json.dumps(rows[api.get_uid(self.worksheet)]))

        rows = self.rows(self.portal.samples.absolute_url() + "/view")
        marked = [bool(rows[api.get_uid(sample)]["disabled"])
                  for sample in self.samples]
        self.assertEqual(marked, [True, False])

    def test_add_analyses_listing(self):
        _samples, analyses, worksheet = self.make(assign=False)
        self.click(worksheet, "assign", analyses[:3])
        other = utils.create_worksheet(self.portal)
        rows = self.rows(other.absolute_url() + "/add_analyses")
        for index, analysis in enumerate(analyses):
            row = rows[api.get_uid(analysis)]
            self.assertEqual(bool(row["disabled"]), index < 3)

    def test_progress(self):
        self.queue_some()
        url = self.worksheet.absolute_url()
        progress = json.loads(self.get(url + "/queue_progress"))
        self.assertIn(TEST_USER_ID, progress.pop("who"))
        self.assertEqual(progress, {
            "tasks": 1, "left": 3, "total": 3, "failed": 0})
        page = self.get(url + "/manage_results")
        self.assertIn('class="queue-progress', page)
        self.assertIn("queue.js", page)
        self.assertIn("selection.js", page)
        self.drain()
        progress = json.loads(self.get(url + "/queue_progress"))
        self.assertEqual(progress["left"], 0)
