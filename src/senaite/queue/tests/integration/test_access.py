# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Who may call which route: the whole table, through real HTTP."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import re
import uuid

from senaite.queue import config
from senaite.queue.consumer import calling
from senaite.queue.http import routing
from senaite.queue.http.routing import CONSUME
from senaite.queue.http.routing import ROUTES
from senaite.queue.http.routing import SIGNED
from senaite.queue.http.routing import VIEW
from senaite.queue.tests.integration import httpcase

#: Who is let in; written down again, so that a slip in a decorator shows
ALLOWED = {
    SIGNED: {httpcase.SIGNED},
    VIEW: {httpcase.SIGNED, "analyst", "labmanager", "manager"},
    CONSUME: {httpcase.SIGNED, "manager", "consumer"},
}

EXPECTED = {
    "queue_server/add": (SIGNED, ("POST",)),
    "queue_server/pop": (SIGNED, ("POST",)),
    "queue_server/done": (SIGNED, ("POST",)),
    "queue_server/fail": (SIGNED, ("POST",)),
    "queue_server/timeout": (SIGNED, ("POST",)),
    "queue_server/heartbeat": (SIGNED, ("POST",)),
    "queue_server/join": (SIGNED, ("POST",)),
    "queue_server/hello": (SIGNED, ("POST",)),
    "queue_server/over": (SIGNED, ("POST",)),
    "queue_server/requeue": (SIGNED, ("POST",)),
    "queue_server/requeue/<string:task_uid>": (SIGNED, ("POST",)),
    "queue_server/delete": (SIGNED, ("POST",)),
    "queue_server/priority": (SIGNED, ("POST",)),
    "queue_server/cancel_job": (SIGNED, ("POST",)),
    "queue_server/pause": (SIGNED, ("POST",)),
    "queue_server/resume": (SIGNED, ("POST",)),
    "queue_server/remove_all": (SIGNED, ("POST",)),
    "queue_server/reconcile": (SIGNED, ("POST",)),
    "queue_server/ping": (SIGNED, ("POST",)),
    "queue_server/stats": (VIEW, ("GET", "POST")),
    "queue_server/page": (VIEW, ("GET", "POST")),
    "queue_server/history/<string:task_uid>": (VIEW, ("GET", "POST")),
    "queue_server/tasks": (VIEW, ("GET", "POST")),
    "queue_server/tasks/<string:status>": (VIEW, ("GET", "POST")),
    "queue_server/search": (VIEW, ("GET", "POST")),
    "queue_server/uids": (VIEW, ("GET", "POST")),
    "queue_server/uids/<string:status>": (VIEW, ("GET", "POST")),
    "queue_server/diff": (VIEW, ("GET", "POST")),
    "queue_server/jobs/<string:job_uid>": (VIEW, ("GET", "POST")),
    "queue_server/<string:task_uid>": (VIEW, ("GET", "POST")),
    "queue_server/": (VIEW, ("GET", "POST")),
    "queue_server/<path:rest>": (VIEW, ("GET", "POST")),
    "queue_consumer/consume": (CONSUME, ("GET", "POST")),
    "queue_consumer/process": (SIGNED, ("POST",)),
    "queue_consumer/process/<string:task_uid>": (SIGNED, ("POST",)),
}

CALLERS = [httpcase.ANONYMOUS, httpcase.SIGNED] + sorted(httpcase.PEOPLE)


def all_routes():
    """Return (url, declaration) for each URL of the table."""
    return [("{}/{}".format(declared.group, rule), declared)
            for declared in ROUTES for rule in declared.rules]


def example(url):
    """Return a URL that matches a rule."""
    url = url.replace("<path:rest>", "no/such/route")
    url = url.replace("<string:status>", "queued")
    return re.sub("<string:[a-z_]+>", uuid.uuid4().hex, url).rstrip("/")


class TestAccess(httpcase.HTTPCase):

    def setUp(self):
        super(TestAccess, self).setUp()
        # the table is about who comes in, not about what happens then
        self.patch(calling.loop, "ensure", lambda portal: "Runs")
        # a process that is meant to consume
        self.setenv(config.CONSUMER_URL.variable, self.url)

    def test_the_table_is_the_one_that_was_agreed_on(self):
        found = dict((url, (declared.access, declared.methods))
                     for url, declared in all_routes())
        self.assertEqual(found, EXPECTED)

    def test_every_route_and_every_caller(self):
        wrong = []
        for url, declared in all_routes():
            for method in declared.methods:
                for caller in CALLERS:
                    response = self.call(example(url), caller=caller,
                                         method=method)
                    status = response.status_code
                    allowed = caller in ALLOWED[EXPECTED[url][0]]
                    refusal = 401 if caller == httpcase.ANONYMOUS else 403
                    fine = status not in (401, 403) and status < 500 \
                        if allowed else status == refusal
                    says_no = response.json().get("success") is False
                    if not fine or (not allowed and not says_no):
                        wrong.append((method, url, caller, status,
                                      response.text[:200]))
        self.assertEqual(wrong, [])

    def test_other_methods(self):
        wrong = []
        for url, declared in all_routes():
            if "GET" in declared.methods:
                continue
            for caller in CALLERS:
                response = self.call(example(url), caller=caller,
                                     method="GET")
                if (response.status_code, response.headers.get("Allow")) \
                        != (405, "POST"):
                    wrong.append((url, caller, response.status_code))
        self.assertEqual(wrong, [])

    def test_nothing_is_handed_out_or_changed_on_refusal(self):
        task_uid = self.put()
        for url, declared in all_routes():
            if declared.access != SIGNED:
                continue
            payload = {"task_uid": task_uid, "consumer_id": httpcase.CONSUMER}
            response = self.call(example(url), payload, caller="manager")
            self.assertFalse(task_uid in response.text)
        answer = self.ask("queue_server/" + task_uid, method="GET")
        self.assertEqual((answer["status"], answer["attempt"]), ("queued", 0))

    def test_process_that_is_not_the_queue_server(self):
        from senaite.queue.site import process_role
        self.setenv(config.ROLE.variable, process_role.CLIENT)
        for url, declared in all_routes():
            if declared.group == routing.SERVER_GROUP:
                self.refused(405, example(url), method=declared.methods[0])

    def test_site_without_the_queue(self):
        self.patch(routing, "is_installed", lambda: False)
        for url, declared in all_routes():
            self.refused(404, example(url), method=declared.methods[0])

    def test_zope_root(self):
        self.url = self.url[:self.url.rindex("/")]
        self.assertEqual(self.call("queue_server/pop").status_code, 404)

    def test_role_by_address(self):
        # nobody says what this process is: the setting names its port
        import os
        from senaite.queue.tests.utils import settings
        os.environ.pop(config.ROLE.variable)
        with settings(server=self.url):
            self.ask("queue_server/tasks", method="GET")
        with settings(server="http://localhost:1/site"):
            self.refused(405, "queue_server/tasks", method="GET")
