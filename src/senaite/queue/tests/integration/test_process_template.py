# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Worksheets created from a template: queued and synchronous."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api
from bika.lims.utils.analysis import create_analysis
from plone.protect import createToken
from six.moves.urllib.parse import urlencode

from senaite.queue.api import add_action_task
from senaite.queue.api import add_apply_template_task
from senaite.queue.records import outbox
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests.integration.process import ProcessTestCase
from senaite.queue.tests import utils
from senaite.queue.tests import worksheets


class TemplateTestCase(ProcessTestCase):

    # Without samples in stock, because a template takes any that match
    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        super(TemplateTestCase, self).setUp()
        self.services = worksheets.get_services(self.keywords)
        transaction.commit()

    def create_template(self, slots=None, **values):
        """Create a template, by default with all types: routine analyses,
        duplicates, a control and a blank."""
        if slots is None:
            blank, _sample = worksheets.create_reference(
                self.portal, self.services, blank=True)
            control, _sample = worksheets.create_reference(
                self.portal, self.services[:1])
            slots = ["a", ("d", 1), "a", ("c", control), ("d", 3),
                     ("b", blank)]
        self.template = worksheets.create_template(
            self.portal, self.services, slots, **values)
        transaction.commit()
        return self.template

    def apply(self, case):
        """Send the form "Apply template" of the page "Add analyses"."""
        return self.post(
            "{}/add_analyses".format(case.worksheet.absolute_url()),
            urlencode({"submitted": "1", "_authenticator": createToken(),
                       "getWorksheetTemplate": api.get_uid(self.template)}))

    def add(self, case, **form):
        """Send the form "Create worksheet" of the list of worksheets."""
        form.update(analyst=api.get_current_user().getId(), Add="Add",
                    template=api.get_uid(self.template))
        self.post("{}/worksheets/worksheet_add".format(
            self.portal.absolute_url()), urlencode(form))
        worksheet_id, page = self.location().split("/")[-2:]
        case.worksheet = self.portal.worksheets[worksheet_id]
        return page

    def location(self):
        """Return the target of the last redirect."""
        return self.browser.headers["location"].split("?")[0]

    def layout(self, case):
        """Return position, type and keyword of each item of a worksheet."""
        return [(int(slot["position"]), slot["type"], api.get_object_by_uid(
            slot["analysis_uid"]).getKeyword())
            for slot in case.worksheet.getLayout()]


class TemplateTest(TemplateTestCase):

    def test_applied_to_a_worksheet(self):
        self.create_template()
        case, (done,) = self.compare(self.as_made, self.apply, assign=False)
        self.assertEqual(self.layout(case), [
            (1, "a", "Ca"), (1, "a", "Cu"), (2, "d", "Ca"), (2, "d", "Cu"),
            (3, "a", "Ca"), (3, "a", "Cu"), (4, "c", "Ca"),
            (5, "d", "Ca"), (5, "d", "Cu"), (6, "b", "Ca"), (6, "b", "Cu")])
        # The plan, two chunks, two duplicates, blank, control
        self.assertEqual([len(task.uids) for task in done],
                         [0, 4, 2, 0, 0, 0, 0])

    def test_applied_by_a_program(self):
        """As add-ons do, without one of our pages."""
        def act(case):
            case.worksheet.applyWorksheetTemplate(self.template)
            transaction.commit()
        self.create_template()
        case, (done,) = self.compare(self.as_made, act, assign=False)
        self.assertEqual(len(case.worksheet.getLayout()), 11)
        self.assertEqual(done[0].get_context(), case.worksheet)

    def test_applied_by_a_program_at_once(self):
        """Where nothing is to be queued, and within a task."""
        self.create_template(["a", "a"])
        case = self.new_case(assign=False)
        with utils.settings(queued_processes=()):
            case.worksheet.applyWorksheetTemplate(self.template)
        self.assertEqual(len(case.worksheet.getLayout()), 4)
        case = self.new_case(assign=False)
        with utils.settings(min_items=5):
            case.worksheet.applyWorksheetTemplate(self.template)
        self.assertEqual(len(case.worksheet.getLayout()), 4)
        case = self.new_case(assign=False)
        task = add_action_task(case.samples, "submit")
        with utils.working_on(task):
            case.worksheet.applyWorksheetTemplate(self.template)
        self.assertEqual(len(case.worksheet.getLayout()), 4)
        outbox.forget(self.portal, task.task_uid)
        # Nothing to apply: core empties the field
        case.worksheet.applyWorksheetTemplate(None)
        self.assertIsNone(case.worksheet.getWorksheetTemplate())
        self.assertEqual(self.pending(), [])

    def test_locks_while_a_template_is_applied(self):
        """Samples are free after their chunk, unless a later step changes
        their analyses."""
        for slots, through in ((["a", "a"], 1), (["a", ("d", 1), "a"], 2)):
            self.create_template(slots)
            case = self.new_case(assign=False)
            uids = sorted(api.get_uid(sample) for sample in case.samples)
            case.worksheet.applyWorksheetTemplate(self.template)
            plan, = self.pending()
            self.assertEqual(plan.locks, [api.get_uid(self.portal.worksheets)])
            utils.process(self.portal, plan)
            routine, = self.pending()
            self.assertEqual(sorted(routine.locks), uids)
            utils.process(self.portal, routine)
            rest, = self.pending()
            self.assertEqual(len(rest.uids), 2)
            self.assertEqual(len(rest.locks), through)
            self.drain()
            self.assertEqual(len(case.worksheet.getLayout()),
                             4 if through == 1 else 6)

    def test_samples_are_added_by_priority(self):
        """The first sample has priority; an analysis may have come late."""
        services = worksheets.get_services(["Mg"])
        self.create_template(["a", "a"])
        self.template.setServices(self.services + services)

        def prepare(case):
            create_analysis(case.samples[0], services[0])
            case.samples[1].setPriority("1")
            for analysis in case.analyses:
                analysis.reindexObject()
        case, _done = self.compare(prepare, self.apply, assign=False)
        self.assertEqual(self.layout(case), [
            (1, "a", "Ca"), (1, "a", "Cu"),
            (2, "a", "Ca"), (2, "a", "Cu"), (2, "a", "Mg")])
        self.assertEqual(
            [case.worksheet.get_slot_position(sample)
             for sample in case.samples], [2, 1])

    def test_instrument_and_method_are_set(self):
        instrument, method = worksheets.create_equipment(
            self.portal, self.services)
        self.create_template(["a", ("d", 1), "a"], Instrument=instrument,
                             RestrictToMethod=method)
        case, _done = self.compare(self.as_made, self.apply, assign=False)
        self.assertEqual(len(case.worksheet.getAnalyses()), 6)
        for analysis in case.worksheet.getAnalyses():
            self.assertEqual(analysis.getRawInstrument(),
                             api.get_uid(instrument))
            self.assertEqual(analysis.getRawMethod(), api.get_uid(method))

    def test_worksheet_created_by_template(self):
        instrument, _method = worksheets.create_equipment(
            self.portal, self.services)
        self.create_template()
        pages = []

        def act(case):
            pages.append(self.add(case, instrument=api.get_uid(instrument)))
        case, _done = self.compare(self.as_made, act, worksheet=False)
        self.assertEqual(len(case.worksheet.getAnalyses()), 11)
        # Both lead to the page of the analyses, whether or not they are there
        self.assertEqual(pages, ["manage_results", "manage_results"])


