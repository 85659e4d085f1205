# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Patches fit the installed packages, get on with those of other add-ons, and
step aside where core has changed."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import logging
import unittest

from bika.lims import api
from bika.lims.content.analysisrequest import AnalysisRequest
from bika.lims.content import worksheet as worksheets
from bika.lims.content.worksheet import Worksheet
from bika.lims.workflow.analysis import events
from plone.indexer.wrapper import IndexableObjectWrapper
from Products.CMFCore import indexing
from Products.CMFCore.WorkflowTool import WorkflowTool
from senaite.app.supermodel.model import SuperModel
from senaite.core.patches.archetypes import catalog_multiplex
from ZEO.ClientStorage import ClientStorage
from zope.i18n import interpolate

from senaite.queue.browser.settings import advice
from senaite.queue.integration import core_patches as functional
from senaite.queue import logger
from senaite.queue.site import fingerprints
from senaite.queue import speedups
from senaite.queue.speedups import ahead
from senaite.queue.speedups import holdback
from senaite.queue.speedups import patches
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests.integration.process import ProcessTestCase
from senaite.queue.tests import effort
from senaite.queue.tests import patched
from senaite.queue.tests import utils


class Lines(logging.Handler):
    """Collects what is logged."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.found = []

    def emit(self, record):
        self.found.append(record.getMessage())


@contextlib.contextmanager
def planted(table, functions):
    """Have other functions in place when patches are applied.

    :param table: table of the patches
    :param functions: list of (module or class, name, function that gets the
        installed function and returns the other one)
    :returns: list of the lines that the log gets for it
    """
    take_back(table)
    former = []
    for scope, name, make in functions:
        found = getattr(scope, name)
        own = vars(scope).get(name)
        former.append((scope, name, own))
        setattr(scope, name, make(getattr(found, "__func__", found)))
    lines = Lines()
    logger.addHandler(lines)
    try:
        table.apply()
        logger.removeHandler(lines)
        yield lines.found
    finally:
        logger.removeHandler(lines)
        take_back(table)
        for scope, name, own in former:
            if own is None:
                delattr(scope, name)
            else:
                setattr(scope, name, own)
        table.apply()


def take_back(table):
    """Undo all patches, the last one first."""
    for declaration in reversed(table.declarations):
        declaration.take_back()
    table.aside.clear()


class FingerprintsTest(unittest.TestCase):
    """The packages that the tests run with are those we were written for."""

    layer = QUEUE_FUNCTIONAL_TESTING

    def check(self, table):
        lines = [" ".join((item.function, item.fingerprint, str(item.status),
                           str(item.installed)))
                 for item in table.get_changed()]
        self.assertEqual(lines, [])

    def test_functional_patches(self):
        self.check(functional.table)

    @patched.needs_speedups
    def test_speedups(self):
        self.check(patches.table)

    def test_what_is_copied_is_declared(self):
        """What core does after a transition, and the guards of promotions."""
        found = {}
        for item in patches.table.declarations:
            found.setdefault(item.speedup, set()).add(item.function)
        lims = "bika.lims."
        for action in holdback.PROMOTIONS:
            self.assertIn(
                lims + "workflow.analysis.events.after_" + action,
                found["holdback"])
        for name in ("workflow.analysis.events.reindex_request",
                     "workflow.analysis.events.remove_analysis_from_worksheet",
                     "content.worksheet.Worksheet.addAnalysis",
                     "content.worksheet.Worksheet.removeAnalysis"):
            self.assertIn(lims + name, found["holdback"])
        for action in ahead.ACTIONS:
            for kind in ("worksheet", "analysisrequest"):
                self.assertIn(lims + "workflow.{}.guards.guard_{}".format(
                    kind, action), found["ahead"])

    def test_docstrings_do_not_count(self):
        """ZCML of SENAITE patches this method, and changes its docstring."""
        function = catalog_multiplex.reindexObject
        self.assertIn("Monkey patched by", function.__doc__)
        fingerprint = fingerprints.get_fingerprint(function)
        self.assertIn(fingerprint, [
            item.fingerprint for item in patches.table.declarations
            if item.function.endswith("Worksheet.reindexObject")])
        self.addCleanup(setattr, function, "__doc__", function.__doc__)
        function.__doc__ = "Another one"
        self.assertEqual(fingerprints.get_fingerprint(function), fingerprint)

    def test_published_method_gets_its_arguments(self):
        code = vars(Worksheet)["addAnalyses"].__code__
        self.assertEqual(
            code.co_varnames[:code.co_argcount], ("self", "analyses"))

    def test_declarations_say_it_all(self):
        for table in (functional.table, patches.table):
            for item in table.declarations:
                for text in (item.version, item.why, item.until):
                    self.assertTrue(text, item.function)
                self.assertEqual(len(item.fingerprint), 16, item.function)


def note(log, name, own=None):
    """Return a patch of another add-on: notes its call and goes on.

    :param log: list that gets the name
    :param own: function to call instead of the one that was found
    """
    def make(found):
        def theirs(*args, **kw):
            log.append(name)
            return (own or found)(*args, **kw)
        return theirs
    return make


class Client(object):
    """A ZEO client."""


class ConnectedTest(unittest.TestCase):
    """A client that connects to a ZEO server again."""

    layer = QUEUE_FUNCTIONAL_TESTING

    def connect(self, client):
        return functional.notify_connected(
            lambda self, conn, info: ("connected", self, conn, info),
            client, "connection", {})

    def test_object_ids_are_dropped(self):
        client = Client()
        client._oids = ["1", "2"]
        self.assertEqual(self.connect(client),
                         ("connected", client, "connection", {}))
        self.assertEqual(client._oids, [])

    def test_other_kinds_of_clients_connect(self):
        for oids in (None, (), {"1": "2"}):
            client = Client()
            if oids is not None:
                client._oids = oids
            self.assertEqual(self.connect(client)[0], "connected")


class OtherAddOnTest(unittest.TestCase):
    """Another add-on patches the same functions, before us or after us."""

    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        utils.act_as(self.portal, "labman1")
        self.log = []

    def targets(self):
        return [
            (events, "doActionFor", note(self.log, "events.doActionFor")),
            (worksheets, "doActionFor",
             note(self.log, "worksheet.doActionFor")),
            (Worksheet, "reindexObject",
             note(self.log, "Worksheet.reindexObject")),
            (AnalysisRequest, "reindexObject",
             note(self.log, "AnalysisRequest.reindexObject")),
            (IndexableObjectWrapper, "__getattr__",
             note(self.log, "IndexableObjectWrapper.__getattr__")),
            (SuperModel, "get_field", note(self.log, "SuperModel.get_field")),
        ]

    def use_them(self):
        """Call all functions, outside of any task; return what was called."""
        del self.log[:]
        sample = utils.create_samples(self.portal, 1)[0]
        worksheet = utils.create_worksheet(self.portal)
        worksheet.addAnalyses(utils.analyses_of([sample]))
        events.doActionFor(sample, "submit")
        worksheets.doActionFor(worksheet, "submit")
        SuperModel(sample).get_field("Client")
        sample.reindexObject()
        worksheet.reindexObject()
        indexing.processQueue()
        return set(self.log)

    def names(self):
        return set(self.make_name(scope, name)
                   for scope, name, _make in self.targets())

    def make_name(self, scope, name):
        return "{}.{}".format(scope.__name__.rpartition(".")[2], name)

    def test_before_us(self):
        with utils.settings(default=0), \
                planted(patches.table, self.targets()):
            self.assertEqual(self.use_them(), self.names())

    def test_after_us(self):
        former = []
        for scope, name, make in self.targets():
            found = getattr(scope, name)
            former.append((scope, name, vars(scope).get(name)))
            setattr(scope, name, make(getattr(found, "__func__", found)))
        try:
            with utils.settings(default=0):
                self.assertEqual(self.use_them(), self.names())
        finally:
            for scope, name, own in former:
                if own is None:
                    delattr(scope, name)
                else:
                    setattr(scope, name, own)


@patched.needs_speedups
class ChangedCoreTest(ProcessTestCase):
    """Core has other functions than those the speedups were written for."""

    def targets(self):
        return [(scope, name, note([], name)) for scope, name in (
            (events, "doActionFor"), (AnalysisRequest, "reindexObject"),
            (IndexableObjectWrapper, "__getattr__"),
            (indexing, "processQueue"), (api, "get_tool"))]

    def test_the_product_works(self):
        with planted(patches.table, self.targets()) as lines:
            self.assertEqual(len(lines), 5)
            for text in ("events.doActionFor", "AnalysisRequest.reindexObject",
                         "IndexableObjectWrapper.__getattr__",
                         "indexing.processQueue", "api.get_tool"):
                self.assertEqual(
                    len([line for line in lines if text in line]), 1, text)
            for speedup in ("holdback", "indexing", "tools"):
                self.assertFalse(patches.table.fits(speedup))
            for speedup in ("turns", "references", "guards"):
                self.assertTrue(patches.table.fits(speedup))
            self.check_page()
            self.check_processes()

    def check_page(self):
        shown = [interpolate(item.text, item.text.mapping)
                 for item in advice.get_advice(self.portal)
                 if item.level == advice.WARNING]
        self.assertEqual(len([
            text for text in shown if "written for" in text]), 5)

    def get_texts(self):
        """Return what the settings page says: text and advice."""
        return [[interpolate(text, text.mapping)
                 for text in (item.text, item.advice) if text]
                for item in advice.get_advice(self.portal)]

    def find(self, name):
        """Return what the settings page says about a function."""
        text, = [" ".join(texts) for texts in self.get_texts()
                 if name in texts[0]]
        return text

    def test_page_names_the_origin(self):
        def make(found):
            def theirs(*args, **kw):
                return found(*args, **kw)
            theirs.__module__ = "other.addon.patches"
            return theirs
        with planted(patches.table, [(api, "get_tool", make)]), \
                planted(functional.table, [
                    (Worksheet, "addAnalyses", make)]):
            for name in ("api.get_tool", "Worksheet.addAnalyses"):
                self.assertIn("comes from other.addon.patches",
                              self.find(name))
                self.assertIn("process", self.find(name))
            # Whatever else is wrong
            with utils.settings(server=u""):
                self.find("Worksheet.addAnalyses")

    def test_page_tells_patched_from_relied_on_and_missing(self):
        with planted(functional.table, [
                (ClientStorage, "new_oid", note([], "new_oid")),
                (ClientStorage, "notify_connected",
                 note([], "notify_connected"))]):
            self.assertNotIn("patched", self.find("ClientStorage.new_oid"))
            self.assertIn("patched nevertheless",
                          self.find("ClientStorage.notify_connected"))
        with planted(functional.table, [
                (Worksheet, "addAnalyses", lambda found: None)]):
            self.assertIn("missing", self.find("Worksheet.addAnalyses"))

    def test_page_tells_what_was_patched_later(self):
        with planted(functional.table, []) as lines:
            self.assertEqual(lines, [])
            former = vars(Worksheet)["addAnalyses"]
            Worksheet.addAnalyses = lambda *args: former(*args)
            functional.look_again(None)
            self.assertIn("after the queue had patched it",
                          self.find("Worksheet.addAnalyses"))
            Worksheet.addAnalyses = former

    def test_each_speedup_steps_aside_alone(self):
        """The others rely on nothing that goes with it."""
        names = sorted(set(declaration.speedup
                           for declaration in patches.table.declarations))
        for name in effort.choose(["indexing"], names):
            with self.aside(name):
                self.assertEqual(patches.table.aside, set([name]))
                self.check_processes()

    @contextlib.contextmanager
    def aside(self, speedup):
        """Have a speedup that was written for another function."""
        declaration = [declaration
                       for declaration in patches.table.declarations
                       if declaration.speedup == speedup][0]
        former = declaration.fingerprint
        declaration.fingerprint = "of another release"
        try:
            with planted(patches.table, []):
                yield
        finally:
            declaration.fingerprint = former
            take_back(patches.table)
            patches.table.apply()

    def check_processes(self):
        self.compare(self.as_made, self.by_form("assign"), assign=False)
        self.compare(self.with_results, self.by_form("submit"),
                     self.by_form("verify"))

    def test_it_does_more_work(self):
        """Core tries to promote samples after each analysis."""
        def run():
            with utils.settings(default=0):
                case = self.new_case()
                self.with_results(case)
            self.click(case.worksheet, "submit", case.analyses)
            calls = self.count_promotions()
            self.drain()
            return len(calls)
        usual = run()
        with planted(patches.table, self.targets()):
            self.assertGreater(run(), usual)

    def count_promotions(self):
        """Return a list that grows with each transition of a sample that is
        tried."""
        calls, former = [], vars(WorkflowTool)["doActionFor"]

        def do_action_for(tool, obj, action, *args, **kw):
            if api.get_portal_type(obj) == "AnalysisRequest":
                calls.append(action)
            return former(tool, obj, action, *args, **kw)
        WorkflowTool.doActionFor = do_action_for
        self.addCleanup(setattr, WorkflowTool, "doActionFor", former)
        return calls

    def test_functional_patches_wrap_what_is_there(self):
        log = []
        with planted(functional.table, [
                (Worksheet, "addAnalyses", note(log, "addAnalyses"))]) as lines:
            line, = lines
            self.assertIn("Worksheet.addAnalyses", line)
            with utils.settings(default=0):
                case = self.new_case(assign=False)
                case.worksheet.addAnalyses(case.analyses)
            self.assertEqual(log, ["addAnalyses"])
            with utils.settings(default=0):
                other = self.new_case(assign=False)
            other.worksheet.addAnalyses(other.analyses)
            self.assertEqual(len(self.pending()), 1)
            self.assertEqual(log, ["addAnalyses"])
        self.assertEqual(self.states(case.analyses), ["assigned"] * 4)


class SwitchedOffTest(ProcessTestCase):
    """The setting of the site switches speedups off."""

    def test_nothing_is_done_differently(self):
        self.compare(self.with_results, self.by_form("submit"))
        with utils.settings(speedups=False):
            self.assertFalse(speedups.is_on())
            self.compare(self.with_results, self.by_form("submit"))

    def test_page_says_so(self):
        with utils.settings(speedups=False):
            shown = [item.text for item in advice.get_advice(self.portal)]
        self.assertIn(u"Speedups are switched off: tasks take longer.", shown)
