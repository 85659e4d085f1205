# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The same end state for less work, behind one door.

Everything in this package makes the work on tasks cheaper and changes nothing
in what a task leaves behind: it holds work back until the end of a chunk,
remembers what was read, reads ahead, and takes turns at the catalogs. Most of
it relies on internals of SENAITE, Zope and ZODB, which is why it is fenced:
other packages import nothing but this module, and everything works without
it.

`session` returns what makes the work cheaper. Where speedups are switched off
(`senaite.queue.speedups.switch`), or where Zope has not loaded the package's
ZCML, that is an object of the same kind that does nothing.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.speedups import switch
from senaite.queue.speedups.plain import Plain

#: The sessions: without speedups, and the one that the ZCML has provided
_plain = Plain()
_provided = [_plain]


def session():
    """Return the speedups that are in force here and now.

    :rtype: senaite.queue.speedups.plain.Plain
    """
    return _provided[0] if switch.is_on() else _plain


def provide(found):
    """Put a session in force in this process.

    :type found: senaite.queue.speedups.plain.Plain
    :returns: the former one, so that a test can put it back
    """
    former, _provided[0] = _provided[0], found
    return former


def is_on():
    """Tell whether speedups are switched on here and now.

    :rtype: bool
    """
    return switch.is_on()


def get_changed():
    """Return the functions of other packages that are not those that speedups
    were written for.

    :rtype: list of senaite.queue.site.patching.Declaration
    """
    return _provided[0].get_changed()
