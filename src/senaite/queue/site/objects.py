# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Content objects by their uid, and whether they are still there."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sys

from AccessControl.unauthorized import Unauthorized
from Acquisition import aq_base
from Acquisition import aq_inner
from Acquisition import aq_parent
from bika.lims import api
import six
from zExceptions import NotFound
from ZODB.POSException import POSKeyError

#: The uid of the site
PORTAL_UID = "0"

#: What traversal raises where there is no such object, or none for this user
GONE = (KeyError, NotFound, Unauthorized)


def get_object(uid):
    """Return a content object, or None if it was removed.

    :raises Exception: whatever keeps it from being loaded now, such as a ZEO
        server that is away: it may be there all the same
    """
    if uid == PORTAL_UID:
        return api.get_portal()
    brain = api.get_brain_by_uid(uid)
    # Not `getObject`: the brains of the UID catalog answer any error with None
    return None if brain is None else aq_inner(
        traverse(api.get_portal(), brain.getPath()))


def traverse(base, path):
    """Return the object at a path, or None if there is none.

    `unrestrictedTraverse` with a default returns that for any error.

    :param base: content object to start from
    :param path: path from there, or physical path
    :raises Exception: see `get_object`
    """
    try:
        return base.unrestrictedTraverse(path)
    except POSKeyError:
        # A KeyError by class, but a damaged or unreachable database
        raise
    except GONE:
        return None
    except AttributeError:
        # Archetypes says so that a name is not there. Where it is, this is an
        # error in the code of some object on the way
        error = sys.exc_info()
        if _is_filed(base, path):
            six.reraise(*error)
        return None


def _is_filed(base, path):
    """Tell whether there is an object at a path, without any traversal."""
    names = path.split("/") if isinstance(path, six.string_types) \
        else list(path)
    found = base
    if names and not names[0]:
        found, names = base.getPhysicalRoot(), names[1:]
    for name in names:
        # Not hasattr, see below
        if getattr(aq_base(found), "_getOb", None) is None:
            return False
        found = found._getOb(name, None)
        if found is None:
            return False
    return True


def is_there(obj):
    """Tell whether an object is still in the folder where it was found.

    :param obj: content object
    :rtype: bool
    """
    parent = aq_parent(aq_inner(obj))
    # Not hasattr: that of Python 2 is false when ZEO is away, too
    if getattr(aq_base(parent), "_getOb", None) is None:
        return False
    found = parent._getOb(obj.getId(), None)
    return aq_base(found) is aq_base(obj)
