# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The answers of a Plone site, and that they cost next to nothing."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import unittest

from bika.lims import api
from plone.app.testing import TEST_USER_ID
from plone.app.testing import login
from plone.app.testing import logout
from plone.app.testing import setRoles
from plone.app.testing import TEST_USER_NAME
from plone.registry.interfaces import IRegistry
from senaite.core.catalog import CLIENT_CATALOG
from zope.component import getGlobalSiteManager
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.processlifetime import IProcessStarting

from senaite.queue import config
from senaite.queue import logger
from senaite.queue.model import surroundings
from senaite.queue.site import plonesite
from senaite.queue.site.portal import get_portal
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.testing import set_setting


class TestPloneSite(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.plone = surroundings.get()
        self.client = self.portal.clients.objectValues("Client")[0]

    def test_it_is_in_force(self):
        self.assertIsInstance(self.plone, plonesite.PloneSurroundings)

    def test_describe(self):
        wanted = {"context_uid": self.client.UID(),
                  "context_path": "/".join(self.client.getPhysicalPath())}
        brain = api.search({"UID": self.client.UID()}, CLIENT_CATALOG)[0]
        for context in (self.client, brain, self.client.UID()):
            found = self.plone.describe(context)
            self.assertEqual(wanted, found)
            self.assertEqual([str, str], [type(v) for v in found.values()])

    def test_describe_shows_what_it_does_not_know(self):
        for context in (None, 5, object(), "nothing", "a" * 32, u"\xe4"):
            with self.assertRaises(ValueError):
                self.plone.describe(context)

    def test_resolve(self):
        uid, path = self.client.UID(), api.get_path(self.client)
        self.assertEqual(self.client, self.plone.resolve(uid, path))
        # moved
        self.assertEqual(self.client, self.plone.resolve(uid, "/plone/gone"))
        self.assertEqual(self.client, self.plone.resolve(uid, None))
        # gone
        self.assertIsNone(self.plone.resolve("a" * 32, "/plone/gone"))
        # another object has taken its place
        self.assertIsNone(self.plone.resolve("a" * 32, path))

    def test_resolve_is_not_led_astray(self):
        for path in ("/", "", "/acl_users", "/plone/../acl_users",
                     "/plone/@@queue-controlpanel", "/plone2", u"/plone/\xe4",
                     "/plone/clients/@@view", "/plone//"):
            self.assertIsNone(self.plone.resolve("a" * 32, path), path)

    def test_resolve_the_site(self):
        self.assertEqual(
            self.portal, self.plone.resolve("0", "/plone"))

    def test_uids_are_those_of_senaite(self):
        for value in (self.client.UID(), "0", "a" * 32):
            self.assertTrue(self.plone.is_uid(value), value)
        for value in ("", "dummy", "a" * 31, "a" * 33, "A" * 32):
            self.assertFalse(self.plone.is_uid(value), value)

    def test_username(self):
        self.assertEqual(TEST_USER_ID, self.plone.get_username())
        logout()
        self.assertIsNone(self.plone.get_username())
        login(self.portal, TEST_USER_NAME)

    def test_settings_are_native_and_empty_ones_usable(self):
        self.assertIs(str, type(self.plone.get_setting("server")))
        set_setting("server", None)
        set_setting("top_priority_tasks", None)
        self.assertEqual("", self.plone.get_setting("server"))
        self.assertEqual((), self.plone.get_setting("top_priority_tasks"))

    def test_wrong_values_break_nothing_and_are_logged_once(self):
        records = getUtility(IRegistry).records
        lines = self.log_lines()
        # past the checks of the registry, as in an old site
        for name, wrong, used in (
                ("default", 501, 500), ("max_retries", -1, 0),
                ("lease_seconds", None, 30),
                ("queued_processes", (u"submit", u"gone"), ("submit",))):
            records._values["senaite.queue." + name] = wrong
            for _number in range(3):
                self.assertEqual(used, self.plone.get_setting(name))
            self.assertEqual(1, len(lines), lines)
            self.assertIn("senaite.queue." + name, lines.pop())

    def test_configuration_is_checked_when_a_process_starts(self):
        handlers = getGlobalSiteManager().adapters.subscriptions(
            (IProcessStarting,), None)
        self.assertIn(config.on_process_starting, handlers)

    def log_lines(self):
        """Return the list to which lines of the log are added."""
        lines = []
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(record.getMessage())
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        plonesite._complaints.clear()
        return lines

    def test_without_a_site(self):
        setSite(None)
        self.addCleanup(setSite, self.portal)
        self.assertEqual(10, self.plone.get_setting("default"))
        self.assertIsNone(get_portal())

    def test_nothing_is_loaded_for_a_setting(self):
        connection = self.portal._p_jar
        self.plone.get_setting("default")
        plonesite.has_profile(self.portal)
        before = connection.getTransferCounts()
        for _number in range(100):
            self.plone.get_setting("default")
            self.assertTrue(plonesite.has_profile(self.portal))
        self.assertEqual(before, connection.getTransferCounts())
