# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Signed requests over real HTTP: replayed, redirected, forged, and used to
log in the user that they name."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time

import requests
import transaction
from plone.app.testing import SITE_OWNER_NAME
from Products.SiteAccess.VirtualHostMonster import \
    manage_addVirtualHostMonster
from senaite.queue.auth.pas import MEMO
from senaite.queue.auth.pas import nonces
from senaite.queue.auth.pas import QueueAuth
from senaite.queue.auth import server_time
from senaite.queue.auth import signing_keys
from senaite.queue.auth import tokens
from senaite.queue import config
from senaite.queue.tests.integration import httpcase

POP = "queue_server/pop"
PAYLOAD = {"consumer_id": httpcase.CONSUMER}


class TestTokens(httpcase.HTTPCase):

    def pop(self, headers, status, route=POP, payload=PAYLOAD, **kw):
        response = self.call(route, payload, auth=None, headers=headers, **kw)
        self.assertEqual(response.status_code, status, response.text)
        return response.json()

    def whoami(self, user):
        """Return the user as whom a request signed for a user is made."""
        route = "users/current"
        headers = self.token(route, user=user, method="GET")
        response = self.call(route, method="GET", auth=None, headers=headers)
        return [item["username"] for item in response.json()["items"]]

    def test_token_is_accepted_once(self):
        headers = self.token(POP, PAYLOAD)
        self.pop(headers, 200)
        answer = self.pop(headers, 401)
        self.assertEqual(answer["message"], "Not authenticated")

    def test_token_of_another_route_is_refused(self):
        self.pop(self.token("queue_server/hello", PAYLOAD), 401)
        self.pop(self.token(POP + "?x=1", PAYLOAD), 401)

    def test_token_of_another_body_is_refused(self):
        self.pop(self.token(POP, {"consumer_id": "other/00000001"}), 401)

    def test_token_of_another_method_is_refused(self):
        route = "queue_server/tasks"
        self.pop(self.token(route, method="GET"), 401, route=route,
                 payload=None)

    def test_token_covers_the_query(self):
        route = "queue_server/tasks?status=queued&limit=5"
        headers = self.token(tokens.get_route(route), method="GET")
        self.pop(headers, 200, method="GET",
                 route="queue_server/tasks?limit=5&status=queued")
        headers = self.token(tokens.get_route(route), method="GET")
        self.pop(headers, 401, method="GET",
                 route="queue_server/tasks?limit=50&status=queued")

    def test_expired_and_early_tokens_are_refused(self):
        self.pop(self.token(POP, PAYLOAD, now=time.time() - 3600), 401)
        self.pop(self.token(POP, PAYLOAD, now=time.time() + 3600), 401)

    def test_small_clock_differences_are_tolerated(self):
        self.pop(self.token(POP, PAYLOAD, now=time.time() + 25), 200)

    def test_server_tells_its_time_to_holders_of_the_key(self):
        headers = self.token(POP, PAYLOAD, now=time.time() - 3600)
        response = self.call(POP, PAYLOAD, auth=None, headers=headers)
        nonce = tokens.decrypt([self.key], headers[tokens.HEADER])["nonce"]
        told, process = server_time.read(
            self.key, nonce, response.headers[server_time.HEADER])
        self.assertLess(abs(told - time.time()), 60)
        self.assertEqual(process, nonces.process)

    def test_server_tells_its_time_to_nobody_else(self):
        good = self.token(POP, PAYLOAD)
        self.pop(good, 200)
        for headers in (
                good, self.token(POP, PAYLOAD, now=time.time() - 3600,
                                 key=tokens.make_key()),
                {"Content-Type": "application/json"}):
            response = self.call(POP, PAYLOAD, auth=None, headers=headers)
            self.assertEqual(response.status_code, 401)
            self.assertNotIn(server_time.HEADER, response.headers)

    def test_caller_that_counts_another_time_gets_through(self):
        server = self.url
        self.addCleanup(server_time.forget)
        for ahead in (7200, -7200, 0):
            # A clock was set, or the server was started again
            server_time.learn(server, ahead, u"a former process")
            self.ask(POP, PAYLOAD)
            self.assertLess(abs(server_time.get(server)[0]), 60)

    def test_token_for_another_process_is_refused(self):
        self.pop(self.token(POP, PAYLOAD, process=u"another"), 401)
        self.pop(self.token(POP, PAYLOAD, process=nonces.process), 200)

    def test_token_with_another_key_is_refused(self):
        self.pop(self.token(POP, PAYLOAD, key=tokens.make_key()), 401)

    def test_former_key_is_valid_until_it_expires(self):
        former = self.key
        signing_keys.rotate(self.portal, 100)
        transaction.commit()
        self.pop(self.token(POP, PAYLOAD, key=former), 200)
        signing_keys.rotate(self.portal, 0)
        transaction.commit()
        self.pop(self.token(POP, PAYLOAD, key=former), 401)
        self.pop(self.token(POP, PAYLOAD, key=signing_keys.get_key(self.portal)), 200)

    def test_key_of_the_environment_wins(self):
        key = tokens.make_key()
        self.setenv(config.KEY.variable, key)
        self.pop(self.token(POP, PAYLOAD), 401)
        self.pop(self.token(POP, PAYLOAD, key=key), 200)
        self.setenv(config.KEY.variable, "no key")
        self.pop(self.token(POP, PAYLOAD, key=key), 401)

    def test_claims_cannot_come_from_the_form(self):
        # A request falls back to its form and its cookies for missing keys
        for name in (MEMO, "claims", "user", tokens.HEADER):
            route = "{}?{}=x&{}.user:record=x".format(POP, name, name)
            self.pop({"Content-Type": "application/json"}, 401, route=route)
            self.pop({"Cookie": "{}=x".format(name)}, 401)
            self.pop({}, 401, route="queue_server/tasks?{}=x".format(name),
                     method="GET")

    def test_manager_with_a_bad_token_is_refused(self):
        self.refused(401, "queue_server/tasks", caller="manager",
                     method="GET", headers={tokens.HEADER: "garbage"})

    def test_garbage_tokens_do_not_break_pages(self):
        for garbage in ("garbage", "A" * 5000, "gAAAAA==", "\xc3\xa9",
                        self.token(POP)[tokens.HEADER]):
            for page in ("", "/clients", "/@@API/senaite/v1/version",
                         "/login"):
                plain = requests.get(self.url + page)
                response = requests.get(self.url + page,
                                        headers={tokens.HEADER: garbage})
                self.assertEqual(response.status_code, plain.status_code)
            self.pop({tokens.HEADER: garbage}, 401)

    def test_token_is_valid_behind_virtual_hosting(self):
        manage_addVirtualHostMonster(self.layer["app"], "virtual_hosting")
        transaction.commit()
        host = self.url.split("/")[2]
        self.url = "http://{0}/VirtualHostBase/http/lims.test:80/{1}" \
            "/VirtualHostRoot".format(host, self.portal.getId())
        answer = self.ask(POP, PAYLOAD)
        self.assertEqual(answer["url"].split("/")[2], "lims.test")

    def test_token_logs_in_users_of_the_site(self):
        self.assertEqual(self.whoami("analyst"), ["analyst"])

    def test_token_logs_in_users_of_the_root(self):
        self.assertEqual(self.whoami(SITE_OWNER_NAME), [SITE_OWNER_NAME])

    def test_token_logs_in_no_unknown_user(self):
        anonymous = self.call("users/current", method="GET",
                              caller=httpcase.ANONYMOUS).json()["items"]
        for user in ("", "nobody", "Manager", "../analyst", u"jos\xe9"):
            self.assertEqual(self.whoami(user),
                             [item["username"] for item in anonymous])

    def test_token_does_not_log_in_on_other_pages(self):
        path = "/@@overview-controlpanel"
        response = requests.get(
            self.url + path, auth=QueueAuth("manager", self.key),
            allow_redirects=False)
        plain = requests.get(self.url + path, allow_redirects=False)
        self.assertEqual(response.status_code, plain.status_code)

    def test_signer_uses_the_key_of_the_site(self):
        self.ask(POP, PAYLOAD, auth=QueueAuth(""))

    def test_key_cannot_be_read(self):
        for route in ("registry", "registry/senaite.queue",
                      "registry/senaite.queue.auth_key"):
            response = self.call(route, caller="manager", method="GET")
            self.assertFalse(self.key in response.text)
