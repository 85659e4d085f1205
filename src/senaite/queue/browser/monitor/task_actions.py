# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The buttons of the monitor: requeue, remove, cancel jobs.

SENAITE's `workflow_action` is open to everybody and checks nothing, so that
all that has to be checked is checked here.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from bika.lims.browser.workflow import RequestContextAware
from bika.lims.interfaces import IWorkflowActionUIDsAdapter
from plone.protect import CheckAuthenticator
from plone.protect import PostOnly
from zope.i18nmessageid import Message
from zope.interface import implementer

from senaite.queue import api
from senaite.queue.errors import JobNotFound
from senaite.queue.errors import TaskNotFound
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.permissions import ManageQueue

#: What became of an action on one task
DONE, TOO_LATE, ERROR = "done", "too_late", "error"

NOT_REACHED = _(u"The queue server did not answer for these tasks, or refused "
                u"them: ${count}. Nothing is lost; try again, and look at "
                u"the log if that does not help.")


def check_manager(context, request):
    """Refuse whoever may not, and requests that others had made.

    :raises Unauthorized: without the permission to manage the queue
    :raises Forbidden: for requests from elsewhere
    """
    if not getSecurityManager().checkPermission(ManageQueue, context):
        raise Unauthorized("Managing the queue is not allowed")
    PostOnly(request)
    CheckAuthenticator(request)


def try_each(task_uids, do, user):
    """Do something to each of many tasks, as far as it applies.

    :param do: function(task_uid); True when that changed something
    :param user: id of the user, for the log
    :returns: outcome -> how many
    :rtype: collections.Counter
    """
    counts = collections.Counter()
    for task_uid in task_uids:
        counts[_try(task_uid, do, user)] += 1
    return counts


def _try(task_uid, do, user):
    try:
        return DONE if do(task_uid) else TOO_LATE
    except (TaskNotFound, JobNotFound):
        logger.warning("event=action_failed task=%r by=%s", task_uid, user)
        return TOO_LATE
    except Exception:
        # a queue server that is away for one task does not keep the others
        # from being tried
        logger.warning("event=action_failed task=%r by=%s",
                       task_uid, user, exc_info=True)
        return ERROR


@implementer(IWorkflowActionUIDsAdapter)
class TaskAction(RequestContextAware):
    """Does something to each of the tasks that were selected."""

    #: What to say, with the number of tasks as ${count}
    done = None
    too_late = None

    def __init__(self, context, request):
        super(TaskAction, self).__init__(context, request)
        self.back_url = "{}/@@queue_tasks".format(context.absolute_url())

    def __call__(self, action, uids):
        """Do it.

        :param action: id of the action
        :param uids: uids of the tasks
        :raises Unauthorized: without the permission to manage the queue
        """
        check_manager(self.context, self.request)
        user = getSecurityManager().getUser().getId()
        queue = api.get_queue()
        counts = try_each(
            uids, lambda task_uid: self.do(queue, task_uid, user), user)
        logger.info("event=action action=%s by=%s done=%s of=%s",
                    action, user, counts[DONE], len(uids))
        for message, outcome, level in (
                (self.done, DONE, "info"),
                (self.too_late, TOO_LATE, "warning"),
                (NOT_REACHED, ERROR, "error")):
            if counts[outcome]:
                self.add_status_message(
                    Message(message, mapping={"count": counts[outcome]}),
                    level)
        # not where the request wants: that could be anywhere
        return self.redirect(redirect_url=self.back_url)

    def do(self, queue, task_uid, user):
        """Do it to one task; True when that changed something."""


class RequeueAction(TaskAction):
    """Queues failed tasks again."""

    done = _(u"Tasks queued again: ${count}")
    too_late = _(u"Not queued again, because they have not failed (any more) "
                 u"or are gone: ${count}")

    def do(self, queue, task_uid, user):
        return queue.requeue(task_uid, username=user)


class RemoveAction(TaskAction):
    """Removes tasks; they are kept as history."""

    done = _(u"Tasks removed: ${count}")
    too_late = _(u"Not removed, because they are finished meanwhile or gone: "
                 u"${count}")

    def do(self, queue, task_uid, user):
        return queue.delete(task_uid, username=user)


class CancelJobAction(TaskAction):
    """Cancels what is not finished of the jobs of tasks."""

    done = _(u"Jobs cancelled: ${count}. What was done of them stays done.")
    too_late = _(u"Not cancelled, because their jobs are finished meanwhile "
                 u"or gone: ${count}")

    def __init__(self, context, request):
        super(CancelJobAction, self).__init__(context, request)
        self.seen = set()

    def do(self, queue, task_uid, user):
        task = queue.get_task(task_uid)
        if task is None:
            return False
        if task.job_uid in self.seen:
            # several tasks of one job were selected
            return True
        changed = bool(queue.cancel_job(task.job_uid, username=user))
        if changed:
            self.seen.add(task.job_uid)
        return changed
