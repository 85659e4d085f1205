# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Malicious payloads, paths and ids."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import socket

import requests
import transaction
from plone.app.testing import SITE_OWNER_NAME
from senaite.queue.http import routing
from senaite.queue.tests.integration.attackcase import AttackCase
from senaite.queue.tests.integration.attackcase import JSON
from senaite.queue.tests.integration.attackcase import PAYLOAD
from senaite.queue.tests.integration.attackcase import POP
from senaite.queue.tests.integration.attackcase import UNSIGNED
from senaite.queue.tests.integration import httpcase


class TestPayloads(AttackCase):

    def test_task_cannot_run_as_another_user(self):
        """A task runs as the user of its token or fails, because the process
        endpoint accepts only tasks that its process holds a lease of."""
        for user in ("", "admin", SITE_OWNER_NAME, "manager"):
            uid = self.put(username="analyst")
            route = "queue_consumer/process/" + uid
            headers = self.token(route, user=user)
            message = self.refused(412, route, auth=None, headers=headers)
            self.assertTrue("does not hold" in message)
            self.ask("queue_server/delete", {"task_uid": uid})

    def test_huge_bodies_are_refused(self):
        self.patch(routing, "MAX_BODY_BYTES", 1024 * 1024)
        body = json.dumps(dict(PAYLOAD, x="x" * 2 * 1024 * 1024))
        self.refused(400, POP, body=body)
        for caller in UNSIGNED:
            response = self.call(POP, body=body, caller=caller)
            self.assertTrue(response.status_code in (401, 403))

    def test_deeply_nested_json_is_refused(self):
        for depth in (40, 900, 5000, 200000):
            for left, right in ((u"[", u"]"), (u'{"a":', u"}")):
                body = u'{"consumer_id": "%s", "x": %s1%s}' % (
                    httpcase.CONSUMER, left * depth, right * depth)
                response = self.call(POP, body=body)
                self.assertTrue(response.status_code in (200, 400),
                                response.text[:200])
                task = json.dumps(self.task())[:-1] + u', "x": %s1%s}' % (
                    left * depth, right * depth)
                response = self.call("queue_server/add", body=task)
                self.assertEqual(response.status_code, 400)

    def test_wrong_types_are_refused(self):
        values = (None, True, -1, 0, 1.5, -10 ** 30, 10 ** 400, 1e308, "",
                  "x", u"\xe9\u20ac\U0001f4a9", "\0", "a" * 5000, [], [[]],
                  {}, {"a": 1}, ["x"] * 3)
        for key in sorted(self.task()):
            for value in values:
                response = self.call("queue_server/add", {"tasks": [
                    dict(self.task(), **{key: value})]})
                self.assertTrue(response.status_code < 500, (key, value))
        with self.unchanged():
            for key in ("task_uid", "consumer_id", "processed", "note",
                        "kind", "error_message", "traceback", "status",
                        "limit", "offset", "ghost", "since", "uid"):
                for value in values:
                    for verb in ("done", "fail", "timeout", "heartbeat",
                                 "requeue", "delete", "tasks", "search",
                                 "diff", "uids"):
                        payload = dict(PAYLOAD, task_uid="0" * 32)
                        payload[key] = value
                        response = self.call("queue_server/" + verb, payload)
                        self.assertTrue(response.status_code < 500,
                                        (verb, key, value, response.text))

    def test_unknown_fields_are_kept_with_the_task(self):
        uid = self.put(__class__="os.system", portal_type="X", role="Manager",
                       consumer_id="evil/00000001", status="done")
        answer = self.ask("queue_server/" + uid, method="GET")
        self.assertEqual((answer["status"], answer["consumer_id"]),
                         ("queued", None))

    def test_path_traversal_is_refused(self):
        for prefix in ("queue_server/", "queue_server/jobs/",
                       "queue_server/tasks/", "queue_server/requeue/",
                       "queue_consumer/process/"):
            for path in ("../../acl_users", "..%2f..%2facl_users",
                         "%2e%2e/%2e%2e/", "..%5c..%5c", "%00", "a%0d%0ab",
                         "....//....//etc/passwd", "%252e%252e%252f"):
                for method in ("GET", "POST"):
                    with requests.Session() as session:
                        request = requests.Request(
                            method, self.url, headers=JSON).prepare()
                        # Send it as is: the library would normalise the path
                        request.url = self.url + httpcase.API + prefix + path
                        self.credentials(httpcase.SIGNED)(request)
                        response = session.send(request, timeout=60)
                    self.assertTrue(response.status_code < 500,
                                    (prefix, path, response.text[:200]))
                    self.assertFalse("root:" in response.text)
        self.assertEqual(self.ask("queue_server/tasks")["count"], 0)

    def test_addresses_as_ids_are_not_called(self):
        """No address that a consumer gives as its id is ever called."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        listener.settimeout(1)
        port = listener.getsockname()[1]
        uid = self.put()
        for consumer_id in ("http://127.0.0.1:{}/00000001".format(port),
                            "127.0.0.1:{}/00000001".format(port)):
            about = {"consumer_id": consumer_id, "task_uid": uid}
            for verb in ("hello", "pop", "heartbeat", "done", "fail"):
                response = self.call("queue_server/" + verb, about)
                self.assertTrue(response.status_code < 500)
        with self.assertRaises(socket.timeout):
            listener.accept()

    def test_only_managers_change_the_server_url(self):
        name = "senaite.queue.server"
        former = self.portal.portal_registry[name]
        for caller in UNSIGNED:
            if caller == "manager":
                continue
            for route in ("registry/" + name, "update", "registry/update"):
                self.call(route, {"uid": "x", name: "http://evil.test/"},
                          caller=caller)
            requests.post(
                self.url + "/@@queue-controlpanel",
                data={"form.widgets.server": "http://evil.test/s",
                      "form.buttons.save": "Save"},
                auth=self.credentials(caller))
        transaction.begin()
        self.assertEqual(self.portal.portal_registry[name], former)

    def test_scripts_in_texts_are_not_executed(self):
        """Answers are declared as JSON, so browsers do not execute them."""
        evil = u"<script>alert(1)</script>"
        uid = self.put(retries=0, evil=evil)
        about = dict(PAYLOAD, task_uid=uid)
        self.ask(POP, PAYLOAD)
        self.ask("queue_server/fail", dict(about, error_message=evil,
                                           traceback=evil))
        for route in ("queue_server/" + uid, "queue_server/" + evil,
                      "queue_server/tasks/" + evil, "queue_server/tasks"):
            response = self.call(route, caller="manager", method="GET")
            self.assertTrue(response.headers["Content-Type"].startswith(
                "application/json"), response.headers)
