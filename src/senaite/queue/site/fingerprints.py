# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Fingerprints tell a function from any other one, of another release or add-on.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import hashlib
import inspect

#: Hex digits of a fingerprint
LENGTH = 16

#: Types of default values that look the same in each process; tuples of them
#: do as well
SIMPLE = (bool, int, float, str, bytes, type(u""), type(None))


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
