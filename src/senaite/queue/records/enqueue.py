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

Only the site's own records are touched: outbox and ledger. What the queue
server knows comes from the agent's snapshot, in memory, and nothing is sent
from here. The transaction may still be aborted or tried again; the agent
relays the task when it has committed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import current
from senaite.queue.model import fields
from senaite.queue.model import queue_task
from senaite.queue.model import states
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.records import outbox_index
from senaite.queue.site.portal import current_portal


class NoAgent(object):
    """Stands in for the agent where nothing is relayed from this process: the
    site's own records are all there is to know."""

    version = None
    tasks = objects = {}

    def known_state(self, root):
        """Return what is known of the queue; see `Agent.known_state`."""
        return self

    def status_of(self, task_uid):
        """Return the state of a task: not known."""
        return None

    def note(self, task_uid):
        """Note a task that has been committed; see `Agent.note`."""

    wake = note


_find_agent = [lambda portal: NoAgent()]


def use_agents(find):
    """Relay what is added from now on; the client's room calls this.

    :param find: function(portal) that returns the agent of a site
    :returns: the former function
    """
    former = _find_agent[0]
    _find_agent[0] = find
    return former


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
        raise ValueError("Not a task: expected a QueueTask, got {}".format(
            fields.show(task)))
    queue_task.check_payload(task)
    if portal is None:
        portal = current_portal()
    root = outbox.install(portal)
    agent = _find_agent[0](portal)
    state = agent.known_state(root)
    if state.status_of(task.task_uid) is not None \
            or outbox.has(root, task.task_uid) \
            or ledger.has(portal, task.task_uid):
        return None
    if task.unique and _has_twin(portal, root, state, task):
        return None
    outbox.put(portal, task)
    current.note_added(task)
    # The consumer delivers the follow-ups of a task before it reports its end
    tell = agent.wake if current.current_task() is None else agent.note
    portal._p_jar.transaction_manager.get().addAfterCommitHook(
        _tell, args=(tell, task.task_uid))
    return task


def _has_twin(portal, root, state, task):
    """Tell whether a task of this name and context is queued, other than the
    one that is being processed and adds this one as its follow-up."""
    running = current.current_task()
    running_uid = running.task_uid if running is not None else None
    return any(
        other["status"] == states.QUEUED
        and other["name"] == task.name
        and other["context_uid"] == task.context_uid
        and other["task_uid"] != running_uid
        and not ledger.has(portal, other["task_uid"])
        for other in _tasks_about(root, state, task.context_uid))


def _tasks_about(root, state, uid):
    """Yield the tasks that involve an object, as dicts: those the snapshot
    knows, and those that only the outbox has."""
    for task_uid in state.objects.get(uid, ()):
        yield state.tasks[task_uid]
    index = outbox_index.index_of(root, state)
    for task_uid in index.places.get(uid, ()):
        found = outbox.unknown_task(index.entries[task_uid], state)
        if found is not None:
            yield found


def _tell(committed, tell, task_uid):
    """Tell the agent. The transaction is over: nothing may be written here,
    and nothing may take time."""
    if committed:
        tell(task_uid)
