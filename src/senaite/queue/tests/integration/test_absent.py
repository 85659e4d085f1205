# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Where the queue is off, away or not installed, everything works as core does
it: at once.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import json

from bika.lims import api as senaite_api
from zope.globalrequest import getRequest

from senaite.queue import api
from senaite.queue.client import agent as agents
from senaite.queue.model import restores
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils


@contextlib.contextmanager
def switched_off():
    with utils.settings(default=0):
        yield


@contextlib.contextmanager
def without_server():
    with utils.settings(server=""):
        yield


@contextlib.contextmanager
def server_lost():
    """Patience is over already."""
    with utils.settings(outage_seconds=-1):
        yield


@contextlib.contextmanager
def in_a_copy():
    """The queue server of the original does not serve this process. Patience
    is not over."""
    agent = get_agent()
    agent.membership.is_refused = True
    try:
        yield
    finally:
        agent.membership.is_refused = False


@contextlib.contextmanager
def with_foreign_store():
    """This site's own queue server was given the store of another database."""
    agent = get_agent()
    agent.held = {"kind": restores.FOREIGN}
    try:
        yield
    finally:
        agent.held = None


def get_agent():
    return agents.get_agent(senaite_api.get_portal())


class AbsentTest(WorksheetTestCase):
    """A worksheet from the first analysis to the last verification, with both
    channels, while the queue takes no tasks."""

    def go_through(self, state):
        samples, analyses, worksheet = self.make(assign=False)
        with state():
            self.assertFalse(api.is_queue_ready())
            self.assertEqual(api.get_queue_status(), "disabled")
            self.work(samples, analyses, worksheet)
        self.assertEqual(self.pending(), [])

    def work(self, samples, analyses, worksheet):
        self.click(worksheet, "assign", analyses)
        self.assertEqual(self.states(analyses), ["assigned"] * 6)
        self.click(worksheet, "unassign", analyses[5:])
        self.assertEqual(self.states(analyses[5:]), ["unassigned"])
        self.click(worksheet, "assign", analyses[5:])
        self.enter_results(analyses)
        self.click_rows(worksheet, "submit", analyses[:3])
        self.click(worksheet, "submit", analyses[3:])
        self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)
        self.click(worksheet, "retract", analyses[:1])
        self.assertEqual(self.states(analyses[:1]), ["retracted"])
        retest = analyses[0].getRetest()
        self.assertEqual(retest.getWorksheet(), worksheet)
        self.enter_results([retest])
        self.click_rows(worksheet, "submit", [retest])
        analyses[0] = retest
        self.look(samples, worksheet)
        self.click_rows(worksheet, "verify", analyses[:3])
        self.click(worksheet, "verify", analyses[3:])
        self.assertEqual(self.states(analyses), ["verified"] * 6)
        self.assertEqual(self.states(samples + [worksheet]), ["verified"] * 3)

    def look(self, samples, worksheet):
        """Open the pages that show something of the queue as a rule."""
        portal_url = senaite_api.get_url(self.portal)
        url = senaite_api.get_url(worksheet)
        for page in (portal_url + "/samples", portal_url + "/worksheets",
                     url + "/manage_results", url + "/add_analyses",
                     url + "/add_duplicate",
                     senaite_api.get_url(samples[0]) + "/view"):
            self.assertNotIn("queued-mark", self.get(page), page)
        rows = self.post(url + "/analyses_classic_view/folderitems",
                         json.dumps({}), "application/json")
        self.assertNotIn("queued-mark", rows)
        utils.clear_caches(getRequest())

    def test_switched_off(self):
        self.go_through(switched_off)

    def test_without_server(self):
        self.go_through(without_server)

    def test_server_lost(self):
        self.go_through(server_lost)

    def test_copy(self):
        utils.hold_agent(self, self.portal)
        self.go_through(in_a_copy)

    def test_store_of_another_database(self):
        utils.hold_agent(self, self.portal)
        self.go_through(with_foreign_store)

    def test_held_for_another_reason(self):
        """Somebody has to reconcile: clicks wait for that."""
        agent = utils.hold_agent(self, self.portal)
        self.addCleanup(setattr, agent, "held", None)
        for kind in restores.KINDS:
            agent.held = {"kind": kind}
            self.assertEqual(
                api.is_queue_ready(), kind != restores.FOREIGN, kind)

    def test_not_installed(self):
        self.go_through(utils.not_installed)
