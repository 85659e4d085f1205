# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What a task skips, and the reasons that it gives: those of SENAITE's guards.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import transaction
from bika.lims import api as senaite_api
from bika.lims.interfaces import IWorksheet
from plone.app.testing import TEST_USER_ID
from zope.component import getGlobalSiteManager
from zope.interface import implementer

from senaite.queue import api
from senaite.queue.adapters import reasons
from senaite.queue.adapters import skipped
from senaite.queue.consumer.lease import Lease
from senaite.queue.consumer import processing
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue.model import failures
from senaite.queue.model import left_out
from senaite.queue.records import ledger
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests.integration import people
from senaite.queue.tests import utils


class SkippedCase(WorksheetTestCase):

    def setUp(self):
        super(SkippedCase, self).setUp()
        self.samples, self.analyses, self.worksheet = self.make()
        people.make(self.portal)
        self.enter_results(self.analyses)


class SkippedTest(SkippedCase):

    def run_task(self, action, username="analyst", analyses=None):
        """Run a task and the rest of its job; return the tasks."""
        api.add_action_task(analyses or self.analyses, action,
                            self.worksheet, username=username)
        done = self.drain()
        self.come_back()
        return done

    def told(self, done):
        """Return the items that a job has skipped."""
        items = [item for task in done for item in task["skipped_items"]]
        self.assertEqual(sum(task["skipped"] for task in done), len(items))
        return items

    def reasons_of(self, done):
        return [item["reason"] for item in self.told(done)]

    def test_user_has_lost_the_right(self):
        self.portal.acl_users.portal_role_manager.removeRoleFromPrincipal(
            "Analyst", "analyst")
        self.portal.manage_setLocalRoles("analyst", ["Reader", "Preserver"])
        self.worksheet.manage_permission("View", ["Member"], 1)
        done = self.run_task("submit")
        self.assertEqual(self.states(self.analyses), ["assigned"] * 6)
        self.assertEqual(self.reasons_of(done), [left_out.NOT_PERMITTED] * 6)
        analysis, item = self.analyses[0], self.told(done)[0]
        self.assertEqual(item, {
            "uid": analysis.UID(), "path": senaite_api.get_path(analysis),
            "item": senaite_api.get_title(analysis).decode("utf-8"),
            "sample": self.samples[0].getId(),
            "reason": left_out.NOT_PERMITTED})

    def test_own_results(self):
        self.do("submit", self.analyses)
        senaite_api.get_setup().setSelfVerificationEnabled(False)
        for action in ("verify", "retest"):
            done = self.run_task(action, TEST_USER_ID)
            self.assertEqual(self.reasons_of(done),
                             [left_out.OWN_RESULTS] * 6)

    def test_retracted_by_somebody(self):
        self.do("submit", self.analyses)
        self.do("retract", self.analyses[:1])
        done = self.run_task("verify", "lab_manager")
        self.assertEqual(self.states(self.analyses[1:]), ["verified"] * 5)
        item, = self.told(done)
        self.assertEqual(
            (item["uid"], item["reason"], item["state"], item["user"]),
            (self.analyses[0].UID(), left_out.IN_STATE, "retracted",
             TEST_USER_ID))
        entry = senaite_api.get_review_history(self.analyses[0])[0]
        self.assertEqual(item["at"], float(entry["time"]))

    def test_assigned_to_somebody_else(self):
        senaite_api.get_setup().setAllowToSubmitNotAssigned(False)
        self.worksheet.setAnalyst("lab_manager")
        done = self.run_task("submit")
        self.assertEqual(
            [(item["reason"], item["user"]) for item in self.told(done)],
            [(left_out.ASSIGNED_TO, "lab_manager")] * 6)
        self.worksheet.setAnalyst("")
        self.assertEqual(self.reasons_of(self.run_task("submit")),
                         [left_out.NOT_ASSIGNED] * 6)
        self.worksheet.setAnalyst("analyst")
        self.assertEqual(self.reasons_of(self.run_task("submit")), [])
        self.assertEqual(self.states(self.analyses), ["to_be_verified"] * 6)

    def test_done_by_somebody_else_is_not_done_by_the_task(self):
        self.do("submit", self.analyses[:2])
        done = self.run_task("submit", "analyst")
        self.assertEqual(
            [(item["uid"], item["reason"], item["user"])
             for item in self.told(done)],
            [(analysis.UID(), left_out.DONE_BY, TEST_USER_ID)
             for analysis in self.analyses[:2]])

    def test_done_by_the_user_of_the_task_is_done(self):
        self.do("submit", self.analyses[:2])
        done = self.run_task("submit", TEST_USER_ID)
        self.assertEqual(self.told(done), [])
        self.assertIn("2 done already", done[0]["note"])

    def test_duplicates_that_an_earlier_chunk_took_along_are_done(self):
        """After a conflict, chunks end within samples."""
        with utils.settings(default=0):
            duplicates = self.worksheet.addDuplicateAnalyses(1)
        for duplicate in duplicates:
            duplicate.reindexObject()
        lost, = [duplicate for duplicate in duplicates if
                 duplicate.getAnalysis() == self.analyses[1]]
        api.add_action_task(
            self.analyses[:1] + duplicates, "unassign", self.worksheet)
        gone = set(map(senaite_api.get_uid, duplicates))
        uid = senaite_api.get_uid(lost)
        transaction.commit()
        task, = self.pending()
        task.update(attempt=2, chunk_size=1)
        done = [utils.process(self.portal, task)]
        rest, = self.pending()
        self.assertEqual(len(rest.uids), 3)
        # Somebody else removes the duplicate of an analysis that stays
        self.worksheet._delObject(lost.getId())
        done += self.drain()
        self.come_back()
        self.assertEqual(
            [(item["uid"], item["reason"]) for item in self.told(done)],
            [(uid, left_out.GONE)])
        self.assertFalse(gone & set(self.worksheet.getRawAnalyses()))

    def test_state_that_another_action_has_led_to(self):
        """A retest leaves the analysis verified, like a verification."""
        self.do("submit", self.analyses)
        self.do("verify", self.analyses[:1])
        done = self.run_task("retest", TEST_USER_ID)
        item, = self.told(done)
        self.assertEqual((item["reason"], item["state"]),
                         (left_out.IN_STATE, "verified"))
        self.assertNotIn("done already", done[0]["note"])

    def test_results_and_dependencies_are_missing(self):
        analysis = self.analyses[0]
        analysis.setResult("")
        self.assertEqual(reasons.explain(analysis, "submit"),
                         {"reason": left_out.NO_RESULT})
        analysis.setResult("7")
        analysis.setInterimFields([{"keyword": "x", "value": ""}])
        self.assertEqual(reasons.explain(analysis, "submit"),
                         {"reason": left_out.NO_RESULT})
        analysis.setInterimFields([])
        other = self.analyses[1]
        other.setResult("")
        self.addCleanup(analysis.__dict__.pop, "getDependencies")
        analysis.getDependencies = lambda *args: [other]
        utils.clear_caches(self.layer["request"])
        self.assertEqual(reasons.explain(analysis, "submit"),
                         {"reason": left_out.DEPENDENCIES})

    def test_any_object_may_be_refused(self):
        client = self.portal.clients["client-1"]
        for obj, action in ((client, "activate"), (client, "no_such"),
                            (self.samples[0], "verify"),
                            (self.worksheet, "verify")):
            self.assertEqual(reasons.explain(obj, action)["reason"],
                             left_out.IN_STATE)
        self.assertEqual(reasons.explain(self.samples[0], "submit"),
                         {"reason": left_out.NOT_ALLOWED})

    def test_names_are_bounded(self):
        notes = skipped.Notes()
        for _number in range(left_out.MOST_ITEMS + 7):
            notes.skip(skipped.GONE, self.analyses[0])
        task = {}
        notes.keep(task)
        self.assertEqual((task["skipped"], len(task["skipped_items"])),
                         (left_out.MOST_ITEMS + 7, left_out.MOST_ITEMS))

    def test_reasons_of_other_addons_are_kept(self):
        notes = skipped.Notes()
        notes.skip(u"the moon is full", self.samples[0])
        item, = notes.items
        self.assertEqual((item["item"], item["reason"]),
                         (self.samples[0].getId(), u"the moon is full"))
        self.assertEqual(notes.text(), u"1 the moon is full: {}".format(
            self.samples[0].getId()))


