# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Speedups have one door, and rely on little."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import ast
import os
import unittest

from senaite import queue

PACKAGE = "senaite.queue"
DOOR = PACKAGE + ".speedups"
FOLDER = os.path.dirname(queue.__file__)

#: Packages that speedups may import
BELOW = (DOOR, PACKAGE + ".model", PACKAGE + ".site", PACKAGE + ".config",
         PACKAGE + ".errors")


def get_files(folder):
    """Return the paths of all Python files below a folder."""
    return sorted(os.path.join(found, name)
                  for found, _folders, names in os.walk(folder)
                  for name in names if name.endswith(".py"))


def get_imports(path):
    """Return the names that a module of ours imports from our packages,
    within functions included."""
    with open(path, "rb") as source:
        tree = ast.parse(source.read())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update("{}.{}".format(node.module, alias.name)
                         for alias in node.names)
    return sorted(name for name in names if name.startswith(PACKAGE + "."))


def is_submodule(name):
    """Tell whether a dotted name is that of a module behind the door."""
    rest = name[len(DOOR) + 1:].split(".")[0]
    return name.startswith(DOOR + ".") and os.path.exists(
        os.path.join(FOLDER, "speedups", rest + ".py"))


class TestFence(unittest.TestCase):

    def test_others_come_through_the_door(self):
        inside = (os.path.join(FOLDER, "speedups") + os.sep,
                  os.path.join(FOLDER, "tests") + os.sep)
        files = [path for path in get_files(FOLDER)
                 if not path.startswith(inside)]
        self.assertGreater(len(files), 100)
        self.assertEqual([], [
            (path, name) for path in files for name in get_imports(path)
            if is_submodule(name)])

    def test_speedups_import_only_what_is_below(self):
        files = get_files(os.path.join(FOLDER, "speedups"))
        found = [(path, name) for path in files for name in get_imports(path)]
        self.assertTrue(found)
        self.assertEqual([], [
            (path, name) for path, name in found
            if not (name + ".").startswith(
                tuple(package + "." for package in BELOW))
            and name != PACKAGE + ".logger"])

    def test_the_check_finds_imports(self):
        imports = get_imports(os.path.join(FOLDER, "speedups", "full.py"))
        self.assertIn(DOOR + ".memos", imports)
        self.assertTrue(is_submodule(DOOR + ".memos"))
        self.assertFalse(is_submodule(DOOR + ".session"))
