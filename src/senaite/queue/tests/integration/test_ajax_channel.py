# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Worksheets through the ajax channel: requests for each row, one task."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import transaction
from bika.lims import api
from bika.lims.interfaces import IAnalysisRequest
from plone.app.testing import TEST_USER_ID
from senaite.app.listing.interfaces import IAjaxListingView
from senaite.app.listing.interfaces import IListingWorkflowTransition
from zope.component import getGlobalSiteManager

from senaite.queue.integration.ajax import QueuedActionTransition
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils


class AjaxChannelTest(WorksheetTestCase):

    def test_submit(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        answers = self.click_rows(worksheet, "submit", analyses)
        self.assertEqual(len(self.pending()), 1)
        self.assertEqual(self.states(analyses), ["assigned"] * 6)
        # The first answer updates all rows: disabled and marked
        self.assertEqual(answers[0]["count"], 6)
        for row in answers[0]["folderitems"]:
            self.assertTrue(row["disabled"])
            self.assertEqual(row["allow_edit"], [])
            self.assertIn("queued-mark", row["after"]["state_title"])
        self.assertEqual([answer["errors"] for answer in answers], [{}] * 6)
        # The other answers contain no rows
        self.assertEqual([answer["folderitems"] for answer in answers[1:]],
                         [[]] * 5)

        done = self.drain()
        self.assertEqual([len(task.uids) for task in done], [6, 3])
        self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)

    def test_later_requests_do_nothing_even_when_the_task_is_done(self):
        """With several verifications, each row would verify all others again."""
        _samples, analyses, worksheet = self.make()
        api.get_setup().setTypeOfmultiVerification("self_multi_enabled")
        for analysis in analyses:
            analysis.setNumberOfRequiredVerifications(4)
        self.enter_results(analyses)
        self.do("submit", analyses)
        self.click_rows(worksheet, "multi_verify", analyses[:1])
        first = self.drain()
        self.assertEqual(len(first), 1)
        self.assertEqual(analyses[0].getNumberOfVerifications(), 1)

        uids = [api.get_uid(analysis) for analysis in analyses]
        self.click_rows(worksheet, "multi_verify", analyses)
        self.drain()
        self.click_row(worksheet, "multi_verify", uids[3], uids)
        self.assertEqual(self.pending(), [])
        self.assertEqual([an.getNumberOfVerifications() for an in analyses],
                         [2, 1, 1, 1, 1, 1])

    def test_rows_of_an_outdated_page_are_updated(self):
        """Two users have the same page open, and press the same button."""
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click_rows(worksheet, "submit", analyses)
        answers = self.click_rows(worksheet, "submit", analyses)
        self.assertEqual(len(self.pending()), 1)
        self.assertEqual([answer["count"] for answer in answers],
                         [6, 0, 0, 0, 0, 0])
        self.assertEqual([row["disabled"] for row in answers[0]["folderitems"]],
                         [True] * 6)
        # The script does not send requests for the others
        uids = [api.get_uid(analysis) for analysis in analyses]
        self.assertEqual([answer.get("answered") for answer in answers],
                         [None] + [uids] * 5)

    def test_what_is_left_out_is_told(self):
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.do("submit", analyses[:1])
        self.click_rows(worksheet, "submit", analyses[1:3])
        removed = api.get_uid(analyses[5])
        gone = analyses.pop()
        worksheet.removeAnalysis(gone)
        api.get_parent(gone).manage_delObjects([api.get_id(gone)])
        transaction.commit()

        uids = [api.get_uid(analysis) for analysis in analyses] + [removed]
        answer = self.click_row(worksheet, "submit", uids[0], uids)
        name = api.get_user_fullname(TEST_USER_ID) or TEST_USER_ID
        self.assertEqual(answer["click"], {
            "queued": 2,
            "job": self.pending()[1].job_uid,
            "left_out": [
                {"reason": "queued", "count": 2,
                 "text": "2 are queued by " + name},
                {"reason": "gone", "count": 1, "text": "1 was removed"},
                {"reason": "in_state", "state": "to_be_verified", "count": 1,
                 "text": "1 is submitted"}],
            "message": "2 queued. 4 left out: 2 are queued by {}, 1 was "
                       "removed, 1 is submitted".format(name)})
        # The rows show it
        marked = [row["uid"] for row in answer["folderitems"]
                  if "queued-mark" in row["after"].get("state_title", "")]
        self.assertEqual(sorted(marked), sorted(uids[1:5]))
        self.assertEqual([len(task.uids) for task in self.pending()], [2, 2])

        # Nothing is left to be queued
        answer = self.click_row(worksheet, "submit", uids[0], uids[:5])
        self.assertEqual(answer["click"]["queued"], 0)
        self.assertEqual(
            answer["click"]["message"], "Nothing was queued. 5 left out: "
            "4 are queued by {}, 1 is submitted".format(name))

    def test_nothing_is_left_out(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        answers = self.click_rows(worksheet, "submit", analyses)
        self.assertEqual(answers[0]["click"], {
            "queued": 6, "left_out": [], "job": self.pending()[0].job_uid,
            "message": "6 items were queued and will be processed in the background."})
        self.assertFalse([answer for answer in answers[1:]
                          if "click" in answer])

    def test_all_rows_of_one_request_are_updated(self):
        """No page of SENAITE 2.6 does that, but its endpoint accepts a list."""
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        uids = [api.get_uid(analysis) for analysis in analyses]
        answer = json.loads(self.post(
            worksheet.absolute_url() +
            "/analyses_classic_view/do_action_for",
            json.dumps({"uids": uids[1:3], "chained_uids": uids,
                        "transition": "submit"}), "application/json"))
        self.assertEqual(set(row["uid"] for row in answer["folderitems"]),
                         set(uids[1:3]))

    def test_transposed_listing(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click_rows(worksheet, "submit", analyses,
                        view="analyses_transposed_view")
        self.assertEqual(len(self.pending()), 1)
        rows = self.post(
            worksheet.absolute_url() + "/analyses_transposed_view/folderitems",
            "{}", "application/json")
        self.assertEqual(rows.count("queued-mark"), 6)

    def test_retract(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.do("submit", analyses)
        answers = self.click_rows(worksheet, "retract", analyses)
        self.assertEqual(answers[0]["count"], 6)
        self.assertEqual(len(self.pending()), 1)
        self.drain()
        self.assertEqual(self.states(analyses), ["retracted"] * 6)
        self.assertEqual(len(worksheet.getAnalyses()), 12)
        self.assertEqual(api.get_review_status(worksheet), "open")

    def test_samples_are_not_queued(self):
        """Only actions in a worksheet are queued."""
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        answers = self.click_rows(samples[0], "submit", analyses[:3],
                                  view="table_lab_analyses")
        self.assertFalse([answer for answer in answers
                          if "answered" in answer])
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.states(analyses[:3]), ["to_be_verified"] * 3)

    def remove(self, analyses):
        """Remove analyses; return their uids."""
        uids = [api.get_uid(analysis) for analysis in analyses]
        for analysis in analyses:
            analysis.getWorksheet().removeAnalysis(analysis)
            api.get_parent(analysis).manage_delObjects([api.get_id(analysis)])
        transaction.commit()
        return uids

    def test_first_row_is_gone(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        gone = self.remove(analyses[:1])
        uids = gone + [api.get_uid(analysis) for analysis in analyses[1:]]
        answer = self.click_row(worksheet, "submit", uids[0], uids)
        # The others are queued with this request, as always with the first
        task, = self.pending()
        self.assertEqual(task.uids, uids[1:])
        self.assertEqual(answer["click"], {
            "queued": 5, "job": task.job_uid,
            "left_out": [{"reason": "gone", "count": 1,
                          "text": "1 was removed"}],
            "message": "5 queued. 1 left out: 1 was removed"})
        self.assertEqual(sorted(row["uid"] for row in answer["folderitems"]),
                         sorted(uids[1:]))
        self.assertEqual(answer["errors"], {})
        self.assertIn(uids[0], answer["uids"])
        for uid in uids[1:]:
            answer = self.click_row(worksheet, "submit", uid, uids)
            self.assertEqual((answer["answered"], answer["folderitems"]),
                             (uids, []))
        self.assertEqual(len(self.pending()), 1)

    def test_row_is_gone_that_is_not_the_first(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        gone = self.remove(analyses[1:2])
        uids = [api.get_uid(analyses[0])] + gone + [
            api.get_uid(analysis) for analysis in analyses[2:]]
        answers = [self.click_row(worksheet, "submit", uid, uids)
                   for uid in uids]
        self.assertEqual(answers[0]["click"]["message"],
                         "5 queued. 1 left out: 1 was removed")
        self.assertEqual([answer.get("answered") for answer in answers],
                         [None] + [uids] * 5)
        self.assertEqual(answers[1]["uids"], gone)
        self.assertEqual(len(self.pending()), 1)

    def test_first_row_goes_while_the_requests_are_sent(self):
        """What the first request has queued is not queued again."""
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        uids = [api.get_uid(analysis) for analysis in analyses]
        self.click_row(worksheet, "submit", uids[0], uids)
        self.drain()
        self.remove(analyses[:1])
        for uid in uids[1:]:
            answer = self.click_row(worksheet, "submit", uid, uids)
            self.assertEqual(answer["answered"], uids)
            self.assertNotIn("click", answer)
        self.assertEqual(self.pending(), [])

    def test_all_rows_are_gone(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        uids = self.remove(analyses[:3])
        answers = [self.click_row(worksheet, "submit", uid, uids)
                   for uid in uids]
        self.assertEqual(answers[0]["click"], {
            "queued": 0, "job": None,
            "left_out": [{"reason": "gone", "count": 3,
                          "text": "3 were removed"}],
            "message": "Nothing was queued. 3 left out: 3 were removed"})
        # Only what was queued as a whole is said to be answered
        self.assertNotIn("answered", answers[0])
        for uid, answer in zip(uids, answers):
            self.assertEqual(
                (answer["count"], answer["folderitems"], answer["uids"]),
                (0, [], [uid]))
        self.assertFalse([answer for answer in answers[1:]
                          if "click" in answer])
        self.assertEqual(self.pending(), [])

    def test_gone_row_of_a_selection_that_is_not_queued(self):
        """Its neighbours are transitioned one by one, by their requests."""
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        gone = self.remove(analyses[:1])
        uids = gone + [api.get_uid(analysis) for analysis in analyses[1:3]]
        with utils.settings(default=0):
            answers = [self.click_row(worksheet, "submit", uid, uids)
                       for uid in uids[1:]]
        self.assertFalse([answer for answer in answers
                          if "answered" in answer or "click" in answer])
        self.assertEqual(self.states(analyses[1:3]), ["to_be_verified"] * 2)

    def queue_cancellations(self):
        """Have samples cancelled in all listings by tasks, as an add-on may."""
        registration = (
            QueuedActionTransition,
            (IAjaxListingView, IAnalysisRequest, ISenaiteQueueLayer),
            IListingWorkflowTransition, "cancel")
        manager = getGlobalSiteManager()
        manager.registerAdapter(*registration)
        self.addCleanup(manager.unregisterAdapter, *registration)

    def test_samples_with_queued_analyses_are_told_as_queued(self):
        self.queue_cancellations()
        samples, analyses, worksheet = self.make(assign=False)
        self.click(worksheet, "assign", analyses[:3])
        client = samples[0].aq_parent
        answer = self.click_rows(client, "cancel", samples,
                                 view="analysisrequests")[0]
        name = api.get_user_fullname(TEST_USER_ID) or TEST_USER_ID
        self.assertEqual(answer["click"]["message"],
                         "1 queued. 1 left out: 1 is queued by " + name)

    def test_action_of_an_addon(self):
        """An adapter registered for an action queues it in all listings."""
        self.queue_cancellations()
        samples = utils.create_samples(self.portal, 5)
        transaction.commit()
        client = samples[0].aq_parent
        self.click_rows(client, "cancel", samples, view="analysisrequests")
        self.assertEqual(len(self.pending()), 1)
        self.assertEqual(self.states(samples), ["sample_received"] * 5)
        self.drain()
        self.assertEqual(self.states(samples), ["cancelled"] * 5)
