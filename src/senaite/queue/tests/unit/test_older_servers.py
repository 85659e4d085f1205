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
    """Knows no task; `has_queue` is false where the add-on is not
    installed."""

    has_queue = True

    def sign(self, nonce, status, raw):
        return ""

    def answer(self, route, payload, user):
        if route == "queue_server/tasks" and self.has_queue:
            return {"success": True, "count": 0, "items": []}
        raise wire.Refused(404, "Task {} not found".format(UID))


@unittest.skipIf(ledger_upkeep is None, "needs the ZODB")
class TestLedgerUpkeep(unittest.TestCase):

    def setUp(self):
        self.server = OldServer()
        self.addCleanup(self.server.close)
        self.transport = Transport(
            self.server.url, lambda: wire.KEY, membership=Legacy())

    def test_task_that_an_older_server_does_not_know_is_over(self):
        self.assertTrue(ledger_upkeep._is_over(self.transport, UID))

    def test_site_without_queue_says_nothing_about_tasks(self):
        self.server.has_queue = False
        with self.assertRaises(ServerRefused):
            ledger_upkeep._is_over(self.transport, UID)
