# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Patches of other packages: declared in tables, checked, and applied.

A patch is a function that gets what it replaces as its first argument, under
which it finds whatever was there when it was applied: the function of the
package, or the patch of another add-on. Its declaration says which function it
patches, for which version it was written, why, until when it is needed, and
the fingerprint of the function it was written for.

Where the installed function has another fingerprint, a patch that changes what
users see wraps it nevertheless, since its work is needed; a patch that only
saves work steps aside, together with all others of the same speedup. Either
way there is one line in the log at start-up, and one on the page of the
settings. Speedups rely on functions that they do not patch as well: these are
declared and checked in the same way.

Patches are applied by the ZCML directive `queue:patches`, after the patches of
other add-ons.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import hashlib
import importlib
import inspect

from senaite.queue import logger

#: What became of a patch, or of a function that speedups rely on
APPLIED = "applied"
#: Not applied, or not relied on: a function of the speedup has changed
ASIDE = "aside"
#: Not there: the package is not installed, or has no such function. See
#: `Declaration.is_gone`
MISSING = "missing"

#: Hex digits of a fingerprint
LENGTH = 16

#: Flags of functions with `*args` or `**kw`
ANY_ARGUMENTS = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS

#: Name of a declaration in the source of a wrapper; no argument is called so
DECLARATION = "_declaration_of_senaite_queue"

#: Types of default values that look the same in each process; tuples of them
#: do as well
SIMPLE = (bool, int, float, str, bytes, type(u""), type(None))


class Declaration(object):
    """A function of another package, and what we do with it."""

    #: Function that replaces it; None if it is only relied on
    replacement = None

    def __init__(self, function, version, why, until, fingerprint,
                 speedup=None, package=None):
        """
        :param function: dotted name of the function
        :param version: package and version it was written for
        :param why: reason for the patch
        :param until: when it can be removed
        :param fingerprint: see `get_fingerprint`
        :param speedup: name of the speedup it belongs to; None for patches
            that change what users see
        :param package: dotted name of the package that has the function, if
            it is one of several with the same first name
        """
        self.function = function
        self.package = package or function.partition(".")[0]
        self.version = version
        self.why = why
        self.until = until
        self.fingerprint = fingerprint
        self.speedup = speedup
        #: One of the constants above; None before the table was applied
        self.status = None
        #: Fingerprint of the installed function, if it is there
        self.installed = None
        #: Module of the installed function, if it is another one than its name
        #: says, such as that of another add-on that has patched it
        self.origin = None
        #: What is called for the function that was found
        self.found = None
        #: What the scope itself had, as a list: empty for inherited methods
        self.former = None
        self.scope, self.name = None, function.rpartition(".")[2]

    @property
    def is_gone(self):
        """Tell whether the function is missed: it is not there, although its
        package is, or a speedup needs it."""
        return self.status == MISSING and bool(
            self.speedup or is_importable(self.package))

    @property
    def is_changed(self):
        """Tell whether the installed function is another one."""
        return self.status != MISSING and self.installed != self.fingerprint

    def look(self):
        """Look at the installed function."""
        self.scope = find_scope(self.function)
        function = getattr(self.scope, self.name, None)
        if function is None:
            self.status, self.installed = MISSING, None
        else:
            self.status, self.installed = None, get_fingerprint(function)
            self.origin = self._get_origin(function)

    def _get_origin(self, function):
        origin = getattr(function, "__module__", None)
        if not origin or self.function.startswith(origin + "."):
            return None
        return origin

    def apply(self):
        """Put the replacement in place of the function that was found."""
        if self.replacement is not None:
            self.found = get_callable(self.scope, self.name)
            self.former = [value for name, value in vars(self.scope).items()
                           if name == self.name]
            setattr(self.scope, self.name, self._wrap())
        self.status = APPLIED

    def take_back(self):
        """Undo `apply`, for tests that apply the patch again."""
        if self.former:
            setattr(self.scope, self.name, self.former[0])
        elif self.former is not None:
            delattr(self.scope, self.name)
        self.status = self.installed = self.found = self.former = None
        self.origin = None

    def _wrap(self):
        """Return a function that calls the replacement with the function that
        was found."""
        patched = self._wrap_with_arguments()
        if patched is None:
            def patched(*args, **kw):
                return self.replacement(self.found, *args, **kw)
        found = getattr(self.scope, self.name)
        # Zope publishes nothing without a docstring
        patched.__name__ = getattr(found, "__name__", self.name)
        patched.__doc__ = getattr(found, "__doc__", None)
        patched.patched_by = self
        return patched


    def _wrap_with_arguments(self):
        """Return a function that has the arguments of the one that was found,
        from which Zope reads what to call a published method with.

        :returns: None for functions with defaults, whose replacement may tell
            whether an argument was given, and for those that take any
            arguments
        """
        if not inspect.isfunction(self.found):
            return None
        code = self.found.__code__
        names = code.co_varnames[:code.co_argcount]
        if self.found.__defaults__ or code.co_flags & ANY_ARGUMENTS or \
                getattr(code, "co_kwonlyargcount", 0) or \
                any(name.startswith(".") for name in names):
            return None
        # Names of arguments and nothing else
        source = "lambda {0}: {1}.replacement({1}.found, {0})".format(
            ", ".join(names), DECLARATION)
        return eval(source, {DECLARATION: self, "__name__": __name__})


