# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Base of the tests that attack the routes."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

from senaite.queue.tests.integration import httpcase

POP = "queue_server/pop"
PAYLOAD = {"consumer_id": httpcase.CONSUMER}
UNSIGNED = (httpcase.ANONYMOUS, "contact", "analyst", "labmanager", "manager",
            "consumer")
JSON = {"Content-Type": "application/json"}


class AttackCase(httpcase.HTTPCase):

    def version(self):
        """Return a value that changes whenever the queue does."""
        return self.ask("queue_server/diff", method="GET")["version"]

    @contextlib.contextmanager
    def unchanged(self):
        before = self.version()
        yield
        self.assertEqual(self.version(), before)

    def bad_token(self, headers, route=POP, payload=PAYLOAD, **kw):
        response = self.call(route, payload, auth=None, headers=headers, **kw)
        self.assertEqual(
            (response.status_code, response.json()["message"]),
            (401, "Not authenticated"))
