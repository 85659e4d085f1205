# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Requests get through whatever the clocks of both sides say, and a captured
one is of no use at any time."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import email.utils
import logging
import unittest

import requests
from senaite.queue.auth import server_time
from senaite.queue.auth.signer import Signer
from senaite.queue.auth import tokens
from senaite.queue.errors import BadToken
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import StaleToken
from senaite.queue.http.transport import Transport
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests import wire

HOURS = 3600
ROUTE = "queue_server/pop"
START = 1000000.0


class Echo(wire.Wire):
    """Answers every signed request."""

    def answer(self, route, payload, user):
        return {"success": True, "got": payload}


class TestTransport(unittest.TestCase):

    def setUp(self):
        server_time.forget()
        self.addCleanup(server_time.forget)
        self.ahead = 0
        self.start()
        self.transport = Transport(self.server.url, lambda: wire.KEY)
        self.lines = []
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)

    def start(self, port=0):
        self.server = Echo(port, now=lambda: clock.steady() + self.ahead)
        self.addCleanup(self.server.close)

    def call(self, number):
        """Call the server; return how many requests that took."""
        before = len(self.server.statuses)
        answer = self.transport.call(ROUTE, {"number": number})
        self.assertEqual(answer["got"], {"number": number})
        return len(self.server.statuses) - before

    def test_server_that_started_with_a_fast_clock_is_understood(self):
        self.ahead = 2 * HOURS
        self.start()
        self.transport = Transport(self.server.url, lambda: wire.KEY)
        self.assertEqual(self.call(1), 2)
        self.assertEqual(self.call(2), 1)

    def test_clocks_may_be_set_while_both_run(self):
        self.assertEqual(self.call(1), 1)
        for ahead in (2 * HOURS, 0, 5 * HOURS):
            self.ahead = ahead
            self.assertEqual(self.call(2), 2)
            self.assertEqual(self.call(3), 1)

    def test_restarted_server_tells_its_time(self):
        self.ahead = 2 * HOURS
        self.call(1)
        port = self.server.port
        self.server.close()
        self.ahead = 0
        self.start(port)
        self.assertEqual(self.call(2), 2)
        self.assertEqual(self.call(3), 1)

    def test_difference_is_in_the_log_once(self):
        self.ahead = 2 * HOURS
        for number in range(3):
            self.call(number)
        line, = [line for line in self.lines if "event=server_time" in line]
        self.assertIn("seconds=7200", line)
        self.assertIn(self.server.url, line)

    def test_wrong_key_learns_nothing(self):
        self.ahead = 2 * HOURS
        stranger = Transport(self.server.url, tokens.make_key)
        with self.assertRaises(ServerRefused) as caught:
            stranger.call(ROUTE, {})
        self.assertEqual(caught.exception.status, 401)
        self.assertEqual(server_time.get(self.server.url), (0, None))

    def test_time_for_another_request_is_not_believed(self):
        value = server_time.make(wire.KEY, "0" * 32, START, u"x")
        self.assertEqual(
            server_time.read(wire.KEY, "0" * 32, value), (START, u"x"))
        self.assertIsNone(server_time.read(wire.KEY, "1" * 32, value))
        self.assertIsNone(
            server_time.read(tokens.make_key(), "0" * 32, value))
        for garbage in (None, "", "x", value[:-4], value * 10):
            self.assertIsNone(
                server_time.read(wire.KEY, "0" * 32, garbage))

    def test_time_is_no_token(self):
        value = server_time.make(wire.KEY, "0" * 32, START, u"x")
        with self.assertRaises(BadToken):
            tokens.verify_token(
                [wire.KEY], value, "POST", ROUTE, b"", now=START)

    def test_other_answers_are_returned_as_they_are(self):
        signer = Signer("", lambda: wire.KEY)
        answer = requests.post(
            self.server.url + "/@@API/senaite/v1/" + ROUTE, auth=signer)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.history, [])


class TestCompare(unittest.TestCase):
    """The times of day of two machines, as answers tell them."""

    def setUp(self):
        server_time.forget()
        self.addCleanup(server_time.forget)
        self.now = Clock(START)
        self.addCleanup(setattr, clock, "now", clock.now)
        self.addCleanup(setattr, clock, "monotonic", clock.monotonic)
        clock.now = self.now
        clock.monotonic = self.now.measure
        self.lines = []
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        self.addCleanup(logger.setLevel, logger.level)
        logger.setLevel(logging.INFO)

    def compare(self, ahead):
        """Compare with a server, a minute later; return the difference."""
        self.now.forward(server_time.COMPARE_AGAIN_SECONDS)
        date = email.utils.formatdate(self.now() + ahead, usegmt=True)
        server_time.compare("http://x", date)
        return server_time.get_difference("http://x")

    def test_differences_are_told_in_seconds(self):
        self.assertEqual(self.compare(0), 0)
        self.assertEqual(self.compare(3), 0)
        for ahead in (30, -40, 7200):
            self.assertTrue(abs(self.compare(ahead) - ahead) <= 1)
            self.assertTrue(abs(self.compare(ahead) - ahead) <= 1)
        self.assertEqual(self.compare(0), 0)
        said = [line.split(": ")[0] for line in self.lines]
        self.assertEqual(said, [
            "event=clocks_differ server=http://x seconds=30",
            "event=clocks_differ server=http://x seconds=-40",
            "event=clocks_differ server=http://x seconds=7200",
            "event=clocks_agree server=http://x"])

    def test_answers_without_a_date_tell_nothing(self):
        for date in (None, "", "yesterday"):
            server_time.compare("http://x", date)
        self.assertEqual(server_time.get_difference("http://x"), 0)

    def test_answers_are_compared_once_a_minute(self):
        self.compare(0)
        server_time.compare("http://x", email.utils.formatdate(0))
        self.assertEqual(server_time.get_difference("http://x"), 0)


class TestReplay(unittest.TestCase):
    """A captured token is of no use, also when clocks are set."""

    def setUp(self):
        self.wall = Clock(START)
        self.restart()

    def restart(self):
        """Start the server's process."""
        self.steady = clock.SteadyClock(self.wall, self.wall.measure)
        self.nonces = tokens.NonceCache(now=self.steady())

    def accept(self, token):
        claims = tokens.verify_token(
            [wire.KEY], token, "POST", ROUTE, b"", now=self.steady())
        self.nonces.use(claims, now=self.steady())

    def make(self, **kw):
        return tokens.make_token(wire.KEY, "", "POST", ROUTE, b"", **kw)

    def test_clock_set_back_makes_no_spent_token_good(self):
        token = self.make(now=self.steady())
        self.accept(token)
        self.wall.forward(3 * HOURS)
        # so that the sweep forgets the nonce
        self.accept(self.make(now=self.steady()))
        for _number in range(3):
            self.wall.step(-HOURS)
            self.wall.forward(10)
            with self.assertRaises(BadToken):
                self.accept(token)

    def test_token_of_a_former_process_is_not_good_later(self):
        self.wall.step(2 * HOURS)
        self.restart()
        ahead = self.steady() - START
        token = self.make(now=START + ahead, process=self.nonces.process)
        self.accept(token)
        # The clock is put right, the server restarted; some time later that
        # is what the clock says
        self.wall.step(-2 * HOURS)
        self.restart()
        self.wall.forward(2 * HOURS)
        with self.assertRaises(StaleToken):
            self.accept(token)
        self.accept(self.make(now=self.steady()))
