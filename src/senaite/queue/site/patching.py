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
other add-ons. Products that patch when Zope initialises them come later still:
their patches are noticed when the process starts (`Table.look_again`).
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import importlib
import inspect

from senaite.queue import logger
from senaite.queue.site.fingerprints import get_fingerprint

#: What became of a patch, or of a function that speedups rely on
APPLIED = "applied"
#: Not applied, or not relied on: a function of the speedup has changed
ASIDE = "aside"
#: Not there: the package is not installed, or has no such function. See
#: `Declaration.is_gone`
MISSING = "missing"

#: Flags of functions with `*args` or `**kw`
ANY_ARGUMENTS = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS

#: Name of a declaration in the source of a wrapper; no argument is called so
DECLARATION = "_declaration_of_senaite_queue"


class Declaration(object):
    """A function of another package, and what we do with it."""

    #: Function that replaces it; None if it is only relied on
    replacement = None

    def __init__(self, function, version, why, until, fingerprint,
                 speedup=None, package=None, is_handler=False):
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
        :param is_handler: whether ZCML registers the function as a handler of
            events
        """
        self.function = function
        self.is_handler = is_handler
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
        #: Whether another add-on has patched the function after us
        self.is_patched_over = False
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
        return self.status != MISSING and (
            self.is_patched_over or self.installed != self.fingerprint)

    def look(self):
        """Look at the installed function."""
        self.scope = find_scope(self.function)
        function = getattr(self.scope, self.name, None)
        if function is None:
            self.status, self.installed = MISSING, None
        else:
            function = without_our_patches(function)
            self.status, self.installed = None, get_fingerprint(function)
            self.origin = self._get_origin(function)

    def look_again(self):
        """Look whether the function is still the one that we left there.

        :returns: whether that has changed since the last look
        """
        function = getattr(self.scope, self.name, None)
        is_ours = getattr(function, "patched_by", None) is self
        if self.status != APPLIED or is_ours or self.is_patched_over:
            return False
        if self.replacement is None:
            function = without_our_patches(function)
        found = get_fingerprint(function)
        if self.replacement is None and found == self.installed:
            return False
        self.is_patched_over = True
        self.installed, self.origin = found, self._get_origin(function)
        return True

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
            self._hand_over(self.found, getattr(self.scope, self.name))
        self.status = APPLIED

    def _hand_over(self, former, handler):
        """Have events handled by another function.

        ZCML has looked up the function before it was patched.
        """
        if not self.is_handler:
            return
        # Not at import: there are tables without handlers, and tests without
        # Zope
        from zope.component import getGlobalSiteManager
        registries = [getGlobalSiteManager()]
        for registry in registries:
            # Tests put registries on top of each other
            registries.extend(base for base in registry.__bases__
                              if base not in registries)
            for found in list(registry.registeredHandlers()):
                if found.handler is former:
                    registry.unregisterHandler(former, found.required)
                    registry.registerHandler(
                        handler, found.required, info=found.info)

    def take_back(self):
        """Undo `apply`, for tests that apply the patch again."""
        if self.former:
            self._hand_over(getattr(self.scope, self.name), self.former[0])
            setattr(self.scope, self.name, self.former[0])
        elif self.former is not None:
            delattr(self.scope, self.name)
        self.status = self.installed = self.found = self.former = None
        self.origin, self.is_patched_over = None, False

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


def without_our_patches(function):
    """Return what a function is without patches of other tables: a speedup may
    rely on one whose calls are marked elsewhere."""
    declaration = getattr(function, "patched_by", None)
    while declaration is not None:
        function = declaration.found
        declaration = getattr(function, "patched_by", None)
    return function


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

    def look_again(self):
        """Look for functions that were patched after us, once everything is
        loaded.

        Their speedups step aside: the other patch may leave out ours. Our own
        patch of such a function does nothing then but call what it has found.
        """
        for declaration in self.declarations:
            if declaration.look_again():
                if declaration.speedup:
                    self.aside.add(declaration.speedup)
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
            _get_consequence(declaration))


def _get_consequence(declaration):
    """Return what follows from a changed function, for the log."""
    if declaration.speedup:
        return "work is done without the speedup '{}'".format(
            declaration.speedup)
    if declaration.replacement is None:
        return "senaite.queue relies on it"
    if declaration.is_patched_over:
        return "whether the patch of senaite.queue still works depends on it"
    return "the patch of senaite.queue is applied to it nevertheless"


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
