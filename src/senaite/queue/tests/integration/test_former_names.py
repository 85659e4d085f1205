# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Names of 1.0.x: importable, and what they give does what it says."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest
import warnings

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from plone.testing.zope import Browser
from zope.dottedname.resolve import resolve

from senaite.queue import api
from senaite.queue.auth import signing_keys
from senaite.queue.client import agent as agents
from senaite.queue.consumer import loop
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue.model.queue_task import new_task
from senaite.queue.site import connections
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING

KEPT = (
    "senaite.queue.PROFILE_ID",
    "senaite.queue.UNINSTALL_PROFILE_ID",
    "senaite.queue.adapters.QueueObjectSecurityAdapter",
    "senaite.queue.adapters.QueuedActionTaskAdapter",
    "senaite.queue.adapters.QueuedAssignAnalysesTaskAdapter",
    "senaite.queue.adapters.actions.WorkflowActionGenericAdapter",
    "senaite.queue.adapters.actions.WorkflowActionGenericQueueAdapter",
    "senaite.queue.browser.controlpanel.IQueueControlPanel",
    "senaite.queue.browser.controlpanel.QueueControlPanelForm",
    "senaite.queue.browser.controlpanel.QueueControlPanelView",
    "senaite.queue.interfaces.IQueueDispatcher",
    "senaite.queue.pasplugin.QueueAuth",
    "senaite.queue.request.get_task_url",
    "senaite.queue.request.get_zeo_site_url",
    "senaite.queue.tests.base.SimpleTestCase",
)

#: Names that have no equal, and a word of what is said about them
DEPRECATED = (
    ("senaite.queue.client.consumer", "consume_task", "queue_consume"),
    ("senaite.queue.pasplugin", "reset_auth_key", "rotate"),
    ("senaite.queue.request", "fail", "get_queue"),
    ("senaite.queue.request", "get_list_summary", "get_queue"),
    ("senaite.queue.request", "get_message_summary", "get_queue"),
    ("senaite.queue.request", "get_post_zeo", "get_queue"),
    ("senaite.queue.request", "get_summary", "get_queue"),
    ("senaite.queue.request", "get_task_info", "get_queue"),
    ("senaite.queue.request", "get_tasks_summary", "get_queue"),
    ("senaite.queue.request", "is_valid_zeo_host", "get_queue"),
    ("senaite.queue.tests.base", "SIMPLE_TESTING", "QUEUE_FUNCTIONAL"),
)


def look_up(module, name):
    """Return what is imported by a name, and what is said about it: only the
    first look-up in a process gives a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = getattr(resolve(module), name)
    return found, [str(warning.message) for warning in caught
                   if warning.category is DeprecationWarning]


class TestFormerNames(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        setRoles(self.portal, TEST_USER_ID, ["Manager"])

    def test_names_are_kept(self):
        for name in KEPT:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                self.assertTrue(resolve(name), name)
            self.assertEqual([], [str(warning.message) for warning in caught
                                  if "senaite.queue" in str(warning)])

    def test_names_without_an_equal_say_what_to_use(self):
        for module, name, advice in DEPRECATED:
            found, said = look_up(module, name)
            self.assertTrue(found is not None, name)
            said = [line for line in said if line.startswith(name)]
            self.assertEqual(len(said), 1, name)
            self.assertIn(advice, said[0])

    def test_parts_of_the_former_routes_say_so_when_they_are_called(self):
        for module, name, _advice in DEPRECATED:
            if module != "senaite.queue.request":
                continue
            function = look_up(module, name)[0]
            with self.assertRaises(NotImplementedError) as caught:
                function("x")
            self.assertIn("senaite.queue.request." + name,
                          str(caught.exception))

    def test_image_that_tells_whether_the_site_answers(self):
        transaction.commit()
        browser = Browser(self.layer["app"])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            url = api.get_queue_image_url("queued.gif")
        self.assertIn("deprecated", str(caught[0].message))
        self.assertTrue(url.startswith(self.portal.absolute_url()))
        browser.open(url)
        self.assertTrue(browser.headers["status"].startswith("200"))
        self.assertEqual(browser.headers["content-type"], "image/svg+xml")

    def test_routes_keep_their_decorator(self):
        decorate, said = look_up("senaite.queue.request",
                                 "handle_queue_errors")
        self.assertEqual(len(said), 1)
        self.assertEqual(decorate(len)("abc"), 3)

    def test_phrases_of_http(self):
        phrases, said = look_up("senaite.queue.request", "status_reasons")
        self.assertEqual(phrases[404], "Not Found")
        self.assertIn("ZPublisher.HTTPResponse", said[0])

    def test_base_of_tests_runs_tests_in_a_site_with_the_queue(self):
        base = resolve("senaite.queue.tests.base.SimpleTestCase")
        seen = []

        class Case(base):

            def runTest(self):
                seen.append(self.portal.portal_setup.getLastVersionForProfile(
                    "senaite.queue:default"))
                self.assertTrue(self.request.form["_authenticator"])

        result = unittest.TestResult()
        Case().run(result)
        self.assertTrue(result.wasSuccessful(), result.errors)
        self.assertNotIn(seen[0], (None, "unknown"))

    def test_profiles(self):
        import senaite.queue
        self.assertEqual(senaite.queue.PROFILE_ID,
                         "profile-senaite.queue:default")
        for name in (senaite.queue.PROFILE_ID,
                     senaite.queue.UNINSTALL_PROFILE_ID):
            self.assertTrue(self.portal.portal_setup.profileExists(name))

    def test_security_adapter(self):
        cls = resolve("senaite.queue.adapters.QueueObjectSecurityAdapter")
        self.assertTrue(IQueuedTaskAdapter.providedBy(cls(self.portal)))

    def test_address_of_a_task(self):
        get_task_url = resolve("senaite.queue.request.get_task_url")
        task = new_task("task_x", self.portal)
        for given in (task, dict(task), task.task_uid):
            self.assertEqual(
                get_task_url(given), "{}/@@API/senaite/v1/queue_server/{}".format(
                    self.portal.absolute_url(), task.task_uid))
        with self.assertRaises(ValueError):
            get_task_url("dummy")

    def test_reset_of_the_key(self):
        reset = resolve("senaite.queue.former_names.reset_auth_key")
        for args in ((), (self.portal,)):
            before = signing_keys.get_key(self.portal)
            reset(*args)
            self.assertNotIn(before, signing_keys.get_keys(self.portal))

    def test_consuming(self):
        consume = resolve("senaite.queue.former_names.consume_task")
        transaction.commit()
        self.addCleanup(agents.stop_all)
        self.assertIn("Consumer", consume())
        self.assertTrue(loop.is_running(connections.Site.of(self.portal)))
