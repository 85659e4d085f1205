# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Samples with partitions, and for internal use: a task leaves behind what
core leaves behind, whatever was done before, and however it is cut."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import itertools

import transaction
from bika.lims import api
from bika.lims.content.analysisrequest import AnalysisRequest
from bika.lims.utils.analysisrequest import create_partition
from bika.lims.workflow import doActionFor
from Products.CMFCore.indexing import processQueue
from zope.lifecycleevent import modified

from senaite.queue.api import add_action_task
from senaite.queue.consumer import processing
from senaite.queue.speedups import full
from senaite.queue.speedups import pace
from senaite.queue.tests import differences
from senaite.queue.tests import effort
from senaite.queue.tests import endstate
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import patched
from senaite.queue.tests import scenarios
from senaite.queue.tests import stock
from senaite.queue.tests import utils

#: What a chunk with samples and their partitions looks up
LOOK_UPS = (
    (AnalysisRequest, "getAncestors"),
    (api, "get_object_by_path"),
    (full.Chunk, "get_owed_promotions"),
    (full.Chunk, "get_last_verified"),
)

#: Samples that are looked up, and verified with their last analysis
LOOKED_UP = scenarios.Scenario(
    "aliquot", False, False, True, "verify all", 100)

DETACHED = ("retracted", "rejected", "cancelled")


class Family(object):
    """A sample with its partitions and their worksheet, by uid."""

    def __init__(self, samples, worksheet):
        self.uids = [api.get_uid(sample) for sample in samples]
        self.worksheet_uid = worksheet and api.get_uid(worksheet)

    @property
    def samples(self):
        return [api.get_object_by_uid(uid) for uid in self.uids]

    @property
    def worksheet(self):
        return self.worksheet_uid and \
            api.get_object_by_uid(self.worksheet_uid)

    def find(self, name):
        """Return a sample by number, or an analysis by keyword: the last one
        that counts, if it has been retracted."""
        if name.startswith("P"):
            return self.samples[int(name[1:])]
        found = [analysis for sample in self.samples
                 for analysis in sample.objectValues("Analysis")
                 if analysis.getKeyword() == name]
        found.sort(key=lambda an: an.created())
        return ([analysis for analysis in found if
                 api.get_review_status(analysis) not in DETACHED] or found)[-1]

    def end_state(self):
        return endstate.EndState(self.worksheet, self.samples)

    def reindex(self):
        for _part, obj in endstate.Cast(
                self.worksheet, self.samples).objects:
            obj.reindexObject()
        processQueue()