class Table(object):
    """The patches of a package, and the functions it relies on."""

    def __init__(self):
        self.declarations = []
        #: Names of speedups that do not fit the installed packages
        self.aside = set()

    def patch(self, *functions, **declared):
        """Decorate a function that patches functions of other packages.

        :param functions: dotted names of the functions; each with its
            fingerprint, as a tuple
        :param declared: see `Declaration`
        """
        def decorate(replacement):
            for declaration in self._declare(functions, declared):
                declaration.replacement = replacement
            return replacement
        return decorate

    def rely_on(self, *functions, **declared):
        """Declare functions that speedups rely on without a patch.

        :param functions: see `patch`
        :param declared: see `Declaration`
        """
        self._declare(functions, declared)

    def _declare(self, functions, declared):
        found = [Declaration(function, fingerprint=fingerprint, **declared)
                 for function, fingerprint in functions]
        self.declarations.extend(found)
        return found

    def apply(self):
        """Check all functions, and apply the patches that fit.

        A second call applies nothing again: tests load the ZCML several times
        in a process.
        """
        new = [declaration for declaration in self.declarations
               if declaration.status not in (APPLIED, MISSING)]
        for declaration in new:
            declaration.look()
        self.aside.update(
            declaration.speedup for declaration in new
            if declaration.speedup and (
                declaration.is_changed or declaration.status == MISSING))
        for declaration in new:
            if declaration.status != MISSING:
                if declaration.speedup in self.aside:
                    declaration.status = ASIDE
                else:
                    declaration.apply()
            _log(declaration)

    def fits(self, speedup):
        """Tell whether a speedup fits the installed packages.

        :raises KeyError: for a name that no declaration has
        """
        if not any(declaration.speedup == speedup
                   for declaration in self.declarations):
            raise KeyError(speedup)
        return speedup not in self.aside

    def get_changed(self):
        """Return the declarations whose function has changed or is gone.

        :rtype: list of Declaration
        """
        return [declaration for declaration in self.declarations
                if declaration.status is not None and
                (declaration.is_changed or declaration.is_gone)]


def _log(declaration):
    """Write a line to the log if the installed function is another one, or is
    missing."""
    if declaration.is_gone and declaration.speedup:
        logger.warning(
            "event=function_missing function=%s written_for=%s speedup=%s:"
            " work is done without this speedup", declaration.function,
            declaration.version, declaration.speedup)
    elif declaration.is_gone:
        logger.warning(
            "event=function_missing function=%s written_for=%s: senaite.queue "
            "cannot patch it", declaration.function, declaration.version)
    elif declaration.is_changed:
        logger.warning(
            "event=function_changed function=%s written_for=%s expected=%s "
            "found=%s from=%s: %s", declaration.function, declaration.version,
            declaration.fingerprint, declaration.installed, declaration.origin,
            "work is done without the speedup '{}'".format(declaration.speedup)
            if declaration.speedup else
            "senaite.queue relies on it"
            if declaration.replacement is None else
            "the patch of senaite.queue is applied to it nevertheless")


