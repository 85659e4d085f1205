# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Two SENAITE sites in one Zope, one with the add-on and one without: the
latter behaves like plain SENAITE, whatever the former has queued.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import unittest

import transaction
from bika.lims import api as senaite_api
from bika.lims.interfaces import IGuardAdapter
from bika.lims.utils.analysisrequest import create_analysisrequest
from DateTime import DateTime
from plone.app.testing import SITE_OWNER_NAME
from plone.app.testing import SITE_OWNER_PASSWORD
from plone.app.testing import PloneSandboxLayer
from plone.app.testing import login
from plone.testing.zope import Browser
from Products.CMFPlone.factory import addPloneSite
from six.moves.urllib.parse import urlencode
from zope.component import getAdapters
from zope.component.hooks import setSite
from zope.globalrequest import setRequest
from zope.interface import noLongerProvides

from senaite.queue import api
from senaite.queue.client import agent as agents
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue import is_installed
from senaite.queue.records import outbox
from senaite.queue.testing import QUEUE_FIXTURE
from senaite.queue.testing import QueueTesting
from senaite.queue.tests import utils

OTHER = "other"


class TwoSitesLayer(PloneSandboxLayer):
    """Adds a SENAITE without the add-on beside the one that has it."""

    defaultBases = (QUEUE_FIXTURE,)

    def setUpPloneSite(self, portal):
        app = portal.aq_parent
        login(app, SITE_OWNER_NAME)
        addPloneSite(
            app, OTHER, title="Other", setup_content=False,
            default_language="en", portal_timezone="UTC",
            extension_ids=("senaite.lims:default",))
        setSite(portal)
        # Commit here, where errors are reported
        transaction.commit()


TWO_SITES_TESTING = QueueTesting(
    bases=(TwoSitesLayer(),), name="senaite.queue:TwoSites")


