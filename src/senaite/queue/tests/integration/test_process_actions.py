# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Workflow actions on a worksheet's analyses: queued and synchronous."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import transaction
from bika.lims import api
from bika.lims.interfaces import IDuplicateAnalysis
from plone.app.testing import TEST_USER_ID

from senaite.queue.integration import decisions
from senaite.queue.tests import differences
from senaite.queue.tests.integration.process import ProcessTestCase
from senaite.queue.tests import worksheets

#: An interim field of a calculation or a service
INTERIM = {"keyword": "dilution", "title": "Dilution", "value": "",
           "unit": "", "hidden": False, "wide": False, "report": False,
           "type": "int"}


class ActionsTest(ProcessTestCase):
    """The routine analyses of a worksheet, in both channels."""

    def test_submit_and_verify_by_form(self):
        self.compare(self.as_made, self.by_form("submit", typed),
                     self.by_form("verify"))

    def test_submit_and_verify_by_ajax(self):
        def act(case):
            self.save(case, [{"Result": "1%s" % index} for index in range(4)])
            self.click_rows(case.worksheet, "submit", case.analyses)
        self.compare(self.as_made, act, self.by_ajax("verify"))

    def test_transposed_listing(self):
        self.compare(self.with_results, self.by_ajax(
            "submit", "analyses_transposed_view"))

    def test_multi_verify(self):
        """Two of three verifications in each channel, then the last one."""
        api.get_setup().setTypeOfmultiVerification("self_multi_enabled")

        def prepare(case):
            for analysis in case.analyses:
                analysis.setNumberOfRequiredVerifications(3)
            self.submitted(case)
        case, _done = self.compare(
            prepare, self.by_ajax("multi_verify"),
            self.by_form("multi_verify"), self.by_form("verify"))
        self.assertEqual(self.states(case.analyses), ["verified"] * 4)

    def test_retract(self):
        self.compare(self.submitted, self.by_form("retract"), known=differences.RETESTS)

    def test_retract_by_ajax(self):
        self.compare(self.submitted, self.by_ajax("retract"))

    def test_retest(self):
        self.compare(self.submitted, self.by_form("retest"), known=differences.RETESTS)

    def test_retest_by_ajax(self):
        self.compare(self.submitted, self.by_ajax("retest"))

    def test_reject_and_unassign_by_ajax(self):
        def first_three(action):
            def act(case):
                self.click_rows(case.worksheet, action, case.analyses[:3])
            return act
        self.compare(self.as_made, self.by_ajax("unassign"))
        self.compare(self.submitted, first_three("reject"))

    def test_reject(self):
        self.compare(self.submitted, self.by_form("reject"))

    def save(self, case, values):
        """Save typed values, as the listing does before transitions."""
        queue = dict((api.get_uid(analysis), fields) for analysis, fields
                     in zip(case.analyses, values))
        self.post("{}/analyses_classic_view/set_fields".format(
            case.worksheet.absolute_url()),
            json.dumps({"save_queue": queue}), "application/json")


class ControlsTest(ProcessTestCase):
    """Duplicates, blanks and controls in the selection."""

    def test_submit_and_verify(self):
        def prepare(case):
            self.with_controls(case)
            self.with_results(case)
        self.compare(prepare, self.by_form("submit"), self.by_form("verify"))

    def test_retract(self):
        def prepare(case):
            self.with_controls(case)
            self.submitted(case)
        self.compare(prepare, self.by_form("retract"), known=differences.RETESTS)

    def test_unassign(self):
        """Duplicates go with their analyses. Core fails if they come later in
        the same selection, so the selection omits them."""
        def act(case):
            selection = case.analyses
            if not decisions.is_to_be_queued("unassign"):
                selection = [analysis for analysis in selection if
                             not IDuplicateAnalysis.providedBy(analysis)]
            self.click(case.worksheet, "unassign", selection)
        case, _done = self.compare(self.with_controls, act)
        self.assertEqual(case.worksheet.getAnalyses(), [])

    def test_reject(self):
        def prepare(case):
            self.with_controls(case)
            self.submitted(case)
        self.compare(prepare, self.by_form("reject"))


class DependentsTest(ProcessTestCase):
    """Hardness is calculated from calcium and magnesium."""

    keywords = ("Ca", "Mg", "THCaCO3")

    def test_submit_and_verify(self):
        self.compare(self.with_results, self.by_form("submit"),
                     self.by_form("verify"))

    def test_retract(self):
        self.compare(self.submitted, self.by_form("retract"), known=differences.RETESTS)


class FormValuesTest(ProcessTestCase):
    """All values that can be typed into the form without being saved."""

    keywords = ("Ca", "Cu")

    def test_submit_with_unsaved_form_values(self):
        # Analyses have the settings that their services had when made
        del self.cases[:]
        services = worksheets.get_services(self.keywords)
        instrument, method = worksheets.create_equipment(
            self.portal, services)
        for service in services:
            service.setAllowManualUncertainty(True)
            service.setDetectionLimitSelector(True)
            service.setAllowManualDetectionLimit(True)
            service.setInterimFields([INTERIM])
        transaction.commit()

        def get_form(case):
            form = typed(case)
            for uid in map(api.get_uid, case.analyses):
                form.update({
                    "Remarks.%s:records" % uid: "Cloudy",
                    "Instrument.%s:records" % uid: api.get_uid(instrument),
                    "Method.%s:records" % uid: api.get_uid(method),
                    "Analyst.%s:records" % uid: TEST_USER_ID,
                    "Uncertainty.%s:records" % uid: "0.3",
                    "DetectionLimitOperand.%s:records" % uid: "<"})
            form["item_data"] = json.dumps(dict(
                (api.get_uid(analysis), [dict(INTERIM, value="7")])
                for analysis in case.analyses))
            return form
        case, _done = self.compare(
            self.as_made, self.by_form("submit", get_form))
        for analysis in case.analyses:
            self.assertEqual(api.get_review_status(analysis),
                             "to_be_verified")
            self.assertEqual(analysis.getRawInstrument(),
                             api.get_uid(instrument))
            self.assertEqual(analysis.getRawMethod(), api.get_uid(method))
            self.assertEqual(analysis.getInterimFields()[0]["value"], "7")
            self.assertEqual(analysis.getDetectionLimitOperand(), "<")
            self.assertEqual(analysis.getAnalyst(), TEST_USER_ID)
            self.assertIn("Cloudy", str(analysis.getRemarks()))

    def test_reference_that_fails_its_instrument(self):
        """The instrument is out of use afterwards."""
        services = worksheets.get_services(self.keywords)
        instrument, _method = worksheets.create_equipment(
            self.portal, services)

        def prepare(case):
            self.with_controls(case)
            case.worksheet.setInstrument(instrument, True)
            self.with_results(case)
            # The control must be between 0 and 10.1
            for analysis in case.analyses[-2:]:
                analysis.setResult("99")
                analysis.reindexObject()
            self.instrument = instrument

        def act(case):
            self.click(case.worksheet, "submit", case.analyses)
        case, _done = self.compare(prepare, act)
        self.assertFalse(instrument.isQCValid())
        self.assertFalse(instrument.isValid())


def typed(case):
    """Return the form values for typed results."""
    return dict(("Result.%s:records" % api.get_uid(analysis), "1%s" % index)
                for index, analysis in enumerate(case.analyses))
