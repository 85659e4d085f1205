# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What tests share that look at patches, or run without speedups."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.integration import core_patches as functional
from senaite.queue import speedups
from senaite.queue.speedups import patches


def get_declaration(function):
    """Return the declaration of a function that is patched.

    :param function: end of its dotted name
    :rtype: senaite.queue.site.patching.Declaration
    """
    found = [declaration for declaration in
             patches.table.declarations + functional.table.declarations
             if declaration.function.endswith(function) and
             declaration.replacement is not None]
    if len(found) != 1:
        raise LookupError("{}: {} patches".format(function, len(found)))
    return found[0]


def watch(case, function, note):
    """Have a function called before the function that a patch has found.

    :param case: test case, at whose end that stops
    :param function: end of the dotted name of the patched function
    :param note: function that gets the same arguments
    """
    declaration = get_declaration(function)
    found = declaration.found

    def watched(*args, **kw):
        note(*args, **kw)
        return found(*args, **kw)
    declaration.found = watched
    case.addCleanup(setattr, declaration, "found", found)


needs_speedups = unittest.skipUnless(
    speedups.is_on(), "Tests a speedup, and speedups are switched off")
