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

from Acquisition import aq_base
from Acquisition import aq_inner
from Acquisition import aq_parent
from bika.lims import api


def get_object(uid):
    """Return a content object, or None if it was removed."""
    return api.get_object_by_uid(uid, default=None)


def is_there(obj):
    """Tell whether an object is still in the folder where it was found.

    :param obj: content object
    :rtype: bool
    """
    parent = aq_parent(aq_inner(obj))
    if not hasattr(aq_base(parent), "_getOb"):
        return False
    found = parent._getOb(obj.getId(), None)
    return aq_base(found) is aq_base(obj)
