# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Which room may import which; docs/architecture.rst shows the same table.

The source is read, not imported, and imports within functions count like all
others: they hide a circle as long as nobody looks.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import ast
import io
import os
import re
import unittest

import senaite.queue

PACKAGE = "senaite.queue"
ROOT = os.path.dirname(os.path.abspath(senaite.queue.__file__))
PAGE = os.path.join(ROOT, "..", "..", "..", "docs", "architecture.rst")

#: May be imported from every room
EVERYWHERE = ("errors", "config", "interfaces", "permissions")

#: room -> what else it imports: lowest first, none imports one below it
ARROWS = (
    ("errors", ()),
    ("config", ()),
    ("permissions", ()),
    ("model", ()),
    ("interfaces", ("model",)),
    ("site", ("model",)),
    ("auth", ("model", "site")),
    ("http", ("auth", "model", "site")),
    ("storage", ("model",)),
    ("records", ("model", "site")),
    ("server", ("auth", "http", "model", "records", "site", "storage")),
    ("client", ("auth", "http", "model", "records", "site")),
    ("speedups", ("model", "site")),
    ("consumer", ("auth", "client", "http", "model", "records", "site",
                  "speedups")),
    ("api", ("client", "model", "records", "server", "site")),
    ("adapters", ("api", "model", "site", "speedups")),
    ("integration", ("adapters", "api", "auth", "client", "model", "site",
                     "speedups")),
    ("browser", ("api", "auth", "client", "consumer", "integration", "model",
                 "records", "server", "site", "speedups")),
    ("monitoring", ("client", "consumer", "model", "records", "server",
                    "site")),
    ("setuphandlers", ("api", "auth", "model", "records", "site")),
    ("upgrade", ("auth", "browser", "model", "records", "setuphandlers",
                 "site")),
    ("testing", ("client", "model", "server", "site")),
)

#: Imports that do not follow the table (importing module, imported module)
EXCEPTIONS = {
    (PACKAGE, "senaite.queue.site.plonesite"),
    (PACKAGE, "senaite.queue.auth.pas"),
}

#: Names that other add-ons import; nothing of ours does
FOR_OTHERS = ("senaite.queue.queue", "senaite.queue.pasplugin",
              "senaite.queue.adapters.actions",
              "senaite.queue.browser.controlpanel",
              "senaite.queue.client.consumer",
              "senaite.queue.former_names",
              "senaite.queue.request")


def find_modules():
    """Return the modules of the package: name -> syntax tree."""
    found = {}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name != "tests"]
        for name in files:
            if not name.endswith(".py"):
                continue
            path = os.path.join(folder, name)
            inner = os.path.relpath(path, ROOT)[:-len(".py")].split(os.sep)
            if inner[-1] == "__init__":
                inner.pop()
            with open(path, "rb") as source:
                found[".".join([PACKAGE] + inner)] = ast.parse(
                    source.read(), path)
    return found


MODULES = find_modules()


def find_imports(name):
    """Return the modules of ours that a module imports, itself left out."""
    found = set()
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = "{}.{}".format(node.module, alias.name)
                found.add(inner if inner in MODULES else node.module)
    return set(other for other in found if other in MODULES) - set([name])


#: module -> the modules of ours that it imports
IMPORTS = dict((name, find_imports(name)) for name in MODULES)


def room_of(module):
    """Return the room of a module; None for the package itself."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 else None


def find_arrows():
    """Return the imports from one room to another: (room, room) -> pairs of
    modules."""
    found = {}
    for module in MODULES:
        if module in FOR_OTHERS:
            continue
        for other in IMPORTS[module]:
            pair = room_of(module), room_of(other)
            if pair[0] != pair[1] and pair[1] is not None and \
                    (module, other) not in EXCEPTIONS:
                found.setdefault(pair, []).append((module, other))
    return found


def find_circles(edges):
    """Return the groups of names that can be reached from one another.

    :param edges: name -> names
    """
    reached = {}
    for start in edges:
        seen, todo = set(), [start]
        while todo:
            for other in edges.get(todo.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        reached[start] = seen
    return sorted(name for name, seen in reached.items() if name in seen)


def read_page():
    """Return what the page says of each room: name -> (sentence, rooms)."""
    with io.open(PAGE, encoding="utf-8") as source:
        table = source.read().split(".. list-table:: Rooms", 1)[1]
    found = []
    for row in re.split(r"\n   \* - ", table)[2:]:
        row = row.split("\n\n")[0]
        cells = [" ".join(cell.split()) for cell in row.split("\n     - ")]
        found.append((cells[0].strip("`"), cells[1],
                      tuple(re.findall(r"\w+", cells[2]))))
    return found


def sentence_of(room):
    """Return the sentence of a room: the first paragraph of its docstring."""
    text = ast.get_docstring(MODULES["{}.{}".format(PACKAGE, room)])
    return " ".join(text.split("\n\n")[0].split())


class TestArrows(unittest.TestCase):

    def test_imports_follow_the_table(self):
        allowed = dict(ARROWS)
        wrong = dict(
            (pair, modules) for pair, modules in find_arrows().items()
            if pair[1] not in EVERYWHERE
            and pair[1] not in allowed.get(pair[0], ()))
        self.assertEqual(wrong, {})

    def test_every_arrow_of_the_table_is_used(self):
        used = set(find_arrows())
        self.assertEqual(
            [(room, other) for room, others in ARROWS for other in others
             if (room, other) not in used], [])

    def test_rooms_import_only_what_is_below_them(self):
        below = list(EVERYWHERE)
        for room, others in ARROWS:
            self.assertEqual(
                [other for other in others if other not in below], [], room)
            below.append(room)

    def test_every_module_is_in_a_room_of_the_table(self):
        rooms = set(room for room, _others in ARROWS)
        self.assertEqual(
            [name for name in MODULES if name not in FOR_OTHERS
             and room_of(name) not in rooms.union([None])], [])

    def test_no_circle_between_rooms(self):
        edges = {}
        for room, other in find_arrows():
            edges.setdefault(room, set()).add(other)
        self.assertEqual(find_circles(edges), [])

    def test_no_circle_between_modules(self):
        edges = dict(
            (module, set(other for other in IMPORTS[module]
                         if (module, other) not in EXCEPTIONS))
            for module in MODULES)
        self.assertEqual(find_circles(edges), [])

    def test_exceptions_are_needed(self):
        self.assertEqual(
            [pair for pair in EXCEPTIONS if pair[1] not in
             IMPORTS[pair[0]]], [])

    def test_errors_import_nothing_of_ours(self):
        self.assertEqual(IMPORTS["senaite.queue.errors"], set())

    def test_names_for_other_addons_are_not_for_us(self):
        self.assertEqual(
            [module for module in MODULES
             if IMPORTS[module].intersection(FOR_OTHERS)], [])

    def test_circles_are_found(self):
        self.assertEqual(find_circles(
            {"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"]}), ["b", "c"])


class TestNames(unittest.TestCase):

    def test_no_two_modules_have_the_same_name(self):
        names = [module.split(".")[-1] for module in MODULES
                 if module not in FOR_OTHERS]
        twice = set(name for name in names if names.count(name) > 1)
        self.assertEqual(twice, set())


@unittest.skipUnless(os.path.isfile(PAGE), "docs are not in the egg")
class TestPage(unittest.TestCase):

    def test_same_table(self):
        self.assertEqual(
            [(room, others) for room, _sentence, others in read_page()],
            [(room, tuple(others)) for room, others in ARROWS])

    def test_same_sentences(self):
        for room, sentence, _others in read_page():
            self.assertEqual(sentence.replace("``", "`"), sentence_of(room))
