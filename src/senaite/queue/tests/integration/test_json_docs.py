# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The examples in docs/monitor-json.rst match the answers of the routes."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import io
import json
import os
import re

import six

from senaite.queue.tests.integration import httpcase

DOC = os.path.abspath(os.path.join(
    os.path.dirname(__file__), *([os.pardir] * 5 + ["docs", "monitor-json.rst"])))

BLOCK = re.compile(
    r"\.\. code-block:: (http|json)\n\n((?:    .*\n|\n)+)")

#: Stands for values that are not always present
UNKNOWN = "null"


def read_examples():
    """Return (route, answer) of each example."""
    with io.open(DOC, encoding="utf-8") as source:
        blocks = BLOCK.findall(source.read())
    texts = [text for _kind, text in blocks]
    return [(request.strip().split(" ")[1], json.loads(answer))
            for request, answer in zip(texts[::2], texts[1::2])]


def shape(value):
    """Return keys and types of a JSON value; for a list, those of its first
    element."""
    if isinstance(value, dict):
        return dict((key, shape(item)) for key, item in value.items())
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, six.string_types):
        return "text"
    return UNKNOWN if value is None else "number"


def differences(expected, found, path=""):
    """Yield the differences between two shapes."""
    if UNKNOWN in (expected, found):
        return
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(set(expected) ^ set(found)):
            yield "{}/{}".format(path, key)
        for key in set(expected) & set(found):
            for place in differences(expected[key], found[key],
                                     "{}/{}".format(path, key)):
                yield place
    elif isinstance(expected, list) and isinstance(found, list):
        if bool(expected) != bool(found):
            yield path + "[]"
        for one, other in zip(expected, found):
            for place in differences(one, other, path + "[]"):
                yield place
    elif expected != found:
        yield "{}: {} is not {}".format(path, found, expected)


class TestExamples(httpcase.HTTPCase):

    def setUp(self):
        super(TestExamples, self).setUp()
        who = {"consumer_id": httpcase.CONSUMER}
        self.ask("queue_server/pause", {
            "name": "task_reindex_object_security", "username": "labman1"})
        for ending in ("done", "fail", None):
            uid = self.put(uids=["a" * 32, "b" * 32], retries=0,
                           action="submit")
            self.ask("queue_server/pop", who)
            about = dict(who, task_uid=uid)
            if ending == "done":
                self.ask("queue_server/done", dict(about, processed=2))
            elif ending == "fail":
                self.failed = uid
                self.ask("queue_server/fail", dict(
                    about, error_message="no", traceback="Traceback"))

    def test_answers_are_as_documented(self):
        examples = read_examples()
        self.assertEqual(len(examples), 3)
        for route, expected in examples:
            route = re.sub("[0-9a-f]{32}", self.failed, route)
            for caller in ("analyst", httpcase.SIGNED):
                answer = self.ask(route, method="GET", caller=caller)
                answer.pop("_runtime", None)
                found = list(differences(shape(expected), shape(answer)))
                self.assertEqual([], found, (route, found))

    def test_differences_are_detected(self):
        for one, other in (({"a": 1}, {"b": 1}), ([1], ["a"]), ([1], []),
                           ({"a": {"b": 1}}, {"a": {"b": "c"}})):
            self.assertTrue(list(differences(shape(one), shape(other))))
        self.assertEqual([], list(differences(shape([1, None]), shape([2]))))