def is_importable(package):
    """Tell whether a package is installed.

    :param package: dotted name of the package
    """
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


def find_scope(function):
    """Return the module or class that has a function.

    :param function: dotted name
    :returns: the module or class; None if it is not installed
    """
    names = function.split(".")[:-1]
    for count in range(len(names), 0, -1):
        try:
            scope = importlib.import_module(".".join(names[:count]))
        except ImportError:
            continue
        for name in names[count:]:
            scope = getattr(scope, name, None)
        return scope
    return None


def get_callable(scope, name):
    """Return what calls the attribute of a module or class, as it is now.

    An inherited method is looked up each time, so that a later patch of the
    base class works as well.

    :param scope: module or class
    :param name: name of the function
    :returns: function; that of a class takes the instance as first argument
    """
    if not inspect.isclass(scope):
        return getattr(scope, name)
    if name not in scope.__dict__:
        def inherited(self, *args, **kw):
            return getattr(super(scope, self), name)(*args, **kw)
        return inherited
    found = scope.__dict__[name]
    if inspect.isfunction(found):
        return found

    def bound(self, *args, **kw):
        # Anything else that Python can find in a class
        get = getattr(found, "__get__", None)
        return (found if get is None else get(self, scope))(*args, **kw)
    return bound


def get_fingerprint(function):
    """Return what tells a function from any other one.

    It is made from the byte code with its constants and names, those of
    decorators that keep the function in a closure included. Paths, line
    numbers, comments and docstrings do not matter, not even those that
    collective.monkeypatcher changes. Byte code differs between versions of
    Python: fingerprints hold for 2.7.

    :param function: function or method
    :returns: hex digits; of a callable without byte code the name of its type
    :rtype: str
    """
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__"):
        return type(function).__name__
    described = repr(_describe(function, [])).encode("utf-8")
    return hashlib.sha256(described).hexdigest()[:LENGTH]


def _describe(function, known):
    """Return what a function consists of, as nested tuples of text.

    :param known: functions that were described before, which may be recursive
    """
    function = getattr(function, "__func__", function)
    known.append(function)
    cells = []
    defaults = [_describe_constant(value)
                for value in function.__defaults__ or ()
                if _is_simple(value)]
    for cell in function.__closure__ or ():
        try:
            content = cell.cell_contents
        except ValueError:
            # Not yet filled
            continue
        inner = getattr(content, "__func__", content)
        if hasattr(inner, "__code__") and inner not in known:
            cells.append(_describe(inner, known))
    return _describe_code(function.__code__), defaults, cells


def _is_simple(value):
    """Tell whether a default value looks the same in each process."""
    if isinstance(value, tuple):
        return all(_is_simple(item) for item in value)
    return isinstance(value, SIMPLE)


def _describe_code(code):
    constants = list(code.co_consts)
    if constants and _has_place_for_docstring(code):
        constants[0] = None
    return (_text(code.co_code), code.co_argcount, code.co_flags,
            [_text(name) for name in code.co_names + code.co_varnames +
             code.co_freevars + code.co_cellvars],
            [_describe_constant(value) for value in constants])


def _has_place_for_docstring(code):
    """Tell whether the first constant is a docstring, or None for none.

    That is so in all functions; neither in the bodies of classes nor in
    generator expressions and the like, whose names are not identifiers.
    """
    return bool(code.co_flags & inspect.CO_OPTIMIZED) and (
        code.co_name == "<lambda>" or not code.co_name.startswith("<"))


def _describe_constant(value):
    if inspect.iscode(value):
        return _describe_code(value)
    if isinstance(value, tuple):
        return [_describe_constant(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(_describe_constant(item) for item in value)
    return type(value).__name__ + _text(value)


def _text(value):
    return repr(value)
