# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A task sees the site as its click did: behind the same proxy, in the same
language, for the same client; through HTTP, and in a process that works alone.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import os
import re

import requests
import transaction
from bika.lims import api as senaite_api
from bika.lims.api import snapshot
from bika.lims.utils.analysisrequest import get_rejection_mail
from DateTime import DateTime
from plone.app.testing import login
from plone.app.testing import setRoles
from plone.app.testing import TEST_USER_ID
from plone.app.testing import TEST_USER_NAME
from plone.i18n.interfaces import ILanguageUtility
from plone.protect.interfaces import IDisableCSRFProtection
from plone.registry.interfaces import IRegistry
from Products.SiteAccess.VirtualHostMonster import manage_addVirtualHostMonster
from senaite.core.api import dtime
from senaite.core.i18n import get_weekday_name
from senaite.core.i18n import translate
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager
from zope.component import getMultiAdapter
from zope.component import getUtility
from zope.globalrequest import getRequest
from zope.i18nmessageid import MessageFactory
from zope.interface import alsoProvides
from ZPublisher.interfaces import IPubAfterTraversal
from ZServer.ClockServer import ClockServer

from senaite.queue import api
from senaite.queue.http import inprocess
from senaite.queue.model import states
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.site import click_origin
from senaite.queue.testing import eventually
from senaite.queue.tests.integration import test_single_process
from senaite.queue.tests.integration.test_single_process import dict_of
from senaite.queue.tests.integration.test_single_process import NAME
from senaite.queue.tests.integration.test_single_process import PERSON
from senaite.queue.tests.integration.test_single_process import ProcessTestCase
from senaite.queue.tests import utils

#: What a proxy puts before the path of a request to the site
PREFIX = "/VirtualHostBase/https/lims.example.com:443/plone/" \
    "VirtualHostRoot/_vh_lab"

HEADERS = {
    "Accept-Language": "de-CH,en;q=0.5",
    "User-Agent": "A browser",
    "Referer": "https://lims.example.com/lab/worksheets",
    "X-Forwarded-For": "192.0.2.7",
    "Host": "lims.example.com",
}

_pl = MessageFactory("plonelocales")


def observe(sample_uid=None):
    """Return what work that is done now sees of the site."""
    request = getRequest()
    portal = senaite_api.get_portal()
    client = portal.clients["client-1"]
    state = getMultiAdapter((portal, request), name="plone_portal_state")
    languages = getUtility(ILanguageUtility)
    seen = {
        "link": senaite_api.get_url(client),
        "path": client.absolute_url_path(),
        "site": state.portal_url(),
        "host": (request.get("SERVER_URL"), request.get_header("HOST"),
                 request.get("ACTUAL_URL").split("/")[:3],
                 request.get("BASE1")),
        "virtual root": request.getVirtualRoot(),
        "back": "/".join(request.physicalPathFromURL(client.absolute_url())),
        "language": (state.language(), request.get("LANGUAGE"),
                     languages.getPreferredLanguage(),
                     list(languages.getLanguageBindings(request))),
        "locale": request.locale.id.language,
        "monday": get_weekday_name(1),
        "title": translate(_pl("month_jan")),
        "date": dtime.to_localized_time(
            DateTime("2026/11/29 13:00:00 GMT+0"), long_format=True,
            context=portal, request=request),
        "audit": snapshot.get_request_data(),
        "address": request.getClientAddr(),
    }
    if sample_uid:
        mail = get_rejection_mail(senaite_api.get_object_by_uid(sample_uid))
        seen["mail"] = [
            re.sub("_authenticator=[0-9a-f]+", "", part.get_payload(
                decode=True))
            for part in mail.walk() if part.get_content_maintype() == "text"]
    # Text is text, and headers may be anything
    return json.loads(json.dumps(seen, encoding="latin-1"))


class OriginCase(ProcessTestCase):
    """Clicks of a person through a proxy."""

    def setUp(self):
        super(OriginCase, self).setUp()
        app = self.layer["app"]
        if "virtual_hosting" not in app.objectIds():
            manage_addVirtualHostMonster(app, "virtual_hosting")
        registry = getUtility(IRegistry)
        registry["plone.available_languages"] = ["en", "de", "fr"]
        registry["plone.use_request_negotiation"] = True
        registry["plone.use_cookie_negotiation"] = True
        transaction.commit()
        #: What the clicks saw, and what their tasks saw
        self.clicks, self.works = [], []
        self.sample_uid = None
        self.values = {}
        self.tasks = []
        test_single_process._work[:] = [self.work]
        manager = getGlobalSiteManager()
        manager.registerHandler(self.on_click, (IPubAfterTraversal,))
        self.addCleanup(manager.unregisterHandler, self.on_click,
                        (IPubAfterTraversal,))

    def on_click(self, event):
        """Look at the site within a request, and add a task."""
        if "click_of_a_test" not in event.request.form:
            return
        alsoProvides(event.request, IDisableCSRFProtection)
        self.clicks.append(observe(self.sample_uid))
        self.tasks.append(api.add_task(
            NAME, senaite_api.get_portal(), **self.values))

    def work(self, context, task):
        super(OriginCase, self).work(context, task)
        self.works.append(observe(self.sample_uid))

    def press(self, prefix=PREFIX, cookies=None, **headers):
        """Click through a proxy; return the task."""
        base = self.url[:-len("/plone")]
        answer = requests.get(
            base + prefix + "/login?click_of_a_test=1&comments=Agreed",
            auth=(PERSON, "secret-of-the-test"), allow_redirects=False,
            cookies=cookies, headers=dict(HEADERS, **headers))
        self.assertLess(answer.status_code, 400, answer.text)
        self.assertTrue(self.tasks)
        return self.tasks.pop()

    def finish(self, task):
        self.consume()
        found = self.wait_for(task)
        self.assertEqual(self.works, self.clicks)
        return found


