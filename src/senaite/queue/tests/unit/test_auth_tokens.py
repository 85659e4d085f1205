# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Tokens: valid for one request, once, for seconds, with the right key."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import threading
import unittest

from cryptography.fernet import Fernet
from senaite.queue.auth.signer import Signer
from senaite.queue.auth import tokens
from senaite.queue.errors import BadToken

NOW = 1000000.0
KEY = tokens.make_key()
ROUTE = "queue_server/add"
BODY = b'{"a": 1}'


def make(**kw):
    values = dict(key=KEY, username="jane", method="POST", route=ROUTE,
                  body=BODY, now=NOW)
    values.update(kw)
    return tokens.make_token(**values)


def verify(token, **kw):
    values = dict(keys=[KEY], token=token, method="POST", route=ROUTE,
                  body=BODY, now=NOW)
    values.update(kw)
    return tokens.verify_token(**values)


def forge(claims, key=KEY):
    message = json.dumps(claims).encode("utf-8")
    return Fernet(tokens.to_bytes(key)).encrypt(message).decode("ascii")


class TestToken(unittest.TestCase):

    def refused(self, token, **kw):
        self.assertRaises(BadToken, verify, token, **kw)

    def test_token_names_the_user(self):
        self.assertEqual(verify(make())["user"], u"jane")
        self.assertEqual(verify(make(username=None))["user"], u"")
        self.assertEqual(verify(make(username=u"jos\xe9"))["user"],
                         u"jos\xe9")
        self.assertEqual(verify(make(username=u"jos\xe9".encode("utf-8")
                                     ))["user"], u"jos\xe9")

    def test_token_is_bound_to_the_request(self):
        token = make()
        self.refused(token, method="GET")
        self.refused(token, route="queue_server/delete")
        self.refused(token, route=ROUTE + "?x=1")
        self.refused(token, body=b'{"a": 2}')
        self.refused(token, body=None)

    def test_all_empty_bodies_are_equal(self):
        self.assertTrue(verify(make(body=None), body=b""))

    def test_text_body_is_signed_as_utf8(self):
        self.assertTrue(verify(make(body=u"\xe9"), body=b"\xc3\xa9"))

    def test_token_expires(self):
        token = make(ttl=60)
        self.assertTrue(verify(token, now=NOW + 60 + tokens.LEEWAY))
        self.refused(token, now=NOW + 61 + tokens.LEEWAY)

    def test_clocks_may_differ_within_the_leeway(self):
        token = make()
        self.assertTrue(verify(token, now=NOW - tokens.LEEWAY))
        self.refused(token, now=NOW - tokens.LEEWAY - 1)

    def test_former_key_is_accepted_while_it_is_listed(self):
        newer = tokens.make_key()
        self.assertTrue(verify(make(), keys=[newer, KEY]))
        self.refused(make(), keys=[newer])
        self.refused(make(), keys=[])

    def test_garbage_is_refused(self):
        token = make()
        flipped = "B" if token[30] == "A" else "A"
        for garbage in ("", None, "x", u"\xe9\u2022", b"\xff\x00", token[:-5],
                        token[:30] + flipped + token[31:], "A" * 100000,
                        token + token):
            self.refused(garbage)

    def test_malformed_claims_are_refused(self):
        good = verify(make())
        self.assertTrue(verify(forge(good)))
        for claims in (
                None, [], 3, "x", {}, {"user": "admin"},
                dict(good, user=None), dict(good, user=["admin"]),
                dict(good, exp="never"), dict(good, exp=None),
                dict(good, iat=True), dict(good, nonce=1),
                dict(good, more=1), dict(good, exp=float("nan"))):
            self.refused(forge(claims))

    def test_refusal_does_not_tell_the_reason(self):
        messages = set()
        for kw in ({"body": b""}, {"now": NOW + 1000}, {"keys": []},
                   {"route": ""}, {"token": "x"}):
            with self.assertRaises(BadToken) as caught:
                verify(kw.pop("token", make()), **kw)
            messages.add(str(caught.exception))
        self.assertEqual(messages, set(["Bad token"]))

    def test_token_shows_neither_key_nor_user(self):
        token = make(username="somebody")
        self.assertNotIn("somebody", token)
        self.assertNotIn(KEY, token)
        self.assertTrue(isinstance(token, str))

    def test_signing_requires_a_key(self):
        for bad in (None, "", "x", KEY[:-3], KEY + KEY, u"\xe9" * 44, 3):
            self.assertFalse(tokens.is_key(bad))
            self.assertRaises(ValueError, make, key=bad)


