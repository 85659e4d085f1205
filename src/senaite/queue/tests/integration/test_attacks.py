# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Attacks. The first class covers those that succeeded against 1.0.x."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import requests
import transaction
from plone.app.testing import SITE_OWNER_NAME
from plone.app.testing import TEST_USER_PASSWORD
from senaite.queue.auth import signing_keys
from senaite.queue.auth import tokens
from senaite.queue.tests.integration.attackcase import AttackCase
from senaite.queue.tests.integration.attackcase import PAYLOAD
from senaite.queue.tests.integration.attackcase import POP
from senaite.queue.tests.integration.attackcase import UNSIGNED
from senaite.queue.tests.integration import httpcase

class TestKnownVulnerabilities(AttackCase):
    """Successful attacks on senaite.queue 1.0.3 with SENAITE 2.6."""

    def test_key_cannot_be_read(self):
        routes = ("registry", "registry/senaite.queue",
                  "registry/senaite.queue.auth_key", "plonesite", "settings",
                  "settings/senaite.queue", "search?catalog=portal_catalog",
                  "", "senaite_queue_auth", "users/current", "properties")
        for caller in UNSIGNED:
            for route in routes:
                text = self.call(route, caller=caller, method="GET").text
                self.assertFalse(self.key in text, (caller, route))
        for path in ("", "/acl_users/senaite_queue_auth",
                     "/__annotations__", "/++annotations++senaite.queue.key",
                     "/@@queue-controlpanel",
                     "/portal_registry/senaite.queue.auth_key"):
            for caller in UNSIGNED:
                response = requests.get(
                    self.url + path, auth=self.credentials(caller))
                self.assertFalse(self.key in response.text, (caller, path))

    def test_client_contact_cannot_add_tasks_for_others(self):
        for username in ("admin", SITE_OWNER_NAME, "manager", "contact"):
            with self.unchanged():
                self.refused(403, "queue_server/add", self.task(
                    name="task_generic_action", action="deactivate",
                    username=username), caller="contact")
                self.refused(403, "queue_server/add", {"tasks": [self.task(
                    username=username)]}, caller="contact")

    def test_unsigned_callers_cannot_control_tasks(self):
        uid = self.put(retries=0)
        about = dict(PAYLOAD, task_uid=uid)
        for state in ("queued", "running", "failed"):
            for verb in ("pop", "hello", "done", "fail", "timeout",
                         "heartbeat", "requeue", "requeue/" + uid, "delete"):
                for caller in UNSIGNED:
                    route = "queue_server/" + verb
                    refusal = 401 if caller == httpcase.ANONYMOUS else 403
                    with self.unchanged():
                        self.refused(refusal, route, about, caller=caller)
                    # Links and images send GET requests
                    self.refused(405, route + "?task_uid=" + uid,
                                 caller=caller, method="GET")
            answer = self.ask("queue_server/" + uid, method="GET")
            self.assertEqual(answer["status"], state)
            if state == "queued":
                self.ask(POP, PAYLOAD)
            elif state == "running":
                self.ask("queue_server/fail", dict(about, error_message="x"))

    def test_unsigned_callers_cannot_process_tasks(self):
        for caller in UNSIGNED:
            for query in ("", "?queue_tuid=" + "0" * 32):
                route = "queue_consumer/process/{}{}".format("0" * 32, query)
                self.refused(401 if caller == httpcase.ANONYMOUS else 403,
                             route, caller=caller)
                self.refused(405, route, caller=caller, method="GET")

    def test_garbage_tokens_do_not_break_pages(self):
        for page in ("", "/login", "/clients", "/@@API/senaite/v1/version"):
            for method in ("GET", "HEAD", "POST"):
                plain = requests.request(method, self.url + page)
                tried = requests.request(method, self.url + page,
                                         headers={tokens.HEADER: "garbage"})
                self.assertEqual(plain.status_code, tried.status_code, page)

    def test_token_cannot_be_replayed_on_another_route(self):
        headers = self.token(POP, PAYLOAD)
        self.ask(POP, PAYLOAD, auth=None, headers=headers)
        self.bad_token(headers, "queue_server/hello")


class TestForgedClicks(AttackCase):
    """Requests from a browser, with its cookies, triggered by another site."""

    def setUp(self):
        super(TestForgedClicks, self).setUp()
        self.session = requests.Session()
        self.session.post(self.url + "/login", data={
            "__ac_name": "manager", "__ac_password": TEST_USER_PASSWORD,
            "buttons.login": "Log in"})
        self.uid = self.put()

    def is_as_before(self):
        answer = self.ask("queue_server/" + self.uid, method="GET")
        self.assertEqual((answer["status"], answer["attempt"]),
                         ("queued", 0))

    def test_control_routes_ignore_cookies(self):
        for url in ("add", "pop", "done", "fail", "timeout", "requeue",
                    "delete", "hello", "heartbeat"):
            for kw in ({"data": {"task_uid": self.uid}},
                       {"data": json.dumps({"task_uid": self.uid}),
                        "headers": {"Content-Type": "text/plain"}},
                       {"json": {"task_uid": self.uid}}):
                response = self.session.post(
                    self.url + httpcase.API + "queue_server/" + url, **kw)
                self.assertEqual(response.status_code, 403)
        self.is_as_before()

    def test_buttons_of_the_monitor_are_protected(self):
        for action in ("queue_requeue", "queue_remove"):
            fields = {"workflow_action_id": action, "uids:list": self.uid,
                      "workflow_action": action}
            for method in ("GET", "POST"):
                for path in ("/workflow_action", "/@@queue_tasks",
                             "/@@queue_tasks/workflow_action"):
                    options = {"params": fields} if method == "GET" \
                        else {"data": fields}
                    self.session.request(method, self.url + path, **options)
        self.is_as_before()

    def test_settings_are_protected(self):
        former = self.portal.portal_registry["senaite.queue.default"]
        self.session.post(self.url + "/@@queue-controlpanel", data={
            "form.widgets.default": "3", "form.buttons.save": "Save"})
        self.session.post(self.url + "/@@queue-controlpanel", data={
            "form.buttons.rotate": "x"})
        transaction.begin()
        self.assertEqual(self.portal.portal_registry["senaite.queue.default"],
                         former)
        self.assertEqual(signing_keys.get_key(self.portal), self.key)
