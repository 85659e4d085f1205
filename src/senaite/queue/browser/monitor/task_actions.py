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

SENAITE's `workflow_action` is a public view without any check, so the actions
check permission, request method and authenticator themselves.
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

#: Outcomes of an action on one task
DONE, TOO_LATE, ERROR = "done", "too_late", "error"

NOT_REACHED = _(u"The queue server did not answer for these tasks, or refused "
                u"them: ${count}. Nothing is lost. Try again; if that does "
                u"not help, check the log.")


def check_manager(context, request):
    """Make sure that the user may manage the queue and sent this request.

    :raises Unauthorized: without the permission to manage the queue
    :raises Forbidden: for requests other than POST, or forged by another site
    """
    if not getSecurityManager().checkPermission(ManageQueue, context):
        raise Unauthorized("You are not allowed to manage the queue")
    PostOnly(request)
    CheckAuthenticator(request)


def try_each(task_uids, do, user):
    """Apply an action to each of several tasks.

    :param do: function(queue, task_uid) that returns True when it changed
        something
    :param user: id of the user, for the log
    :returns: outcome -> number of tasks
    :rtype: collections.Counter
    """
    try:
        queue = api.get_queue()
    except Exception:
        # The task store cannot be opened
        logger.warning("event=action_failed tasks=%s by=%s",
                       len(task_uids), user, exc_info=True)
        return collections.Counter({ERROR: len(task_uids)})
    counts = collections.Counter()
    for task_uid in task_uids:
        counts[_try(queue, task_uid, do, user)] += 1
    return counts


def _try(queue, task_uid, do, user):
    try:
        return DONE if do(queue, task_uid) else TOO_LATE
    except (TaskNotFound, JobNotFound):
        logger.warning("event=action_failed task=%r by=%s", task_uid, user)
        return TOO_LATE
    except Exception:
        # A queue server that does not answer must not keep the other tasks
        # from being tried
        logger.warning("event=action_failed task=%r by=%s",
                       task_uid, user, exc_info=True)
        return ERROR


@implementer(IWorkflowActionUIDsAdapter)
class TaskAction(RequestContextAware):
    """Base of the actions on selected tasks."""

    #: Messages, with the number of tasks as ${count}
    done = None
    too_late = None

    def __init__(self, context, request):
        super(TaskAction, self).__init__(context, request)
        self.back_url = "{}/@@queue_tasks".format(context.absolute_url())

    def __call__(self, action, uids):
        """Apply the action to each task.

        :param action: id of the action
        :param uids: uids of the tasks
        :raises Unauthorized: without the permission to manage the queue
        """
        check_manager(self.context, self.request)
        user = getSecurityManager().getUser().getId()
        counts = try_each(
            uids, lambda queue, task_uid: self.do(queue, task_uid, user), user)
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
        # The URL that the request asks for could be on another site
        return self.redirect(redirect_url=self.back_url)

    def do(self, queue, task_uid, user):
        """Apply the action to a task; returns True when that changed
        something."""


class RequeueAction(TaskAction):
    """Queues failed tasks again."""

    done = _(u"Tasks queued again: ${count}")
    too_late = _(u"Not queued again, because they are not failed or no longer "
                 u"exist: ${count}")

    def do(self, queue, task_uid, user):
        return queue.requeue(task_uid, username=user)


class RemoveAction(TaskAction):
    """Removes tasks; they stay in the history."""

    done = _(u"Tasks removed: ${count}")
    too_late = _(u"Not removed, because they have finished or no longer exist: "
                 u"${count}")

    def do(self, queue, task_uid, user):
        return queue.delete(task_uid, username=user)


class CancelJobAction(TaskAction):
    """Cancels the unfinished tasks of the jobs of tasks."""

    done = _(u"Jobs cancelled: ${count}. Finished work is kept.")
    too_late = _(u"Not cancelled, because their jobs have finished or no "
                 u"longer exist: ${count}")

    def __init__(self, context, request):
        super(CancelJobAction, self).__init__(context, request)
        self.seen = set()

    def do(self, queue, task_uid, user):
        task = queue.get_task(task_uid)
        if task is None:
            return False
        if task.job_uid in self.seen:
            # Several tasks of this job were selected
            return True
        changed = bool(queue.cancel_job(task.job_uid, username=user))
        if changed:
            self.seen.add(task.job_uid)
        return changed
