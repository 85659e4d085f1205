# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The agent logs each problem once, not with every attempt."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import unittest

from senaite.queue.errors import AnswerTimeout
from senaite.queue.errors import CircuitOpen
from senaite.queue.errors import NotConnected
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue import logger

try:
    from senaite.queue.client import agent as agents
except ImportError:
    agents = None


class Lines(logging.Handler):
    """Collects logged messages."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage().split()[0])


class SomeSite(object):
    path = ("", "senaite")


@unittest.skipIf(agents is None, "needs the ZODB")
class TestComplaints(unittest.TestCase):

    def setUp(self):
        self.handler = Lines()
        level = logger.level
        logger.addHandler(self.handler)
        logger.setLevel(logging.INFO)
        self.addCleanup(logger.setLevel, level)
        self.addCleanup(logger.removeHandler, self.handler)
        self.agent = agents.Agent(SomeSite())

    def test_outage_is_logged_once(self):
        # Nobody listens, and in between the circuit is open
        for number in range(3):
            for error in (NotConnected("<x at 0x{:x}>".format(number)),
                          CircuitOpen("lately")) * 2:
                self.agent._complain(error)
        self.assertEqual(self.handler.lines, ["event=agent_waits"])
        self.agent._complain(None)
        self.agent._complain(None)
        self.assertEqual(self.handler.lines[1:], ["event=agent_recovered"])

    def test_each_reason_of_an_outage_is_logged_once(self):
        for _number in range(3):
            for error in (NotConnected("x"), AnswerTimeout("x"),
                          ServerFailed(502, "http://x answers 502"),
                          ServerFailed(413, "http://x answers 413"),
                          ServerUnreachable("x")):
                self.agent._complain(error)
        self.assertEqual(self.handler.lines, ["event=agent_waits"] * 5)

    def test_reasons_that_keep_changing_do_not_fill_the_log(self):
        for number in range(200):
            self.agent._complain(ServerUnreachable("number {}".format(number)))
        self.assertLess(len(self.handler.lines), 30)

    def test_different_problem_is_logged_again(self):
        self.agent._complain(NotConnected("x"))
        self.agent._complain(ServerRefused(401, "no"))
        self.agent._complain(ValueError("?"))
        self.assertEqual(self.handler.lines, ["event=agent_waits"] * 3)
