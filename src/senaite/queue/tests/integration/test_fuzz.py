# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""A short fuzz test of every route, as every caller; `make fuzz` runs longer.

Requests are generated from docs/openapi.json: each parameter randomly gets a
valid or an invalid value, from a fixed seed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import random
import unittest

from senaite.queue import config
from senaite.queue.consumer import calling
from senaite.queue.server import server_utility
from senaite.queue.tests.integration import httpcase
from senaite.queue.tests.integration.test_access import ALLOWED
from senaite.queue.tests.integration.test_openapi import load
from senaite.queue.tests.integration.test_openapi import METHODS
from six.moves.urllib.parse import quote
from six.moves.urllib.parse import urlencode

#: Number of requests for each route and method, each sent as all callers
EACH = 12

CALLERS = (httpcase.ANONYMOUS, "contact", "consumer", "analyst", "labmanager",
           "manager", httpcase.SIGNED)

NASTY = (None, True, -1, 0, 3, 1.5, -10 ** 25, 10 ** 300, 1e308, "", "x", " ",
         u"\xe9\u20ac\U0001f4a9", "\0\n", "../..", "'; drop table task; --",
         "<script>", "%s%n{}", "a" * 3000, [], [[]], [None], {}, {"a": {}},
         {"$ne": 1}, ["0" * 32])

#: Schema -> valid values
FITTING = {
    "TaskUid": ("0" * 32, "0a" * 16),
    "ObjectUid": ("item1", "a" * 64),
    "ConsumerId": (httpcase.CONSUMER, "client2/0000000f"),
    "Status": ("queued", "running", "done"),
    "Version": ("x:1", ""),
    "ClickOrigin": (None, {"server_url": "https://lims.example.com"},
               {"server_url": "x", "client": []}, {"virtual_root": ["lab"]}),
}


class Source(object):
    """Generates requests from the description of a route."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, schema):
        if self.random.random() < 0.5:
            return self.random.choice(NASTY)
        if "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            return self.random.choice(FITTING.get(name, NASTY))
        kind = schema.get("type")
        if kind in ("integer", "number"):
            return self.random.choice((0, 1, 7, 1000))
        return self.random.choice(
            {"boolean": (True, False), "string": ("queued", "x", "error"),
             "array": ([], ["item1"])}.get(kind, NASTY))

    def some(self, properties):
        """Return values for some of these properties, and for unknown ones."""
        found = dict((name, self.value(schema))
                     for name, schema in sorted(properties.items())
                     if self.random.random() < 0.7)
        if self.random.random() < 0.2:
            found[self.random.choice(("x", "__class__", "success"))] = \
                self.random.choice(NASTY)
        return found

    def request(self, path, item, operation):
        """Return (route, payload) of a random request."""
        for parameter in item.get("parameters", ()):
            value = self.value(parameter["schema"])
            text = value if hasattr(value, "encode") else repr(value)
            # Zope resolves these before it looks up a route, so that another
            # route would answer
            text = text.replace("../..", "x..x")
            path = path.replace("{%s}" % parameter["name"], quote(
                text.encode("utf-8") or b"x", safe=b""))
        query = self.some(dict(
            (parameter["name"], parameter["schema"])
            for parameter in operation.get("parameters", ())))
        if query:
            path += "?" + urlencode(sorted(
                (name, value.encode("utf-8") if hasattr(value, "encode")
                 else value) for name, value in query.items()))
        body = operation.get("requestBody")
        if body is None:
            return path.strip("/"), {}
        schema = body["content"]["application/json"]["schema"]
        return path.strip("/"), self.payload(schema)

    def payload(self, schema):
        if "anyOf" in schema:
            task = self.some(load()["components"]["schemas"]["Task"][
                "properties"])
            return self.random.choice((task, {"tasks": [task]},
                                       {"tasks": task}))
        return self.some(schema.get("properties", {}))


@unittest.skipIf(load() is None, "docs/openapi.json is not in the egg")
class TestFuzz(httpcase.HTTPCase):

    #: Show failures in full
    maxDiff = None

    def setUp(self):
        super(TestFuzz, self).setUp()
        self.patch(calling.loop, "ensure", lambda portal: "Runs")
        # a process that is meant to consume
        self.setenv(config.CONSUMER_URL.variable, self.url)
        self.stop_the_clock()
        self.put()
        self.known = self.version()
        self.wrong = []
        self.asked = 0

    def stop_the_clock(self):
        """Stop leases and delays from ending: that changes the queue, too."""
        store = server_utility.get_server_utility(self.portal).store
        stopped = store.now()
        self.patch(store._clock, "read", lambda unit, wall: stopped)

    def version(self):
        return self.ask("queue_server/diff?limit=10000",
                        method="GET")["version"]

    def test_all_routes_as_all_callers(self):
        source = Source(2026)
        for path, item in sorted(load()["paths"].items()):
            for method in METHODS:
                for _ in range(EACH if method in item else 0):
                    route, payload = source.request(path, item, item[method])
                    self.send(route, payload, method.upper(), item[method])
        self.assertEqual(self.wrong[:5], [])
        self.assertTrue(self.asked > 2000, self.asked)

    def send(self, route, payload, method, operation):
        for caller in CALLERS:
            response = self.call(route, payload, caller=caller,
                                 method=method)
            self.asked += 1
            answered = response.status_code < 300 and \
                response.json().get("success") is not False
            allowed = caller in ALLOWED[operation["x-access"]]
            proof = (caller, method, route, payload, response.status_code,
                     response.text[:200])
            if response.status_code >= 500:
                self.wrong.append(("5xx",) + proof)
            if answered and not allowed:
                self.wrong.append(("let in",) + proof)
            if caller == "manager":
                # Nobody has signed so far: nothing may have changed
                self.look(proof)
            elif caller == httpcase.SIGNED:
                self.look(None if answered else proof)

    def look(self, proof):
        """Record a change of the queue, unless the answer reports one."""
        now = self.version()
        if proof and now != self.known:
            self.wrong.append(("changed",) + proof)
        self.known = now
