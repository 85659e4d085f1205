# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tells guards and listings whether the objects of a page are queued.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims.interfaces import IAnalysisRequest

from senaite.queue.client.view import queued_view


def view():
    """Return this process' view of the queue of the current site."""
    return queued_view(senaite_api.get_portal())


def is_queued(uid):
    """Tell whether a queued or running task involves an object.

    :param uid: uid of the object
    :type uid: str
    :rtype: bool
    """
    return view().is_queued(uid)


def tasks_of(obj):
    """Return the queued and running tasks for which an object is queued: those
    that involve it and, for a sample, those that involve its analyses.

    A task may be in the list twice.

    :param obj: content object
    :returns: list of dicts, see `QueuedView.tasks_for`
    """
    seen, uid = view(), senaite_api.get_uid(obj)
    tasks = seen.tasks_for(uid)
    if IAnalysisRequest.providedBy(obj):
        tasks = tasks + seen.tasks_locking(uid)
    return tasks


def is_sample_queued(uid):
    """Tell whether a sample, or one of its analyses, is queued.

    Tasks hold locks on the samples of their analyses and on the parents of
    these samples, so that no row needs a catalog search.

    :param uid: uid of the sample
    :type uid: str
    :rtype: bool
    """
    seen = view()
    return seen.is_queued(uid) or seen.is_locked(uid)
