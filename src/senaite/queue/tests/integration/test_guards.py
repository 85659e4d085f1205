# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Queued objects cannot be transitioned, and are marked as queued."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import transaction
from bika.lims import api
from bika.lims.utils.analysisrequest import create_partition
from bika.lims.utils import changeWorkflowState
from bika.lims.workflow import doActionFor
from bika.lims.workflow import isTransitionAllowed
from plone.app.testing import TEST_USER_ID
from Products.statusmessages.interfaces import IStatusMessage
from zope.globalrequest import getRequest

from senaite.queue.api import add_action_task
from senaite.queue.api import add_copy
from senaite.queue.api import add_task
from senaite.queue.api import is_queued
from senaite.queue.integration import marks
from senaite.queue.integration.progress import get_progress
from senaite.queue.model.current import working_on
from senaite.queue.model.queue_task import to_task
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils
from senaite.queue.tests import worksheets


class GuardsTest(WorksheetTestCase):

    def queue_some(self):
        """Return a worksheet with the analyses of its first sample queued."""
        self.samples, self.analyses, self.worksheet = self.make()
        self.enter_results(self.analyses)
        self.click(self.worksheet, "submit", self.analyses[:3])

    def forget_answers(self):
        utils.clear_caches(getRequest())

    def test_veto(self):
        self.queue_some()
        self.forget_answers()
        for analysis in self.analyses[:3]:
            self.assertTrue(is_queued(analysis))
            self.assertEqual(api.get_transitions_for(analysis), [])
        for analysis in self.analyses[3:]:
            self.assertFalse(is_queued(analysis))
            self.assertTrue(isTransitionAllowed(analysis, "submit"))
        self.assertTrue(is_queued(self.worksheet))
        self.assertEqual(api.get_transitions_for(self.worksheet), [])
        self.assertEqual(api.get_transitions_for(self.samples[0]), [])
        self.assertNotEqual(api.get_transitions_for(self.samples[1]), [])

    def test_only_the_current_task_may_transition(self):
        self.queue_some()
        self.forget_answers()
        # A request parameter does not help
        getRequest().form["queue_tuid"] = self.pending()[0].task_uid
        getRequest().set("queue_tuid", self.pending()[0].task_uid)
        self.assertFalse(isTransitionAllowed(self.analyses[0], "submit"))
        with working_on(self.pending()[0]):
            self.assertTrue(isTransitionAllowed(self.analyses[0], "submit"))

    def test_a_running_task_may_transition_anything(self):
        """What it does to objects of other tasks is not lost: the click that
        it stands for would have done it, too."""
        self.queue_some()
        first = self.pending()[0]
        self.click(self.worksheet, "submit", self.analyses[3:])
        other, = [task for task in self.pending() if task != first]
        self.forget_answers()
        self.assertFalse(isTransitionAllowed(self.analyses[0], "submit"))
        with working_on(other):
            for obj in (self.analyses[0], self.analyses[3]):
                self.assertTrue(isTransitionAllowed(obj, "submit"))
            self.assertNotEqual(api.get_transitions_for(self.samples[0]), [])

    def test_no_veto_after_processing(self):
        self.queue_some()
        self.drain()
        self.forget_answers()
        self.assertFalse(is_queued(self.worksheet))
        self.assertTrue(isTransitionAllowed(self.analyses[0], "verify"))

    def test_what_is_through_is_free(self):
        """After a chunk: guards, marks, progress and locks are those of the
        rest."""
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        # A form would come in the order of the catalog
        first = add_action_task(analyses, "submit", worksheet)
        uids = [api.get_uid(sample) for sample in samples]
        self.assertEqual(sorted(first.locks), sorted(uids))
        utils.process(self.portal, first)
        rest, = self.pending()
        self.assertEqual(len(rest.uids), 3)
        self.assertEqual(rest.locks, uids[1:])

        self.forget_answers()
        self.assertTrue(isTransitionAllowed(analyses[0], "verify"))
        self.assertFalse(isTransitionAllowed(analyses[3], "submit"))
        self.assertNotEqual(api.get_transitions_for(samples[0]), [])
        self.assertEqual(api.get_transitions_for(samples[1]), [])
        self.assertEqual(api.get_transitions_for(worksheet), [])
        self.assertEqual(
            [marks.is_sample_queued(uid) for uid in uids], [False, True])

        rows = self.rows(self.portal.samples.absolute_url() + "/view")
        self.assertEqual(
            ["queued-mark" in json.dumps(rows[uid]) for uid in uids],
            [False, True])
        self.assertEqual(
            [get_progress(obj)["left"] for obj in samples + [worksheet]],
            [0, 3, 3])
        self.assertEqual(get_progress(worksheet)["total"], 6)
        self.assertEqual(self.handed_out_beside(first, rest, uids), {
            uids[0]: True, uids[1]: False})

    def handed_out_beside(self, first, rest, uids):
        """Let the store go through a job, with tasks on other worksheets that
        wait for its samples.

        :returns: uid of a sample -> whether its task was handed out while the
            rest of the job ran
        """
        alice, bob, carol = ["{}/00000001".format(name)
                             for name in ("alice", "bob", "carol")]
        store = get_server_utility(self.portal).store
        store.add(first)
        self.assertEqual(store.pop(alice, 60), first)
        others = dict(
            (uid, to_task(dict(
                first, task_uid=32 * digit, job_uid=32 * digit, uids=[],
                locks=[uid], context_uid=uid, created=rest.created + 1,
                context_path="/plone/worksheets/WS-" + digit)))
            for uid, digit in zip(uids, "ab"))
        for other in others.values():
            store.add(other)
        self.assertIsNone(store.pop(bob, 60))
        store.add(rest)
        self.assertIsNone(store.pop(bob, 60))
        store.acknowledge(first.task_uid, alice)
        # A freed sample is for others immediately, those of the rest are not
        given = [store.pop(alice, 60), store.pop(bob, 60)]
        self.assertIn(rest, given)
        self.assertIsNone(store.pop(carol, 60))
        return dict((uid, other in given) for uid, other in others.items())

    def test_locks_of_the_caller_hold_for_the_whole_job(self):
        samples, analyses, worksheet = self.make()
        uids = [api.get_uid(analysis) for analysis in analyses]
        lock = api.get_uid(self.portal.worksheets)
        task = add_task("task_action_submit", worksheet, uids=uids,
                        locks=[lock])
        self.assertEqual(
            task.locks, [lock] + [api.get_uid(sample) for sample in samples])
        task = add_copy(task, uids=uids[3:])
        self.assertEqual(task.locks, [lock, api.get_uid(samples[1])])
        self.assertEqual(add_copy(task, note="x").locks, task.locks)
        # a sample of which something is left stays locked
        task = add_copy(task, uids=uids[5:])
        self.assertEqual(task.locks, [lock, api.get_uid(samples[1])])
        task = add_copy(task, locks=[])
        self.assertEqual(task.locks, [])
        task = add_copy(task, uids=[])
        self.assertEqual(task.locks, [])

    def test_worksheet_is_promoted_after_transitions_by_hand(self):
        """A queued worksheet cannot be submitted: the task does it later."""
        self.queue_some()
        self.do("submit", self.analyses[3:])
        self.assertEqual(api.get_review_status(self.worksheet), "open")
        self.drain()
        self.assertEqual(api.get_review_status(self.worksheet),
                         "to_be_verified")
        self.assertEqual(self.states(self.samples), ["to_be_verified"] * 2)

    def test_sample_is_promoted_by_what_is_done_by_hand(self):
        """The task is about something else, and would not do it later."""
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.do("submit", analyses[:2])
        self.click(worksheet, "verify", analyses[:1])
        self.assertTrue(marks.is_sample_queued(api.get_uid(samples[0])))
        self.do("submit", analyses[2:])
        self.assertEqual(self.states(samples + [worksheet]),
                         ["to_be_verified"] * 3)
        self.drain()
        self.assertEqual(api.get_review_status(analyses[0]), "verified")
        self.assertEqual(self.states(samples + [worksheet]),
                         ["to_be_verified"] * 3)

    def test_worksheet_is_opened_by_what_is_added_by_hand(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.do("submit", analyses)
        self.click(worksheet, "verify", analyses[:1])
        other, = utils.create_samples(self.portal, 1, ("Ca",))
        worksheet.addAnalysis(utils.analyses_of([other])[0])
        self.assertEqual(api.get_review_status(worksheet), "open")
        self.drain()
        self.assertEqual(api.get_review_status(worksheet), "open")

    def test_sample_is_promoted_when_its_last_open_analysis_is_removed(self):
        """Verified by the task, it would have stayed where it was."""
        for auto_verify, after in ((False, "to_be_verified"),
                                   (True, "verified")):
            api.get_setup().setAutoVerifySamples(auto_verify)
            api.get_setup().setSelfVerificationEnabled(True)
            sample, analysis = self.queue_for_verify("Ca", "Cu")
            self.forget_answers()
            sample.setAnalyses([analysis.getServiceUID()])
            transaction.commit()
            self.assertEqual(self.states([sample]), ["to_be_verified"])
            self.assertEqual(
                IStatusMessage(getRequest()).show(), [])
            self.drain()
            self.assertEqual(self.states([analysis, sample]),
                             ["verified", after])

    def queue_for_verify(self, *keywords):
        """Return a sample, and its only submitted analysis, which is queued to
        be verified."""
        sample, = utils.create_samples(self.portal, 1, keywords)
        analysis = utils.analyses_of([sample])[0]
        self.enter_results([analysis])
        self.do("submit", [analysis])
        add_action_task([analysis], "verify")
        transaction.commit()
        return sample, analysis

    def test_sample_is_opened_by_what_is_added_by_hand(self):
        sample, analysis = self.queue_for_verify("Ca")
        self.assertEqual(self.states([sample]), ["to_be_verified"])
        services = worksheets.get_services(("Ca", "Cu"))
        self.forget_answers()
        sample.setAnalyses(services)
        self.assertEqual(self.states([sample]), ["sample_received"])
        self.assertEqual(len(utils.analyses_of([sample])), 2)

    def test_rollback_by_request_is_refused(self):
        """They need no permission of their own."""
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.do("submit", analyses)
        self.click(worksheet, "verify", analyses[:1])
        # What is inconsistent can be taken back, by core's own guards
        changeWorkflowState(
            analyses[1], "senaite_analysis_workflow", "assigned")
        transaction.commit()
        wanted = ((samples[0], "rollback_to_receive"),
                  (worksheet, "rollback_to_open"))
        for obj, action in wanted:
            self.forget_answers()
            self.assertFalse(doActionFor(obj, action)[0])
            self.assertEqual(self.states([obj]), ["to_be_verified"])
        self.drain()
        for obj, action in wanted:
            self.forget_answers()
            self.assertTrue(doActionFor(obj, action)[0])

    def test_what_guards_of_others_ask_is_no_attempt(self):
        """A sample cannot be cancelled while a partition is queued."""
        sample, = utils.create_samples(self.portal, 1, ("Ca", "Cu"))
        partition = create_partition(
            sample, getRequest(), utils.analyses_of([sample])[:1])
        self.forget_answers()
        self.assertTrue(isTransitionAllowed(sample, "cancel"))
        add_action_task(partition, "cancel")
        transaction.commit()
        self.forget_answers()
        self.assertFalse(doActionFor(sample, "cancel")[0])
        self.assertFalse(doActionFor(partition, "cancel")[0])

    def rows(self, url):
        answer = self.post(url + "/folderitems", json.dumps({}),
                           "application/json")
        items = json.loads(answer)["folderitems"]
        return {item["uid"]: item for item in items if item.get("uid")}

    def test_listings(self):
        self.queue_some()
        rows = self.rows(
            self.worksheet.absolute_url() + "/analyses_classic_view")
        for index, analysis in enumerate(self.analyses):
            row = rows[api.get_uid(analysis)]
            self.assertEqual(bool(row["disabled"]), index < 3)
            self.assertEqual("queued-mark" in json.dumps(row), index < 3)

        rows = self.rows(self.portal.worksheets.absolute_url() + "/base_view")
        self.assertIn("queued-mark",
                      json.dumps(rows[api.get_uid(self.worksheet)]))

        rows = self.rows(self.portal.samples.absolute_url() + "/view")
        marked = [bool(rows[api.get_uid(sample)]["disabled"])
                  for sample in self.samples]
        self.assertEqual(marked, [True, False])

    def test_add_analyses_listing(self):
        _samples, analyses, worksheet = self.make(assign=False)
        self.click(worksheet, "assign", analyses[:3])
        other = utils.create_worksheet(self.portal)
        rows = self.rows(other.absolute_url() + "/add_analyses")
        for index, analysis in enumerate(analyses):
            row = rows[api.get_uid(analysis)]
            self.assertEqual(bool(row["disabled"]), index < 3)

    def test_progress(self):
        self.queue_some()
        url = self.worksheet.absolute_url()
        progress = json.loads(self.get(url + "/queue_progress"))
        self.assertIn(TEST_USER_ID, progress.pop("who"))
        self.assertEqual(progress.pop("state"), "open")
        self.assertIn("waits", progress)
        del progress["waits"]
        self.assertEqual(progress, {
            "tasks": 1, "left": 3, "total": 3, "skipped": 0, "failed": 0,
            "mine": False})
        page = self.get(url + "/manage_results")
        self.assertIn('class="queue-progress', page)
        self.assertIn("queue.js", page)
        self.assertIn("selection.js", page)
        self.drain()
        progress = json.loads(self.get(url + "/queue_progress"))
        self.assertEqual(progress["left"], 0)
