# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Says on the page why code could not transition a queued object.

Much code ignores the answer of `bika.lims.workflow.doActionFor`: that of core,
for good reasons, when it promotes what depends on an object; that of other
add-ons, when somebody has asked for just this transition. The latter is told
from the former by `senaite.queue.integration.cascades`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from bika.lims.interfaces import IGuardAdapter
from Products.CMFCore.WorkflowCore import WorkflowException
from Products.statusmessages.interfaces import IStatusMessage
from zope.annotation.interfaces import IAnnotations
from zope.component import queryAdapter
from zope.globalrequest import getRequest

from senaite.queue.integration import cascades
from senaite.queue.integration import guards
from senaite.queue.integration.progress import get_progress
from senaite.queue import is_installed
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model.current import current_task
from senaite.queue.permissions import ViewQueue

#: Name of our guards, see configure.zcml
GUARD = "senaite.queue"

#: Annotation of a request: uids of the objects it was told of
TOLD = "senaite.queue.refusals"

#: Maximum number of objects that a page tells of
MOST_TOLD = 10

#: State of samples that senaite.storage has stored
STORED = "stored"


@contextlib.contextmanager
def watching(obj, action):
    """Context manager around a transition: says why it was refused, if
    somebody has asked for it and a task is the reason.

    The error is raised all the same.

    :param obj: the object
    :param action: id of the transition
    """
    with cascades.trying(obj, action) as attempt:
        try:
            yield
        except WorkflowException:
            if attempt.is_asked_for and is_kept_by_queue(obj):
                tell(obj)
            raise


def may_store(sample):
    """Tell whether senaite.storage may put a sample into a container; say why
    not.

    It writes the position, and ignores that the transition is refused: the
    sample would be in the container, but never stored.

    :param sample: sample, brain or uid
    :rtype: bool
    """
    sample = senaite_api.get_object(sample, default=None)
    if sample is None or not is_kept_by_queue(sample):
        return True
    if senaite_api.get_workflow_status_of(sample) == STORED:
        # It is there already: nothing is to be transitioned
        return True
    tell(sample)
    return False


def is_kept_by_queue(obj):
    """Tell whether our guard keeps an object from being transitioned now.

    :param obj: content object
    :rtype: bool
    """
    if not is_installed():
        return False
    guard = queryAdapter(obj, IGuardAdapter, GUARD)
    if not isinstance(guard, guards.QueueGuard):
        return False
    return not guards.is_work_of_task() and guard.is_queued()


def tell(obj):
    """Add a message about a queued object to the page, once for a request.

    Tasks and programs have no page: the log says it.
    """
    logger.info("event=transition_refused reason=queued object=%s",
                senaite_api.get_path(obj))
    request = getRequest()
    if request is None or current_task() is not None:
        return
    messages = IStatusMessage(request, None)
    told = IAnnotations(request).setdefault(TOLD, set())
    uid = senaite_api.get_uid(obj)
    if messages is None or uid in told or len(told) >= MOST_TOLD:
        return
    told.add(uid)
    messages.addStatusMessage(describe(obj), "warning")


def describe(obj):
    """Return why an object cannot be transitioned.

    Who queued it is told to users who may view the queue.

    :rtype: zope.i18nmessageid.Message
    """
    words = {"item": senaite_api.safe_unicode(
        senaite_api.get_id(obj) or senaite_api.get_title(obj))}
    users = []
    if getSecurityManager().checkPermission(ViewQueue, obj):
        users = get_progress(obj)["users"]
    names = [senaite_api.safe_unicode(
        senaite_api.get_user_fullname(user) or user) for user in users]
    if not names:
        return _(u"${item} is queued; try again when it is done.",
                 mapping=words)
    return _(u"${item} is queued by ${users}; try again when it is done.",
             mapping=dict(words, users=u", ".join(names)))
