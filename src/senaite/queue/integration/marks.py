# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether objects on a page are queued: for guards and listings, row by row.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api

from senaite.queue.client.view import queued_view


def view():
    """Return what this process knows of the queue of the current site."""
    return queued_view(senaite_api.get_portal())


def is_queued(uid):
    """Tell whether an object is queued, or being processed.

    :param uid: uid of the object
    :type uid: str
    :rtype: bool
    """
    return view().is_queued(uid)


def is_sample_queued(uid):
    """Tell whether a sample, or one of its analyses, is queued.

    Tasks have locks on the samples of their analyses (and on what these were
    made from), so no catalog has to be asked, row by row.

    :param uid: uid of the sample
    :type uid: str
    :rtype: bool
    """
    seen = view()
    return seen.is_queued(uid) or seen.is_locked(uid)
