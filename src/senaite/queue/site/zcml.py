# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The ZCML directive that applies patches."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope.configuration.fields import GlobalObject
from zope.interface import Interface

#: After `collective.monkeypatcher`, whose patches have 1000
ORDER = 2000


class IPatches(Interface):
    """Apply the patches of a package, after those of other add-ons."""

    apply = GlobalObject(
        title=u"apply",  # not shown to people
        required=True)


def patches(_context, apply):
    """Have a function called when everything else is configured."""
    _context.action(discriminator=None, callable=apply, order=ORDER)
