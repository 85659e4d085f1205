# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""How routes translate exceptions into answers, without a site."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import unittest

from senaite.queue.errors import NotConnected
from senaite.queue.errors import NotRunning
from senaite.queue.errors import Refused
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import StoreUnavailable
from senaite.queue.errors import TaskNotFound
from senaite.queue.http import params
from senaite.queue.http import routing
from senaite.queue import logger

DECLARED = routing.Route("queue_test", ("x",), ("GET",), routing.SIGNED, None)


class Request(object):
    """Remembers the status of the response."""

    status = 200

    def __init__(self):
        self.response = self

    def setStatus(self, status):
        self.status = status


class Lines(logging.Handler):
    """Counts log records."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.records = []

    def emit(self, record):
        self.records.append(record)


class TestExplain(unittest.TestCase):

    def setUp(self):
        self.log = Lines()
        logger.addHandler(self.log)
        self.addCleanup(logger.removeHandler, self.log)
        self.addCleanup(routing._logged.clear)

    def explain(self, error):
        request = Request()
        answer = routing.explain(error, DECLARED, request)
        self.assertEqual(answer["success"], False)
        return request.status, answer["message"]

    def test_statuses(self):
        self.assertEqual(self.explain(Refused(428, "x")), (428, "x"))
        self.assertEqual(self.explain(NotRunning("x")), (412, "x"))
        self.assertEqual(self.explain(TaskNotFound("x"))[0], 404)
        self.assertEqual(self.explain(StoreUnavailable("x")), (503, "x"))
        self.assertEqual(self.explain(KeyError("x"))[0], 500)

    def test_details(self):
        answer = routing.explain(Refused(412, "x", more=1), DECLARED,
                                 Request())
        self.assertEqual(answer["more"], 1)

    def test_name_of_the_error(self):
        for error, name in ((TaskNotFound("x"), "TaskNotFound"),
                            (Refused(400, "x"), "Refused"),
                            (KeyError("x"), None)):
            answer = routing.explain(error, DECLARED, Request())
            self.assertEqual(answer.get("error"), name)

    def test_what_another_server_said_is_not_the_answer(self):
        self.assertEqual(self.explain(ServerRefused(404, "x"))[0], 500)
        self.assertEqual(self.explain(NotConnected("x"))[0], 504)

    def test_message_of_an_unexpected_error_stays_inside(self):
        self.assertFalse("secret" in self.explain(KeyError("secret"))[1])

    def test_messages_may_contain_any_text(self):
        for text in (u"\xe9", b"\xc3\xa9", b"\xff"):
            self.assertTrue(self.explain(StoreUnavailable(text))[1])

    def test_repeated_errors_are_logged_occasionally(self):
        for _ in range(5):
            self.explain(StoreUnavailable("disk full"))
        self.assertEqual(len(self.log.records), 1)
        self.explain(StoreUnavailable("locked"))
        self.assertEqual(len(self.log.records), 2)
        for _ in range(3):
            self.explain(NotRunning("x"))
        self.assertEqual(len(self.log.records), 2)


class TestDeclaration(unittest.TestCase):

    def test_invalid_declarations_are_refused(self):
        self.assertRaises(ValueError, routing.route, "x", "y", access="all")
        self.assertRaises(ValueError, routing.route, "x", "y", method="GET")


class TestParams(unittest.TestCase):

    def refused(self, status, function, *args):
        with self.assertRaises(Refused) as caught:
            function(*args)
        self.assertEqual(caught.exception.status, status)

    def test_numbers_are_validated(self):
        read = params.read_number
        self.assertEqual(read({"n": "7"}, "n"), 7)
        self.assertEqual(read({"n": 7}, "n"), 7)
        self.assertEqual(read({}, "n", 5), 5)
        for value in ("", "x", "-1", -1, True, 1.5, [1], "9" * 30,
                      u"\xb2", u"\u0663"):
            self.refused(400, read, {"n": value}, "n")

    def test_states_are_validated(self):
        read = params.read_states
        self.assertEqual(read({"status": "queued"}), ("queued",))
        self.assertEqual(read({"status": "queued+done"}), ("queued", "done"))
        self.assertEqual(read({"status": "queued,done"}), ("queued", "done"))
        self.assertEqual(read({"status": ""}, "x"), "x")
        for value in ("x", 3, ["queued"], u"\xe9", "queued+"):
            self.refused(400, read, {"status": value})

    def test_flags_are_validated(self):
        for value in (True, 1, "1", "true", "on"):
            self.assertTrue(params.read_flag({"f": value}, "f"))
        for value in (False, None, 0, "", "no", [1], {"a": 1}):
            self.assertFalse(params.read_flag({"f": value}, "f"))
