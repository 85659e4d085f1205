# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Decides whether a click is queued, and which of its objects are.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims.interfaces import IReferenceAnalysis
from bika.lims.interfaces.analysis import IRequestAnalysis
from bika.lims.workflow import isTransitionAllowed

from senaite.queue import api
from senaite.queue import messageFactory as _
from senaite.queue.model.current import current_task
from senaite.queue.model.minimums import get_minimum
from senaite.queue import speedups


def is_to_be_queued(name_or_action, count=None):
    """Tell whether work of this kind is queued right now.

    Never while a task is processed, because its work must not be queued again.
    Never for anonymous users, because a task runs as the user who started it.
    Not for fewer items than the minimum of the process, see
    `senaite.queue.model.minimums`.

    :param name_or_action: name of a task, or id of a workflow action
    :type name_or_action: str
    :param count: number of selected items; ignored when None
    :type count: int
    :rtype: bool
    """
    if current_task() is not None or not api.is_queue_ready(name_or_action):
        return False
    if count is not None and count < get_minimum(name_or_action):
        return False
    user = senaite_api.get_current_user()
    return user.getId() not in (None, "Anonymous")


def are_analyses(objects):
    """Tell whether all objects are analyses of any kind."""
    return all(IRequestAnalysis.providedBy(obj) or
               IReferenceAnalysis.providedBy(obj) for obj in objects)


def allowed(objects, action):
    """Return the objects that the current user can transition now.

    Only these are queued: `workflow_action` is a public view, and users would
    wait in vain for tasks that cannot succeed. Our guards exclude objects that
    are already queued.

    :param objects: content objects
    :param action: id of the transition
    :rtype: list
    """
    speedups.session().read_status_ahead(objects)
    return [obj for obj in objects if isTransitionAllowed(obj, action)]


def assignable(analyses, worksheet):
    """Return the analyses that can be assigned to a worksheet now.

    :param analyses: analyses (objects, brains or uids)
    :param worksheet: the worksheet
    :rtype: list
    """
    # The guard of "assign" reads the worksheet from the request
    senaite_api.get_request().set("ws_uid", senaite_api.get_uid(worksheet))
    analyses = [senaite_api.get_object(analysis) for analysis in analyses]
    speedups.session().read_status_ahead(analyses)
    analyses = [an for an in analyses if not an.getWorksheet()]
    return allowed(analyses, "assign")


def queued_message(count):
    """Return the message for users whose click was queued.

    :param count: number of queued objects
    :type count: int
    :rtype: zope.i18nmessageid.Message
    """
    if count == 1:
        return _(u"1 item was queued and will be processed in the background.")
    return _(u"${count} items were queued and will be processed in the "
             u"background.", mapping={"count": count})