@implementer(IQueuedTaskAdapter)
class Forbidden(object):
    """Works on what its user may not see."""

    def __init__(self, context):
        self.context = context

    def process(self, task):
        self.context.restrictedTraverse("manage_results")


class ReportedTest(SkippedCase):
    """From the transaction of the work to the report."""

    def process(self, task, username):
        lease = Lease("site", task, "h:1/0000000a")
        utils.act_as(self.portal, username)
        try:
            return processing.process(
                self.portal, self.layer["request"], lease, username)
        finally:
            self.come_back()

    def test_the_ledger_keeps_what_was_skipped(self):
        self.do("submit", self.analyses)
        self.do("retract", self.analyses[:1])
        task = api.add_action_task(self.analyses[:2], "verify",
                                   self.worksheet, username=TEST_USER_ID)
        transaction.commit()
        answer = self.process(task, TEST_USER_ID)
        self.assertEqual((answer["outcome"], answer["processed"],
                          answer["skipped"]), ("done", 2, 1))
        self.assertEqual(answer["skipped_items"][0]["state"], "retracted")
        # The acknowledgement was lost
        again = self.process(task, TEST_USER_ID)
        self.assertEqual(again, dict(answer, outcome="already"))
        json.dumps(again)

    def test_records_of_older_versions_are_read(self):
        self.assertEqual(ledger.describe((7, 3, u"note")), {
            "processed": 3, "note": u"note", "skipped": 0,
            "skipped_items": []})

    def test_failures_have_a_code(self):
        registration = (Forbidden, (IWorksheet,), IQueuedTaskAdapter,
                        "task_forbidden")
        manager = getGlobalSiteManager()
        manager.registerAdapter(*registration)
        self.addCleanup(manager.unregisterAdapter, *registration)
        task = api.add_task("task_forbidden", self.worksheet,
                            username="client_contact")
        transaction.commit()
        answer = self.process(task, "client_contact")
        self.assertEqual((answer["outcome"], answer["error_code"]),
                         ("failed", failures.NOT_ALLOWED))
