# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The root object of the current site."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.errors import NoSite


def get_portal():
    """Return the root object of the current site, or None.

    Guards ask for it once for each row: it costs no look-up in the database.
    """
    # Not at import: clients are tested without Zope
    from Products.CMFCore.interfaces import ISiteRoot
    from zope.component.hooks import getSite
    current = getSite()
    while current is not None and not ISiteRoot.providedBy(current):
        current = getattr(current, "__parent__", None)
    return current


def current_portal():
    """Return the root object of the current site.

    :raises NoSite: outside of a site
    """
    portal = get_portal()
    if portal is None:
        raise NoSite()
    return portal
