# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Base of the tests that click through worksheets of the demo data."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import unittest

import transaction
from bika.lims import api
from plone.app.testing import TEST_USER_ID
from plone.app.testing import TEST_USER_NAME
from plone.app.testing import TEST_USER_PASSWORD
from plone.app.testing import login
from plone.app.testing import setRoles
from plone.testing.zope import Browser
from six.moves.urllib.parse import urlencode
from zope.component.hooks import setSite
from zope.globalrequest import setRequest
from zope.interface import alsoProvides

from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue.speedups import pace
from senaite.queue.tests import stock
from senaite.queue.tests import utils


class WorksheetTestCase(unittest.TestCase):
    """Two samples with three analyses each, and a browser of a lab manager."""

    layer = stock.STOCK_TESTING

    #: Items per task; samples have three analyses, so chunks grow to three
    chunk_size = 2

    def setUp(self):
        self.portal = self.layer["portal"]
        # Not all layers have a stock
        self.stock = self.layer.get("stock")
        self.portal.changeSkin("Plone Default")
        self.come_back()
        setRoles(self.portal, TEST_USER_ID, ["Member", "LabManager"])
        setup = api.get_setup()
        setup.setSelfVerificationEnabled(True)
        pace.forget()
        values = {"default": self.chunk_size, "max_items": self.chunk_size,
                  "outage_seconds": 10 ** 9,
                  "min_items": 1}
        context = utils.settings(**values)
        context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.browser = self.logged_in_browser()

    def logged_in_browser(self):
        """Return a browser of the lab manager that has opened no page yet."""
        browser = self.new_browser()
        browser.addHeader("Authorization", "Basic {}:{}".format(
            TEST_USER_NAME, TEST_USER_PASSWORD))
        return browser

    def new_browser(self):
        """Return a browser that is not logged in."""
        browser = Browser(self.layer["app"])
        browser.handleErrors = False
        return browser

    def come_back(self):
        """Restore site, request and user: a request through the browser runs
        in this thread and resets them."""
        alsoProvides(self.layer["request"], ISenaiteQueueLayer)
        setRequest(self.layer["request"])
        setSite(self.portal)
        login(self.portal, TEST_USER_NAME)
        utils.clear_caches(self.layer["request"])
        transaction.begin()

    def post(self, url, data, content_type=None):
        """Commit, then send a request.

        :returns: the text of the answer
        """
        transaction.commit()
        try:
            self.browser.post(url, data, content_type)
        finally:
            self.come_back()
        return self.browser.contents

    def get(self, url):
        """Commit, then open a page."""
        transaction.commit()
        try:
            self.browser.open(url)
        finally:
            self.come_back()
        return self.browser.contents

    def make(self, assign=True, **results):
        """Return samples, their analyses and a worksheet.

        The first call returns those in stock.

        :param assign: whether the analyses are on the worksheet
        """
        samples, worksheet = self.take() or stock.make(self.portal)
        analyses = utils.analyses_of(samples)
        if assign:
            with utils.settings(default=0):
                worksheet.addAnalyses(analyses)
        transaction.commit()
        return samples, analyses, worksheet

    def take(self):
        """Return the samples and the worksheet in stock; None when they have
        been taken."""
        if self.stock is None:
            return None
        uids, worksheet_uid = self.stock
        self.stock = None
        return ([api.get_object_by_uid(uid) for uid in uids],
                api.get_object_by_uid(worksheet_uid))

    def enter_results(self, analyses):
        for index, analysis in enumerate(analyses):
            analysis.setResult(str(10 + index))
            analysis.reindexObject()
        transaction.commit()

    def do(self, action, objects):
        """Transition objects synchronously, as core does."""
        with utils.settings(default=0):
            for obj in objects:
                api.do_transition_for(obj, action)
        transaction.commit()

    def click(self, worksheet, action, objects, **form):
        """Send the form of a listing, as its buttons do."""
        data = [("workflow_action_id", action)]
        data.extend(("uids:list", api.get_uid(obj)) for obj in objects)
        data.extend(form.items())
        return self.post("{}/workflow_action".format(
            worksheet.absolute_url()), urlencode(data))

    def click_rows(self, worksheet, action, objects,
                   view="analyses_classic_view"):
        """Send one request per row, as listings do in the ajax channel.

        :returns: the answers
        """
        uids = [api.get_uid(obj) for obj in objects]
        return [self.click_row(worksheet, action, uid, uids, view)
                for uid in uids]

    def click_row(self, context, action, uid, uids,
                  view="analyses_classic_view"):
        """Send the request for one row of a selection."""
        return json.loads(self.post(
            "{}/{}/do_action_for".format(context.absolute_url(), view),
            json.dumps({"uids": [uid], "chained_uids": uids,
                        "transition": action}),
            "application/json"))

    def pending(self):
        return utils.pending(self.portal)

    def drain(self):
        transaction.commit()
        return utils.drain(self.portal)

    def states(self, objects):
        return [api.get_review_status(obj) for obj in objects]