class TestRoute(unittest.TestCase):

    def test_virtual_hosting_makes_no_difference(self):
        for url in (
                "http://lims/@@API/senaite/v1/queue_server/add",
                "http://lims:8080/senaite/@@API/senaite/v1/queue_server/add/",
                "/VirtualHostBase/http/lims:80/senaite/VirtualHostRoot/"
                "@@API/senaite/v1/queue_server/add",
                "http://lims/senaite/API/senaite/v1/queue_server/add"):
            self.assertEqual(tokens.get_route(url), ROUTE)

    def test_order_of_query_parameters_makes_no_difference(self):
        base = "http://lims/@@API/senaite/v1/queue_server/diff"
        self.assertEqual(tokens.get_route(base + "?b=2&a=1&a="),
                         tokens.get_route(base + "?a=&b=2&a=1"))
        self.assertNotEqual(tokens.get_route(base + "?a=1"),
                            tokens.get_route(base + "?a=2"))
        self.assertNotEqual(tokens.get_route(base + "?a=1"),
                            tokens.get_route(base))

    def test_joined_route_is_the_one_the_server_sees(self):
        self.assertEqual(
            tokens.join_route("/s/@@API/senaite/v1/queue_server/a b",
                            "q=%C3%A9"),
            tokens.get_route("http://x/s/@@API/senaite/v1/queue_server/a%20b"
                           "?q=%C3%A9"))

    def test_route_starts_at_the_first_api_segment(self):
        self.assertEqual(
            tokens.get_route("/@@API/senaite/v1/x/@@API/senaite/v1/" + ROUTE),
            "x/@@API/senaite/v1/" + ROUTE)


class TestNonceCache(unittest.TestCase):

    def setUp(self):
        self.cache = tokens.NonceCache(now=NOW)

    def test_nonce_is_accepted_once(self):
        claims = verify(make())
        self.cache.use(claims, now=NOW)
        self.assertRaises(BadToken, self.cache.use, claims, now=NOW + 1)
        self.cache.use(verify(make()), now=NOW)

    def test_nonce_is_kept_while_its_token_is_valid(self):
        claims = verify(make(ttl=60))
        self.cache.use(claims, now=NOW)
        last = NOW + 60 + tokens.LEEWAY
        self.assertTrue(verify(make(ttl=60), now=last))
        self.assertRaises(BadToken, self.cache.use, claims, now=last)

    def test_expired_nonces_are_forgotten(self):
        for _ in range(50):
            self.cache.use(verify(make()), now=NOW)
        late = NOW + 1000
        self.cache.use(verify(make(now=late), now=late), now=late)
        self.assertEqual(len(self.cache), 1)

    def test_tokens_older_than_the_process_are_refused(self):
        # It may have been used before this process started
        old = verify(make(now=NOW - tokens.LEEWAY - 1))
        self.assertRaises(BadToken, self.cache.use, old, now=NOW)

    def test_only_one_of_many_threads_spends_a_nonce(self):
        claims = verify(make())
        accepted = []

        def use():
            try:
                self.cache.use(claims, now=NOW)
                accepted.append(1)
            except BadToken:
                pass

        threads = [threading.Thread(target=use) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(accepted, [1])


class Prepared(object):
    """The prepared request that `requests` passes to its auth."""

    def __init__(self, body):
        self.body = body
        self.method = "POST"
        self.url = "http://x/@@API/senaite/v1/queue_server/add"
        self.headers = {}
        self.hooks = []

    def register_hook(self, event, hook):
        self.hooks.append((event, hook))


class TestSigner(unittest.TestCase):

    def test_signer_signs_the_sent_body(self):
        for body in (BODY, BODY.decode("ascii"), None):
            prepared = Prepared(body)
            signer = Signer("jane", lambda: KEY)
            self.assertTrue(signer(prepared) is prepared)
            claims = verify(prepared.headers[tokens.HEADER], body=body, now=None)
            self.assertEqual(claims["user"], u"jane")

    def test_signer_refuses_streams(self):
        signer = Signer("jane", lambda: KEY)
        self.assertRaises(ValueError, signer, Prepared(iter([b"x"])))
