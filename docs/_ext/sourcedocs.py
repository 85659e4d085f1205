# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The directive `sourcedocs`: the docstrings of a module's public names.

It reads the source without importing it: SENAITE runs on Python 2.7, Sphinx on
Python 3. A module that only passes on names of other modules is followed.

    .. sourcedocs:: senaite.queue.api
       :only: add_task add_copy
"""

import ast
import inspect
import os

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.parsers.rst import directives
from docutils.statemachine import StringList

SOURCE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "src")


def find(module):
    """Return the path of a module's source."""
    base = os.path.join(SOURCE, *module.split("."))
    if os.path.isdir(base):
        return os.path.join(base, "__init__.py")
    return base + ".py"


def describe(module, only=None):
    """Yield the lines of a page about a module.

    :param only: names, in the order wanted; all public ones when None
    """
    known = definitions(module) or passed_on(module)
    yield ".. py:module:: {}".format(module)
    yield ""
    names = only or [name for name in known if not name.startswith("_")]
    for name in names:
        if name not in known:
            raise ValueError("{} has no {}".format(module, name))
        for line in entry(known[name], ""):
            yield line


def read(module):
    """Return the syntax tree of a module."""
    with open(find(module), encoding="utf-8") as source:
        return ast.parse(source.read())


def definitions(module):
    """Return the functions and classes of a module by name."""
    return {node.name: node for node in read(module).body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def passed_on(module):
    """Return what a module imports from other modules of ours, by name.

    Contract names stay where add-ons look for them; the code has moved.
    """
    found = {}
    for node in read(module).body:
        if not isinstance(node, ast.ImportFrom) or \
                not (node.module or "").startswith("senaite.queue"):
            continue
        known = definitions(node.module)
        for alias in node.names:
            if alias.name in known:
                found[alias.asname or alias.name] = known[alias.name]
    return found


def entry(node, indent, method=False):
    """Yield the lines about a function or class."""
    if isinstance(node, ast.ClassDef):
        yield "{}.. py:class:: {}".format(indent, node.name)
    else:
        arguments = ast.unparse(node.args)
        if method and arguments.split(",")[0].strip() == "self":
            arguments = arguments.partition(",")[2].strip()
        yield "{}.. py:{}:: {}({})".format(
            indent, "method" if method else "function", node.name, arguments)
    yield ""
    inner = indent + "   "
    docstring = inspect.cleandoc(ast.get_docstring(node) or "")
    for line in docstring.splitlines():
        yield inner + line.replace("`", "``") if "``" not in line \
            else inner + line
    yield ""
    if isinstance(node, ast.ClassDef):
        for child in node.body:
            if isinstance(child, ast.FunctionDef) and \
                    not child.name.startswith("_") and \
                    ast.get_docstring(child):
                for line in entry(child, inner, method=True):
                    yield line


class SourceDocs(Directive):
    """Inserts the page."""

    required_arguments = 1
    option_spec = {"only": directives.unchanged}

    def run(self):
        only = self.options.get("only", "").split() or None
        section = nodes.section()
        section.document = self.state.document
        lines = StringList(list(describe(self.arguments[0], only)),
                           self.arguments[0])
        self.state.nested_parse(lines, self.content_offset, section)
        return section.children


def setup(app):
    app.add_directive("sourcedocs", SourceDocs)
    return {"parallel_read_safe": True}
