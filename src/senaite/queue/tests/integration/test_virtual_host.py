# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Queued and synchronous actions of users who come through a proxy, which
shows the site below a path of another host, in a language of their own."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

import transaction
from bika.lims import api
from plone.i18n.utility import setLanguageBinding
from plone.registry.interfaces import IRegistry
from Products.SiteAccess.VirtualHostMonster import manage_addVirtualHostMonster
from zope.component import getUtility

from senaite.queue.tests import differences
from senaite.queue.tests.integration.process import ProcessTestCase
from senaite.queue.tests import utils

#: What a proxy puts before the path of a request to the site
PREFIX = "/VirtualHostBase/https/lims.example.com:443/plone/" \
    "VirtualHostRoot/_vh_lab"


class VirtualHostTest(ProcessTestCase):
    """The site is at https://lims.example.com/lab, and speaks German."""

    def setUp(self):
        super(VirtualHostTest, self).setUp()
        app = self.layer["app"]
        if "virtual_hosting" not in app.objectIds():
            manage_addVirtualHostMonster(app, "virtual_hosting")
        registry = getUtility(IRegistry)
        registry["plone.available_languages"] = ["en", "de"]
        registry["plone.use_request_negotiation"] = True

    def new_browser(self):
        browser = super(VirtualHostTest, self).new_browser()
        browser.addHeader("Accept-Language", "de-CH")
        browser.addHeader("X-Forwarded-For", "192.0.2.7")
        return browser

    def post(self, url, data, content_type=None):
        site = self.portal.absolute_url()
        self.assertTrue(url.startswith(site + "/"), url)
        url = self.layer["app"].absolute_url() + PREFIX + url[len(site):]
        return super(VirtualHostTest, self).post(url, data, content_type)

    def compare(self, prepare, *acts, **options):
        """Compare, with all objects indexed behind the proxy before."""
        def prepare_and_index(case):
            prepare(case)
            self.reindex(case)
        case, done = super(VirtualHostTest, self).compare(
            prepare_and_index, *acts, **options)
        # The facts that all of this is about
        self.assert_at_lab(case)
        for task in sum(done, []):
            self.assertEqual(task["click_origin"]["languages"][0], "de")
        return case, done

    def reindex(self, case):
        with self.behind_the_proxy():
            case.reindex()

    @contextlib.contextmanager
    def behind_the_proxy(self):
        """Have the request of the test see the site as users do."""
        request = self.layer["request"]
        former = dict(request.other), request._script[:]
        request.setServerURL("https", "lims.example.com", 443)
        request.setVirtualRoot(["lab"])
        request.other["VirtualRootPhysicalPath"] = \
            self.portal.getPhysicalPath()
        request.environ["HTTP_ACCEPT_LANGUAGE"] = "de-CH"
        request.other.pop("LANGUAGE_TOOL", None)
        self.assertEqual(setLanguageBinding(request), "de")
        utils.clear_caches(request)
        try:
            yield
        finally:
            del request.environ["HTTP_ACCEPT_LANGUAGE"]
            request.other.clear()
            request.other.update(former[0])
            request._script[:] = former[1]
            utils.clear_caches(request)

    def assert_at_lab(self, case):
        for sample in case.samples:
            uid = api.get_uid(sample)
            brain, = api.search({"UID": uid}, "senaite_catalog_sample")
            self.assertEqual(brain.getClientURL, "/lab/clients/client-1")
            brains = api.search({"getAncestorsUIDs": uid,
                                 "portal_type": "Analysis"},
                                "senaite_catalog_analysis")
            self.assertTrue(brains)
            for brain in brains:
                self.assertEqual(
                    brain.getRequestURL, "/lab/clients/client-1/{}".format(
                        api.get_id(sample)))

    def test_assign(self):
        self.compare(self.as_made, self.by_form("assign"), assign=False)

    def test_submit_and_verify_by_form(self):
        self.compare(self.with_results, self.by_form("submit"),
                     self.by_form("verify"))

    def test_submit_by_ajax(self):
        self.compare(self.with_results, self.by_ajax("submit"))

    def test_retract(self):
        """Retests are made, and indexed, by the task."""
        self.compare(self.submitted, self.by_form("retract"), known=differences.RETESTS)

    def test_submit_with_controls(self):
        def prepare(case):
            self.with_controls(case)
            self.with_results(case)
        self.compare(prepare, self.by_form("submit"))

    def get_batch(self):
        """Return the batch of both cases. No number of its own: the numbers of
        a case are left out when cases are compared."""
        batches = self.portal.batches
        if "night" not in batches.objectIds():
            batch = api.create(batches, "Batch", title="Night shift")
            transaction.savepoint(optimistic=True)
            batches.manage_renameObject(api.get_id(batch), "night")
        return batches["night"]

    def test_samples_of_a_batch(self):
        def prepare(case):
            batch = self.get_batch()
            for sample in case.samples:
                sample.setBatch(batch)
            self.with_results(case)
        case, _done = self.compare(prepare, self.by_form("submit"))
        for sample in case.samples:
            brain, = api.search(
                {"UID": api.get_uid(sample)}, "senaite_catalog_sample")
            self.assertEqual(brain.getBatchURL, "/lab/batches/night")