class TwoSitesTest(unittest.TestCase):
    layer = TWO_SITES_TESTING

    def setUp(self):
        self.app = self.layer["app"]
        self.portal = self.layer["portal"]
        self.other = self.app[OTHER]
        self.browser = Browser(self.app)
        self.browser.handleErrors = False
        self.browser.addHeader("Authorization", "Basic {}:{}".format(
            SITE_OWNER_NAME, SITE_OWNER_PASSWORD))
        self.queue_something()
        self.go_to_other()

    def queue_something(self):
        """Queue a task in the site with the add-on."""
        setSite(self.portal)
        login(self.app, SITE_OWNER_NAME)
        api.add_task("task_generic_action", self.portal.clients["client-1"],
                     action="deactivate")
        transaction.commit()
        self.assertTrue(is_installed())
        self.assertEqual(api.get_queue_status(), "ready")

    def go_to_other(self):
        """Set up site and request as the publisher does for the other site."""
        request = self.layer["request"]
        if ISenaiteQueueLayer.providedBy(request):
            noLongerProvides(request, ISenaiteQueueLayer)
        setRequest(request)
        setSite(self.other)
        login(self.app, SITE_OWNER_NAME)
        self.other.changeSkin("Plone Default", request)
        utils.clear_caches(request)
        transaction.begin()

    def open(self, path, data=None, content_type=None):
        transaction.commit()
        url = "{}/{}".format(self.other.absolute_url(), path)
        try:
            if data is None:
                self.browser.open(url)
            else:
                self.browser.post(url, data, content_type)
        finally:
            self.go_to_other()
        return self.browser.contents

    def make(self):
        """Return three analyses of a sample, and a worksheet."""
        create, other = senaite_api.create, self.other
        client = create(other.clients, "Client", title="C", ClientID="C")
        contact = create(client, "Contact", Firstname="A", Surname="B")
        water = create(other.setup.sampletypes, "SampleType", title="Water",
                       Prefix="W")
        category = create(other.setup.analysiscategories, "AnalysisCategory",
                          title="Metals")
        services = [create(
            other.bika_setup.bika_analysisservices, "AnalysisService",
            title=keyword, Keyword=keyword, Price="1",
            Category=category.UID()) for keyword in ("Ca", "Cu", "Mg")]
        sample = create_analysisrequest(client, self.layer["request"], {
            "Client": client.UID(), "Contact": contact.UID(),
            "DateSampled": DateTime().strftime("%Y-%m-%d"),
            "SampleType": water.UID()}, [item.UID() for item in services])
        senaite_api.do_transition_for(sample, "receive")
        worksheet = create(other.worksheets, "Worksheet")
        return sample, utils.analyses_of([sample]), worksheet

    def states(self, objects):
        return [senaite_api.get_review_status(obj) for obj in objects]

    def test_other_site_behaves_like_plain_senaite(self):
        self.assertFalse(is_installed())
        self.assertEqual(api.get_queue_status(), "disabled")
        sample, analyses, worksheet = self.make()
        url = "worksheets/" + worksheet.getId()
        senaite_api.get_setup().setSelfVerificationEnabled(True)

        self.open(url + "/workflow_action", urlencode(
            [("workflow_action_id", "assign")] +
            [("uids:list", analysis.UID()) for analysis in analyses]))
        self.assertEqual(self.states(analyses), ["assigned"] * 3)
        values = dict((analysis.UID(), {"Result": "7"})
                      for analysis in analyses)
        for uid, value in values.items():
            answer = self.open(
                url + "/analyses_classic_view/set_fields", json.dumps(
                    {"save_queue": {uid: value}}), "application/json")
            self.assertNotIn("errors", json.loads(answer))
        self.press_rows(url, "submit", values)
        self.look(url, sample)
        self.press_rows(url, "verify", values)
        self.assertEqual(self.states(analyses), ["verified"] * 3)
        self.assertEqual(self.states([sample, worksheet]), ["verified"] * 2)

        for name in ("@@queue-controlpanel", "@@queue_tasks", "queue_marks",
                     "queue_state"):
            with self.assertRaises(Exception) as caught:
                self.open(name)
            self.assertIn("NotFound", type(caught.exception).__name__ +
                          str(caught.exception))

        # Neither outbox nor thread, and no task in the queue of the first site
        self.assertIsNone(outbox.get_root(self.other))
        self.assertEqual([path for path in self.agents() if OTHER in path],
                         [])
        self.assertEqual(len(utils.pending(self.portal)), 1)

    def press_rows(self, url, action, uids):
        """Send one request per row, as listings do in the ajax channel."""
        for uid in uids:
            answer = json.loads(self.open(
                url + "/analyses_classic_view/do_action_for", json.dumps({
                    "uids": [uid], "chained_uids": list(uids),
                    "transition": action}), "application/json"))
            self.assertEqual(answer["errors"], {})

    def look(self, url, sample):
        """Assert that no page shows a trace of the add-on."""
        for path in ("samples", "worksheets", url + "/manage_results",
                     url + "/add_analyses", url + "/add_duplicate",
                     "clients/{}/{}".format(
                         sample.getClient().getId(), sample.getId())):
            page = self.open(path)
            for trace in ("senaite-queue", "queue-status", "queued-mark",
                          "queue-notice"):
                self.assertNotIn(trace, page, path)

    def agents(self):
        return ["/".join(agent.site.path)
                for agent in agents._agents.values()]

    def test_guards_depend_on_the_site(self):
        """The adapter is the same in both sites, its answer is not."""
        client = senaite_api.create(
            self.other.clients, "Client", title="D", ClientID="D")
        for _name, guard in getAdapters((client,), IGuardAdapter):
            self.assertIsNot(guard.guard("deactivate"), False)
        setSite(self.portal)
        queued = self.portal.clients["client-1"]
        guards = [guard.guard("deactivate") for _name, guard in
                  getAdapters((queued,), IGuardAdapter)]
        self.assertIn(False, guards)
