# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The interface of task stores, on which the queue server is built.

Every store passes `senaite.queue.tests.storecontract`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope.interface import Interface


class ITaskStore(Interface):
    """Keeps the tasks of one site durably; the single authority over state.

    Every method is one database transaction: it happens completely or not at
    all, and is on disk when it returns. Methods may be called from any
    thread. Times are UTC epoch seconds of the store's own clock, states those
    of `senaite.queue.model.states`. Every method raises `StoreUnavailable`
    when the database cannot be read or written.
    """

    def now():
        """Return the time of the store's clock. It follows the time of day,
        but never jumps and never runs backwards."""

    def ahead():
        """Return by how many seconds the store's clock is ahead of the time
        of day; not 0 for a while after that one was set."""

    def version():
        """Return the current version, "<epoch>:<counter>". The counter grows
        with every change of any task; the epoch changes when the store is
        created or purged."""

    def check():
        """Check that tasks can be written, by writing what changes nothing.

        :raises StoreUnavailable: when they cannot, e.g. on a full disk
        """

    def configure(top_priority_tasks):
        """Set the names that come before all others, in this order. Waiting
        tasks are ranked again if the list has changed."""

    def add(task):
        """Insert a task as queued.

        :returns: "added"; "known" when a task with this uid was added before,
            whatever its state (so an addition can be repeated); "duplicate"
            when the task is `unique` and another one with the same name and
            context is queued
        """

    def add_many(tasks):
        """Insert tasks in one transaction, all of them or none.

        :returns: list of answers as returned by `add`
        """

    def pop(consumer_id, lease_seconds, most=None):
        """Give a consumer the best task that may run.

        Tasks of one lane (`senaite.queue.model.scheduling.lane`) run one at a
        time, in order; two tasks that share a lock never run at the same
        time. A consumer that still holds a task gets the same task again (the
        answer may have been lost).

        :param most: maximum number of running tasks; None: no limit
        :returns: the task, now running, or None
        :raises ValueError: if this is not a consumer id (also raised by
            `hello` and `heartbeat`)
        """

    def heartbeat(consumer_id, task_uid, lease_seconds):
        """Extend a lease; return False if the consumer does not hold it."""

    def acknowledge(task_uid, consumer_id, processed=None, note=None,
                    skipped=0, skipped_items=None):
        """End a running task as done.

        :param processed: number of items of the job finished by the task,
            those that it has skipped included
        :param note: remark for users
        :param skipped: number of items that it has skipped
        :param skipped_items: some of them, with the reasons; see
            `senaite.queue.model.left_out`. What is not valid is ignored
        :returns: True, also if it was acknowledged before (repeatable)
        :raises TaskNotFound: no such task
        :raises NotRunning: the task is not running, or another consumer
            holds it; or it was cancelled while it ran, in which case the
            processed items are counted and the lane is opened
        """

    def fail(task_uid, consumer_id, kind, error_message, traceback=None,
             error_code=None):
        """End an attempt that failed, or was stopped: the task is queued again
        or failed, as decided by
        `senaite.queue.model.scheduling.after_failure`. Repeating a report
        changes nothing and returns the same answer.

        :param error_code: why it failed, see `senaite.queue.model.failures`
        :returns: the new state
        :raises TaskNotFound, NotRunning: as for `acknowledge`
        :raises ValueError: for an unknown kind
        """

    def requeue(task_uid, username=None):
        """Queue a failed task again, with its retries restored.

        :param username: user who asked for it; kept with the task
        :returns: True if that changed it; False if it was not failed
        :raises TaskNotFound: no such task
        """

    def cancel(task_uid, username=None):
        """Cancel a task in any state.

        Cancelling a running task cancels the rest of its job: the consumer's
        heartbeat is answered with False, and follow-ups added later are
        cancelled immediately. Its lane and locks stay closed until the
        consumer has reported, or its lease ends.

        :param username: user who asked for it; kept with the task
        :returns: True if that changed it
        :raises TaskNotFound: no such task
        """

    def purge():
        """Remove everything, history included; return the number of tasks."""

    def get(task_uid):
        """Return a task, or None."""

    def states_of(task_uids):
        """Return task uid -> state of the tasks that are known, whatever the
        number of uids."""

    def find(states=None, name=None, uid=None, limit=None, offset=0):
        """Return tasks by state, name and object involved (context or item),
        in the order of running."""

    def count(states=None):
        """Return the number of tasks in these states."""

    def uids(states=None):
        """Return the set of uids of contexts and items in these states."""

    def changes(since=None, limit=1000):
        """Return the changes after a version, for the clients' snapshots.

        :returns: dict with `version` (pass it to the next call), `reset`
            (True: forget everything first, because `since` is of another
            epoch or too old), `more` (True: call again immediately) and
            `tasks`: dicts with task_uid, name, status, context_uid,
            context_path, uids, username, ghost, job_uid, job_total,
            job_created, locks, overtime (the extended time limit in
            seconds of a task that exceeded its first one; usually None),
            job_skipped (number of items that its job has skipped so far),
            visible_at (when it became or becomes due, in epoch seconds) and
            version (with which it has changed last)
        """

    def hello(consumer_id, stopped=()):
        """Register a new incarnation of a consumer: tasks held by its former
        ones are queued again immediately; return their uids.

        :param stopped: ids of the former ones that were stopped as planned,
            which costs their tasks nothing
        """

    def consumers():
        """Return dicts: consumer_id, last_seen, task_uid."""

    def attempts(task_uid):
        """Return the attempts at a task, oldest first, as dicts: consumer_id,
        started, ended, outcome, error_message, traceback."""

    def job(job_uid):
        """Return a job's progress: dict with job_uid, name, username,
        context_uid, context_path, created, cancelled; numbers of items:
        total, done, skipped, failed_items (of failed tasks); the first
        skipped ones, skipped_items (see `senaite.queue.model.left_out`);
        numbers of tasks: queued, running, failed, removed; and removed_by,
        the user who has removed the latest of these, if that is known. None
        for an unknown job."""

    def next_due():
        """Return the earliest end of a delay or lease (epoch seconds), when
        `pop` may return a task although none was added; or None."""

    def rescue(limit=100):
        """Queue tasks with expired leases again; return their uids. Those that
        ended before the queue server was started follow half a minute later:
        nobody could renew them, or report."""

    def prune(retention_seconds, limit=1000):
        """Remove older history; return the number of tasks removed."""

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
        """Return a dict: count per state; `oldest_queued`, creation time of
        the oldest queued task; `scheduled`, number of queued tasks whose time
        has not come yet; `oldest_due`, when the task that has waited longest
        became due. Times are epoch seconds, or None."""

    def line_up(limit):
        """Return the first tasks in line: those that are running, then those
        that are queued, in the order in which they would run.

        :param limit: maximum number of tasks of either state that are read
        :returns: list of dicts with `job_uid`, `name`, `status`, `scheduled`
            (whether its time has not come yet) and `started` (start of the
            last attempt, in epoch seconds, or None)
        """

    def paces(since):
        """Return how long tasks took, by name, from the latest few hundred
        that are done.

        :param since: start of the period, in epoch seconds
        :returns: name -> dict with `count`, the number of tasks, and `median`,
            that of the seconds of their last attempts
        :rtype: dict
        """

    def finished(since, until):
        """Return the throughput of a period (epoch seconds).

        :returns: dict with `done` and `failed` (number of tasks that ended in
            the period and still have this state), `skipped` (number of items
            that those done have skipped), `wait_median` (time between
            becoming due and the last attempt) and `run_median` (duration of
            that attempt). Medians are in seconds, of the latest 5000 tasks
            done, or None if there are none
        """

    def page(kinds=None, text=None, name=None, username=None, job_uid=None,
             uid=None, ghosts=False, sort=None, descending=False, limit=50,
             offset=0, meanings=None):
        """Return a page of a listing.

        :param kinds: states, and "scheduled" for queued tasks whose time has
            not come yet ("queued" excludes these); by default all kinds
        :param text: words that must all occur in name, path, user, uid,
            consumer or, for failed tasks, the error message; case is ignored
        :param meanings: word -> other texts, one of which may occur instead,
            e.g. the ids of the users with this name; all in lower case
        :param name, username, job_uid, uid: only tasks with this value; `uid`
            is the uid of a task
        :param ghosts: whether to include tasks that are hidden from users
        :param sort: one of name, place, username, order, created, since; by
            default kind by kind, unfinished tasks in the order of running,
            finished ones by end, latest first
        :returns: dict with `total` (of all pages) and `tasks`: dicts with
            task_uid, status, scheduled, name, context_uid, context_path,
            items (how many), username, priority, ghost, job_uid, job_total,
            job_done, job_skipped, created, visible_at, started, ended,
            retries, attempt, consumer_id, lease_until, max_seconds,
            error_message, error_code, note, skipped, skipped_items (the first
            of them) and interventions (the latest of them, see
            `senaite.queue.model.human_acts`)
        """

    def set_priority(task_uid, priority, username=None):
        """Change the priority of a queued task; follow-ups inherit it.

        :param username: user who asked for it; kept with the task
        :returns: True; False if it is not queued, or no longer
        :raises TaskNotFound: no such task
        """

    def cancel_job(job_uid, username=None):
        """Cancel the unfinished tasks of a job and all its follow-ups. Tasks
        that are done stay done; running ones are cancelled as by `cancel`.

        :param username: user who asked for it; kept with the tasks
        :returns: uids of the tasks that were cancelled
        :raises TaskNotFound: no such job
        """

    def pause(name=None, username=None):
        """Stop handing out tasks of this name, or all tasks. Running tasks
        continue to their end. A pause survives restarts and `purge`.

        :param username: user who requested the pause
        :returns: True; False if it was paused before
        """

    def resume(name=None, username=None):
        """End a pause; return False if there was none.

        :param username: user who ended it; kept as long as the history
        """

    def pauses():
        """Return the pauses: dicts with `name` ("": all tasks), `since`
        (epoch seconds) and `username`."""

    def past_pauses(name, since, until):
        """Return the latest pauses of a name, or of all tasks, that have
        ended and were in force in a period, the oldest one first.

        :param name: name of tasks
        :param since, until: the period, in epoch seconds
        :returns: dicts as of `pauses`, with `until` and `resumed_by`
        """

    def meet(mark, worked=None):
        """Compare the store with what the site has recorded.

        :param mark: epoch and counter of the latest version that the site has
            seen, or None; see `senaite.queue.model.restores`
        :param worked: id of the site's latest transaction that recorded work:
            16 hexadecimal digits; None when it is not known
        :returns: dict with `hold` (see `get_hold`), `kind` (one of
            `restores.KINDS`; None when both belong together) and `is_new`
            (whether `note_mark` would keep another mark)
        """

    def note_mark(mark, worked=None):
        """Keep the site's mark and its latest transaction that recorded work,
        to compare them with later ones; earlier ones are ignored."""

    def hold(kind, mark, by=None):
        """Note that the store and the site do not belong together, until
        `reconcile`.

        :param kind: one of `restores.KINDS`
        :param by: mark of the queue server that says so
        :returns: what `get_hold` returns from now on, and whether it was not
            held before
        """

    def get_hold():
        """Return why no tasks are handed out: a dict with `kind`, `mark` (of
        the site), `epoch` and `counter` (of the store, when that was noticed)
        and `since` (epoch seconds), and `by` (see `hold`) if it is known;
        None when they are."""

    def lift(by):
        """End a hold without any decision: it is about another database.

        :param by: mark of the queue server that said so
        :returns: whether there was such a hold
        """

    def servers():
        """Return what is known of the queue servers that work with the store:
        a list of dicts, see `senaite.queue.model.peers`."""

    def attend(me, gone=(), has=None, joins=True):
        """Note the report of a queue server, by the store's clock; see
        `senaite.queue.model.peers.attend`.

        :returns: what `servers` returns from now on, the own record first
        """

    def leave(server_id):
        """Forget a queue server that ends, unless it was refused.

        :param server_id: the `id` that it has reported
        """

    def forget_strangers():
        """Forget which queue servers were refused."""

    def changed_since(mark):
        """Return what has changed since the site has recorded a mark.

        :returns: the counter of the mark, None when it cannot be compared; and
            the tasks with a later version, or all, as dicts with `task_uid`,
            `job_uid`, `state`, `seq` (the version at which it was added),
            `is_cut` (whether its follow-up has the items that it lost) and
            `is_whole` (whether it can be run again: it has its free keys)
        """

    def reconcile(kind, mark, decisions, reasons, tasks=None):
        """Apply decisions about tasks, and end the hold.

        :param kind: one of `restores.KINDS`
        :param mark: of the site; it counts as one of this store's from now on
        :param decisions: task uid -> `restores.PUT_BACK`, `FAIL` or `CANCEL`
        :param reasons: what each of the three says to users
        :param tasks: task uid -> the task as it was added, for those that are
            put back and are known
        :returns: the three -> number of tasks
        """

    def close():
        """Close all connections."""
