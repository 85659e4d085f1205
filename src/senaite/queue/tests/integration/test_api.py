# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The API: status, new tasks and refusals."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


import datetime
import os
import time

import transaction
from bika.lims import api as senaite_api
from bika.lims.browser.workflow import WorkflowActionGenericAdapter
from bika.lims.utils.analysisrequest import create_partition
from bika.lims.workflow import isTransitionAllowed
from plone.app.testing import TEST_USER_ID
from Products.ZCatalog.Catalog import Catalog

from senaite.queue import api
from senaite.queue import config
from senaite.queue.site import samples
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils
from senaite.queue.tests import worksheets


class ApiTest(WorksheetTestCase):

    def setUp(self):
        super(ApiTest, self).setUp()
        self.client = self.portal.clients["client-1"]

    def test_status(self):
        self.assertEqual(api.get_queue_status(), "ready")
        self.assertTrue(api.is_queue_ready("task_action_submit"))
        with utils.settings(default=0):
            self.assertEqual(api.get_queue_status(), "disabled")
            self.assertFalse(api.is_queue_enabled())
        with utils.settings(server=""):
            self.assertEqual(api.get_queue_status(), "disabled")
        api.add_task("task_generic_action", self.client, action="activate")
        with utils.settings(default=0):
            self.assertEqual(api.get_queue_status(), "resuming")
            self.assertTrue(api.is_queue_enabled())
            self.assertFalse(api.is_queue_ready())

    def test_states_to_look_for(self):
        """None and an empty list are the default."""
        api.add_task("task_generic_action", self.client, action="activate")
        for status in (None, "", [], (), "queued", ["queued", "running"]):
            self.assertTrue(api.is_queued(self.client, status=status), status)
        self.assertFalse(api.is_queued(self.client, status=["failed"]))

    def test_work_is_synchronous_during_an_outage(self):
        with utils.settings(outage_seconds=-1):
            self.assertFalse(api.is_queue_ready())
        self.assertTrue(api.is_queue_ready())

    def test_work_is_synchronous_where_the_configuration_is_wrong(self):
        """Such a process delivers nothing: waiting for it is of no use."""
        self.addCleanup(os.environ.pop, config.ROLE.variable, None)
        os.environ[config.ROLE.variable] = "servre"
        self.assertEqual(api.get_queue_status(), "disabled")
        api.add_task("task_generic_action", self.client, action="activate")
        self.assertEqual(api.get_queue_status(), "resuming")
        self.assertFalse(api.is_queue_ready())

    def test_aborted_transaction_adds_nothing(self):
        api.add_task("task_generic_action", self.client, action="activate")
        self.assertTrue(api.is_queued(self.client))
        transaction.abort()
        self.assertFalse(api.is_queued(self.client))
        self.assertEqual(self.pending(), [])

    def test_add_task(self):
        task = api.add_task("task_action_whatever", self.client,
                            priority=3, colour="blue")
        self.assertEqual(task.username, TEST_USER_ID)
        self.assertEqual(task.priority, 3)
        self.assertEqual(task["colour"], "blue")
        self.assertIsNone(api.add_task(
            "task_action_whatever", self.client, task_uid=task.task_uid))
        self.assertIsNone(api.add_task(
            "task_action_whatever", self.client, unique=True))
        task = api.queue_task("task_generic_action", None, self.client,
                              username="somebody")
        self.assertEqual(task.username, "somebody")

    def test_items_may_be_objects_and_brains(self):
        contact = self.client.objectValues("Contact")[0]
        brain, = senaite_api.get_tool("uid_catalog")(
            UID=senaite_api.get_uid(contact))
        uids = [senaite_api.get_uid(self.client), senaite_api.get_uid(contact)]
        task = api.add_task("task_action_whatever", self.client,
                            uids=[self.client, brain])
        self.assertEqual(task.uids, uids)
        copy = api.add_copy(task, uids=(contact,))
        self.assertEqual(copy.uids, uids[1:])
        with self.assertRaises(TypeError) as caught:
            api.add_task("task_action_whatever", self.client, uids=[7])
        self.assertIn("'uids'", str(caught.exception))

    def test_invalid_tasks_are_refused(self):
        with self.assertRaises(ValueError):
            api.add_task("task_without_adapter", self.client)
        with self.assertRaises(ValueError):
            # Adapts only worksheets
            api.add_task("task_assign_analyses", self.client)
        with self.assertRaises(TypeError) as caught:
            api.add_task("task_generic_action", self.client,
                         due=datetime.datetime.now())
        self.assertIn("due", str(caught.exception))
        with self.assertRaises(ValueError):
            api.add_assign_task(self.client, [])
        with self.assertRaises(ValueError):
            api.is_queued("not a uid")
        with self.assertRaises(ValueError):
            api.is_queued(None)
        self.assertEqual(self.pending(), [])

    def test_action_by_the_name_of_the_task(self):
        """As add-ons write it: neither action nor objects."""
        task = api.add_task("task_action_deactivate", self.client)
        self.assertEqual(task["action"], "deactivate")
        self.assertEqual(task.uids, [senaite_api.get_uid(self.client)])
        self.drain()
        self.assertEqual(self.states([self.client]), ["inactive"])
        task = api.add_task("task_action_activate", self.client,
                            uids=[senaite_api.get_uid(self.client)])
        self.assertEqual(task["action"], "activate")
        self.drain()
        self.assertEqual(self.states([self.client]), ["active"])
        task = api.add_task("task_generic_action", self.client,
                            action="deactivate")
        self.assertEqual(task.uids, [senaite_api.get_uid(self.client)])
        # nothing is what an adapter's rest may be
        task = api.add_task("task_action_submit", self.client, uids=[])
        self.assertEqual((task.uids, task["action"]), ([], "submit"))
        transaction.abort()

    def test_nothing_to_do(self):
        worksheet = self.make(assign=False)[2]
        self.assertIsNone(api.add_action_task([], "submit"))
        self.assertIsNone(api.add_action_task((), "submit", worksheet))
        self.assertIsNone(api.add_action_task([], "assign", worksheet))
        self.assertIsNone(api.add_assign_task(worksheet, []))
        self.assertIsNone(api.add_assign_task(worksheet, [], slots=[]))
        self.assertEqual(self.pending(), [])

    def test_copy_about_another_object(self):
        folder = self.portal.clients
        task = api.add_task("task_generic_action", self.client, unique=True,
                            action="activate")
        for source in (task, dict(task)):
            copy = api.add_copy(source, context=folder, uids=[],
                                unique=False)
            self.assertEqual(copy.get_context(), folder)
            self.assertEqual((copy.uids, copy.unique), ([], False))
            self.assertEqual(copy.job_uid, task.job_uid)
        transaction.abort()

    def test_server(self):
        with utils.settings(server="http://localhost:8080/senaite/"):
            self.assertEqual(api.get_server_url(),
                             "http://localhost:8080/senaite")
            self.assertEqual(api.get_queue_status(), "ready")
        api.add_task("task_generic_action", self.client, action="activate")
        for value in ("dummy", "localhost:8080/senaite", "ftp://host/x",
                      "http:///senaite", "http://[", "http://localhost:8080",
                      "http://localhost:8080/", "http://a b/senaite",
                      "http://me:pw@localhost/senaite", None):
            with utils.settings(server=value):
                self.assertEqual(api.get_server_url(), "", value)
                self.assertEqual(api.get_queue_status(), "disabled", value)
                self.assertFalse(api.is_queue_enabled())
        transaction.abort()

    def test_copy_belongs_to_the_job(self):
        uids = [letter * 32 for letter in "abc"]
        task = api.add_task("task_generic_action", self.client, uids=uids)
        copy = api.add_copy(task, uids=uids[1:])
        self.assertNotEqual(copy.task_uid, task.task_uid)
        self.assertEqual(copy.job_uid, task.job_uid)
        self.assertEqual(copy.job_total, 3)
        self.assertEqual(copy.uids, uids[1:])

    def test_duplicates_count_once(self):
        found, analyses, worksheet = self.make(assign=False)
        uids = [senaite_api.get_uid(analysis) for analysis in analyses]
        for task in (
                api.add_action_task(
                    analyses[:2] + uids[1:] + uids, "submit", worksheet),
                api.add_assign_task(
                    worksheet, uids[:2] + analyses[1:] + analyses),
                api.add_task("task_action_submit", worksheet,
                             uids=uids[:2] + uids[1:] + uids)):
            self.assertEqual(task.uids, uids)
            self.assertEqual(task.job_total, 6)
            self.assertEqual(sorted(task.locks), sorted(
                senaite_api.get_uid(sample) for sample in found))
        task = api.add_assign_task(
            worksheet, [uids[0], uids[1], uids[0]], slots=[3, 1, 2])
        self.assertEqual(task["slots"], [3, 1])
        transaction.abort()

    def test_objects_that_are_gone_are_skipped_later(self):
        """Not refused at the click: the page may be old."""
        _found, analyses, worksheet = self.make(assign=False)
        gone = "f" * 32
        uids = [senaite_api.get_uid(analysis) for analysis in analyses]
        api.add_assign_task(worksheet, [gone] + uids[:3])
        done = self.drain()
        self.assertEqual([task.uids for task in done], [[gone] + uids[:3]])
        self.assertEqual(done[0].note, "1 removed meanwhile: " + gone)
        self.assertEqual(self.states(analyses[:3]), ["assigned"] * 3)
        self.enter_results(analyses[:3])
        task = api.add_action_task([gone, uids[0]], "submit")
        self.assertEqual(task.get_context(), analyses[0])
        done = self.drain()
        self.assertEqual(done[0].note, "1 removed meanwhile: " + gone)
        self.assertEqual(self.states(analyses[:1]), ["to_be_verified"])
        # There is no object that the task could be about
        self.assertIsNone(api.add_action_task([gone], "submit"))
        self.assertIsNone(api.add_action_task(gone, "submit"))
        for wrong in ("not a uid", None, 17):
            with self.assertRaises(ValueError) as caught:
                api.add_action_task([wrong], "submit", worksheet)
            self.assertIn(repr(wrong), str(caught.exception))
            with self.assertRaises(ValueError):
                api.add_assign_task(worksheet, [wrong])
        self.assertEqual(self.pending(), [])

    def test_nothing_is_woken_at_the_click(self):
        _found, analyses, worksheet = self.make()
        uids = [senaite_api.get_uid(analysis) for analysis in analyses]
        transaction.commit()
        connection = self.portal._p_jar
        for add in (
                lambda: api.add_action_task(uids, "submit", worksheet),
                lambda: api.add_task("task_action_submit", worksheet,
                                     uids=uids),
                lambda: api.add_assign_task(worksheet, uids)):
            connection.cacheMinimize()
            self.assertEqual(add().uids, uids)
            transaction.abort()
            woken = [obj for obj in analyses + _found
                     if obj._p_changed is not None]
            self.assertEqual(woken, [])

    def test_cost_of_a_large_selection(self):
        """Ten times the items take ten times the work at most, and no more
        searches and objects. Most of them are gone, which makes no difference
        to what is done here: the catalog is asked for each."""
        _found, analyses, worksheet = self.make()
        known = [senaite_api.get_uid(analysis) for analysis in analyses]
        transaction.commit()
        counts = {"searches": 0, "woken": 0}
        connection = self.portal._p_jar
        setstate, search = connection.setstate, Catalog.search

        def counting_setstate(obj):
            counts["woken"] += 1
            return setstate(obj)

        def counting_search(*args, **kw):
            counts["searches"] += 1
            return search(*args, **kw)
        connection.setstate = counting_setstate
        self.addCleanup(delattr, connection, "setstate")
        Catalog.search = counting_search
        self.addCleanup(setattr, Catalog, "search", search)

        def cost(number, start):
            uids = known + ["{:032x}".format(start + index)
                            for index in range(number - len(known))]
            transaction.begin()
            connection.cacheMinimize()
            counts.update(searches=0, woken=0)
            begun = time.clock()
            task = api.add_task("task_action_submit", worksheet, uids=uids)
            transaction.commit()
            seconds = time.clock() - begun
            self.assertEqual(len(task.uids), number)
            return counts["searches"], counts["woken"], seconds

        cost(1000, 0)
        small = [cost(1000, (1 + time_) * 10 ** 6) for time_ in range(3)]
        large = [cost(10000, (9 + time_) * 10 ** 6) for time_ in range(3)]
        self.assertGreater(small[0][1], 0)
        self.assertLessEqual(min(item[0] for item in large),
                             max(item[0] for item in small))
        self.assertLessEqual(min(item[1] for item in large),
                             max(item[1] for item in small))
        ratio = min(item[2] for item in large) / \
            min(item[2] for item in small)
        self.assertLess(ratio, 20)

    def test_samples_of_analyses_by_their_uids(self):
        """The catalog tells the same as the objects, duplicates, references
        and partitions included."""
        found, analyses, worksheet = self.make()
        services = worksheets.get_services(("Ca", "Cu"))
        reference = worksheets.create_reference(self.portal, services)[1]
        others = worksheet.addDuplicateAnalyses(1)
        others += worksheet.addReferenceAnalyses(reference, services)
        for analysis in others:
            analysis.reindexObject()
        sample, = utils.create_samples(self.portal, 1, ("Ca", "Cu"))
        partition = create_partition(
            sample, self.layer["request"],
            utils.analyses_of([sample])[:1])
        objects = analyses + others + utils.analyses_of([partition])
        objects += found + [worksheet]
        uids = [senaite_api.get_uid(obj) for obj in objects]
        self.assertEqual(sorted(samples.get_locks(uids)),
                         sorted(samples.get_uids(objects)))
        self.assertEqual(samples.get_locks(uids[:3]),
                         [senaite_api.get_uid(found[0])])
        self.assertEqual(
            set(samples.get_locks([senaite_api.get_uid(analysis) for analysis
                                   in utils.analyses_of([partition])])),
            set(senaite_api.get_uid(obj) for obj in (partition, sample)))
        self.assertEqual(samples.get_locks(["f" * 32]), [])
        mixed = uids[::3] + uids[1::3] + uids[2::3]
        self.assertEqual(
            samples.side_by_side(mixed),
            [senaite_api.get_uid(obj) for obj in by_sample(
                [senaite_api.get_object(uid) for uid in mixed])])

    def test_slots(self):
        found, analyses, worksheet = self.make(assign=False)
        uid = senaite_api.get_uid
        uids = [uid(analysis) for analysis in analyses]
        by_uid = {uids[0]: 3, uids[2]: 2}
        padded = [3, "", 2, "", "", ""]
        adapter = api.get_task_adapter("task_assign_analyses", worksheet)
        for slots, expected in (
                ([3, None, 2], padded), ((3, 0, "2"), padded),
                ([3, 0, 2, None, None, None], padded),
                # There are no analyses for the rest
                ([3, "", 2, 0, 0, 0, 7, 8], padded),
                (by_uid, by_uid)):
            for task in (
                    api.add_assign_task(worksheet, analyses, slots=slots),
                    api.add_task("task_assign_analyses", worksheet, uids=uids,
                                 slots=slots),
                    api.add_task("task_assign_analyses", worksheet,
                                 uids=analyses, slots=slots)):
                self.assertEqual(task.uids, uids)
                self.assertEqual(task["slots"], expected)
                self.assertEqual([adapter.get_slot(analysis, task)
                                  for analysis in analyses],
                                 [3, None, 2, None, None, None])
        task = api.add_task("task_assign_analyses", worksheet, uids=uids)
        self.assertEqual(task["slots"], {})
        task = api.add_assign_task(worksheet, uids, slots=[])
        self.assertEqual(task["slots"], [""] * 6)
        task = api.add_assign_task(worksheet, uids[:1], slots=[1, 2])
        self.assertEqual(task["slots"], [1])
        task = api.add_assign_task(worksheet, uids, slots=[3, 0, 2])
        for source in (task, dict(task)):
            rest = api.add_copy(source, uids=uids[1:3])
            self.assertEqual(rest["slots"], ["", 2])
            self.assertEqual(adapter.get_slot(analyses[2], rest), 2)
        task = api.add_copy(task, uids=uids[1:3], slots=[4, 5])
        self.assertEqual((task["slots"], task["slots_by_uid"]),
                         ([4, 5], {uids[1]: 4, uids[2]: 5}))
        transaction.abort()
        # The second sample first; one slot is taken by then
        slots = [4, 4, 4, 2, 2, 2]
        task = api.add_action_task(analyses, "assign", worksheet, slots=slots)
        self.assertEqual(task.name, "task_assign_analyses")
        other, = utils.create_samples(self.portal, 1, ("Ca",))
        with utils.working_on(task):
            worksheet.addAnalysis(utils.analyses_of([other])[0], 4)
        self.drain()
        positions = {slot["container_uid"]: int(slot["position"])
                     for slot in worksheet.getLayout()}
        self.assertEqual(positions, {
            uid(other): 4, uid(found[0]): 1, uid(found[1]): 2})

    def test_security(self):
        task = api.add_reindex_obj_security_task(self.client)
        self.assertEqual(task.priority, 50)
        self.assertTrue(task.ghost)
        sample, = utils.create_samples(self.portal, 1, ("Ca",))
        # Index now, not at the first search of the catalog
        transaction.commit()
        self.client.manage_setLocalRoles("newcomer", ["Owner"])
        catalog = senaite_api.get_tool("senaite_catalog_sample")

        def visible():
            return len(catalog.unrestrictedSearchResults(
                allowedRolesAndUsers="user:newcomer",
                UID=senaite_api.get_uid(sample)))
        self.assertEqual(visible(), 0)
        with utils.settings(default=50):
            done = self.drain()
        self.assertEqual(visible(), 1)
        self.assertGreaterEqual(len(done), 1)

    def test_whole_samples(self):
        found = utils.create_samples(self.portal, 2)
        uids = [senaite_api.get_uid(analysis)
                for analysis in utils.analyses_of(found)]

        def get_object(uid):
            return senaite_api.get_object_by_uid(uid, default=None)
        for size, expected in ((1, 3), (3, 3), (4, 6), (6, 6)):
            chunk, rest = samples.whole_samples(
                uids[:size], uids[size:], get_object)
            self.assertEqual(len(chunk), expected)
            self.assertEqual(chunk + rest, uids)

    def test_whole_samples_have_their_partitions(self):
        """Whatever the order of their analyses."""
        sample, other = utils.create_samples(self.portal, 2, ("Ca", "Cu", "Fe"))
        analyses = utils.analyses_of([sample])
        partition = create_partition(
            sample, self.layer["request"], analyses[1:2])
        moved, = partition.objectValues("Analysis")
        kept = sample.objectValues("Analysis")
        uids = [senaite_api.get_uid(analysis) for analysis
                in [kept[0], moved, kept[1]] + utils.analyses_of([other])]
        self.assertEqual(samples.side_by_side(uids), uids)
        for size, expected in ((1, 3), (2, 3), (3, 3), (4, 6)):
            chunk, rest = samples.whole_samples(
                uids[:size], uids[size:], senaite_api.get_object_by_uid)
            self.assertEqual(chunk, uids[:expected])
            self.assertEqual(rest, uids[expected:])

    def test_not_installed_in_this_site(self):
        """Guards and clicks are those of core without the add-on."""
        _found, analyses, worksheet = self.make()
        self.click(worksheet, "unassign", analyses[:3])
        utils.clear_caches(self.layer["request"])
        self.assertFalse(isTransitionAllowed(analyses[0], "unassign"))
        with utils.not_installed():
            self.layer["request"].set("ws_uid", senaite_api.get_uid(worksheet))
            self.assertTrue(isTransitionAllowed(analyses[0], "unassign"))
            self.assertFalse(api.is_queue_ready())
        self.assertTrue(issubclass(
            utils.form_adapter(worksheet, "verify").__class__,
            WorkflowActionGenericAdapter))


def by_sample(objects):
    """Return objects with those of one sample next to each other."""
    keys = [samples.get_family(obj) for obj in objects]
    return sorted(objects, key=lambda obj: keys.index(samples.get_family(obj)))
