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
        :type task: senaite.queue.queue.QueueTask
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
        """Acknowledge a running task."""

    def fail(task, error_message=None):
        """Report that a running task failed: it is retried while it has
        retries left."""

    def timeout(task):
        """Report that a running task took longer than its `max_seconds`."""

    def delete(task):
        """Remove a task: it is cancelled and kept as history."""

    def get_task(task_uid):
        """Return the task with this uid, or None."""

    def get_tasks(status=None):
        """Return the tasks in these states: running and queued by default."""

    def get_uids(status=None):
        """Return the uids of the objects (contexts and items) of the tasks in
        these states: running and queued by default."""

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


class ITaskStore(Interface):
    """Keeps the tasks of one site durably; the single authority over state.

    Every verb is one database transaction: it happens completely or not at
    all, and is on disk when it returns. All verbs may be called from any
    thread. Times are UTC epoch seconds of the store's own clock, states are
    those of `senaite.queue.states`. Any verb raises `StoreUnavailable` when
    the database cannot be read or written.
    """

    def now():
        """Return the store's clock."""

    def version():
        """Return the current version, "<epoch>:<counter>". The counter grows
        with every change of any task; the epoch changes when the store is
        created or purged."""

    def configure(top_priority_tasks):
        """Set the names that come before all others, in this order; what
        waits is ranked again when the list is not the one in force."""

    def add(task):
        """Insert a task as queued.

        :returns: "added"; "known" when a task with this uid was added before,
            whatever became of it (so that an addition can be repeated);
            "duplicate" when the task is `unique` and another one with the
            same name and context is queued
        """

    def add_many(tasks):
        """Insert tasks in one transaction, all of them or none.

        :returns: list of answers, each as of `add`
        """

    def pop(consumer_id, lease_seconds):
        """Hand the best task that may run to the consumer.

        Of the tasks of one lane (`senaite.queue.scheduling.lane`) one runs at
        a time, in their order; two that share a lock never run at once.

        Asked again while the consumer still holds a task, the same task is
        returned (the answer may have been lost).

        :returns: the task, now running, or None
        :raises ValueError: when it is no consumer id (`hello` and `heartbeat`
            too)
        """

    def heartbeat(consumer_id, task_uid, lease_seconds):
        """Extend a lease; False when the consumer does not hold it."""

    def acknowledge(task_uid, consumer_id, processed=None, note=None):
        """End a running task as done.

        :param processed: how many items of the job were finished by it
        :param note: what to tell people about it
        :returns: True; also when it was acknowledged before (repeatable)
        :raises TaskNotFound: no such task
        :raises NotRunning: the task is not running, or another consumer
            holds it; or it was cancelled while it ran: what was processed is
            counted, and its lane is open for others
        """

    def fail(task_uid, consumer_id, kind, error_message, traceback=None):
        """End an attempt: the task is queued again or failed, as
        `senaite.queue.scheduling.after_failure` says for this kind. The
        same report again changes nothing, and gets the same answer.

        :returns: the state that follows
        :raises TaskNotFound, NotRunning: as for `acknowledge`
        :raises ValueError: for an unknown kind
        """

    def requeue(task_uid):
        """Queue a failed task again, with its retries restored.

        :returns: True when that changed it; False when it was not failed
        :raises TaskNotFound: no such task
        """

    def cancel(task_uid):
        """Cancel a task, whatever its state.

        Cancelling a running one cancels what is still to come of its job: the
        consumer's heartbeat is answered with False, follow-ups added later
        are cancelled at once. Its lane and locks stay closed until the
        consumer has reported, or its lease ends.

        :returns: True when that changed it
        :raises TaskNotFound: no such task
        """

    def purge():
        """Remove everything, history included; returns how many tasks."""

    def get(task_uid):
        """Return a task, or None."""

    def find(states=None, name=None, uid=None, limit=None, offset=0):
        """Return tasks by state, name and object involved (context or item),
        in the order in which they would run."""

    def count(states=None):
        """Return how many tasks are in these states."""

    def uids(states=None):
        """Return the set of uids of contexts and items in these states."""

    def changes(since=None, limit=1000):
        """Return what changed after a version, for the clients' snapshots.

        :returns: dict with `version` (ask for it next), `reset` (True: forget
            everything first, `since` is of another epoch or too old), `more`
            (True: ask again at once) and `tasks`: dicts with task_uid, name,
            status, context_uid, context_path, uids, username, ghost,
            job_uid, job_total, job_created, locks and overtime (seconds it
            was given when those allowed were too few; None as a rule)
        """

    def hello(consumer_id):
        """A consumer's new incarnation: what its former ones held is queued
        again at once; returns those task uids."""

    def consumers():
        """Return dicts: consumer_id, last_seen, task_uid."""

    def attempts(task_uid):
        """Return the attempts at a task, oldest first: dicts with consumer_id,
        started, ended, outcome, error_message, traceback."""

    def job(job_uid):
        """Return a job's progress: dict with job_uid, name, username,
        context_uid, context_path, created, total, done (items), queued,
        running, failed (tasks); or None."""

    def next_due():
        """Return when `pop` may have something although nothing is added: the
        earliest end of a delay or lease (epoch seconds), or None."""

    def rescue(limit=100):
        """Queue again the tasks whose leases ended; returns their uids."""

    def prune(retention_seconds, limit=1000):
        """Remove history older than this; returns how many."""

    def stats():
        """Return a dict: count per state; `oldest_queued`, when the oldest
        queued task was created; `scheduled`, how many of the queued ones wait
        for their time; `oldest_due`, since when the one that waits longest
        may run. Times are epoch seconds, or None."""

    def finished(since, until):
        """Return how it went from one time to another (epoch seconds).

        :returns: dict with `done` and `failed` (tasks that ended then, and
            still have this state), `wait_median` (from when a task might run
            to its last attempt) and `run_median` (of that attempt), both in
            seconds, of the latest 5000 tasks done, or None without any
        """

    def page(kinds=None, text=None, name=None, username=None, job_uid=None,
             uid=None, ghosts=False, sort=None, descending=False, limit=50,
             offset=0):
        """Return a page of a listing.

        :param kinds: states, and "scheduled": queued tasks whose time is yet
            to come ("queued" are the others); by default all of them
        :param text: words that must all occur in name, path, user, uid or,
            for failed tasks, the error message, in upper or lower case
        :param name, username, job_uid, uid: tasks with this value only; `uid`
            is that of a task
        :param ghosts: with those that are hidden from people
        :param sort: one of name, place, username, order, created, since; by
            default kind by kind, each in the order in which they would run or
            have ended, the last one first
        :returns: dict with `total` (of all pages) and `tasks`: dicts with
            task_uid, status, scheduled, name, context_uid, context_path,
            items (how many), username, priority, ghost, job_uid, job_total,
            job_done, created, visible_at, started, ended, retries, attempt,
            consumer_id, lease_until, max_seconds, error_message, note
        """

    def set_priority(task_uid, priority):
        """Change the priority of a queued task; follow-ups inherit it.

        :returns: True; False when it is not queued (any more)
        :raises TaskNotFound: no such task
        """

    def cancel_job(job_uid):
        """Cancel the tasks of a job that are not finished, and those that
        would follow; what is done stays done. Running ones as by `cancel`.

        :returns: uids of the tasks that were cancelled
        :raises TaskNotFound: no such job
        """

    def pause(name=None, username=None):
        """Hand out no more tasks of this name, or no tasks at all. What runs
        goes on to its end; the pause outlives restarts and `purge`.

        :param username: on whose behalf
        :returns: True; False when it was paused before
        """

    def resume(name=None):
        """End a pause; False when there was none."""

    def pauses():
        """Return what is paused: dicts with `name` ("": everything), `since`
        (epoch seconds) and `username`."""

    def close():
        """Close all connections."""
