# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""docs/openapi.json matches the code: routes, methods, access, fields of a
task, and the statuses of refusals."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import os
import re
import unittest

import senaite.queue
from senaite.queue.auth import tokens
from senaite.queue.http.routing import ROUTES
from senaite.queue.http.routing import SIGNED
from senaite.queue.model.consumer_ids import parse_consumer_id
from senaite.queue.model import fields
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.tests.integration import httpcase

#: Routes that catch unknown paths
CATCH_ALL = ("/queue_server/", "/queue_server/{rest}")

METHODS = ("get", "post", "put", "delete", "patch", "head", "options")


def load():
    """Return the description; None when only the egg is installed."""
    root = os.path.dirname(senaite.queue.__file__)
    path = os.path.join(root, "..", "..", "..", "docs", "openapi.json")
    if not os.path.exists(path):
        return None
    with open(path) as opened:
        return json.load(opened)


def declared():
    """Return (path, method) -> access, as declared in the code."""
    found = {}
    for route in ROUTES:
        for rule in route.rules:
            path = "/{}/{}".format(route.group, re.sub(
                r"<\w+:(\w+)>", r"{\1}", rule))
            for method in route.methods:
                found[(path, method.lower())] = route.access
    return found


@unittest.skipIf(load() is None, "docs/openapi.json is not in the egg")
class TestDescription(httpcase.HTTPCase):

    def setUp(self):
        super(TestDescription, self).setUp()
        self.document = load()

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def test_routes_methods_and_access_match_the_code(self):
        described = dict(((path, method), found["x-access"])
                         for path, method, found in self.operations())
        expected = dict((key, access) for key, access in declared().items()
                        if key[0] not in CATCH_ALL)
        self.assertEqual(described, expected)

    def test_security_matches_the_access(self):
        for path, method, found in self.operations():
            names = sorted(name for one in found["security"] for name in one)
            expected = ["token"] if found["x-access"] == SIGNED \
                else ["basic", "cookie", "token"]
            self.assertEqual(names, expected, path)
        scheme = self.document["components"]["securitySchemes"]["token"]
        self.assertEqual(scheme["name"], tokens.HEADER)

    def test_fields_of_a_task_match_the_code(self):
        schema = self.document["components"]["schemas"]["Task"]
        self.assertEqual(set(schema["properties"]), set(fields.CHECKS))
        self.assertEqual(set(schema["required"]), set(fields.REQUIRED))

    def test_patterns_accept_valid_values(self):
        schemas = self.document["components"]["schemas"]
        self.assertEqual(tuple(schemas["Status"]["enum"]), states.STATES)
        body = self.document["paths"]["/queue_server/fail"]["post"][
            "requestBody"]["content"]["application/json"]["schema"]
        self.assertEqual(set(body["properties"]["kind"]["enum"]),
                         set(scheduling.ENDINGS))
        for name, good, bad in (
                ("TaskUid", "0a" * 16, "0A" * 16),
                ("ObjectUid", "a-b_c.1", "a b"),
                ("ConsumerId", httpcase.CONSUMER, "x")):
            pattern = re.compile(schemas[name]["pattern"])
            self.assertTrue(pattern.match(good), name)
            self.assertFalse(pattern.match(bad), name)
        parse_consumer_id(httpcase.CONSUMER)

    def test_every_reference_resolves(self):
        for path in re.findall(r'"\$ref": "#/([^"]+)"',
                               json.dumps(self.document)):
            found = self.document
            for part in path.split("/"):
                found = found[part]
        self.assertTrue(found)

    def test_refusals_are_described(self):
        """Each status with which a route refuses data is described."""
        payloads = ({}, {"task_uid": "x"}, {"task_uid": "0" * 32},
                    {"task_uid": "0" * 32, "consumer_id": httpcase.CONSUMER},
                    {"limit": -1, "kind": 3, "status": ["x"]},
                    {"consumer_id": httpcase.CONSUMER})
        wrong = []
        for path, method, found in self.operations():
            url = re.sub("{.*?uid}", "0" * 32, path).replace(
                "{status}", "nonsense").strip("/")
            for caller in (httpcase.SIGNED, httpcase.ANONYMOUS, "contact"):
                for payload in payloads:
                    if path.endswith("consume") and \
                            caller == httpcase.SIGNED:
                        continue
                    response = self.call(url, payload, caller=caller,
                                         method=method.upper())
                    if str(response.status_code) not in found["responses"]:
                        wrong.append((path, method, caller, payload,
                                      response.status_code))
        self.assertEqual(wrong, [])
