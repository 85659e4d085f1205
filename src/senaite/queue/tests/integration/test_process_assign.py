# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Assignment of analyses to a worksheet: queued and synchronous."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api
from bika.lims.interfaces import IInternalUse
from zope.interface import alsoProvides

from senaite.queue.adapters import QueuedAssignAnalysesTaskAdapter
from senaite.queue.adapters import settle
from senaite.queue.speedups import full
from senaite.queue.api import add_assign_task
from senaite.queue.integration import decisions
from senaite.queue.tests.integration.process import ProcessTestCase
from senaite.queue.tests import patched
from senaite.queue.tests import utils


class AssignTest(ProcessTestCase):

    def test_assign_beside_duplicates_and_references(self):
        """Also a second time, to samples that are already there."""
        def prepare(case):
            self.do_assign(case.worksheet, case.analyses[:1])
            self.with_controls(case)
            # As from an old page: assigned analyses are selected, too
            case.analyses = case.analyses[:4]
        case, _done = self.compare(
            prepare, self.by_form("assign"), assign=False)
        self.assertEqual(
            [(int(slot["position"]), slot["type"])
             for slot in case.worksheet.getLayout()],
            [(1, "a"), (1, "a"), (2, "d"), (3, "b"), (3, "b"), (4, "c"),
             (4, "c"), (5, "a"), (5, "a")])

    def test_assign_with_slots(self):
        """Slots are preferences: a sample keeps the slot that it has."""
        wishes = (5, 3, 2, 4)

        def act(case):
            if decisions.is_to_be_queued("assign"):
                add_assign_task(case.worksheet, case.analyses, wishes)
            else:
                for analysis, slot in zip(case.analyses, wishes):
                    case.worksheet.addAnalysis(analysis, slot)
            transaction.commit()
        case, _done = self.compare(self.as_made, act, assign=False)
        self.assertEqual(
            [int(slot["position"]) for slot in case.worksheet.getLayout()],
            [2, 2, 5, 5])

    def test_assign_by_ajax(self):
        """Core assigns no analyses in this channel: its form is the reference.
        The listing sends everything twice, for each row."""
        def act(case):
            if decisions.is_to_be_queued("assign"):
                # From last to first
                case.analyses = case.analyses[::-1]
                self.click_rows(case.worksheet, "assign", case.analyses,
                                view="add_analyses")
            else:
                self.click(case.worksheet, "assign", case.analyses)
        self.compare(self.as_made, act, assign=False)

    def test_analyses_changed_in_the_meantime_are_skipped(self):
        """Analyses cancelled or rejected in the meantime are skipped, with a
        note."""
        with utils.settings(default=0):
            case = self.new_case(assign=False)
        self.click(case.worksheet, "assign", case.analyses)
        task, = self.pending()
        with utils.working_on(task):
            api.do_transition_for(case.analyses[1], "reject")
            api.do_transition_for(case.samples[1], "cancel")
        done = self.drain()
        self.assertEqual([task.note for task in done], [
            "1 not possible any more: Cu", "2 not possible any more: Ca, Cu"])
        self.assertEqual(len(case.worksheet.getLayout()), 1)
        self.assertEqual(self.states(case.analyses),
                         ["assigned", "rejected", "cancelled", "cancelled"])

    def test_analyses_removed_by_the_same_chunk_are_skipped(self):
        """Items removed by the work on others are skipped, with a note."""
        with utils.settings(default=0):
            case = self.new_case(assign=False)
        self.click(case.worksheet, "assign", case.analyses)
        task, = self.pending()
        first, second = case.analyses[:2]
        gone = api.get_uid(second)

        def process_item(adapter, obj, _task, _notes):
            self.assertNotEqual(api.get_uid(obj), gone)
            if obj == first:
                api.get_parent(second).manage_delObjects([second.getId()])
        former = QueuedAssignAnalysesTaskAdapter.process_item
        self.addCleanup(setattr, QueuedAssignAnalysesTaskAdapter,
                        "process_item", former)
        QueuedAssignAnalysesTaskAdapter.process_item = process_item
        task["chunk_size"] = len(case.analyses)
        with utils.working_on(task):
            QueuedAssignAnalysesTaskAdapter(case.worksheet).process(task)
        self.assertEqual(task["note"], "1 removed meanwhile: " + gone)

    @patched.needs_speedups
    def test_samples_are_not_tried(self):
        """Core tries nothing but to open the worksheet again."""
        asked, former = [], settle.do_if_allowed

        def do_if_allowed(obj, action):
            asked.append((api.get_portal_type(obj), action))
            return former(obj, action)
        self.addCleanup(setattr, settle, "do_if_allowed", former)
        settle.do_if_allowed = do_if_allowed
        with utils.settings(default=0):
            case = self.new_case(assign=False)
        self.click(case.worksheet, "assign", case.analyses)
        self.drain()
        self.assertEqual(self.states(case.analyses), ["assigned"] * 4)
        self.assertEqual(set(asked), {("Worksheet", "rollback_to_open")})

    def test_samples_with_open_analyses_for_internal_use_are_tried(self):
        """Such analyses usually do not hold back their sample."""
        with utils.settings(default=0):
            case = self.new_case()
        self.assertTrue(full.is_open(case.analyses[0]))
        alsoProvides(case.analyses[0], IInternalUse)
        self.assertFalse(full.is_open(case.analyses[0]))

    def test_samples_are_tried_whatever_their_duplicates(self):
        """Duplicates are open too, but do not belong to the sample."""
        with utils.settings(default=0):
            case = self.new_case()
            self.with_controls(case)
        duplicate = case.worksheet.getDuplicateAnalyses()[0]
        self.assertEqual(api.get_review_status(duplicate), "assigned")
        self.assertFalse(full.is_open(duplicate))

    def do_assign(self, worksheet, analyses):
        with utils.settings(default=0):
            for analysis in analyses:
                worksheet.addAnalysis(analysis)
        transaction.commit()