class TemplateClicksTest(TemplateTestCase):

    def test_two_queued_templates_share_no_analysis(self):
        self.create_template(["a", "a"])
        one = self.new_case(assign=False, count=3)
        other = self.new_case(assign=False, count=0)
        self.apply(one)
        self.apply(other)
        plans = self.pending()
        self.assertEqual(len(plans), 2)
        # Plans are never made at the same time
        self.assertEqual(plans[0].locks, plans[1].locks)
        self.assertEqual(len(plans[0].locks), 1)
        for plan in plans:
            utils.process(self.portal, plan)
        chunks = self.pending()
        self.assertEqual([len(task.uids) for task in chunks], [4, 2])
        self.assertFalse(set(chunks[0].uids) & set(chunks[1].uids))
        self.assertFalse(set(chunks[0].locks) & set(chunks[1].locks))
        self.drain()
        self.assertEqual([len(case.worksheet.getAnalyses())
                          for case in (one, other)], [4, 2])

    def test_message_and_redirect(self):
        self.create_template(["a", "a"])
        case = self.new_case(assign=False)
        self.browser.followRedirects = True
        page = self.apply(case)
        self.assertTrue(self.browser.url.endswith("/manage_results"))
        self.assertIn("Template of the test will be applied in the background",
                      page)
        self.assertNotIn("Changes saved", page)
        self.assertEqual(case.worksheet.getWorksheetTemplateUID(),
                         api.get_uid(self.template))
        self.drain()
        self.assertEqual(len(case.worksheet.getAnalyses()), 4)

    def test_template_without_matching_analyses_says_so(self):
        self.create_template(["a", "a"])
        case = self.new_case(assign=False, count=0)
        page = self.apply(case)
        self.assertIn("No analyses were added", page)
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.add(case), "add_analyses")
        self.assertEqual(self.pending(), [])

    def test_changes_in_the_meantime_are_noted(self):
        """Cancelled, assigned or removed analyses; a taken slot; a removed
        template."""
        self.create_template(["a", "a", "a", "a"])
        case = self.new_case(assign=False, count=4)
        other = utils.create_worksheet(self.portal)
        self.apply(case)
        utils.process(self.portal, self.pending()[0])
        task, = self.pending()
        late = self.new_case(assign=False, count=1)
        with utils.working_on(task):
            api.do_transition_for(case.samples[0], "cancel")
            other.addAnalysis(case.analyses[2])
            case.samples[1].manage_delObjects(
                [api.get_id(case.analyses[3])])
            case.worksheet.addAnalysis(late.analyses[0], 3)
        done = self.drain()
        notes = " ".join(filter(None, (task.note for task in done)))
        for note in ("2 not possible any more", "1 on another worksheet",
                     "1 removed meanwhile", "slot taken meanwhile"):
            self.assertIn(note, notes)
        self.assertEqual(self.layout(case), [
            (3, "a", "Ca"), (4, "a", "Ca"), (4, "a", "Cu")])

    def test_template_is_applied_through_the_api(self):
        self.create_template(["a", "a"])
        case = self.new_case(assign=False)
        for args in ((self.template, self.template),
                     (case.worksheet, case.worksheet)):
            with self.assertRaises(ValueError) as caught:
                add_apply_template_task(*args)
            self.assertIn("Not a worksheet", str(caught.exception))
        add_apply_template_task(case.worksheet, self.template)
        self.drain()
        self.assertEqual(len(case.worksheet.getAnalyses()), 4)
        self.assertEqual(case.worksheet.getWorksheetTemplateUID(),
                         api.get_uid(self.template))

    def test_removed_template_is_noted(self):
        self.create_template(["a", "a"])
        case = self.new_case(assign=False)
        self.apply(case)
        self.template.aq_parent._delObject(self.template.getId())
        done = self.drain()
        self.assertEqual([task.note for task in done],
                         ["The worksheet template was removed meanwhile"])


