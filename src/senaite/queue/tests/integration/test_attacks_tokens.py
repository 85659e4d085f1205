# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Tokens that are replayed, expired, modified, forged or from other sites."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import base64
import json
import threading
import time
import uuid

import transaction
from persistent import Persistent
from plone.app.testing import TEST_USER_PASSWORD
from senaite.queue.auth import signing_keys
from senaite.queue.auth import tokens as auth
from senaite.queue.errors import BadToken
from senaite.queue.tests.integration.attackcase import AttackCase
from senaite.queue.tests.integration.attackcase import JSON
from senaite.queue.tests.integration.attackcase import PAYLOAD
from senaite.queue.tests.integration.attackcase import POP
from senaite.queue.tests.integration import httpcase
from zope.annotation.interfaces import IAttributeAnnotatable
from zope.interface import implementer


@implementer(IAttributeAnnotatable)
class OtherSite(Persistent):
    """The minimum of a site that a key needs."""

    def getPhysicalPath(self):
        return ("", "other")


class TestTokens(AttackCase):

    def test_replayed_token_is_refused(self):
        other = {"consumer_id": "client9/00000001"}
        for spend_first in (True, False):
            for route, payload in ((POP, PAYLOAD), (POP, other),
                                   ("queue_server/hello", PAYLOAD),
                                   ("queue_server/hello", other)):
                if not spend_first and (route, payload) == (POP, PAYLOAD):
                    continue
                headers = self.token(POP, PAYLOAD)
                if spend_first:
                    self.ask(POP, PAYLOAD, auth=None, headers=headers)
                with self.unchanged():
                    self.bad_token(headers, route, payload)

    def test_concurrent_replays_are_refused(self):
        headers = self.token(POP, PAYLOAD)
        statuses = []

        def send():
            statuses.append(self.call(
                POP, PAYLOAD, auth=None, headers=headers).status_code)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200] + [401] * 7)

    def test_expired_and_early_tokens_are_refused(self):
        now = time.time()
        for then in (0, now - 3600, now - auth.TTL - auth.LEEWAY - 5,
                     now + auth.LEEWAY + 5, now + 3600, 2 ** 60):
            self.bad_token(self.token(POP, PAYLOAD, now=then))

    def test_restarted_process_refuses_older_tokens(self):
        cache = auth.NonceCache(now=time.time())
        with self.assertRaises(BadToken):
            cache.use({"iat": time.time() - 3600, "exp": 2 ** 60,
                       "nonce": u"x"})

    def test_modified_tokens_are_refused(self):
        token = self.token(POP, PAYLOAD)[auth.HEADER]
        raw = base64.urlsafe_b64decode(token)
        bent = [raw[:i] + bytes(bytearray([bytearray(raw)[i] ^ 1])) +
                raw[i + 1:] for i in (0, 5, 12, 40, len(raw) - 1)]
        forged = [base64.urlsafe_b64encode(one).decode("ascii")
                  for one in bent]
        for value in forged + [
                token[:-1], token[1:], token[:50], token + "A", token * 2,
                token.upper(), " ", "null", "Bearer " + token, "A" * 20000,
                base64.b64encode(b'{"user": "admin"}').decode("ascii")]:
            if not value.strip():
                continue
            self.bad_token(dict(JSON, **{auth.HEADER: value}))

    def test_tokens_with_other_keys_are_refused(self):
        for key in (auth.make_key(), base64.urlsafe_b64encode(
                b"\0" * 32).decode("ascii")):
            self.bad_token(self.token(POP, PAYLOAD, key=key))

    def test_token_of_another_site_is_refused(self):
        other = OtherSite()
        self.portal._p_jar.add(other)
        signing_keys.make_key(other)
        theirs = signing_keys.get_key(other)
        self.assertNotEqual(theirs, self.key)
        self.bad_token(self.token(POP, PAYLOAD, key=theirs))

    def test_removed_user_is_not_logged_in(self):
        folder = self.portal.acl_users
        folder.userFolderAddUser("leaver", TEST_USER_PASSWORD,
                                 ["Member", "Manager"], [])
        transaction.commit()
        self.assertEqual(self.who("leaver"), "leaver")
        folder.userFolderDelUsers(["leaver"])
        transaction.commit()
        self.assertNotEqual(self.who("leaver"), "leaver")

    def test_removed_role_is_not_granted(self):
        folder = self.portal.acl_users
        folder.userFolderAddUser("lowered", TEST_USER_PASSWORD,
                                 ["Member", "Manager"], [])
        transaction.commit()
        self.assertTrue("Manager" in self.roles_of("lowered"))
        folder.portal_role_manager.removeRoleFromPrincipal(
            "Manager", "lowered")
        transaction.commit()
        # A token carries a name, never rights
        self.assertFalse("Manager" in self.roles_of("lowered"))

    def current(self, user):
        route = "users/current"
        headers = self.token(route, user=user, method="GET")
        return self.call(route, method="GET", auth=None,
                         headers=headers).json()["items"][0]

    def who(self, user):
        return self.current(user)["username"]

    def roles_of(self, user):
        return self.current(user)["roles"]

    def test_repeated_token_header_is_refused(self):
        for first, second in (("good", "garbage"), ("garbage", "good"),
                              ("good", "good"), ("good", "empty")):
            texts = {"good": self.token(POP, PAYLOAD)[auth.HEADER],
                     "garbage": "garbage", "empty": ""}
            status = self.raw([texts[first], texts[second]])
            if (first, second) == ("good", "empty"):
                self.assertTrue(status in (200, 401))
            else:
                self.assertEqual(status, 401, (first, second))

    def raw(self, tokens):
        """Send a request with repeated token headers; return the status."""
        from six.moves.http_client import HTTPConnection
        host = self.url.split("/")[2]
        path = "/" + "/".join(self.url.split("/")[3:])
        connection = HTTPConnection(host, timeout=60)
        self.addCleanup(connection.close)
        body = json.dumps(PAYLOAD)
        connection.putrequest("POST", path + httpcase.API + POP)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        for token in tokens:
            connection.putheader(auth.HEADER, token)
        connection.endheaders()
        connection.send(body.encode("ascii"))
        return connection.getresponse().status

    def test_timing_does_not_reveal_the_signature(self):
        """The response time does not reveal how valid a bad token is."""
        good = self.token(POP, PAYLOAD)[auth.HEADER]
        raw = bytearray(base64.urlsafe_b64decode(good))
        tokens = []
        # The signature is the last 32 bytes: wrong at its start, at its end
        for position in (-32, -1):
            bent = bytearray(raw)
            bent[position] ^= 1
            tokens.append(base64.urlsafe_b64encode(
                bytes(bent)).decode("ascii"))
        times = [[], []]
        for _ in range(2000):
            for number, token in enumerate(tokens):
                began = time.time()
                with self.assertRaises(BadToken):
                    auth.decrypt([self.key], token)
                times[number].append(time.time() - began)
        medians = [sorted(each)[1000] for each in times]
        self.assertTrue(0.5 < medians[0] / medians[1] < 2, medians)


class TestNoise(AttackCase):

    def test_bad_tokens_are_not_remembered(self):
        """Senders without a key fill no memory: only good tokens are kept."""
        from senaite.queue.auth.pas import nonces
        before = len(nonces)
        for _ in range(50):
            self.bad_token({auth.HEADER: uuid.uuid4().hex})
        self.assertEqual(len(nonces), before)