class SettlementTest(WorksheetTestCase):

    layer = stock.TWINS_TESTING

    def make_family(self, scenario):
        """Make the sample of a scenario, and commit."""
        samples = utils.create_samples(self.portal, 1, scenarios.KEYWORDS)
        sample, = samples
        groups = scenarios.PARTITIONS[scenario.partitions]
        for keywords in groups:
            analyses = [analysis for analysis in utils.analyses_of([sample])
                        if analysis.getKeyword() in keywords]
            samples.append(create_partition(
                sample, self.layer["request"], analyses,
                internal_use=scenario.internal and "Ca" in keywords))
        for partition in samples[1:]:
            modified(partition)
        analyses = utils.analyses_of(samples[:1])
        for analysis in analyses:
            if scenario.internal and not groups and \
                    analysis.getKeyword() == "Ca":
                analysis.setInternalUse(True)
            analysis.setResult("10")
            analysis.reindexObject()
        worksheet = None
        if scenario.worksheet:
            worksheet = utils.create_worksheet(self.portal)
            with utils.settings(default=0):
                worksheet.addAnalyses(analyses)
        family = Family(samples, worksheet)
        family.reindex()
        transaction.commit()
        return family

    def play(self, family, scenario, act):
        """Do the steps of a scenario.

        :param act: function(family, objects, action) that does one step
        """
        api.get_setup().setAutoVerifySamples(scenario.auto_verify)
        self.play_steps(family, scenarios.SEQUENCES[scenario.steps], act)

    def play_steps(self, family, steps, act=None):
        """Do steps, see `scenarios.SEQUENCES`; by core unless told otherwise."""
        act = act or self.at_once
        for step in steps:
            words = step.split()
            objects = [family.find(name) for name in words[1:]]
            for obj in objects:
                if words[0] == "submit" and not obj.getResult():
                    obj.setResult("11")
            act(family, objects, words[0])
            processQueue()
            utils.clear_caches(self.layer["request"])

    def at_once(self, family, objects, action):
        """Do a step as core does."""
        if family.worksheet:
            # As its own adapters do, for the guard of "unassign"
            self.layer["request"].set("ws_uid", family.worksheet_uid)
        with utils.settings(default=0):
            for obj in objects:
                doActionFor(obj, action)

    def queued(self, family, objects, action):
        """Do a step by tasks."""
        add_action_task(objects, action, family.worksheet)
        tasks = self.pending()
        self.assertEqual(len(tasks), 1)
        while tasks:
            utils.work_on(self.portal, tasks[0])
            tasks = self.pending()

    def forget(self):
        """Undo the steps of a scenario."""
        transaction.abort()
        utils.clear_caches(self.layer["request"])

    def expect(self, family, scenario):
        """Return the end states of a scenario by core, as it leaves its
        catalogs and with everything reindexed."""
        self.play(family, scenario, self.at_once)
        states = [family.end_state()]
        family.reindex()
        states.append(family.end_state())
        self.forget()
        return states

    def differing(self, family, scenario, expected, known):
        """Return how the end state of a scenario by tasks differs from the one
        that core leaves.

        :param expected: see `expect`
        :param known: explains what core would leave if it indexed again
        :type known: senaite.queue.tests.differences.Accepted
        :returns: see `endstate.differences`
        """
        pace.forget()
        with utils.settings(default=scenario.chunk, max_items=scenario.chunk):
            self.play(family, scenario, self.queued)
            actual = family.end_state()
        self.forget()
        found, from_indexed = [endstate.differences(state, actual)
                               for state in expected]
        return dict(
            (key, pair) for key, pair in found.items()
            if key in from_indexed or
            not known.explain(*(key + (pair,))))

    def test_every_step_leaves_behind_what_core_leaves_behind(self):
        chosen = effort.choose(
            scenarios.CHOSEN, effort.share(scenarios.generate()))
        wrong, known = [], differences.Accepted(differences.STALE)
        for sample, group in itertools.groupby(chosen, lambda one: one[:3]):
            group = list(group)
            family = self.make_family(group[0])
            for _steps, same in itertools.groupby(
                    group, lambda one: one[:5]):
                same = list(same)
                expected = self.expect(family, same[0])
                for scenario in same:
                    found = self.differing(
                        family, scenario, expected, known)
                    if found:
                        wrong.append("{}: {}".format(
                            scenarios.describe(scenario), found))
        self.assertFalse(wrong, "{} of {} scenarios differ:\n{}".format(
            len(wrong), len(chosen), "\n".join(wrong)))
        self.assertEqual(known.get_unused(), [], "Accepted without need")

    def test_tasks_on_partitions_leave_the_sample_alone(self):
        """Those of two partitions would conflict with each other."""
        family = self.make_family(scenarios.CHOSEN[2])
        for act in (self.at_once, self.queued):
            self.play_steps(family, ("cancel P1", "reinstate P1"), act)
            sample, partition = family.samples
            self.assertTrue(partition._p_changed)
            self.assertFalse(sample._p_changed)
            self.forget()

    def test_worksheets_that_lose_all_analyses(self):
        """The analyses of samples are rejected in turns: those of the first
        are submitted, those of the second are open."""
        family = self.make_twins()
        first, second = map(utils.analyses_of, zip(family.samples))
        # SENAITE does not open an empty worksheet again
        for selection, expected in (
                ([first[0], second[0], first[1], second[1]], "open"),
                ([second[0], first[0], second[1], first[1]], "to_be_verified"),
                ([first[0], second[0], second[1], first[1]], "to_be_verified"),
                ([second[0], first[0], first[1], second[1]], "open")):
            states = []
            for act in (self.at_once, self.queued):
                with utils.settings(default=1, max_items=1):
                    act(family, selection, "reject")
                processQueue()
                utils.clear_caches(self.layer["request"])
                family.reindex()
                states.append(family.end_state())
                self.assertEqual(family.worksheet.getAnalyses(), [])
                self.assertEqual(
                    api.get_review_status(family.worksheet), expected)
                self.forget()
            self.assertEqual(endstate.differences(*states), {})

    def make_twins(self):
        """Make two samples on a worksheet, and submit the analyses of the
        first one."""
        samples = utils.create_samples(self.portal, 2, ("Ca", "Cu"))
        worksheet = utils.create_worksheet(self.portal)
        with utils.settings(default=0):
            worksheet.addAnalyses(utils.analyses_of(samples))
        family = Family(samples, worksheet)
        for analysis in utils.analyses_of(samples[:1]):
            analysis.setResult("10")
            self.at_once(family, [analysis], "submit")
        family.reindex()
        transaction.commit()
        return family

    @patched.needs_speedups
    def test_look_ups_grow_with_the_number_of_samples(self):
        """Not with its square: a chunk may have hundreds of them."""
        families = [self.make_family(LOOKED_UP) for _number in range(3)]
        for family in families:
            self.play_steps(family, ("submit Cu Fe Ca",))
        transaction.commit()
        one, two, three = [self.count_look_ups(families[:number])
                           for number in (1, 2, 3)]
        for name in one:
            self.assertEqual(three[name] - two[name], two[name] - one[name],
                             (name, one, two, three))
        # Looked up for each other sample: 72, 15, 8 and 12
        self.assertEqual(
            three, {"getAncestors": 33, "get_object_by_path": 0,
                    "get_owed_promotions": 2, "get_last_verified": 2})

    def count_look_ups(self, families):
        """Verify analyses and their samples by a task.

        :returns: dict from the name of a function to how often it was called
        """
        counts = {}
        for owner, name in LOOK_UPS:
            self.count_calls(owner, name, counts)
        analyses = [family.find(keyword) for family in families
                    for keyword in scenarios.KEYWORDS]
        api.get_setup().setAutoVerifySamples(True)
        with utils.settings(default=100, max_items=100):
            self.queued(families[0], analyses, "verify")
        found = dict(counts)
        for family in families:
            self.assertEqual(self.states(family.samples), ["verified"] * 2)
        self.forget()
        return found

    def count_calls(self, owner, name, counts):
        """Count calls of a function until the end of the test.

        :param owner: class or module
        :param counts: dict that gets the number
        """
        found = getattr(owner, name)
        function = getattr(found, "__func__", found)
        counts[name] = 0

        def count(*args, **kw):
            counts[name] += 1
            return function(*args, **kw)
        self.addCleanup(setattr, owner, name, function)
        setattr(owner, name, count)

    def test_work_that_is_repeated_finds_what_it_has_made(self):
        """Catalogs keep answers on the request, by the number of changes."""
        family = self.make_family(scenarios.CHOSEN[1])
        sample = family.samples[0]
        self.play_steps(family, ("submit Cu",))
        transaction.commit()
        analysis = family.find("Cu")
        task = add_action_task(analysis, "retract")
        for _attempt in range(2):
            processing._prepare(self.layer["request"], task, analysis)
            with utils.working_on(task):
                api.do_transition_for(analysis, "retract")
            self.assertEqual(len(sample.getAnalyses()), 4)
            transaction.abort()