class StoredServicesTest(TemplateTestCase):
    """Templates whose services are not stored as core stores them."""

    #: neither records nor uids of services
    UNREADABLE = (u"Ca, Cu", [None], [{"uid": None}], [{}], [u"Ca"], [5], 5)

    def store(self, services):
        """Store services without the setter of core."""
        self.template.services = services
        transaction.commit()

    def test_plain_uids_are_read(self):
        """SENAITE's import of its demo data leaves services that way."""
        self.create_template()
        uids = [api.get_uid(service) for service in self.services]
        case, _done = self.compare(
            lambda case: self.store(uids), self.apply, assign=False)
        self.assertEqual(len(case.worksheet.getAnalyses()), 11)
        self.assertEqual(self.template.services,
                         [{"uid": uid} for uid in uids])

    def test_plain_uids_in_create_worksheet(self):
        self.create_template(["a", "a"])
        self.store([api.get_uid(service) for service in self.services])
        case = self.new_case(worksheet=False)
        self.assertEqual(self.add(case), "manage_results")
        self.drain()
        self.assertEqual(len(case.worksheet.getAnalyses()), 4)

    def test_plain_uids_in_a_task_of_another_add_on(self):
        self.create_template(["a", "a"])
        self.store([api.get_uid(service) for service in self.services])
        case = self.new_case(assign=False)
        add_apply_template_task(case.worksheet, self.template)
        self.drain()
        self.assertEqual(len(case.worksheet.getAnalyses()), 4)

    def test_apply_template_says_what_is_wrong(self):
        self.create_template(["a", "a"])
        case = self.new_case(assign=False)
        self.browser.followRedirects = True
        for services in self.UNREADABLE:
            self.store(services)
            page = self.apply(case)
            self.assertIn("Template of the test cannot be used", page)
            self.assertNotIn("Changes saved", page)
            self.assertIn("applytemplate_form", page)
        self.assertEqual(self.pending(), [])
        self.assertIsNone(case.worksheet.getWorksheetTemplate())

    def test_create_worksheet_says_what_is_wrong(self):
        self.create_template(["a", "a"])
        before = list(self.portal.worksheets.objectIds())
        self.browser.followRedirects = True
        for services in self.UNREADABLE:
            self.store(services)
            page = self.post(
                "{}/worksheets/worksheet_add".format(
                    self.portal.absolute_url()),
                urlencode({"analyst": api.get_current_user().getId(),
                           "template": api.get_uid(self.template)}))
            self.assertIn("Template of the test cannot be used", page)
            self.assertTrue(self.browser.url.endswith("/worksheets"))
        self.assertEqual(list(self.portal.worksheets.objectIds()), before)
        self.assertEqual(self.pending(), [])

    def test_task_says_what_is_wrong(self):
        self.create_template(["a", "a"])
        case = self.new_case(assign=False)
        for services in self.UNREADABLE:
            self.store(services)
            add_apply_template_task(case.worksheet, self.template)
            done, = self.drain()
            self.assertIn("The worksheet template cannot be used", done.note)
        self.assertEqual(case.worksheet.getAnalyses(), [])

    def test_add_analyses_opens(self):
        """Also when the worksheet's template can no longer be read."""
        self.create_template(["a", "a"])
        case = self.new_case(assign=False)
        self.apply(case)
        self.drain()
        for services in self.UNREADABLE:
            self.store(services)
            self.assertIn("applytemplate_form", self.get(
                "{}/add_analyses".format(case.worksheet.absolute_url())))
