# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The table route x caller x channel: logged in by cookie, by basic
authentication, with a token of the queue. Who may not, learns nothing."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import uuid

import requests
from plone.app.testing import TEST_USER_PASSWORD
from senaite.queue.auth.signer import Signer
from senaite.queue.auth import tokens
from senaite.queue import config
from senaite.queue.consumer import calling
from senaite.queue.http.routing import CONSUME
from senaite.queue.http.routing import SIGNED
from senaite.queue.tests.integration import httpcase
from senaite.queue.tests.integration.test_access import all_routes
from senaite.queue.tests.integration.test_access import ALLOWED
from senaite.queue.tests.integration.test_access import example
from senaite.queue.tests.integration.test_access import EXPECTED

COOKIE, BASIC, TOKEN = "cookie", "basic", "token"


class TestChannels(httpcase.HTTPCase):

    def setUp(self):
        super(TestChannels, self).setUp()
        self.patch(calling.loop, "ensure", lambda portal: "Runs")
        # a process that is meant to consume
        self.setenv(config.CONSUMER_URL.variable, self.url)
        self.sessions = {}

    def log_in(self, person):
        """Return a session with the cookie that the login form gives."""
        if person not in self.sessions:
            session = self.sessions[person] = requests.Session()
            session.post(self.url + "/login", data={
                "__ac_name": person, "__ac_password": TEST_USER_PASSWORD,
                "buttons.login": "Log in"})
            self.assertTrue("__ac" in session.cookies, person)
        return self.sessions[person]

    def knock(self, channel, person, route, method):
        """Call a route as a person, through a channel."""
        url = self.url + httpcase.API + route
        body = json.dumps({}) if method == "POST" else None
        kw = {"data": body, "timeout": 60,
              "headers": {"Content-Type": "application/json"}}
        if channel == COOKIE:
            return self.log_in(person).request(method, url, **kw)
        if channel == BASIC:
            kw["auth"] = (person, TEST_USER_PASSWORD)
        else:
            kw["auth"] = Signer(
                person, lambda: self.key, lambda: self.mark)
        return requests.request(method, url, **kw)

    def test_the_whole_table(self):
        wrong, asked = [], 0
        for url, declared in all_routes():
            access = EXPECTED[url][0]
            for method in declared.methods:
                for person in sorted(httpcase.PEOPLE):
                    for channel in (COOKIE, BASIC, TOKEN):
                        response = self.knock(
                            channel, person, example(url), method)
                        asked += 1
                        status = response.status_code
                        # who can sign has the key, whoever is named
                        allowed = channel == TOKEN or (
                            person in ALLOWED[access] and
                            (access, channel) != (CONSUME, COOKIE))
                        fine = status not in (401, 403) and status < 500 \
                            if allowed else status == 403
                        if not fine:
                            wrong.append((method, url, person, channel,
                                          status, response.text[:200]))
        self.assertEqual(wrong, [])
        self.assertTrue(asked > 300, asked)

    def test_a_bad_token_beats_a_good_cookie(self):
        session = self.log_in("manager")
        for url, declared in all_routes():
            response = session.request(
                declared.methods[0], self.url + httpcase.API + example(url),
                headers={tokens.HEADER: "garbage"})
            self.assertEqual(response.status_code, 401, url)

    def test_who_may_not_see_learns_nothing(self):
        """The answer about a task of others is that about no task at all."""
        there = self.put(uids=["item1"], username="analyst")
        nowhere = uuid.uuid4().hex
        for caller in (httpcase.ANONYMOUS, "contact", "consumer"):
            for pattern in ("queue_server/{}", "queue_server/jobs/{}",
                            "queue_server/search?uid={}",
                            "queue_server/requeue/{}",
                            "queue_consumer/process/{}"):
                answers = []
                for uid in (there, nowhere):
                    method = "POST" if "requeue" in pattern \
                        or "process" in pattern else "GET"
                    response = self.call(pattern.format(uid), caller=caller,
                                         method=method)
                    self.assertTrue(response.status_code in (401, 403))
                    answer = response.json()
                    # how long it took, says the JSON API
                    answer.pop("_runtime", None)
                    answers.append((response.status_code, answer))
                self.assertEqual(answers[0], answers[1])

    def test_signed_routes_name_no_permission(self):
        """No role whatever opens a control route."""
        from senaite.queue.http import routing
        self.assertEqual(routing.get_permission(SIGNED), None)
