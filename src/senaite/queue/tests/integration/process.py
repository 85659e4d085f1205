# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Base of the tests that compare a queued process with the synchronous one."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import re

import transaction
from bika.lims import api

from senaite.queue.tests import endstate
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils
from senaite.queue.tests import worksheets

#: The table of all that may differ from the synchronous run in the end: a name,
#: a pattern of "part fact", what is done about it (`sorted`: compared without
#: regard to the order; None: not compared), and the reason. The reference is
#: the synchronous run with its objects reindexed: core leaves its catalogs one
#: step behind.
DIFFERENCES = (
    ("order of retests",
     r"^WS (field|audit\.last)\.(Analyses|Layout)$|"
     r"^WS .*\.getAnalysesUIDs$", sorted,
     "Core works through a selection in the order of the catalog's internal "
     "numbers, which is by chance; the queue by sample."),
    ("first retest",
     r"^WS audit\.last\.(Analyses|Layout)$|^S\d+ audit\.last\.Analyses$",
     None,
     "The snapshot is taken when the first of the selection is retracted; "
     "which one that is, see above. Analyses that depend on others are even "
     "made in an order that is by chance, that of a set of services."),
)


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
    """Runs a process at once on one case, and queued on its twin."""

    #: show differences in full
    maxDiff = None

    #: reference samples, once they are made
    references = None

    #: keywords of the services of all samples
    keywords = ("Ca", "Cu")

    def setUp(self):
        super(ProcessTestCase, self).setUp()
        # The page that a click leads to takes longer than the click
        self.browser.followRedirects = False

    def new_case(self, assign=True, count=2, worksheet=True):
        """Return a case of two samples of two analyses each.

        :param assign: whether the analyses are on the worksheet
        :param count: how many samples
        :param worksheet: whether there is a worksheet already
        """
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

    def compare(self, prepare, *acts, **options):
        """Compare the end of a process with the synchronous run.

        :param prepare: called with the case before
        :param acts: called with the case, one after the other: the clicks;
            all is compared after each of them
        :param options: of `new_case`; `known`: names of rows of the table
        :returns: the queued case, and the tasks of each act
        """
        known = options.pop("known", ())
        expected = self.run_at_once(prepare, acts, options)
        with utils.settings(default=0):
            case = self.new_case(**options)
            prepare(case)
        done = []
        for act, reference in zip(acts, expected):
            transaction.commit()
            act(case)
            self.assertEqual(len(self.pending()), 1)
            done.append(self.drain())
            self.assertEqual(len(set(task.job_uid for task in done[-1])), 1)
            self.assert_same(reference, case.end_state(), known)
        return case, done

    def run_at_once(self, prepare, acts, options):
        """Return the end state after each of these acts, without queue."""
        states = []
        with utils.settings(default=0):
            case = self.new_case(**options)
            prepare(case)
            case.reindex()
            before = case.end_state()
            for act in acts:
                act(case)
                self.assertEqual(self.pending(), [])
                case.reindex()
                states.append(case.end_state())
                # The click was of some use
                self.assertNotEqual(before.facts, states[-1].facts)
                before = states[-1]
        return states

    def assert_same(self, expected, actual, known=()):
        """Fail with all differences but those that the table explains.

        :param known: names of its rows
        """
        found = endstate.differences(expected, actual)
        lines = ["{} {}\n   expected {}\n   got      {}".format(
            part, fact, pair[0], pair[1])
            for (part, fact), pair in sorted(found.items())
            if not is_explained(part, fact, pair, known)]
        self.assertFalse(lines, "{} differences:\n{}".format(
            len(lines), "\n".join(lines)))

    # -- what people do ------------------------------------------------------

    def by_form(self, action, get_form=None):
        """Return a function that sends the listing's form.

        :param get_form: function that returns more of the form of a case
        """
        def act(case):
            form = get_form(case) if get_form else {}
            self.click(case.worksheet, action, case.analyses, **form)
        return act

    def by_ajax(self, action, view="analyses_classic_view"):
        """Return a function that sends a request per row."""
        def act(case):
            self.click_rows(case.worksheet, action, case.analyses, view)
        return act

    # -- how things are before -------------------------------------------------

    def as_made(self, case):
        """Nothing more to prepare."""

    def with_results(self, case):
        self.enter_results(case.analyses)

    def with_controls(self, case):
        """Add duplicates, a blank and a control to the worksheet."""
        if self.references is None:
            services = worksheets.get_services(self.keywords)
            self.references = [
                worksheets.create_reference(self.portal, services, blank)[1]
                for blank in (True, False)]
        added = case.worksheet.addDuplicateAnalyses(1)
        for reference in self.references:
            added += case.worksheet.addReferenceAnalyses(
                reference, worksheets.get_services(self.keywords))
        for analysis in added:
            analysis.reindexObject()
        case.analyses = case.analyses + added
        transaction.commit()

    def submitted(self, case):
        self.enter_results(case.analyses)
        self.do("submit", case.analyses)


def is_explained(part, fact, pair, known):
    """Tell whether a difference is in the table.

    :param pair: the values, as JSON
    :param known: names of the rows that count
    """
    name = "{} {}".format(part, fact)
    for row, pattern, treat, _reason in DIFFERENCES:
        if row not in known or not re.search(pattern, name):
            continue
        if treat is None:
            return True
        values = [treat(json.loads(value)) for value in pair]
        if values[0] == values[1]:
            return True
    return False
