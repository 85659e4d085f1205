# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Servers of older versions, during a rolling restart: their errors have no
name, and their answers no signature."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.errors import ServerRefused
from senaite.queue.http.transport import Transport
from senaite.queue.tests import wire
from senaite.queue.tests.unit.test_answers import Legacy

try:
    from senaite.queue.consumer import ledger_upkeep
except ImportError:
    ledger_upkeep = None

UID = "a" * 32


class OldServer(wire.Wire):
    """Knows no task and no later route."""

    #: Status of its answers
    status = 404

    def sign(self, nonce, status, raw):
        return ""

    def answer(self, route, payload, user):
        raise wire.Refused(self.status, "Task {} not found".format(UID))


@unittest.skipIf(ledger_upkeep is None, "needs the ZODB")
class TestLedgerUpkeep(unittest.TestCase):

    def setUp(self):
        self.server = OldServer()
        self.addCleanup(self.server.close)
        self.transport = Transport(
            self.server.url, lambda: wire.KEY, membership=Legacy())

    def test_records_wait_until_the_server_is_upgraded(self):
        self.assertEqual(ledger_upkeep._find_over(
            self.transport, [UID], "h:1/a"), ([], None))
        self.assertEqual(self.server.calls[-1][0], "queue_server/over")

    def test_other_refusals_are_told(self):
        self.server.status = 403
        with self.assertRaises(ServerRefused):
            ledger_upkeep._find_over(self.transport, [UID], "h:1/a")
