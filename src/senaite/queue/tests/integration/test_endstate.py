# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The comparison of two cases detects differences where they are made."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api
from bika.lims.api.snapshot import take_snapshot
from bika.lims.interfaces import IVerified
from zope.interface import alsoProvides

from senaite.queue.tests import endstate
from senaite.queue.tests.integration.process import ProcessTestCase
from senaite.queue.tests import utils


class EndStateTest(ProcessTestCase):

    def test_twins_are_equal_until_one_is_changed(self):
        """Each change below is detected in its own part, and nowhere else."""
        with utils.settings(default=0):
            one, other = self.new_case(), self.new_case()
            for case in (one, other):
                case.worksheet.addDuplicateAnalyses(1)
                self.submitted(case)
                case.reindex()
        reference = one.end_state()
        self.assertGreater(len(reference.facts), 1500)
        self.assertEqual(self.seen(reference, other), set())

        analysis = other.analyses[3]
        analysis.setResult("99")
        self.assertEqual(self.seen(reference, other), set(["S1/Cu"]))
        analysis.setResult(one.analyses[3].getResult())
        self.assertEqual(self.seen(reference, other), set())

        alsoProvides(other.samples[1], IVerified)
        self.assertEqual(self.seen(reference, other), set(["S1"]))
        alsoProvides(one.samples[1], IVerified)
        reference = one.end_state()

        layout = other.worksheet.getLayout()
        layout[0]["position"] = 7
        other.worksheet.setLayout(layout)
        self.assertEqual(self.seen(reference, other), set(["WS"]))
        layout[0]["position"] = 1
        other.worksheet.setLayout(layout)

    def test_history_catalog_and_audit_log_are_compared(self):
        with utils.settings(default=0):
            one, other = self.new_case(), self.new_case()
            reference = one.end_state()
        analysis = other.analyses[3]
        history = analysis.workflow_history["senaite_analysis_workflow"]
        history[-1]["actor"] = "somebody else"
        found = endstate.differences(reference, other.end_state())
        self.assertEqual(list(found), [
            ("S1/Cu", "history.senaite_analysis_workflow")])
        history[-1]["actor"] = api.get_current_user().getId()

        take_snapshot(other.worksheet, action="edit")
        found = endstate.differences(reference, other.end_state())
        self.assertIn(("WS", "audit.log"), found)

        sample = other.samples[0]
        sample.setClientSampleID("other")
        sample.reindexObject()
        found = endstate.differences(reference, other.end_state())
        self.assertIn(
            ("S0", "senaite_catalog_sample.metadata.getClientSampleID"), found)

    def seen(self, reference, case):
        """Return the parts in which a case differs."""
        return set(part for part, _fact in endstate.differences(
            reference, case.end_state()))
