# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What is read once while a task is processed, and only then."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading
import unittest

from Acquisition import aq_base
from bika.lims import api
from plone.indexer.interfaces import IIndexableObject
from Products.Archetypes.Field import StringField
from Products.DCWorkflow import utils as utils_of_dcworkflow
from senaite.app.supermodel.model import SuperModel
from senaite.core.adapters.localroles import DynamicLocalRoleAdapter
from senaite.core.catalog.catalog_multiplex_processor import \
    CatalogMultiplexProcessor
from senaite.core.patches.archetypes import catalog_multiplex
from zope.annotation.interfaces import IAnnotations
from zope.component import getMultiAdapter
from zope.globalrequest import getRequest

from senaite.queue.adapters.transitions import do_if_allowed
from senaite.queue.speedups import memos
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests import patched
from senaite.queue.tests import utils


class OtherRules(DynamicLocalRoleAdapter):
    """Of an add-on that has other ideas of who has a role."""

    def getRoles(self, principal_id):
        return []


class MemosTest(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        self.client = self.portal.clients.objectValues("Client")[0]
        utils.act_as(self.portal, "labman1")

    def wrap(self):
        return getMultiAdapter(
            (self.client, api.get_tool("portal_catalog")), IIndexableObject)

    def test_indexed_once(self):
        with memos.kept():
            wrapper = self.wrap()
            roles = wrapper.allowedRolesAndUsers
            self.assertIs(wrapper.allowedRolesAndUsers, roles)
            # made for each catalog, and each time, anew
            self.assertIsNot(self.wrap().allowedRolesAndUsers, roles)
            self.assertEqual(self.wrap().allowedRolesAndUsers, roles)
            self.assertRaises(AttributeError, getattr, wrapper, "no_such")
        wrapper = self.wrap()
        self.assertEqual(wrapper.allowedRolesAndUsers, roles)
        self.assertIsNot(wrapper.allowedRolesAndUsers,
                         wrapper.allowedRolesAndUsers)

    def test_fields_collected_once(self):
        calls = []
        patched.watch(self, "api.get_fields", calls.append)

        def count(model, names):
            del calls[:]
            return [model.get_field(name) for name in names], len(calls)
        names = sorted(api.get_fields(self.client)) + ["no such field"]
        expected, number = count(SuperModel(self.client), names)
        self.assertEqual(number, len(names))
        self.assertIsNone(expected[-1])
        with memos.kept():
            self.assertEqual(count(SuperModel(self.client), names),
                             (expected, 1))
        with memos.kept():
            self.assertEqual(SuperModel(self.client).to_dict(),
                             SuperModel(self.client).to_dict())

    def test_analyses_of_a_worksheet_looked_up_once(self):
        analyses = utils.analyses_of(utils.create_samples(self.portal, 1))
        worksheet = utils.create_worksheet(self.portal)
        worksheet.addAnalysis(analyses[0])

        def get():
            return [api.get_uid(obj) for obj in worksheet.getAnalyses()]
        with memos.kept():
            with memos.kept():
                self.assertEqual(get(), [api.get_uid(analyses[0])])
            worksheet.setAnalyses(analyses[::-1])
            self.assertEqual(get(), [api.get_uid(an) for an in analyses[::-1]])
            worksheet.setAnalyses([])
            self.assertEqual(get(), [])
            worksheet.setAnalyses(analyses)
            self.assertIs(worksheet.getAnalyses()[1],
                          worksheet.getAnalyses()[1])
        self.assertEqual(get(), [api.get_uid(an) for an in analyses])

    def test_references_looked_up_once(self):
        """As core does it, for fields of one object, of several and of none;
        what is gone is not given out."""
        samples = utils.create_samples(self.portal, 1)
        analyses = utils.analyses_of(samples)
        worksheet = utils.create_worksheet(self.portal)
        worksheet.addAnalyses(analyses)
        uids = [api.get_uid(analysis) for analysis in analyses]
        fields = [(samples[0], samples[0].getField(name)) for name in (
            "Client", "SampleType", "Batch", "Profiles", "CCContact")]
        fields.append((worksheet, worksheet.getField("Analyses")))
        fields.append((worksheet, worksheet.getField("WorksheetTemplate")))

        def get():
            return [field.get(obj) for obj, field in fields]
        expected = get()
        self.assertEqual(expected[0], self.client)
        self.assertEqual(expected[2:5], [None, [], []])
        searches = []
        patched.watch(self, "UIDReferenceField.get",
                      lambda *args, **kw: searches.append(args))
        with memos.kept():
            self.assertEqual(get(), expected)
            self.assertEqual(get()[5], analyses)
            number = len(searches)
            self.assertGreater(number, 0)
            self.assertEqual(get(), expected)
            self.assertEqual(len(searches), number)
            # Each once, in the order of the first time
            StringField.set(fields[5][1], worksheet,
                            [uids[1], "", uids[0], uids[1], "no such uid"])
            self.assertEqual(worksheet.getAnalyses(),
                             [analyses[1], analyses[0]])
            samples[0]._delObject(analyses[1].getId())
            self.assertEqual(worksheet.getAnalyses(), [analyses[0]])
            brains = worksheet.getField("Analyses").get(
                worksheet, full_objects=False)
            self.assertTrue(all(hasattr(brain, "getPath")
                                for brain in brains))

    def test_analyses_of_a_sample_looked_up_once_to_index_it(self):
        samples = utils.create_samples(self.portal, 2)
        analyses = utils.analyses_of(samples)
        names = ("getAnalysesNum", "getProgress", "assigned_state")
        catalog = api.get_tool("senaite_catalog_sample")

        def values(sample):
            wrapper = getMultiAdapter((sample, catalog), IIndexableObject)
            found = [getattr(wrapper, name) for name in names]
            return [value() if callable(value) else value for value in found]
        expected = [values(sample) for sample in samples]
        searches = self.count_searches()
        self.assertEqual(values(samples[0]), expected[0])
        self.assertEqual(len(searches), 2)
        with memos.kept():
            del searches[:]
            self.assertEqual([values(sample) for sample in samples], expected)
            self.assertEqual(len(searches), 2)
            # Nothing is kept from one time to the next
            api.get_tool("portal_workflow").doActionFor(analyses[0], "reject")
            self.assertNotEqual(values(samples[0]), expected[0])
            self.assertEqual(values(samples[1]), expected[1])
            found = samples[0].getAnalyses()
            self.assertIsNot(found, samples[0].getAnalyses())

    def count_searches(self):
        """Return a list that grows with each search for analyses."""
        searches = []
        patched.watch(self, "SampleAnalysesFieldDataManager.get",
                      lambda manager, **kw: searches.append(kw))
        return searches

    def test_methods_called_once_for_all_that_is_indexed(self):
        catalog = api.get_tool("senaite_catalog_sample")
        sample, = utils.create_samples(self.portal, 1)
        calls = []

        def number(factor=1):
            calls.append(factor)
            if factor == 0:
                raise ValueError("No number")
            return [10 * factor]
        sample.getAnalysesNum = number
        self.addCleanup(delattr, sample, "getAnalysesNum")
        with memos.kept():
            wrapper = getMultiAdapter((sample, catalog), IIndexableObject)
            self.assertEqual([wrapper.getAnalysesNum(), calls], [[10], [1]])
            self.assertEqual([wrapper.getAnalysesNum(), calls], [[10], [1]])
            self.assertEqual(wrapper.getAnalysesNum(3), [30])
            self.assertRaises(ValueError, wrapper.getAnalysesNum, factor=0)
            wrapper = getMultiAdapter((sample, catalog), IIndexableObject)
            wrapper.getAnalysesNum()
        self.assertEqual(calls, [1, 3, 0, 1])

    def test_permissions_collected_once(self):
        sample, = utils.create_samples(self.portal, 1)

        def collect(obj):
            return utils_of_dcworkflow.ac_inherited_permissions(obj, 1)
        expected = collect(sample)
        self.assertIsNot(collect(sample), expected)
        with memos.kept():
            self.assertEqual(collect(sample), expected)
            self.assertIs(collect(sample), collect(sample))
            self.assertNotEqual(collect(self.portal), expected)
        self.assertIsNot(collect(sample), collect(sample))

    def test_local_roles_collected_once(self):
        adapter = DynamicLocalRoleAdapter(self.client)
        self.client.manage_setLocalRoles("analyst1", ["Owner"])
        roles = dict(adapter.getAllRoles())
        self.assertEqual(roles["analyst1"], ["Owner"])
        with memos.kept():
            self.assertEqual(dict(adapter.getAllRoles()), roles)
            self.client.manage_delLocalRoles(["analyst1"])
            self.forget()
            # again, and of another adapter of the same object
            for again in (adapter, DynamicLocalRoleAdapter(self.client)):
                self.assertEqual(dict(again.getAllRoles()), roles)
            # but not of another object, nor by other rules
            for other in (DynamicLocalRoleAdapter(self.portal),
                          OtherRules(self.client)):
                self.assertNotIn("analyst1", dict(other.getAllRoles()))
        self.forget()
        self.assertNotIn("analyst1", dict(
            DynamicLocalRoleAdapter(self.client).getAllRoles()))

    def test_tools_looked_up_once(self):
        catalog = api.get_tool("senaite_catalog_sample")
        asked = []
        ask = patched.get_declaration("api.get_tool").found
        patched.watch(self, "api.get_tool",
                      lambda name, *args, **kw: asked.append(name))
        with memos.kept():
            for _time in range(2):
                self.assertEqual(
                    api.get_tool("senaite_catalog_sample"), catalog)
                self.assertEqual(api.get_tool("uid_catalog"), ask("uid_catalog"))
            self.assertEqual(
                asked, ["senaite_catalog_sample", "uid_catalog"])
            # Whoever says more than the name is not served from memory
            self.assertEqual(api.get_tool("no_such_tool", default=None), None)
            self.assertEqual(api.get_tool("uid_catalog", context=self.client),
                             api.get_tool("uid_catalog"))
            self.assertEqual(asked[2:], ["no_such_tool", "uid_catalog"])
            self.assertRaises(api.APIError, api.get_tool, "no_such_tool")
        del asked[:]
        api.get_tool("uid_catalog")
        api.get_tool("uid_catalog")
        self.assertEqual(asked, ["uid_catalog"] * 2)

    def test_whether_all_is_logged_is_looked_up_once(self):
        setup = api.get_senaite_setup()
        processor = CatalogMultiplexProcessor()

        def find():
            self.assertEqual(catalog_multiplex.is_auditlog_enabled(),
                             processor.is_global_auditlog_enabled())
            return processor.is_global_auditlog_enabled()
        before = find()
        self.addCleanup(setup.setEnableGlobalAuditlog, before)
        with memos.kept():
            self.assertEqual(find(), before)
            setup.setEnableGlobalAuditlog(not before)
            self.assertEqual(find(), before)
        self.assertEqual(find(), not before)

    def forget(self):
        """Have core begin a new request."""
        IAnnotations(getRequest()).clear()

    def count_guards(self, obj, action):
        """Do a transition; returns whether that was possible, and what the
        guards of this and of other transitions were asked for."""
        asked = []
        patched.watch(
            self, "._checkTransitionGuard",
            lambda workflow, transition, found, **kw: asked.append(
                transition.getId()) if aq_base(found) is aq_base(obj) else None)
        return do_if_allowed(obj, action), asked.count(action)

    def test_guards_asked_once(self):
        sample = utils.create_samples(self.portal, 1)[0]
        analysis = utils.analyses_of([sample])[0]
        # No result: impossible
        self.assertEqual(self.count_guards(analysis, "submit"), (False, 1))
        analysis.setResult("10")
        self.forget()
        self.assertEqual(self.count_guards(analysis, "submit"), (True, 1))
        self.assertEqual(api.get_review_status(analysis), "to_be_verified")
        self.assertEqual(self.count_guards(analysis, "submit"), (False, 0))

    def test_a_guard_says_yes_once_more_and_not_again(self):
        answers = [True, False, True]

        def ask(obj=self.client, action="a"):
            return memos.ask_guard(obj, action, lambda: answers.pop(0))
        with memos.asked_once(self.client, "a"):
            self.assertEqual([ask(), ask()], [True, True])
            self.assertEqual(len(answers), 2)
            # a "no" is asked for again
            self.assertEqual([ask(), ask(), ask()], [False, True, True])
            self.assertEqual(answers, [])
        answers.extend([True, True, False, False])
        with memos.asked_once(self.client, "a"):
            self.assertTrue(ask())
            self.assertTrue(ask(action="b"))
            with memos.asked_once(self.portal, "a"):
                self.assertFalse(ask(self.portal))
                self.assertFalse(ask())
            self.assertTrue(ask())
        answers.extend([True, False])
        self.assertEqual([ask(), ask()], [True, False])

    def test_in_this_thread_only(self):
        seen = []
        with memos.kept():
            thread = threading.Thread(
                target=lambda: seen.append(memos.is_active()))
            thread.start()
            thread.join()
            with memos.kept():
                pass
            seen.append(memos.is_active())
        seen.append(memos.is_active())
        self.assertEqual(seen, [False, True, False])
