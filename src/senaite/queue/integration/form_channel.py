# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The form channel: workflow actions of listing forms and menus, queued.

A listing posts its form to `workflow_action`, which looks up a named adapter.
These adapters extend core's: they save the values of the form in the
transaction of the click, and leave the transitions to a task.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims import bikaMessageFactory
from bika.lims.browser.workflow import WorkflowActionGenericAdapter
from bika.lims.browser.workflow.analysis import WorkflowActionSubmitAdapter
from bika.lims.browser.workflow.worksheet import WorkflowActionAssignAdapter

from senaite.queue import api
from senaite.queue.integration import decisions
from senaite.queue.integration import marks
from senaite.queue.integration import shortfall
from senaite.queue.integration import told
from senaite.queue import messageFactory as _


class QueueingMixin(object):
    """Turns a `WorkflowActionGenericAdapter` into one that queues."""

    #: number of objects that this click has queued, and uid of the job
    queued, job_uid = 0, None

    #: id of the transition, and the selected objects that were left out
    action, left = None, ()

    #: number of selected objects that do not exist any more
    gone = 0

    def __call__(self, action, objects):
        # Queued rows cannot be selected, but the page may be outdated
        free = [obj for obj in objects if not marks.tasks_of(obj)]
        self.note(action, objects)
        self.leave_out(objects, free)
        if objects and not free:
            message = _(u"Already queued, and will be processed in the background.")
            return self.redirect(message=message, level="warning")
        return super(QueueingMixin, self).__call__(action, free)

    def note(self, action, objects):
        """Note what was selected, to tell in the end what was left out.

        :param action: id of the transition
        :param objects: content objects that were found
        """
        self.action = action
        self.left = []
        found = set(map(senaite_api.get_uid, objects))
        self.gone = len([
            uid for uid in self.get_uids_from_request() if uid not in found
            and senaite_api.get_object_by_uid(uid, default=None) is None])

    def leave_out(self, objects, taken):
        """Note the objects that are not among those that are taken."""
        taken = set(map(senaite_api.get_uid, taken))
        self.left.extend(
            obj for obj in objects if senaite_api.get_uid(obj) not in taken)

    def do_action(self, action, objects):
        """Queue the action, or do it at once where it is not to be queued.

        :param action: id of the transition
        :param objects: content objects
        :returns: the objects that were queued, or transitioned
        :rtype: list
        """
        if not objects or not self.is_to_be_queued(action, objects):
            return super(QueueingMixin, self).do_action(action, objects)
        free = decisions.allowed(objects, action)
        self.leave_out(objects, free)
        if free:
            task = api.add_action_task(free, action, self.context)
            self.job_uid = task and task.job_uid
            self.queued += len(free)
        return free

    def is_to_be_queued(self, action, objects):
        """Tell whether the action on these objects is to be queued."""
        return decisions.is_to_be_queued(action, len(objects))

    def success(self, objects, message=None):
        """Redirect with a message about what was queued or done."""
        if self.queued:
            message = decisions.queued_message(self.queued)
            return self.redirect(message=message)
        return super(QueueingMixin, self).success(objects, message=message)

    def redirect(self, redirect_url=None, message=None, level="info"):
        """Redirect with a message that also tells what was left out."""
        groups = shortfall.find(self.left, self.action, self.gone)
        if message is not None and groups:
            level = "warning"
            message = shortfall.tell_click(self.queued, groups) \
                if self.queued else shortfall.join(message, groups)
        if message is not None and (self.queued or groups):
            told.repeat(self.request, message, level, self.job_uid)
        return super(QueueingMixin, self).redirect(
            redirect_url=redirect_url, message=message, level=level)


class WorkflowActionGenericQueueAdapter(QueueingMixin,
                                        WorkflowActionGenericAdapter):
    """Queues any workflow action it is registered for.

    Other add-ons register it under `workflow_action_<id>`. The transitions
    are done by the task adapter `task_action_<id>` or, without one of this
    name, by `task_generic_action`.
    """


class AnalysesActionQueueAdapter(WorkflowActionGenericQueueAdapter):
    """Queues an action on the analyses of a worksheet.

    An action on the worksheet itself, from its menu, is not queued.
    """

    def is_to_be_queued(self, action, objects):
        return decisions.are_analyses(objects) and \
            decisions.is_to_be_queued(action, len(objects))


class SubmitQueueAdapter(QueueingMixin, WorkflowActionSubmitAdapter):
    """Saves the values of the form, and queues the submission."""

    def is_to_be_queued(self, action, objects):
        return decisions.are_analyses(objects) and \
            decisions.is_to_be_queued(action, len(objects))


class AssignQueueAdapter(QueueingMixin, WorkflowActionAssignAdapter):
    """Queues the assignment of analyses to the worksheet.

    The context is always a worksheet: it is registered only for worksheets.
    """

    def __call__(self, action, analyses):
        if not decisions.is_to_be_queued("task_assign_analyses",
                                         len(analyses)):
            return WorkflowActionAssignAdapter.__call__(self, action, analyses)
        self.note(action, analyses)
        free = decisions.assignable(
            self.sorted_analyses(analyses), self.context)
        self.leave_out(analyses, free)
        if not free:
            message = bikaMessageFactory(u"No changes made")
            return self.redirect(message=message, level="warning")
        task = api.add_assign_task(self.context, free)
        self.job_uid = task and task.job_uid
        self.queued = len(free)
        return self.success([self.context])
