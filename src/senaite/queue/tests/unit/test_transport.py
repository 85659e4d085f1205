# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The transport, against a real HTTP server on a free port."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import socket
import threading
import unittest

from senaite.queue.auth import tokens
from senaite.queue.errors import AnswerTimeout
from senaite.queue.errors import NotConnected
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.http.transport import Transport
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests import wire


class Echo(wire.Wire):
    """Returns the request, or the answer that it asks for."""

    def __init__(self):
        self.go_on = threading.Event()
        wire.Wire.__init__(self)

    def answer(self, route, payload, user):
        if "status" in payload:
            raise wire.Refused(
                payload["status"], payload.get("message", "As told"),
                detail=1)
        if "slow" in payload:
            self.go_on.wait(20)
        return {"route": route, "payload": payload, "user": user}


def free_port():
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    try:
        return probe.getsockname()[1]
    finally:
        probe.close()


class TestTransport(unittest.TestCase):

    def setUp(self):
        self.server = Echo()
        self.addCleanup(self.server.close)
        self.addCleanup(self.server.go_on.set)
        self.clock = Clock()
        self.transport = self.make(self.server.url)

    def make(self, url, key=wire.KEY):
        return Transport(url, lambda: key, clock=self.clock)

    def test_payload_is_signed_and_answered(self):
        answer = self.transport.call(
            "queue_server/add", {"name": u"J\xf6"}, username=u"j\xf6")
        self.assertEqual(answer, {
            "route": "queue_server/add", "payload": {"name": u"J\xf6"},
            "user": u"j\xf6"})

    def test_query_is_signed_too(self):
        answer = self.transport.call(
            "queue_server/diff", method="GET",
            query={"since": "abc:5", "a b": "1&2"})
        self.assertEqual(answer["payload"], {"since": "abc:5", "a b": "1&2"})

    def test_wrong_key_is_refused(self):
        with self.assertRaises(ServerRefused) as caught:
            self.make(self.server.url, tokens.make_key()).call("x", {})
        self.assertEqual(caught.exception.status, 401)

    def test_missing_key_is_reported_as_an_error(self):
        with self.assertRaises(ServerUnreachable):
            self.make(self.server.url, None).call("x", {})

    def test_refusal_carries_status_and_answer(self):
        with self.assertRaises(ServerRefused) as caught:
            self.transport.call("x", {"status": 412})
        self.assertEqual(caught.exception.status, 412)
        self.assertEqual(caught.exception.message, "As told")
        self.assertEqual(caught.exception.answer["detail"], 1)

    def test_messages_may_contain_any_characters(self):
        for status, error in ((400, ServerRefused), (503, ServerUnreachable)):
            with self.assertRaises(error) as caught:
                self.transport.call(
                    "x", {"status": status, "message": u"\u2622"},
                    force=True)
            self.assertTrue(str(caught.exception))

    def test_refusal_with_status_200_is_recognised(self):
        with self.assertRaises(ServerRefused):
            self.transport.call("x", {"status": 200})

    def test_server_error_counts_as_unreachable(self):
        for status in (500, 503, 504):
            with self.assertRaises(ServerUnreachable):
                self.transport.call("x", {"status": status}, force=True)

    def test_closed_port_is_not_connected(self):
        transport = self.make("http://127.0.0.1:%s" % free_port())
        with self.assertRaises(NotConnected):
            transport.call("x", {})

    def test_slow_answer_times_out(self):
        with self.assertRaises(AnswerTimeout):
            self.transport.call("x", {"slow": 1}, timeout=0.2)

    def test_lost_answer_is_neither_refused_nor_unconnected(self):
        self.server.drop_answers = 1
        with self.assertRaises(ServerUnreachable) as caught:
            self.transport.call("x", {})
        self.assertNotIsInstance(
            caught.exception, (NotConnected, AnswerTimeout))

    def test_circuit_opens_and_closes(self):
        with self.assertRaises(ServerUnreachable):
            self.transport.call("x", {"status": 503})
        calls = len(self.server.calls)
        with self.assertRaises(ServerUnreachable):
            self.transport.call("x", {})
        self.assertEqual(len(self.server.calls), calls)
        self.clock.forward(0.6)
        self.assertGreater(self.transport.down_seconds(), 0.5)
        self.transport.call("x", {})
        self.assertEqual(self.transport.down_seconds(), 0)

    def test_circuit_stays_open_longer_with_each_failure(self):
        for _number in range(8):
            with self.assertRaises(ServerUnreachable):
                self.transport.call("x", {"status": 503}, force=True)
        self.clock.forward(7.9)
        with self.assertRaises(ServerUnreachable):
            self.transport.call("x", {})
        self.clock.forward(0.2)
        self.transport.call("x", {})

    def test_forced_call_ignores_an_open_circuit(self):
        with self.assertRaises(ServerUnreachable):
            self.transport.call("x", {"status": 503})
        self.transport.call("x", {}, force=True)

    def test_refusal_does_not_open_the_circuit(self):
        with self.assertRaises(ServerRefused):
            self.transport.call("x", {"status": 404})
        self.transport.call("x", {})
