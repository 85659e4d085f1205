# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Worksheets through the form channel: which clicks are queued."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import re

from bika.lims import api
from bika.lims.interfaces import IClient
from bika.lims.interfaces import IWorkflowActionAdapter
from plone.app.testing import login
from plone.app.testing import TEST_USER_ID
from six.moves.urllib.parse import unquote
from six.moves.urllib.parse import urlencode
from zExceptions import Unauthorized
from zope.component import getGlobalSiteManager

from senaite.queue.integration.form_channel import \
    WorkflowActionGenericQueueAdapter
from senaite.queue.integration import shortfall
from senaite.queue.integration import told
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue.model import left_out
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests.integration import people
from senaite.queue.tests import utils


class FormChannelTest(WorksheetTestCase):

    def test_message_and_chunks(self):
        _samples, analyses, worksheet = self.make(assign=False)
        page = self.click(worksheet, "assign", analyses)
        self.assertIn("6 items were queued", page)
        self.assertEqual(worksheet.getLayout(), [])
        done = self.drain()
        self.assertEqual([len(task.uids) for task in done], [6, 3])
        self.assertEqual(len(set(task.job_uid for task in done)), 1)
        self.assertEqual(len(worksheet.getLayout()), 6)

    def test_values_of_the_form_are_saved_first(self):
        _samples, analyses, worksheet = self.make()
        form = {"Result.{}:records".format(api.get_uid(an)): "7"
                for an in analyses}
        self.click(worksheet, "submit", analyses, **form)
        # Without the results of the form nothing could be submitted
        self.assertEqual([an.getResult() for an in analyses], ["7"] * 6)
        self.assertEqual(self.states(analyses), ["assigned"] * 6)
        self.drain()
        self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)

    def test_impossible_actions_are_not_queued(self):
        _samples, analyses, worksheet = self.make()
        page = self.click(worksheet, "submit", analyses)
        self.assertIn("No changes made", page)
        self.assertEqual(self.pending(), [])

    def test_anonymous_clicks_are_not_queued(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.browser = self.new_browser()
        # The action is public, but the page it redirects to is not
        with self.assertRaises(Unauthorized):
            self.click(worksheet, "submit", analyses)
        self.assertEqual(self.pending(), [])

    def test_second_click_is_not_queued(self):
        _samples, analyses, worksheet = self.make()
        self.click(worksheet, "unassign", analyses)
        page = self.click(worksheet, "unassign", analyses)
        self.assertIn("Already queued", page)
        self.assertEqual(len(self.pending()), 1)

    def told(self, page):
        """Return the text of a page, and the message that is repeated in a
        corner of the next page."""
        cookie = self.browser.cookies.get(told.COOKIE)
        again = json.loads(unquote(cookie)) if cookie else None
        text = re.sub("<[^>]*>", " ", page).decode("utf-8")
        return u" ".join(text.split()), again

    def test_what_is_left_out_is_told(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.do("submit", analyses[:1])
        self.click(worksheet, "submit", analyses[1:3])
        text, again = self.told(
            self.click(worksheet, "submit", analyses))
        name = api.get_user_fullname(TEST_USER_ID) or TEST_USER_ID
        expected = "3 queued. 3 left out: 2 are queued by {}, 1 is " \
            "submitted".format(name)
        self.assertIn(expected, text)
        self.assertEqual(again, {"text": expected, "level": "warning",
                                 "job": self.pending()[1].job_uid})
        self.assertEqual([len(task.uids) for task in self.pending()], [2, 3])

        text, _again = self.told(
            self.click(worksheet, "submit", analyses[:2]))
        self.assertIn("No changes made. 2 left out: 1 is submitted, 1 is "
                      "queued by {}".format(name), text)

    def test_what_was_queued_is_repeated_on_the_next_page(self):
        _samples, analyses, worksheet = self.make()
        text, again = self.told(
            self.click(worksheet, "unassign", analyses))
        self.assertIn(again["text"], text)
        job = self.pending()[0].job_uid
        self.assertEqual(again, {"level": "info", "job": job, "text":
            "6 items were queued and will be processed in the background."})

    def test_analyses_that_others_have_assigned(self):
        _samples, analyses, worksheet = self.make(assign=False)
        other = utils.create_worksheet(self.portal)
        with utils.settings(default=0):
            other.addAnalyses(analyses[:2])
        gone = analyses[5]
        api.get_parent(gone).manage_delObjects([api.get_id(gone)])
        text, _again = self.told(self.post(
            worksheet.absolute_url() + "/workflow_action", urlencode(
                [("workflow_action_id", "assign")] +
                [("uids:list", api.get_uid(obj)) for obj in analyses])))
        self.assertIn("3 queued. 3 left out: 2 are on worksheets, 1 was "
                      "removed", text)

    def test_submission_of_a_sample_tells_of_queued_analyses(self):
        """It is done at once, without them."""
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        own = analyses[:3]
        self.click(worksheet, "submit", own[:1])
        text, again = self.told(self.click(samples[0], "submit", own))
        self.assertIn("1 left out: 1 is queued by ", text)
        self.assertIn("1 left out: ", again["text"])
        self.assertEqual(self.states(own), ["assigned"] + 2 * ["to_be_verified"])

    def test_samples_with_queued_analyses_are_told_as_queued(self):
        registration = (
            WorkflowActionGenericQueueAdapter, (IClient, ISenaiteQueueLayer),
            IWorkflowActionAdapter, "workflow_action_cancel")
        manager = getGlobalSiteManager()
        manager.registerAdapter(*registration)
        self.addCleanup(manager.unregisterAdapter, *registration)
        samples, analyses, worksheet = self.make(assign=False)
        self.click(worksheet, "assign", analyses[:3])
        client = samples[0].aq_parent
        name = api.get_user_fullname(TEST_USER_ID) or TEST_USER_ID
        expected = "1 left out: 1 is queued by " + name
        text, _again = self.told(self.click(client, "cancel", samples[:1]))
        self.assertIn("Already queued, and will be processed in the "
                      "background. " + expected, text)
        text, _again = self.told(self.click(client, "cancel", samples))
        self.assertIn("1 queued. " + expected, text)
        # A task that involves the sample and has its lock counts once
        text, _again = self.told(self.click(client, "cancel", samples))
        self.assertIn("2 left out: 2 are queued by " + name, text)

    def test_states_are_told_in_words_that_suit_the_action(self):
        samples, analyses, _worksheet = self.make()
        self.assertEqual(
            shortfall.tell(shortfall.find(analyses[:1], "assign")),
            "1 left out: 1 is on a worksheet")
        self.assertEqual(
            shortfall.tell(shortfall.find(analyses, "verify")),
            "6 left out: 6 are not submitted")
        self.assertEqual(
            shortfall.tell(shortfall.find(analyses[:1], "verify")),
            "1 left out: 1 is not submitted")
        self.do("unassign", analyses[:3])
        for action, text in (("verify", "3 are not submitted"),
                             ("unassign", "3 are not on a worksheet")):
            groups = shortfall.find(analyses[:3], action)
            self.assertEqual(shortfall.tell(groups), "3 left out: " + text)
            self.assertEqual(
                shortfall.to_answer(0, groups)["left_out"], [{
                    "count": 3, "reason": "in_state", "state": "unassigned",
                    "text": text}])
        # Other states have the titles of the workflow
        groups = shortfall.find(samples, "receive")
        self.assertEqual(shortfall.tell(groups),
                         "2 left out: 2 are in the state 'Received'")
        self.assertEqual(
            shortfall.to_answer(0, groups)["left_out"][0]["state"],
            "sample_received")

    def test_reasons_for_one_item_are_told_in_the_singular(self):
        for reason, one, several in (
                (left_out.NOT_RECEIVED,
                 "1 of a sample that was not received",
                 "2 of samples that were not received"),
                (left_out.DEPENDENCIES,
                 "1 that depends on analyses that are not ready",
                 "2 that depend on analyses that are not ready")):
            for count, text in ((1, one), (2, several)):
                self.assertEqual(shortfall.tell_group(
                    {"count": count, "reason": reason}), text)

    def test_clients_do_not_learn_who_has_queued(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click(worksheet, "submit", analyses[:2])
        groups = shortfall.find(analyses[:2], "submit")
        self.assertIn("2 are queued by ", shortfall.tell(groups))
        people.make(self.portal)
        login(self.portal, "client_contact")
        self.assertEqual(shortfall.tell(groups), "2 left out: 2 are queued")
        self.assertEqual(
            shortfall.to_answer(0, groups)["left_out"],
            [{"reason": "queued", "count": 2, "text": "2 are queued"}])
        self.assertEqual(shortfall.tell_group(
            {"count": 2, "reason": "assigned_to", "user": TEST_USER_ID}),
            "2 assigned to the laboratory")

    def test_changed_meanwhile(self):
        """Objects that are done, assigned or removed are skipped, with a note."""
        samples, analyses, worksheet = self.make(assign=False)
        other = utils.create_worksheet(self.portal)
        self.click(worksheet, "assign", analyses)
        task = self.pending()[0]
        with utils.working_on(task):
            other.addAnalysis(analyses[0])
            worksheet.addAnalysis(analyses[1])
            api.get_parent(analyses[2]).manage_delObjects(
                [api.get_id(analyses[2])])
        done = self.drain()
        self.assertEqual(len(worksheet.getLayout()), 4)
        self.assertIn("1 on another worksheet", done[0].note)
        self.assertIn("1 done already", done[0].note)
        self.assertIn("1 removed meanwhile", done[0].note)
        self.assertEqual(done[1].note, "")

    def test_locks(self):
        samples, analyses, worksheet = self.make()
        self.click(worksheet, "unassign", analyses)
        task = self.pending()[0]
        self.assertEqual(sorted(task.locks),
                         sorted(api.get_uid(sample) for sample in samples))
        self.assertEqual(task.name, "task_action_unassign")
        self.assertEqual(task.context_uid, api.get_uid(worksheet))

    def test_duplicates_and_references_are_included(self):
        """Unassigning a routine analysis removes its duplicate, which the task
        notes as removed."""
        _samples, analyses, worksheet = self.make()
        with utils.settings(default=0):
            duplicates = worksheet.addDuplicateAnalyses(1)
        self.assertEqual(len(duplicates), 3)
        page = self.click(worksheet, "unassign", analyses + duplicates)
        self.assertIn("9 items were queued", page)
        self.drain()
        self.assertEqual(worksheet.getLayout(), [])
        self.assertEqual(worksheet.getAnalyses(), [])

    def test_add_analyses_of_other_callers(self):
        """The modal that creates a worksheet from samples calls addAnalyses."""
        samples, analyses, worksheet = self.make(assign=False)
        worksheet.addAnalyses(analyses)
        self.assertEqual(worksheet.getLayout(), [])
        self.assertEqual(len(self.pending()), 1)
        self.drain()
        self.assertEqual(len(worksheet.getLayout()), 6)
