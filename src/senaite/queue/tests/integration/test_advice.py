# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the page of the settings says about the set-up."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import email.utils
import os
import re
import sys
import time
import unittest

from plone.protect import createToken
from zope.i18n import interpolate

from senaite.queue.auth import server_time
from senaite.queue.browser.settings import advice
from senaite.queue.browser.settings.page import QueueSettingsView
from senaite.queue.browser.settings.page import TestConnectionView
from senaite.queue.client import agent as agents
from senaite.queue.client import diagnosis
from senaite.queue import config
from senaite.queue.errors import NotConnected
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.model import surroundings
from senaite.queue.server.reading import get_site_id
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.site import alone
from senaite.queue.site import hotfix
from senaite.queue.site import process_role
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.testing import set_setting


class TestAdvice(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        self.addCleanup(os.environ.pop, config.ROLE.variable, None)

    def number(self, text):
        """Return the number in a text."""
        return int(re.search(r"\d+", text).group())

    def get(self):
        return [(item.level, self.read(item.text), self.read(item.advice))
                for item in advice.get_advice(self.portal)]

    def read(self, message):
        return message and str(interpolate(message, message.mapping))

    def alone(self):
        plone = surroundings.get()
        former = plone.__class__.has_own_database
        plone.__class__.has_own_database = lambda self: True
        self.addCleanup(setattr, plone.__class__, "has_own_database", former)

    def test_off(self):
        set_setting("server", None)
        (level, text, todo), = self.get()
        self.assertEqual(level, advice.WARNING)
        self.assertIn("is off", text)
        self.assertTrue(todo)

    def test_one_process(self):
        self.alone()
        role, consumers = self.get()
        self.assertEqual(role[0], advice.INFO)
        self.assertIn("runs in a single process", role[1])
        # tests do not volunteer, and nobody else is there
        self.assertEqual(consumers[0], advice.WARNING)

    def test_one_process_needs_no_connection(self):
        """Whatever listens at the URL, or does not: nobody asks it."""
        self.alone()
        set_setting("server", "http://localhost:1/plone")
        request = self.layer["request"]
        request.environ["REQUEST_METHOD"] = request.method = "POST"
        request.form["_authenticator"] = createToken()
        view = TestConnectionView(self.portal, request)
        view.update = view.render = lambda: None
        view()
        found, = view.report
        self.assertEqual(found["class"], "success")
        self.assertIn("runs in a single process", self.read(found["text"]))

    def test_process_that_helps_itself(self):
        """It takes tasks as soon as some wait: nobody has to do anything."""
        self.alone()
        alone.allow()
        self.addCleanup(alone._processes.remove, os.getpid())
        (level, text, _todo), = self.get()
        self.assertEqual(level, advice.INFO)
        self.assertIn("runs in a single process", text)

    def test_consumers_are_counted(self):
        self.alone()
        store = get_server_utility(self.portal).store
        store.hello("host:1/aaaaaaaa")
        store.hello("host:2/aaaaaaaa")
        self.assertEqual(self.get()[1][:2],
                         (advice.INFO, "Running consumers: 2"))

    def stand_still(self, url):
        """Return the agent of the site as if it had asked a server."""
        agent = agents.get_agent(self.portal)
        agent.stop()
        agent.join(30)
        agent.ensure = agent.wake = lambda task_uid=None: None
        self.addCleanup(agents._agents.pop, agent.site.key, None)
        agents._agents[agent.site.key] = agent
        agent._asked_url = url
        agent._trouble_since = agent.trouble = None
        agent.unattended_seconds = 0
        return agent

    def be_client_of(self, url):
        os.environ[config.ROLE.variable] = process_role.CLIENT
        set_setting("server", url)
        return self.stand_still(url)

    def test_refusing_server_is_described_like_in_the_test(self):
        url = "http://127.0.0.1:1/plone"
        agent = self.be_client_of(url)
        agent._trouble_since = 1
        site_id = get_site_id(self.portal)
        for trouble, words in (
                (ServerRefused(401, "no"), diagnosis.WRONG_KEY),
                (ServerRefused(405, "no"), diagnosis.NO_SERVER),
                (ServerFailed(502, "html"), diagnosis.NO_SITE),
                (ServerFailed(503, "x", "disk full"), diagnosis.CANNOT_WORK),
                (ServerFailed(500, "x", "oops"), diagnosis.REFUSES)):
            agent.trouble = trouble
            level, text, _todo = self.get()[0]
            self.assertEqual(level, advice.WARNING)
            self.assertNotIn("does not answer", text)
            self.assertEqual(
                diagnosis.describe(trouble, site_id), str(words))
        agent.trouble = NotConnected("x")
        self.assertIn("does not answer", self.get()[0][1])

    def test_server_that_was_not_asked_yet(self):
        """What is known of another server says nothing about this one."""
        agent = self.be_client_of("http://127.0.0.1:1/plone")
        agent._trouble_since = 1
        set_setting("server", "http://127.0.0.1:2/plone")
        former = advice.PATIENCE
        self.addCleanup(setattr, advice, "PATIENCE", former)
        advice.PATIENCE = 0.1
        level, text, _todo = self.get()[0]
        self.assertEqual(level, advice.INFO)
        self.assertIn("127.0.0.1:2", text)
        self.assertIn("not asked it yet", text)

    def test_client_tells_that_no_consumer_runs(self):
        agent = self.be_client_of("http://127.0.0.1:1/plone")
        self.assertEqual(len(self.get()), 1)
        agent.unattended_seconds = 61
        level, text, todo = self.get()[1]
        self.assertEqual(level, advice.WARNING)
        self.assertIn("No consumer", text)
        self.assertIn("password of its clock-server", todo)

    def test_server_elsewhere(self):
        # tests listen to no port
        self.addCleanup(setattr, process_role, "get_site_url",
                        process_role.get_site_url)
        process_role.get_site_url = lambda portal: "http://127.0.0.1:2/plone"
        os.environ[config.ROLE.variable] = process_role.CLIENT
        set_setting("server", "http://127.0.0.1:1/plone")
        agent = self.stand_still("http://127.0.0.1:1/plone")
        self.assertEqual(self.get()[0][:2], (
            advice.INFO, "The queue server is at http://127.0.0.1:1/plone."))
        agent._trouble_since = 1
        level, text, todo = self.get()[0]
        self.assertEqual(level, advice.WARNING)
        self.assertIn("does not answer", text)
        self.assertIn("Queue server", todo)
        # with this role it would not be one, whatever its address
        self.assertNotIn("of this process", todo)

    def test_clocks_that_differ(self):
        self.alone()
        set_setting("server", "http://127.0.0.1:1/plone")
        self.addCleanup(server_time.forget)
        date = email.utils.formatdate(time.time() + 90)
        server_time.compare("http://127.0.0.1:1/plone", date)
        found = [text for level, text, _todo in self.get()
                 if level == advice.WARNING and "clocks" in text]
        self.assertEqual(len(found), 1)
        self.assertTrue(85 < self.number(found[0]) < 95)

    def test_store_whose_clock_was_set(self):
        self.alone()
        store = get_server_utility(self.portal).store
        self.addCleanup(setattr, store, "_wall", store._wall)
        store.hello("host:1/aaaaaaaa")
        store._wall = lambda: time.time() - 7200
        found = [text for level, text, _todo in self.get()
                 if level == advice.WARNING and "was set" in text]
        self.assertEqual(len(found), 1)
        self.assertTrue(7100 < self.number(found[0]) < 7300)

    def test_wrong_configuration(self):
        os.environ[config.ROLE.variable] = "servre"
        (level, text, _todo), = self.get()
        self.assertEqual(level, advice.WARNING)
        self.assertIn("SENAITE_QUEUE_ROLE is 'servre'", text)

    def test_hotfix_is_loaded_here(self):
        """What is tested is what is recommended."""
        self.assertEqual(sys.modules[hotfix.NAME].applied,
                         ["recordparsing", "jsonapi_auth"])
        self.assertFalse(hotfix.is_missing())
        self.assertNotIn(hotfix.NAME, str(self.get()))

    def test_missing_hotfix(self):
        loaded = sys.modules.pop(hotfix.NAME)
        self.addCleanup(sys.modules.__setitem__, hotfix.NAME, loaded)
        self.assert_hotfix_is_asked_for()
        # also where the queue is off: it protects the whole site
        set_setting("server", None)
        self.assert_hotfix_is_asked_for()

    def test_hotfix_that_could_not_be_applied(self):
        module = sys.modules[hotfix.NAME]
        module.applied.remove("jsonapi_auth")
        self.addCleanup(module.applied.append, "jsonapi_auth")
        self.assert_hotfix_is_asked_for()

    def assert_hotfix_is_asked_for(self):
        level, text, todo = self.get()[0]
        self.assertEqual(level, advice.WARNING)
        self.assertIn("SenaiteHotfix20260602", text)
        self.assertIn("Add SenaiteHotfix20260602 to the eggs", todo)

    def test_hotfix_on_a_release_that_has_the_fixes(self):
        loaded = sys.modules.pop(hotfix.NAME)
        self.addCleanup(sys.modules.__setitem__, hotfix.NAME, loaded)
        former = hotfix.OPEN_RELEASES
        self.addCleanup(setattr, hotfix, "OPEN_RELEASES", former)
        hotfix.OPEN_RELEASES = ("2.5.0",)
        self.assertFalse(hotfix.is_missing())

    def test_page_shows_it(self):
        self.alone()
        view = QueueSettingsView(self.portal, self.layer["request"])
        self.assertEqual(view.get_advice(), advice.get_advice(self.portal))
