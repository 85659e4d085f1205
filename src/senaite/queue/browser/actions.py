# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The buttons of the monitor: requeue and remove tasks.

SENAITE's `workflow_action` is open to everybody and checks nothing, so that
all that has to be checked is checked here.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from bika.lims.browser.workflow import RequestContextAware
from bika.lims.interfaces import IWorkflowActionUIDsAdapter
from plone.protect import CheckAuthenticator
from plone.protect import PostOnly
from zope.i18nmessageid import Message
from zope.interface import implementer

from senaite.queue import api
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.permissions import ManageQueue


@implementer(IWorkflowActionUIDsAdapter)
class TaskAction(RequestContextAware):
    """Does something to each of the tasks that were selected."""

    #: What to say, with the number of tasks as ${count}
    done = None
    not_done = None

    def __init__(self, context, request):
        super(TaskAction, self).__init__(context, request)
        self.back_url = "{}/@@queue_tasks".format(context.absolute_url())

    def __call__(self, action, uids):
        """Do it.

        :param action: id of the action
        :param uids: uids of the tasks
        :raises Unauthorized: without the permission to manage the queue
        """
        self.check()
        user = getSecurityManager().getUser().getId()
        counts = {True: 0, False: 0}
        for task_uid in uids:
            counts[self.try_to_do(task_uid, user)] += 1
        self.say(self.done, counts[True], "info")
        self.say(self.not_done, counts[False], "warning")
        # not where the request wants: that could be anywhere
        return self.redirect(redirect_url=self.back_url)

    def check(self):
        """Refuse whoever may not, and requests that others had made."""
        if not getSecurityManager().checkPermission(
                ManageQueue, self.context):
            raise Unauthorized("Managing the queue is not allowed")
        PostOnly(self.request)
        CheckAuthenticator(self.request)

    def try_to_do(self, task_uid, user):
        """Tell whether it was done to a task."""
        try:
            return bool(self.do(api.get_queue(), task_uid, user))
        except Exception:
            # one task that is gone, or a queue server that is away, does not
            # keep the others from being tried
            logger.warning("event=action_failed task=%s by=%s",
                           task_uid, user, exc_info=True)
            return False

    def do(self, queue, task_uid, user):
        """Do it to one task; True when that changed something."""

    def say(self, message, count, level):
        if count:
            self.add_status_message(
                Message(message, mapping={"count": count}), level)


class RequeueAction(TaskAction):
    """Queues failed tasks again."""

    done = _(u"Tasks queued again: ${count}")
    not_done = _(u"Tasks not queued again, because they have not failed, are "
                 u"gone or the queue server does not answer: ${count}")

    def do(self, queue, task_uid, user):
        return queue.requeue(task_uid, username=user)


class RemoveAction(TaskAction):
    """Removes tasks; they are kept as history."""

    done = _(u"Tasks removed: ${count}")
    not_done = _(u"Tasks not removed, because they are finished, gone or the "
                 u"queue server does not answer: ${count}")

    def do(self, queue, task_uid, user):
        return queue.delete(task_uid, username=user)