class TestClickOrigin(OriginCase):

    def test_task_sees_what_its_click_saw(self):
        self.finish(self.press())
        seen, = self.works
        self.assertEqual(seen["link"],
                         "https://lims.example.com/lab/clients/client-1")
        self.assertEqual(seen["path"], "/lab/clients/client-1")
        self.assertEqual(seen["site"], "https://lims.example.com/lab")
        self.assertEqual(seen["back"], "/plone/clients/client-1")
        self.assertEqual(seen["monday"], "Montag")
        self.assertEqual(seen["title"], "Januar")
        self.assertEqual(seen["language"],
                         ["de", "de", "de", ["de", "en", ["en"]]])
        self.assertEqual(seen["audit"], {
            "comments": "Agreed", "remote_address": "192.0.2.7",
            "user_agent": "A browser",
            "referer": "https://lims.example.com/lab/worksheets"})

    def test_other_ways_to_the_site(self):
        """At the root of another host, without a proxy, and in the language
        that the user has chosen."""
        for prefix, headers, cookies, link, monday in (
                ("/VirtualHostBase/http/other.example.com:8080/plone/"
                 "VirtualHostRoot", {"Accept-Language": "fr"}, None,
                 "http://other.example.com:8080/clients/client-1", "Lundi"),
                ("/plone", {"Host": "10.0.0.1:99"}, None,
                 "http://10.0.0.1:99/plone/clients/client-1", "Montag"),
                ("/VirtualHostBase/https/lims.example.com:443/"
                 "VirtualHostRoot/_vh_a%20b/_vh_c/plone",
                 {"X-Real-IP": "192.0.2.8", "X-Forwarded-For": ""},
                 {"I18N_LANGUAGE": "fr"},
                 "https://lims.example.com/a%20b/c/plone/clients/client-1",
                 "Lundi")):
            self.finish(self.press(prefix, cookies, **headers))
            seen = self.works[-1]
            self.assertEqual(seen["link"], link)
            self.assertEqual(seen["monday"].lower(), monday.lower())

    def test_process_that_works_alone(self):
        """It publishes requests to itself without HTTP."""
        inprocess.prefer()
        self.addCleanup(inprocess._preferred.remove, os.getpid())
        self.finish(self.press())
        self.assertEqual(self.works[0]["site"], "https://lims.example.com/lab")

    def test_links_in_emails(self):
        setRoles(self.portal, TEST_USER_ID, ["Member", "LabManager"])
        login(self.portal, TEST_USER_NAME)
        self.portal.changeSkin("Plone Default")
        sample, = utils.create_samples(self.portal, 1, ("Ca",))
        self.sample_uid = senaite_api.get_uid(sample)
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        transaction.commit()
        self.finish(self.press())
        self.assertIn('"https://lims.example.com/lab/clients/client-1/{}'
                      .format(senaite_api.get_id(sample)),
                      "".join(self.works[0]["mail"]))

    def test_chunks_and_tasks_that_are_added_by_a_task(self):
        uids = ["item-%d" % number for number in range(5)]

        def work(context, task):
            self.work(context, dict_of(task, task.uids[:2]))
            if task.uids[2:]:
                api.add_copy(task, uids=task.uids[2:])
            elif task.uids == uids[4:]:
                # as add-ons for 1.0.x do, and one of another kind
                api.add_task(NAME, context, uids=[])
                api.add_task(NAME, context.clients, uids=["other"])

        self.values = {"uids": uids}
        test_single_process._work[:] = [work]
        self.portal.clients.done = self.portal.done
        transaction.commit()
        task = self.press()
        self.consume()
        store = get_server_utility(self.portal).store
        eventually(lambda: len(self.works) == 5 and
                   store.count(states.ACTIVE) == 0)
        self.assertEqual(self.works, 5 * self.clicks)
        for task_uid in self.attempts:
            self.assertEqual(store.get(task_uid)["click_origin"], task["click_origin"])

    def test_conflicts_errors_and_requeued_tasks(self):
        def work(context, task):
            self.work(context, task)
            if len(self.attempts) == 1:
                raise ConflictError()
            if len(self.attempts) == 2:
                raise ValueError("It broke")
        test_single_process._work[:] = [work]
        self.values = {"retries": 0}
        task = self.press()
        self.consume()
        self.wait_for(task, states.FAILED)
        get_server_utility(self.portal).requeue(task.task_uid)
        self.wait_for(task)
        self.assertEqual(len(self.attempts), 3)
        self.assertEqual(self.works, 3 * self.clicks)

    def test_task_that_no_click_added_has_no_origin(self):
        """Scripts and the clock: it sees the site as the consumer does."""
        task = self.click()
        self.assertIsNone(task["click_origin"])
        self.consume()
        self.assertIsNone(self.wait_for(task)["click_origin"])
        self.assertEqual(self.works[0]["site"], self.url)

    def test_script_can_name_the_address_of_the_site(self):
        task = self.click(click_origin={"server_url": "https://lims.example.com",
                                  "root_path": "/plone"})
        self.consume()
        self.wait_for(task)
        self.assertEqual(self.works[0]["link"],
                         "https://lims.example.com/clients/client-1")

    def test_virtual_root_that_is_not_of_the_site_is_ignored(self):
        """The site was moved, or somebody has changed the task."""
        task = self.click(click_origin={"server_url": "https://evil.example.com",
                                  "root_path": "/other"})
        self.consume()
        self.wait_for(task)
        self.assertEqual(self.works[0]["site"], self.url)

    def test_headers_that_cannot_be_kept_do_not_fail_the_click(self):
        # \xff is no UTF-8
        task = self.press(**{"User-Agent": 3000 * "x" + "\xff",
                             "Referer": "\xff\xfe", "Host": "a/b@c"})
        client = task["click_origin"]["client"]
        self.assertEqual(client["user_agent"], 1000 * "x")
        self.assertEqual(client["referer"].decode("utf-8"), 2 * u"\ufffd")
        self.assertIsNone(client["host"])
        long_one = self.press(Referer="https://x/" + 3000 * "x")
        self.assertEqual(long_one["click_origin"]["client"]["referer"],
                         "https://x/" + 990 * "x")
        self.consume()
        self.wait_for(task)
        self.assertEqual(self.works[0]["site"], "https://lims.example.com/lab")


