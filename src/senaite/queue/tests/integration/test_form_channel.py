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

from bika.lims import api
from zExceptions import Unauthorized

from senaite.queue.tests.integration.base import WorksheetTestCase
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
