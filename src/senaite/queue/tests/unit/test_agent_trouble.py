# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a client does where the configuration is wrong, or a watch is."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import unittest

from senaite.queue import config
from senaite.queue.errors import ServerUnreachable
from senaite.queue.model import clock

try:
    from senaite.queue.client import agent as agents
    from senaite.queue.client import client_utility
    from senaite.queue.client import outage_log
    from senaite.queue.client import view
except ImportError:
    agents = None


class SomeSite(object):
    path = ("", "senaite")


class AgentCase(unittest.TestCase):

    def setUp(self):
        self.agent = agents.Agent(SomeSite())

    def patch(self, owner, name, value):
        self.addCleanup(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)


@unittest.skipIf(agents is None, "needs the ZODB")
class TestClockOfTheStore(AgentCase):
    """That of another machine, to which all times of tasks belong."""

    def refresh(self, **answer):
        self.agent.transport.call = lambda *args, **kw: dict(
            answer, version="e:1", tasks=[])
        self.agent.refresh()

    def test_pages_tell_times_by_it(self):
        self.patch(view.agents, "get_agent", lambda portal: self.agent)
        for ahead in (1800, -1800):
            self.refresh(now=clock.now() + ahead)
            self.assertAlmostEqual(
                view.store_now(None), clock.now() + ahead, delta=5)

    def test_servers_of_older_releases_do_not_tell(self):
        self.refresh(now=clock.now() + 1800)
        self.refresh()
        self.assertEqual(self.agent.store_ahead, 0)


@unittest.skipIf(agents is None, "needs the ZODB")
class TestWrongConfiguration(AgentCase):

    def setUp(self):
        super(TestWrongConfiguration, self).setUp()
        former = os.environ.get(config.ROLE.variable)
        self.addCleanup(self.set_role, former)
        self.set_role("servre")
        self.patch(client_utility, "current_portal", lambda: None)
        self.patch(agents, "get_agent", lambda portal: self.agent)
        self.queue = client_utility.ClientQueueUtility()

    def set_role(self, role):
        os.environ.pop(config.ROLE.variable, None)
        if role is not None:
            os.environ[config.ROLE.variable] = role

    def test_requests_do_not_wait_for_a_snapshot_that_never_comes(self):
        woken = []
        self.agent.wake = lambda: woken.append("wrong role")
        self.agent.catch_up(timeout=0)
        self.set_role(None)
        self.agent._waited_at = 0
        self.agent.wake = lambda: woken.append("right role")
        self.agent.catch_up(timeout=0)
        self.assertEqual(woken, ["right role"])

    def test_sync_does_not_raise(self):
        self.assertFalse(self.queue.sync())

    def test_calls_raise_what_the_interface_documents(self):
        for call in (lambda: self.queue.pop("x"), self.queue.get_tasks):
            with self.assertRaises(ServerUnreachable) as caught:
                call()
            self.assertIn("SENAITE_QUEUE_ROLE is 'servre'",
                          str(caught.exception))


class BrokenWatch(object):
    """Fails whenever it is called."""

    asked = 0

    def configure(self):
        raise ValueError("configure")

    def look(self, agent, now):
        BrokenWatch.asked += 1
        raise ValueError("look")


class OpenSite(SomeSite):
    key = "x"
    db = None

    def keep_connection(self):
        """There is none."""

    release_connection = keep_connection


@unittest.skipIf(agents is None, "needs the ZODB")
class TestWatches(AgentCase):

    def setUp(self):
        self.agent = agents.Agent(OpenSite())
        self.patch(agents, "_watch_makers", [BrokenWatch])
        self.patch(agents.connections, "is_open", lambda db: True)
        BrokenWatch.asked = 0
        self.logged = []
        self.patch(outage_log.logger, "log",
                   lambda level, text, *args, **kw: self.logged.append(args))
        self.patch(outage_log.logger, "info", self.logged.append)

    def test_the_error_of_a_watch_is_no_outage(self):
        self.agent.tick = lambda: [self.agent._ask_watch(watch.configure)
                                   for watch in self.agent._get_watches()]
        self.agent._rest = lambda: setattr(
            self.agent, "stopped", BrokenWatch.asked == 3)
        self.agent._run()
        self.assertEqual(self.agent.outage_seconds(), 0)
        self.assertEqual([args[-1] for args in self.logged],
                         ["ValueError: configure", "ValueError: look"])
