# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a task store promises, verb by verb: the seam below the queue server.

Every store passes `senaite.queue.tests.storecontract`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope.interface import Interface


class ITaskStore(Interface):
    """Keeps the tasks of one site durably; the single authority over state.

    Every verb is one database transaction: it happens completely or not at
    all, and is on disk when it returns. All verbs may be called from any
    thread. Times are UTC epoch seconds of the store's own clock, states are
    those of `senaite.queue.model.states`. Any verb raises `StoreUnavailable` when
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

    def pop(consumer_id, lease_seconds, most=None):
        """Hand the best task that may run to the consumer.

        Of the tasks of one lane (`senaite.queue.model.scheduling.lane`) one runs at
        a time, in their order; two that share a lock never run at once.

        Asked again while the consumer still holds a task, the same task is
        returned (the answer may have been lost).

        :param most: so many tasks run at a time; None: no limit
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
        `senaite.queue.model.scheduling.after_failure` says for this kind. The
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

    def forget_payloads(retention_seconds, after=None, limit=100):
        """Remove the free keys of tasks that are done or cancelled, since
        their callers may have sent along what nobody should keep.

        :param retention_seconds: how long they are kept after the task ended
        :param after: what the last call has returned; tasks up to there are
            not looked at again
        :param limit: number of tasks to look at
        :returns: where to go on
        """

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
