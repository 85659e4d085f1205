# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Interfaces for other add-ons, and of the store below the server.

Imports only `zope.interface`, so that the stores can be used without Zope. The
browser layer extends interfaces of SENAITE; where SENAITE is not installed, it
is a plain marker.
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
        """Placeholder where the stores are used without SENAITE."""

    class ISenaiteCore(Interface):
        """Placeholder where the stores are used without SENAITE."""


class ISenaiteQueueLayer(ISenaiteCore, IBikaLIMS):
    """Browser layer: marks the requests of sites that have the add-on.

    Extends SENAITE's layers, so that our registrations take precedence over
    core's, regardless of the order in which the layers were installed.
    """


class IQueued(Interface):
    """Marked objects with a queued task in 1.0.x.

    No longer used. The name has to stay, because objects that are still marked
    could not be loaded without it.
    """


class IQueueDispatcher(Interface):
    """Was provided by a utility that 1.0.0 has registered in the site.

    Nothing provides it any more. The name has to stay: a site with that
    utility could not be opened without it.
    """


class IQueuedTaskAdapter(Interface):
    """Processes the tasks of one name; adapts the context of the task.

    Registered as a named adapter, with the name of the task. It is called in
    one transaction, as the user who started the task: its changes are committed
    together with the ledger entry, or not at all.
    """

    def process(task):
        """Process the task, or a chunk of it.

        An adapter that processes only a part adds a task with the rest by
        `senaite.queue.api.add_copy`, in the same transaction.

        :param task: the task to process
        :type task: senaite.queue.model.queue_task.QueueTask
        :raises Exception: any; the transaction is aborted, and the task is
            retried or, without retries left, fails
        """


class IQueueUtility(Interface):
    """The common interface of the queue on servers and clients.

    Methods that expect a task or a task uid raise ValueError for anything else.
    """

    def add(task):
        """Add a task; returns it, or None when the queue has it already, or
        has an equal one and the task is `unique`."""

    def pop(consumer_id):
        """Return the next task for the consumer, marked as running, or None."""

    def done(task):
        """Acknowledge a running task; TaskNotFound for an unknown one."""

    def fail(task, error_message=None):
        """Report that a running task failed; it is retried as long as it has
        retries left. Raises TaskNotFound for an unknown task."""

    def timeout(task):
        """Report that a running task exceeded its `max_seconds`. Raises
        TaskNotFound for an unknown task."""

    def delete(task):
        """Cancel a task; it stays in the history. Returns False when that
        changed nothing, as for an unknown task."""

    def get_task(task_uid):
        """Return the task with this uid, or None."""

    def get_tasks(status=None):
        """Return the tasks in these states, by default running and queued. An
        empty list of states means the default."""

    def get_uids(status=None):
        """Return a list of the uids of the objects (contexts and items) of the
        tasks in these states, by default running and queued."""

    def get_tasks_for(context_or_uid, name=None):
        """Return running and queued tasks that involve this object."""

    def has_task(task):
        """Tell whether this task is running or queued."""

    def has_tasks_for(context_or_uid, name=None):
        """Tell whether running or queued tasks involve this object."""

    def is_empty():
        """Tell whether nothing is queued and nothing is running."""

    def __len__():
        """Return the number of queued and running tasks."""

    def get_page(kinds, **asked_for):
        """Return a page of a listing; see `ITaskStore.page`. The first page
        starts with the tasks in the outbox. `pauses` are those in force, see
        `ITaskStore.pauses`."""

    def get_figures():
        """Return the figures of the monitor: counts, charts, consumers,
        pauses; documented in docs/monitor-json.rst."""

    def get_history(task_uid):
        """Return a task with its attempts and its job, or None; documented in
        docs/monitor-json.rst."""

    def get_job(job_uid):
        """Return the progress of a job, or None; see `ITaskStore.job`."""

    def set_priority(task, priority, username=None):
        """Change the priority of a queued task; returns False when it is not
        queued."""

    def cancel_job(job_uid, username=None):
        """Cancel the unfinished tasks of a job; returns their uids."""

    def pause(name=None, username=None):
        """Stop handing out tasks of a name, or all tasks; returns False when
        they were paused before."""

    def resume(name=None, username=None):
        """End a pause; returns False when there was none."""

    def remove_all(username=None):
        """Remove all tasks of the store, including the history; returns their
        number."""

    def reconcile(username=None):
        """Go on after a backup was restored: decide about the tasks that it
        concerns. Returns the number of tasks that are done again (`put_back`),
        set to failed (`fail`) and replaced (`cancel`), and the `kind`; None
        when nothing is held."""


class IServerQueueUtility(IQueueUtility):
    """The queue itself, on the queue server."""

    def is_busy():
        """Tell whether a task is running."""

    def purge():
        """Queue tasks again whose consumers stopped responding; returns their
        number. Deletes nothing."""

    def get_since_time():
        """Return the time when the oldest queued or running task was created
        (UTC epoch seconds), or -1."""


class IClientQueueUtility(IQueueUtility):
    """The queue as seen by a process that is not the queue server."""

    def is_out_of_date():
        """Tell whether the snapshot is older than the queue."""

    def sync():
        """Refresh the snapshot; returns True when the server answered."""
