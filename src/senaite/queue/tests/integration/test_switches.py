# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The settings about what is queued: processes, and minimum number of items.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api

from senaite.queue import api
from senaite.queue.model.categories import PROCESSES
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils


def all_but(*names):
    return tuple(name for name in PROCESSES if name not in names)


class SwitchesTest(WorksheetTestCase):

    def test_default_is_on(self):
        for name in ("assign", "submit", "task_action_verify", "dispatch",
                     "task_reindex_object_security"):
            self.assertTrue(api.is_queue_ready(name), name)

    def test_status_of_a_disabled_process(self):
        with utils.settings(queued_processes=all_but("verify")):
            for name in ("verify", "multi_verify", "task_action_verify"):
                self.assertEqual(api.get_queue_status(name), "disabled")
                self.assertFalse(api.is_queue_ready(name))
            self.assertTrue(api.is_queue_ready("submit"))
            self.assertTrue(api.is_queue_ready())

    def test_other_add_ons(self):
        with utils.settings(queued_processes=all_but("other")):
            self.assertFalse(api.is_queue_ready("dispatch"))
            self.assertTrue(api.is_queue_ready("submit"))

    def test_click_of_a_disabled_process(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        with utils.settings(queued_processes=all_but("submit")):
            self.click(worksheet, "submit", analyses[:3])
            self.assertEqual(self.pending(), [])
            self.click_rows(worksheet, "submit", analyses[3:])
            self.assertEqual(self.pending(), [])
            self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)
            self.click(worksheet, "verify", analyses)
        self.assertEqual(len(self.pending()), 1)

    def test_queued_tasks_are_processed_after_disabling_their_process(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click(worksheet, "submit", analyses)
        with utils.settings(queued_processes=()):
            self.assertEqual(api.get_queue_status("submit"), "resuming")
            chunks = [len(task.uids) for task in self.drain()]
        self.assertEqual(chunks, [6, 3])
        self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)


class ThresholdTest(WorksheetTestCase):

    def test_form_channel(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        with utils.settings(min_items=4):
            self.click(worksheet, "submit", analyses[:3])
            self.assertEqual(self.pending(), [])
            self.assertEqual(self.states(analyses[:3]),
                             ["to_be_verified"] * 3)
        with utils.settings(min_items=3):
            self.click(worksheet, "submit", analyses[3:])
            self.assertEqual(len(self.pending()), 1)

    def test_ajax_channel(self):
        """The number of selected rows counts, also for the last one."""
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        with utils.settings(min_items=4):
            self.click_rows(worksheet, "submit", analyses[:3])
            self.assertEqual(self.pending(), [])
            self.assertEqual(self.states(analyses[:3]),
                             ["to_be_verified"] * 3)
        with utils.settings(min_items=3):
            self.click_rows(worksheet, "submit", analyses[3:])
            self.assertEqual(len(self.pending()), 1)
            self.assertEqual(self.states(analyses[3:]), ["assigned"] * 3)

    def test_each_process_has_its_own_minimum(self):
        """Both channels ask for the minimum of the action; what has none of
        its own has the common one."""
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        with utils.settings(min_items=2, min_items_submit=4):
            self.click(worksheet, "submit", analyses[:3])
            self.click_rows(worksheet, "submit", analyses[3:])
            self.assertEqual(self.pending(), [])
            self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)
            self.click(worksheet, "verify", analyses[:3])
            self.assertEqual(len(self.pending()), 1)
            self.click_rows(worksheet, "retract", analyses[3:5])
            self.assertEqual(len(self.pending()), 2)
        with utils.settings(min_items=500, min_items_reject=1):
            self.click(worksheet, "verify", analyses[5:])
            self.assertEqual(len(self.pending()), 2)
            self.assertEqual(self.states(analyses[5:]), ["verified"])

    def test_minimum_of_a_process_below_the_common_one(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        with utils.settings(min_items=500, min_items_submit=2):
            self.click_rows(worksheet, "submit", analyses[:2])
            self.click(worksheet, "submit", analyses[2:4])
        self.assertEqual([len(task.uids) for task in self.pending()], [2, 2])

    def test_assigning_by_code_has_the_minimum_of_assigning(self):
        _samples, analyses, worksheet = self.make(assign=False)
        with utils.settings(min_items=1, min_items_assign=3):
            worksheet.addAnalyses(analyses[:2])
            self.assertEqual(self.pending(), [])
            worksheet.addAnalyses(analyses[2:5])
        self.assertEqual([len(task.uids) for task in self.pending()], [3])

    def test_assign(self):
        _samples, analyses, worksheet = self.make(assign=False)
        with utils.settings(min_items=4):
            self.click(worksheet, "assign", analyses[:3])
            self.assertEqual(self.pending(), [])
            self.assertEqual(len(worksheet.getAnalyses()), 3)
            # Code that fills worksheets
            worksheet.addAnalyses(analyses[3:5])
            self.assertEqual(self.pending(), [])
            self.assertEqual(len(worksheet.getAnalyses()), 5)
        with utils.settings(min_items=1):
            worksheet.addAnalyses(analyses[5:])
            self.assertEqual(len(self.pending()), 1)
            self.assertEqual(len(worksheet.getAnalyses()), 5)

    def test_queued_items_are_skipped_below_the_minimum(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click(worksheet, "submit", analyses[:3])
        with utils.settings(min_items=4):
            self.click(worksheet, "submit", analyses[2:4])
        self.assertEqual(len(self.pending()), 1)
        self.assertEqual(self.states(analyses[2:4]),
                         ["assigned", "to_be_verified"])

    def test_api_ignores_the_minimum(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        with utils.settings(min_items=5):
            task = api.add_action_task(analyses[:1], "submit", worksheet)
        self.assertEqual(task.uids, [senaite_api.get_uid(analyses[0])])
