# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Interfaces: what other add-ons may rely on, and the seam below the server.

Imports `zope.interface` only, so that the stores can be used without Zope.
The browser layer, whose base interfaces are SENAITE's, is a bare marker where
SENAITE is not installed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope.interface import Interface

from senaite.queue.model.taskstore import ITaskStore  # noqa: F401

try:
    from bika.lims.interfaces import IBikaLIMS
    from senaite.core.interfaces import ISenaiteCore
except ImportError:
    class IBikaLIMS(Interface):
        """Stands in where the stores are used without SENAITE."""

    class ISenaiteCore(Interface):
        """Stands in where the stores are used without SENAITE."""


class ISenaiteQueueLayer(ISenaiteCore, IBikaLIMS):
    """Browser layer: marks the requests of sites that have the add-on.

    Extends SENAITE's layers, so that our registrations win over core's
    whatever the order in which the layers were installed.
    """


class IQueued(Interface):
    """Marked objects with a queued task in 1.0.x.

    Nothing marks objects any more. The name has to stay: objects that were
    marked could not be loaded without it.
    """


class IQueueDispatcher(Interface):
    """Was provided by a utility that 1.0.0 has registered in the site.

    Nothing provides it any more. The name has to stay: a site with that
    utility could not be opened without it.
    """


class IQueuedTaskAdapter(Interface):
    """Processes the tasks of one name; adapts the context of the task.

    Registered as a named adapter, the name is the name of the task. Called
    inside one transaction, as the user who caused the task: whatever it
    writes is committed together with the ledger entry, or not at all.
    """

    def process(task):
        """Process the task, or a chunk of it.

        An adapter that does only a part adds the rest with
        `senaite.queue.api.add_copy` in the same transaction.

        :param task: the task to process
        :type task: senaite.queue.model.queue_task.QueueTask
        :raises Exception: any; the transaction is aborted and the task is
            retried, or failed when it has no retries left
        """


class IQueueUtility(Interface):
    """What the server's and the client's view of the queue have in common.

    Anything that is neither a task nor a task uid, where one is expected,
    raises ValueError that shows it.
    """

    def add(task):
        """Add a task; returns it, or None when the queue has it already or
        `unique` keeps it out."""

    def pop(consumer_id):
        """Return the next task for the consumer, now running, or None."""

    def done(task):
        """Acknowledge a running task; TaskNotFound for an unknown one."""

    def fail(task, error_message=None):
        """Report that a running task failed: it is retried while it has
        retries left. TaskNotFound for an unknown one."""

    def timeout(task):
        """Report that a running task took longer than its `max_seconds`;
        TaskNotFound for an unknown one."""

    def delete(task):
        """Remove a task: it is cancelled and kept as history. False when that
        changed nothing, as for an unknown one."""

    def get_task(task_uid):
        """Return the task with this uid, or None."""

    def get_tasks(status=None):
        """Return the tasks in these states: running and queued by default, and
        when the list of states is empty."""

    def get_uids(status=None):
        """Return a list of the uids of the objects (contexts and items) of the
        tasks in these states: running and queued by default."""

    def get_tasks_for(context_or_uid, name=None):
        """Return running and queued tasks that involve this object."""

    def has_task(task):
        """Tell whether the queue knows this task as running or queued."""

    def has_tasks_for(context_or_uid, name=None):
        """Tell whether running or queued tasks involve this object."""

    def is_empty():
        """Tell whether nothing is queued and nothing is running."""

    def __len__():
        """Return how many tasks are queued or running."""

    def get_page(kinds, **asked_for):
        """Return a page of a listing; see `ITaskStore.page`. What is on its
        way to the queue comes on top of the first one."""

    def get_figures():
        """Return the figures of the monitor: counts, charts, consumers,
        pauses; documented in docs/monitor-json.rst."""

    def get_history(task_uid):
        """Return all that is known of a task, its attempts and its job
        included, or None; documented in docs/monitor-json.rst."""

    def set_priority(task, priority, username=None):
        """Change the priority of a queued task; False when it is not queued
        (any more)."""

    def cancel_job(job_uid, username=None):
        """Cancel what is not finished of a job; returns the uids of the tasks
        that were cancelled."""

    def pause(name=None, username=None):
        """Hand out no more tasks of a name, or none at all; False when it was
        paused before."""

    def resume(name=None, username=None):
        """End a pause; False when there was none."""


class IServerQueueUtility(IQueueUtility):
    """The queue itself; lives in the queue server."""

    def is_busy():
        """Tell whether a task is running."""

    def purge():
        """Queue tasks again whose consumers stopped responding; returns how
        many. Deletes nothing."""

    def remove_all():
        """Remove all tasks, history included; returns how many."""

    def get_since_time():
        """Return when the oldest queued or running task was created
        (UTC epoch seconds), or -1."""


class IClientQueueUtility(IQueueUtility):
    """The queue as seen by a process that is not the queue server."""

    def is_out_of_date():
        """Tell whether the snapshot is older than the queue."""

    def sync():
        """Refresh the snapshot; True when the server answered."""
