# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Base of the tests that compare queued with synchronous processing."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api

from senaite.queue.tests import differences
from senaite.queue.tests import endstate
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import stock
from senaite.queue.tests import utils
from senaite.queue.tests import worksheets


class Case(object):
    """A worksheet, its samples and their analyses."""

    def __init__(self, samples, analyses, worksheet):
        self.samples = samples
        self.analyses = analyses
        self.worksheet = worksheet

    def reindex(self):
        """Reindex all objects of the case."""
        cast = endstate.Cast(self.worksheet, self.samples)
        for _part, obj in cast.objects:
            obj.reindexObject()
        transaction.commit()

    def end_state(self):
        return endstate.EndState(self.worksheet, self.samples)


class ProcessTestCase(WorksheetTestCase):
    """Runs actions synchronously on one case, and queued on its twin."""

    layer = stock.TWINS_TESTING

    #: Show differences in full
    maxDiff = None

    #: Keywords of the services of all samples
    keywords = stock.Twins.keywords

    def setUp(self):
        super(ProcessTestCase, self).setUp()
        # Not all layers have twins
        cases, references = self.layer.get("twins") or ([], [])
        #: Uids of cases in stock
        self.cases = list(cases)
        #: Reference samples, once they are needed
        self.references = None
        self.references_in_stock = references

    def logged_in_browser(self):
        browser = super(ProcessTestCase, self).logged_in_browser()
        # Rendering the next page takes longer than the click itself
        browser.followRedirects = False
        return browser

    def new_case(self, assign=True, count=2, worksheet=True):
        """Return a case, by default with two samples of two analyses each.

        :param assign: whether the analyses are on the worksheet
        :param count: number of samples
        :param worksheet: whether the case has a worksheet from the start
        """
        # Each run begins with no page to be referred by
        self.browser = self.logged_in_browser()
        is_in_stock = assign and worksheet and count == 2 and \
            self.keywords == stock.Twins.keywords
        if is_in_stock and self.cases:
            return self.take_case()
        samples = utils.create_samples(self.portal, count, self.keywords)
        analyses = utils.analyses_of(samples)
        if not worksheet:
            transaction.commit()
            return Case(samples, analyses, None)
        worksheet = utils.create_worksheet(self.portal)
        worksheet.setAnalyst(api.get_current_user().getId())
        if assign:
            with utils.settings(default=0):
                worksheet.addAnalyses(analyses)
        transaction.commit()
        return Case(samples, analyses, worksheet)

    def take_case(self):
        """Return a case in stock."""
        uids, worksheet_uid = self.cases.pop(0)
        samples = [api.get_object_by_uid(uid) for uid in uids]
        return Case(samples, utils.analyses_of(samples),
                    api.get_object_by_uid(worksheet_uid))

    def compare(self, prepare, *acts, **options):
        """Assert that queued and synchronous processing have equal results.

        :param prepare: called with each case before the clicks
        :param acts: the clicks, called with the case one after the other;
            the end states are compared after each of them
        :param options: of `new_case`; `known`: names of accepted differences,
            all of which must be there
        :returns: the queued case, and the tasks of each act
        """
        known = differences.Accepted(options.pop("known", ()))
        expected = self.run_at_once(prepare, acts, options)
        with utils.settings(default=0):
            case = self.new_case(**options)
            prepare(case)
        self.number(case.analyses)
        done = []
        for act, reference in zip(acts, expected):
            transaction.commit()
            act(case)
            self.assertEqual(len(self.pending()), 1)
            done.append(self.drain())
            self.assertEqual(len(set(task.job_uid for task in done[-1])), 1)
            # What looks as after a synchronous click was all done
            self.assertEqual([task["skipped_items"] for task in done[-1]
                              if task["skipped"]], [])
            self.assert_same(reference, case.end_state(), known)
        self.assertEqual(known.get_unused(), [], "Accepted without need")
        return case, done

    def run_at_once(self, prepare, acts, options):
        """Return the end state after each act, without the queue."""
        states = []
        with utils.settings(default=0):
            case = self.new_case(**options)
            prepare(case)
            # Core and the queue shall not come to the same order by chance
            self.number(case.analyses[::-1])
            self.reindex(case)
            before = case.end_state()
            for act in acts:
                act(case)
                self.assertEqual(self.pending(), [])
                self.reindex(case)
                states.append(case.end_state())
                # The click must have had an effect
                self.assertNotEqual(before.facts, states[-1].facts)
                before = states[-1]
        return states

    def reindex(self, case):
        """Reindex a case as the click should have done."""
        case.reindex()

    def number(self, analyses):
        """Have the catalog's internal numbers, by which SENAITE processes a
        selection, rise in the order of these analyses."""
        catalog = api.get_tool("uid_catalog")
        uids = [api.get_uid(analysis) for analysis in analyses]
        for _attempt in range(3):
            for analysis in analyses:
                analysis._uncatalogUID(self.portal, catalog)
                analysis._catalogUID(self.portal, catalog)
            found = [brain.UID for brain in catalog(UID=uids)]
            if found == uids:
                break
            # Numbers start again somewhere else after some thousands
        self.assertEqual(found, uids)
        transaction.commit()

    def assert_same(self, expected, actual, known):
        """Fail with all differences that are not known.

        :type known: senaite.queue.tests.differences.Accepted
        """
        found = endstate.differences(expected, actual)
        lines = ["{} {}\n   expected {}\n   got      {}".format(
            part, fact, pair[0], pair[1])
            for (part, fact), pair in sorted(found.items())
            if not known.explain(part, fact, pair)]
        self.assertFalse(lines, "{} differences:\n{}".format(
            len(lines), "\n".join(lines)))

    # -- user actions --------------------------------------------------------

    def by_form(self, action, get_form=None):
        """Return a function that sends the listing's form.

        :param get_form: function that returns further form values of a case
        """
        def act(case):
            form = get_form(case) if get_form else {}
            self.click(case.worksheet, action, case.analyses, **form)
        return act

    def by_ajax(self, action, view="analyses_classic_view"):
        """Return a function that sends one request per row."""
        def act(case):
            self.click_rows(case.worksheet, action, case.analyses, view)
        return act

    # -- preparations --------------------------------------------------------

    def as_made(self, case):
        """Leave the case as created."""

    def with_results(self, case):
        self.enter_results(case.analyses)

    def with_controls(self, case):
        """Add duplicates, a blank and a control to the worksheet."""
        if self.references is None:
            self.references = self.get_references()
        added = case.worksheet.addDuplicateAnalyses(1)
        for reference in self.references:
            added += case.worksheet.addReferenceAnalyses(
                reference, worksheets.get_services(self.keywords))
        for analysis in added:
            analysis.reindexObject()
        case.analyses = case.analyses + added
        transaction.commit()

    def get_references(self):
        """Return a blank and a control."""
        if self.references_in_stock and \
                self.keywords == stock.Twins.keywords:
            return [api.get_object_by_uid(uid)
                    for uid in self.references_in_stock]
        services = worksheets.get_services(self.keywords)
        return [worksheets.create_reference(self.portal, services, blank)[1]
                for blank in (True, False)]

    def submitted(self, case):
        self.enter_results(case.analyses)
        self.do("submit", case.analyses)
