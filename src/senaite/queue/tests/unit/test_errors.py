# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import ast
import inspect
import os
import unittest

import six

import senaite.queue
from senaite.queue import errors

ROOT = os.path.dirname(os.path.abspath(senaite.queue.__file__))

#: Names of built-in exceptions, whose subclasses belong in `errors`
BUILT_IN = set(
    name for name in dir(six.moves.builtins)
    if inspect.isclass(getattr(six.moves.builtins, name))
    and issubclass(getattr(six.moves.builtins, name), BaseException))


def classes():
    """Return the classes of the module `errors`."""
    return [found for _name, found in inspect.getmembers(
        errors, inspect.isclass)]


def sources():
    """Yield (path, syntax tree) of each module, tests left out."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name != "tests"]
        for name in files:
            path = os.path.join(folder, name)
            if name.endswith(".py") and os.path.relpath(path, ROOT) != \
                    "errors.py":
                with open(path, "rb") as source:
                    yield path, ast.parse(source.read(), path)


class TestErrors(unittest.TestCase):

    def test_one_base(self):
        for found in classes():
            self.assertTrue(issubclass(found, errors.QueueError), found)

    def test_each_has_its_own_explanation(self):
        explanations = [found.__doc__ for found in classes()]
        self.assertTrue(all(explanations))
        self.assertEqual(len(set(explanations)), len(explanations))

    def test_errors_are_defined_here_only(self):
        known = BUILT_IN.union(found.__name__ for found in classes())
        elsewhere = [
            "{}: {}".format(path, node.name)
            for path, tree in sources() for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(getattr(base, "id", None) in known
                    for base in node.bases)]
        self.assertEqual(elsewhere, [])

    def test_built_in_bases_that_callers_rely_on(self):
        for found, base in (
                (errors.TransitionNotAllowed, ValueError),
                (errors.BadToken, ValueError),
                (errors.NoSite, LookupError),
                (errors.SiteGone, LookupError)):
            self.assertTrue(issubclass(found, base))

    def test_statuses(self):
        self.assertEqual(
            dict((found.__name__, found.status) for found in classes()
                 if isinstance(found.status, int)),
            {"TaskNotFound": 404, "JobNotFound": 404, "NoSuchRoute": 404,
             "NotRunning": 412, "LeaseNotHeld": 412, "AlreadyRunning": 412,
             "StoreUnavailable": 503, "QueueHeld": 503,
             "ServerUnreachable": 504,
             "NotConnected": 504, "AnswerTimeout": 504,
             "CircuitOpen": 504, "ServerFailed": 504,
             "KeyNotProved": 504, "OtherDatabase": 403})

    def test_message(self):
        self.assertEqual(errors.DatabaseClosed().message,
                         "The database was closed.")
        self.assertEqual(str(errors.BadToken()), "Bad token")
        self.assertEqual(str(errors.NotReady("ZEO does not answer")),
                         "ZEO does not answer")
        self.assertEqual(errors.Refused(409, u"\xe9", key=1).message, u"\xe9")

    def test_refusal_of_a_server(self):
        refusal = errors.ServerRefused(404, "Task x not found", {
            "success": False, "error": "TaskNotFound"})
        self.assertEqual(refusal.message, "Task x not found")
        self.assertEqual(refusal.error_name, "TaskNotFound")
        self.assertEqual(str(refusal), "404 Task x not found")
        self.assertEqual(errors.ServerRefused(500, "x").error_name, None)
