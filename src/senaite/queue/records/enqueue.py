# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Adding a task: it joins the running transaction, and that is all.

Nothing is sent from here. The transaction may still be aborted or tried
again; the relay takes over when it has committed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.client import agent as agents
from senaite.queue.client import view
from senaite.queue.model import current
from senaite.queue.model import queue_task
from senaite.queue.model import states
from senaite.queue.records import outbox
from senaite.queue.site.portal import current_portal


def add(task, portal=None):
    """Add a task to the queue, if and only if the transaction commits.

    :param task: the task
    :type task: senaite.queue.model.queue_task.QueueTask
    :param portal: root object of the site; default: the current one
    :returns: the task; None when a task with its uid was added before, or
        when it is `unique` and one with its name and context is queued
    :rtype: senaite.queue.model.queue_task.QueueTask
    :raises ValueError: for anything but a task, or one that is too large
    """
    if not queue_task.is_task(task):
        raise ValueError("Not a task: {!r}".format(task))
    queue_task.check_payload(task)
    if portal is None:
        portal = current_portal()
    # made first: asking a view of a site without an outbox sees nothing
    outbox.install(portal)
    seen = view.queued_view(portal)
    if seen.knows(task.task_uid) or outbox.get(portal, task.task_uid):
        return None
    if task.unique and _has_twin(seen, task):
        return None
    outbox.put(portal, task)
    current.note_added(task)
    agent = agents.get_agent(portal)
    # Who processes a task delivers its follow-ups before it tells of the end
    tell = agent.wake if current.current_task() is None else agent.note
    portal._p_jar.transaction_manager.get().addAfterCommitHook(
        _tell, args=(tell, task.task_uid))
    return task


def _has_twin(seen, task):
    """Tell whether a task of this name and context is queued, other than the
    one that is being processed and adds this one as its follow-up."""
    running = current.current_task()
    running_uid = running.task_uid if running is not None else None
    return any(
        other["name"] == task.name
        and other["context_uid"] == task.context_uid
        and other["task_uid"] != running_uid
        for other in seen.tasks_for(task.context_uid, states.QUEUED))


def _tell(committed, tell, task_uid):
    """Tell the relay. The transaction is over: nothing may be written here,
    and nothing may take time."""
    if committed:
        tell(task_uid)
