# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Patches call what they find, and know what they were written for."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import sys
import types
import unittest

from senaite.queue import logger
from senaite.queue.site import fingerprints
from senaite.queue.site import patching

MODULE = "senaite_queue_patched_module"


class Base(object):

    def inherited(self, value):
        return ["base", value]


class Content(Base):

    def own(self, value=1):
        """Documented."""
        return ["own", value]


def add(value):
    return value + 1


def decorated(function):
    def inner(value):
        return function(value)
    return inner


class Lines(logging.Handler):
    """Collects what is logged."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.found = []

    def emit(self, record):
        self.found.append(record.getMessage())


class PatchingCase(unittest.TestCase):

    def setUp(self):
        self.module = types.ModuleType(MODULE)
        self.module.add = add
        self.module.Content = type("Content", (Base,), {
            "own": Content.__dict__["own"]})
        sys.modules[MODULE] = self.module
        self.addCleanup(sys.modules.pop, MODULE)
        self.table = patching.Table()
        self.lines = Lines()
        logger.addHandler(self.lines)
        self.addCleanup(logger.removeHandler, self.lines)

    def patch(self, name, replacement, fingerprint=None, speedup=None):
        """Declare a patch of a function of the module, and apply it."""
        self.declare(name, replacement, fingerprint, speedup)
        self.table.apply()

    def declare(self, name, replacement, fingerprint=None, speedup=None):
        function = "{}.{}".format(MODULE, name)
        if fingerprint is None:
            fingerprint = fingerprints.get_fingerprint(getattr(
                patching.find_scope(function), name.rpartition(".")[2]))
        self.table.patch(
            (function, fingerprint), version="package 1.0", why="To test",
            until="never", speedup=speedup)(replacement)


class TestOrder(PatchingCase):
    """Another add-on patches the same function."""

    def test_method_of_the_class(self):
        self.patch("Content.own",
                   lambda original, self, value: ["ours"] + original(
                       self, value))
        self.assertEqual(self.module.Content().own(2), ["ours", "own", 2])
        self.assertEqual(self.module.Content.own.__doc__, "Documented.")

    def test_another_patch_before(self):
        self.declare("Content.own",
                     lambda original, self, value: ["ours"] + original(
                         self, value))
        self.module.Content.own = lambda self, value: ["theirs", value]
        self.table.apply()
        self.assertEqual(self.module.Content().own(2), ["ours", "theirs", 2])

    def test_another_patch_after(self):
        self.patch("Content.own",
                   lambda original, self, value: ["ours"] + original(
                       self, value))
        former = self.module.Content.own
        self.module.Content.own = lambda self, value: \
            ["theirs"] + former(self, value)
        self.assertEqual(
            self.module.Content().own(2), ["theirs", "ours", "own", 2])

    def test_inherited_method(self):
        """Another patch of the base class works, even if it comes later."""
        self.patch("Content.inherited",
                   lambda original, self, value: ["ours"] + original(
                       self, value))
        content = self.module.Content()
        self.assertEqual(content.inherited(2), ["ours", "base", 2])
        former = Base.__dict__["inherited"]
        self.addCleanup(setattr, Base, "inherited", former)
        Base.inherited = lambda self, value: ["theirs", value]
        self.assertEqual(content.inherited(2), ["ours", "theirs", 2])

    def test_function_of_a_module(self):
        self.declare("add", lambda original, value: original(value) * 10)
        self.module.add = lambda value: value + 5
        self.table.apply()
        self.assertEqual(self.module.add(1), 60)

    def test_callable_without_the_instance(self):
        """Python passes no instance to what is no method."""
        class Theirs(object):
            def __call__(self, value):
                return ["theirs", value]
        self.declare("Content.own",
                     lambda original, self, value: ["ours"] + original(
                         self, value))
        self.module.Content.own = Theirs()
        self.table.apply()
        self.assertEqual(self.module.Content().own(2), ["ours", "theirs", 2])

    def test_arguments_are_kept(self):
        """Zope reads from a published method what to call it with."""
        def theirs(self, value, other):
            return ["theirs", value, other]
        self.declare("Content.own",
                     lambda original, self, *args: ["ours"] + original(
                         self, *args))
        self.module.Content.own = theirs
        self.table.apply()
        own = self.module.Content.__dict__["own"]
        self.assertEqual(
            own.__code__.co_varnames[:own.__code__.co_argcount],
            ("self", "value", "other"))
        self.assertEqual(own.__name__, "theirs")
        self.assertEqual(own.__module__, patching.__name__)
        for found in (self.module.Content().own(1, 2),
                      self.module.Content().own(1, other=2)):
            self.assertEqual(found, ["ours", "theirs", 1, 2])
        with self.assertRaises(TypeError):
            self.module.Content().own(1)

    def test_arguments_with_defaults_are_passed_as_they_come(self):
        """A replacement may tell whether they were given."""
        self.patch("Content.own",
                   lambda original, self, *args: [args, original(
                       self, *args)])
        self.assertEqual(self.module.Content().own(), [(), ["own", 1]])

    def test_applied_once(self):
        self.patch("add", lambda original, value: original(value) * 10)
        self.table.apply()
        self.assertEqual(self.module.add(1), 20)

    def test_taken_back(self):
        for name in ("Content.own", "Content.inherited"):
            self.patch(name, lambda original, self, value: ["ours"])
        for declaration in self.table.declarations:
            declaration.take_back()
        content = self.module.Content()
        self.assertEqual(content.own(2), ["own", 2])
        self.assertEqual(content.inherited(2), ["base", 2])
        self.assertNotIn("inherited", vars(self.module.Content))


class TestFingerprints(PatchingCase):
    """What happens where the installed function is another one."""

    def test_same_function(self):
        self.patch("add", lambda original, value: 10, speedup="a")
        self.assertEqual(self.module.add(1), 10)
        self.assertEqual(self.table.get_changed(), [])
        self.assertTrue(self.table.fits("a"))
        self.assertEqual(self.lines.found, [])

    def test_functional_patch_wraps_another_function(self):
        self.patch("add", lambda original, value: original(value) * 10, "0")
        self.assertEqual(self.module.add(1), 20)
        changed, = self.table.get_changed()
        self.assertEqual(changed.function, MODULE + ".add")
        line, = self.lines.found
        self.assertIn(MODULE + ".add", line)
        self.assertIn("package 1.0", line)

    def test_speedup_steps_aside(self):
        """With all its patches, and nothing else."""
        self.declare("add", lambda original, value: 10, "0", speedup="a")
        self.declare("Content.own", lambda original, self, value: "ours",
                     speedup="a")
        self.declare("Content.inherited",
                     lambda original, self, value: "ours", speedup="b")
        self.table.apply()
        self.assertEqual(self.module.add(1), 2)
        self.assertEqual(self.module.Content().own(2), ["own", 2])
        self.assertEqual(self.module.Content().inherited(2), "ours")
        self.assertFalse(self.table.fits("a"))
        self.assertTrue(self.table.fits("b"))
        changed, = self.table.get_changed()
        self.assertEqual(changed.speedup, "a")
        self.assertEqual(len(self.lines.found), 1)

    def test_what_a_speedup_relies_on(self):
        self.declare("Content.own", lambda original, self, value: "ours",
                     speedup="a")
        self.table.rely_on(
            (MODULE + ".add", "0"), version="package 1.0", why="To test",
            until="never", speedup="a")
        self.table.apply()
        self.assertEqual(self.module.Content().own(2), ["own", 2])
        self.assertFalse(self.table.fits("a"))

    def test_undeclared_speedup(self):
        """A wrong name would be in force whatever has changed."""
        self.patch("add", lambda original, value: 10, speedup="a")
        self.assertTrue(self.table.fits("a"))
        with self.assertRaises(KeyError):
            self.table.fits("b")

    def test_origin_of_another_function(self):
        """The module that has patched the function is named."""
        self.declare("Content.own",
                     lambda original, self, value: original(self, value))
        # It was made for another module
        self.declare("add", lambda original, value: original(value), "0")

        def theirs(self, value):
            return ["theirs", value]
        theirs.__module__ = "other.addon.patches"
        self.module.Content.own = theirs
        self.module.add = types.FunctionType(
            add.__code__, {"__name__": MODULE})
        self.table.apply()
        self.assertEqual(
            [item.origin for item in self.table.get_changed()],
            ["other.addon.patches", None])
        self.assertIn("from=other.addon.patches", self.lines.found[0])

    def test_function_that_is_only_relied_on(self):
        """Nobody says that it is patched."""
        self.table.rely_on((MODULE + ".add", "0"), version="package 1.0",
                           why="To test", until="never")
        self.table.apply()
        line, = self.lines.found
        self.assertTrue(line.endswith("senaite.queue relies on it"))

    def test_missing_function(self):
        """The package is there, its function is not."""
        for name, speedup in (("gone", None), ("gone_too", "a"),
                              ("Gone.method", None)):
            self.declare(name, lambda original: None, "0", speedup=speedup)
        self.table.apply()
        self.assertFalse(self.table.fits("a"))
        self.assertEqual(
            [changed.function for changed in self.table.get_changed()],
            [MODULE + name for name in (".gone", ".gone_too",
                                        ".Gone.method")])
        self.assertEqual(len(self.lines.found), 3)
        for line in self.lines.found:
            self.assertIn("function_missing", line)

    def test_package_that_is_not_installed(self):
        """A functional patch has nothing to do there."""
        for speedup in (None, "a"):
            self.table.patch(
                ("senaite_gone.module.function", "0"), version="package 1.0",
                why="To test", until="never", speedup=speedup)(
                    lambda original: None)
        self.table.apply()
        changed, = self.table.get_changed()
        self.assertEqual(changed.speedup, "a")
        line, = self.lines.found
        self.assertIn("speedup=a", line)

    def test_package_in_a_namespace_that_is_not_installed(self):
        """Another package with the same first name is installed."""
        for package in ("senaite.gone", "senaite.queue"):
            self.table.patch(
                ("senaite.gone.module.function", "0"), version="package 1.0",
                why="To test", until="never", package=package)(
                    lambda original: None)
        self.table.apply()
        changed, = self.table.get_changed()
        self.assertEqual(changed.package, "senaite.queue")
        self.assertEqual(len(self.lines.found), 1)

    def test_missing_module(self):
        self.assertIsNone(patching.find_scope("senaite_gone.module.function"))
        self.assertIs(patching.find_scope(MODULE + ".Content.own"),
                      self.module.Content)


class TestPatchedLater(PatchingCase):
    """Products patch when Zope initialises them, which is after our ZCML."""

    def patch_over(self):
        former = self.module.Content.own
        self.module.Content.own = lambda self, value: \
            ["theirs"] + former(self, value)

    def test_speedup_steps_aside(self):
        self.patch("Content.own",
                   lambda original, self, value: original(self, value),
                   speedup="fast")
        self.table.look_again()
        self.assertTrue(self.table.fits("fast"))
        self.patch_over()
        self.table.look_again()
        self.assertFalse(self.table.fits("fast"))
        self.assertEqual(
            self.module.Content().own(2), ["theirs", "own", 2])
        line, = self.lines.found
        self.assertIn("event=function_changed", line)
        self.assertIn("without the speedup 'fast'", line)

    def test_what_a_speedup_relies_on(self):
        self.table.rely_on(
            (MODULE + ".add", fingerprints.get_fingerprint(add)),
            version="package 1.0", why="To test", until="never",
            speedup="fast")
        self.table.apply()
        self.table.look_again()
        self.assertTrue(self.table.fits("fast"))
        self.module.add = lambda value: value + 2
        self.table.look_again()
        self.assertFalse(self.table.fits("fast"))

    def test_patch_that_users_see(self):
        self.patch("Content.own",
                   lambda original, self, value: original(self, value))
        self.table.look_again()
        self.assertEqual(self.table.get_changed(), [])
        self.patch_over()
        self.table.look_again()
        changed, = self.table.get_changed()
        self.assertTrue(changed.is_patched_over)
        self.assertEqual(changed.origin, __name__)
        line, = self.lines.found
        self.assertIn("still works depends on it", line)

    def test_one_line_in_the_log(self):
        self.patch("Content.own",
                   lambda original, self, value: original(self, value))
        self.patch_over()
        self.table.look_again()
        self.table.look_again()
        self.assertEqual(len(self.lines.found), 1)

    def test_inherited_method(self):
        self.patch("Content.inherited",
                   lambda original, self, value: original(self, value),
                   speedup="fast")
        self.table.look_again()
        self.assertTrue(self.table.fits("fast"))


class TestFingerprint(unittest.TestCase):
    """What makes two functions different."""

    def make(self, source, name="f", path="a.py"):
        namespace = {}
        exec(compile(source, path, "exec"), namespace)
        return fingerprints.get_fingerprint(namespace[name])

    def test_same(self):
        source = "def f(a, b=1):\n    return a + b\n"
        self.assertEqual(self.make(source), self.make(source))
        # Wherever it is, and whatever is said about it
        self.assertEqual(
            self.make(source),
            self.make("\n\n# Moved\n" + source.replace(
                "    return", "    'Adds'\n    return"), path="/else/b.py"))

    def test_changed_docstring(self):
        """collective.monkeypatcher adds to that of a replacement."""
        def replacement(self):
            """Documented."""
            return self
        former = fingerprints.get_fingerprint(replacement)
        replacement.__doc__ += "\n**Monkey patched by** 'an.add.on'"
        self.assertEqual(fingerprints.get_fingerprint(replacement), former)

    def test_docstring_of_nested_function(self):
        source = ("def f(a):\n"
                  "    def g(b):\n        'Adds'\n        return a + b + 1\n"
                  "    return g\n")
        self.assertEqual(self.make(source),
                         self.make(source.replace("Adds", "Sums")))
        self.assertNotEqual(self.make(source),
                            self.make(source.replace("+ 1", "+ 2")))

    def test_first_constant_of_what_has_no_docstring(self):
        for source in ("def f(a):\n    return sum('x' in b for b in a)\n",
                       "def f(a):\n    return {'x' + b for b in a}\n",
                       "def f(a):\n    return lambda: 'x'\n",
                       "def f(a):\n    class g:\n        b = 'x'\n"
                       "    return g\n",
                       "def f(a):\n    return a, 'x'\n"):
            self.assertNotEqual(self.make(source),
                                self.make(source.replace("'x'", "'y'")))

    def test_different(self):
        source = "def f(a, b=1):\n    return a + b\n"
        found = [self.make(source)] + [
            self.make(source.replace(old, new)) for old, new in (
                ("+", "-"), ("=1", "=2"), ("b\n", "c\n"), ("b\n", "2\n"))]
        self.assertEqual(len(set(found)), 5)

    def test_defaults_that_differ_in_each_process(self):
        def make(default):
            def add(a, b=default):
                return a, b
            return fingerprints.get_fingerprint(add)
        one, two = object(), object()
        self.assertEqual(make((one,)), make((two,)))
        self.assertEqual(make(((1, one),)), make(((1, two),)))
        self.assertNotEqual(make((1, ("a",))), make((1, ("b",))))

    def test_nested_functions_count(self):
        source = "def f(a):\n    return map(lambda b: b + 1, a)\n"
        self.assertNotEqual(
            self.make(source), self.make(source.replace("1", "2")))

    def test_decorated_functions_count(self):
        first = decorated(lambda value: value + 1)
        second = decorated(lambda value: value + 2)
        self.assertNotEqual(fingerprints.get_fingerprint(first),
                            fingerprints.get_fingerprint(second))

    def test_methods(self):
        self.assertEqual(fingerprints.get_fingerprint(Content.own),
                         fingerprints.get_fingerprint(Content().own))

    def test_recursive_closure(self):
        def count(value):
            return value and count(value - 1)
        self.assertEqual(len(fingerprints.get_fingerprint(count)),
                         fingerprints.LENGTH)

    def test_other_callables(self):
        self.assertEqual(fingerprints.get_fingerprint(len),
                         type(len).__name__)