class TestRequestAfterwards(OriginCase):
    """The request of the consumer is as it was, whatever happened."""

    maxDiff = None

    def snapshot(self):
        """Return all that a request keeps."""
        request = getRequest()
        attributes = dict((key, repr(value))
                          for key, value in vars(request).items()
                          if not isinstance(value, dict))
        return [attributes] + [dict(mapping) for mapping in (
            request.other, request.environ, request.form, request.cookies)]

    def test_work_that_ends_and_that_fails(self):
        origin = self.press()["click_origin"]
        request = getRequest()
        seen = observe()
        before = self.snapshot()
        with click_origin.put_back(request, origin, self.portal):
            self.assertEqual(observe()["site"],
                             "https://lims.example.com/lab")
        self.assertEqual(self.snapshot(), before)
        with self.assertRaises(KeyError):
            with click_origin.put_back(request, origin, self.portal):
                observe()
                raise KeyError("x")
        self.assertEqual(self.snapshot(), before)
        self.assertEqual(observe(), seen)

    def test_without_an_origin_nothing_changes(self):
        before = self.snapshot()
        with click_origin.put_back(getRequest(), None, self.portal):
            self.assertEqual(self.snapshot(), before)
        self.assertEqual(self.snapshot(), before)

    def test_request_of_a_script_has_no_origin(self):
        self.assertIsNone(click_origin.collect(None))
        self.assertIsNone(click_origin.collect(getRequest()))
        self.assertIsNone(click_origin.collect(senaite_api.get_test_request()))

    def test_request_of_the_clock_has_no_origin(self):
        """It names a host: that of the machine, or one that was configured."""
        for host in (None, "lims.example.com"):
            clock = ClockServer("/plone/login", host=host)
            self.addCleanup(clock.close)
            _medusa, request, _response = clock.get_requests_and_response()
            self.addCleanup(request.close)
            request["PARENTS"] = [self.layer["app"]]
            request.processInputs()
            request.traverse("/plone/login")
            self.assertIn("PUBLISHED", request.other)
            self.assertIsNone(click_origin.collect(request))

    def test_request_whose_address_makes_no_links_has_no_origin(self):
        request = getRequest()
        request.other["PUBLISHED"] = object()
        former = request.other["SERVER_URL"]
        self.addCleanup(request.other.update, SERVER_URL=former)
        self.addCleanup(request.other.pop, "PUBLISHED")
        self.assertIsNotNone(click_origin.collect(request))
        request._script.append("a b")
        self.assertIsNone(click_origin.collect(request))
        del request._script[:]
        request.other["SERVER_URL"] = "http://no host"
        self.assertIsNone(click_origin.collect(request))
