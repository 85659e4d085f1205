# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Answers that are not signed, or not with our key, are no answers."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.auth import answers
from senaite.queue.auth import tokens
from senaite.queue.errors import BadAnswer
from senaite.queue.errors import KeyNotProved
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import TransportError
from senaite.queue.http.transport import Transport
from senaite.queue.tests import wire

KEY = tokens.make_key()
NONCE = tokens.make_nonce()
BODY = b'{"task": null}'


class TestSignature(unittest.TestCase):

    def verify(self, signature, key=KEY, nonce=NONCE, status=200, body=BODY):
        answers.verify(key, signature, nonce, status, body)

    def test_holds_for_one_request_status_and_body(self):
        signature = answers.sign(KEY, NONCE, 200, BODY)
        self.verify(signature)
        for other in ({"key": tokens.make_key()}, {"status": 404},
                      {"nonce": tokens.make_nonce()}, {"body": BODY + b" "}):
            with self.assertRaises(BadAnswer):
                self.verify(signature, **other)

    def test_anything_else_is_refused(self):
        request = tokens.make_token(KEY, "", "POST", "x", BODY, nonce=NONCE)
        for signature in (None, "", "x", u"\xe4", b"\xff", 5, "=" * 9000,
                          request, answers.sign(KEY, NONCE, 200, BODY)[:-4]):
            with self.assertRaises(BadAnswer):
                self.verify(signature)

    def test_no_token_of_a_request(self):
        with self.assertRaises(tokens.BadToken):
            tokens.decrypt([KEY], answers.sign(KEY, NONCE, 200, BODY))


class Forger(wire.Wire):
    """Answers like a server that does not have the key, or has read along."""

    forge = None

    def answer(self, route, payload, user):
        if "status" in payload:
            raise wire.Refused(payload["status"], "As told",
                               **payload.get("details", {}))
        return {"success": True, "task": {"username": "admin"}}

    def sign(self, nonce, status, raw):
        return self.forge(nonce, status, raw)


class TestForgedServer(unittest.TestCase):

    def setUp(self):
        self.server = Forger()
        self.addCleanup(self.server.close)

    def call(self, forge, payload=None, **kw):
        self.server.forge = forge
        return Transport(self.server.url, lambda: wire.KEY, **kw).call(
            "queue_server/pop", payload or {})

    def test_answers_of_others_are_ignored(self):
        foreign = tokens.make_key()
        for forge in (
                lambda nonce, status, raw: "",
                lambda nonce, status, raw: "garbage",
                lambda nonce, status, raw: answers.sign(
                    foreign, nonce, status, raw),
                lambda nonce, status, raw: answers.sign(
                    wire.KEY, tokens.make_nonce(), status, raw),
                lambda nonce, status, raw: answers.sign(
                    wire.KEY, nonce, 201, raw),
                lambda nonce, status, raw: answers.sign(
                    wire.KEY, nonce, status, b"{}")):
            with self.assertRaises(KeyNotProved):
                self.call(forge)
            # such as "no such task", which would make us forget it
            with self.assertRaises(KeyNotProved):
                self.call(forge, {"status": 404})

    def test_signed_answers_count(self):
        def sign(nonce, status, raw):
            return answers.sign(wire.KEY, nonce, status, raw)

        self.assertTrue(self.call(sign)["success"])
        with self.assertRaises(ServerRefused) as caught:
            self.call(sign, {"status": 404})
        self.assertEqual(caught.exception.status, 404)

    def test_a_failure_may_come_from_anybody(self):
        # A proxy, or Zope after an error that no route has seen, answers
        # with JSON, too: the request was not carried out
        for status in (413, 500, 502, 503):
            with self.assertRaises(ServerFailed) as caught:
                self.call(lambda nonce, status, raw: "", {"status": status})
            self.assertEqual(
                (caught.exception.answered, caught.exception.reason),
                (status, None))
        with self.assertRaises(ServerRefused) as caught:
            self.call(lambda nonce, status, raw: "", {"status": 403})
        self.assertEqual(
            (caught.exception.status, caught.exception.answer), (403, {}))

    def test_refusals_of_our_key_tell_no_more_than_that(self):
        def forge(nonce, status, raw):
            return ""

        for name in ("OtherDatabase", "NotRunning", "TaskNotFound"):
            with self.assertRaises(ServerRefused) as caught:
                self.call(forge, {"status": 401, "details": {"error": name}})
            self.assertEqual(
                (caught.exception.status, caught.exception.error_name),
                (401, None))

    def test_stranger_at_the_address_gets_one_payload_at_most(self):
        """Whatever it answers, it has to prove itself before the next one."""
        for status in (200, 401, 403, 404, 413, 500):
            way = Transport(self.server.url, lambda: wire.KEY,
                            membership=Member())
            self.server.forge = lambda nonce, status, raw: answers.sign(
                wire.KEY, nonce, status, raw)
            way.call("queue_server/pop", {"consumer_id": "x"})
            self.server.forge = lambda nonce, status, raw: ""
            del self.server.calls[:]
            for _number in range(3):
                with self.assertRaises(TransportError):
                    way.call("queue_server/pop", {"status": status},
                             force=True)
            routes = [route.split("/")[-1]
                      for route, _payload in self.server.calls]
            self.assertEqual(
                routes, ["pop", "join", "join"], status)

    def test_older_servers_count_where_the_site_says_so(self):
        self.assertTrue(self.call(
            lambda nonce, status, raw: "", membership=Legacy())["success"])


class Legacy(object):
    """The membership in a site whose upgrade step was not run yet."""

    def insists(self):
        return False

    def get_mark(self):
        return ""


class Member(Legacy):
    """The membership of a process that sees the server's database."""

    def insists(self):
        return True

    def require_patience(self):
        """Ask at once."""

    def note_accepted(self):
        """Note nothing."""
