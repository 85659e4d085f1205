# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a page sees as queued.

    queued = (snapshot's active tasks + outbox entries it does not know yet)
             - tasks the ledger has

The snapshot may be a second old; outbox and ledger are read through the
request's own connection, so that what this transaction, or any client before
it, has queued or finished is seen at once. Guards ask for each row and each
transition: the answer is kept for each thread, and made anew only when the
snapshot, a bell of the outbox or that of the ledger has changed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

import six

from senaite.queue.client import agent as agents
from senaite.queue.client import snapshot
from senaite.queue.model import states
from senaite.queue.records import ledger
from senaite.queue.records import outbox

#: Sites per thread whose views are kept
MOST_VIEWS = 8

_local = threading.local()


class QueuedView(object):
    """The queue as one thread sees it at one moment."""

    __slots__ = ("state", "extra", "_records", "_ended")

    def __init__(self, state, extra, records):
        """
        :param state: what the snapshot knows
        :type state: snapshot.State
        :param extra: what only the outbox knows, in the same form
        :type extra: snapshot.State
        :param records: function(task_uid): does the ledger have it?
        """
        self.state = state
        self.extra = extra
        self._records = records
        self._ended = {}

    def is_queued(self, uid, status=None):
        """Tell whether a task involves an object as context or item.

        :param uid: uid of the object
        :type uid: str
        :param status: a state or several; default: queued or running
        :rtype: bool
        """
        if uid not in self.state.objects and uid not in self.extra.objects:
            return False
        return bool(self.tasks_for(uid, status))

    def is_locked(self, uid):
        """Tell whether a queued or running task has a lock on an object, like
        that of the sample whose analyses it is about.

        :param uid: uid of the object
        :rtype: bool
        """
        return self.is_queued(snapshot.lock_place(uid))

    def tasks_locking(self, uid, status=None):
        """Return the tasks that have a lock on an object; see `is_locked`."""
        return self.tasks_for(snapshot.lock_place(uid), status)

    def tasks_for(self, uid, status=None):
        """Return the tasks that involve an object as context or item.

        :returns: list of dicts with task_uid, name, status, context_uid,
            uids, username, ghost, job_uid, job_total and job_created
        """
        wanted = _wanted(status)
        found = []
        for source in (self.state, self.extra):
            for task_uid in source.objects.get(uid, ()):
                task = source.tasks[task_uid]
                if self._is(task, wanted):
                    found.append(task)
        return found

    @property
    def overtime(self):
        """Seconds that the slowest task was given after it had taken longer
        than it was allowed to; 0 when there was none."""
        return self.state.overtime

    def tasks(self, status=None):
        """Return all tasks in these states, as dicts like `tasks_for`."""
        wanted = _wanted(status)
        return [task for source in (self.state, self.extra)
                for task in source.tasks.values() if self._is(task, wanted)]

    def get(self, task_uid):
        """Return what is known of a task that has not ended, or None."""
        task = self.state.tasks.get(task_uid) or self.extra.tasks.get(task_uid)
        if task is not None and self._is(task, snapshot.KEPT):
            return task
        return None

    def knows(self, task_uid):
        """Tell whether a task was added before, whatever became of it, as
        far as this process remembers."""
        return (self.state.status_of(task_uid) is not None
                or task_uid in self.extra.tasks or self._has_ended(task_uid))

    def uids(self, status=None):
        """Return the uids of all objects involved in tasks in these states."""
        found = set()
        for task in self.tasks(status):
            found |= snapshot.involved(task)
        return found

    def _is(self, task, wanted):
        if task["status"] not in wanted:
            return False
        return not self._has_ended(task["task_uid"])

    def _has_ended(self, task_uid):
        ended = self._ended.get(task_uid)
        if ended is None:
            ended = self._ended[task_uid] = self._records(task_uid)
        return ended


class _Kept(object):
    """A view, and all that it was made of."""

    __slots__ = ("root", "agent", "state", "bells", "seen", "view")


def queued_view(portal):
    """Return what is queued in a site, as this transaction sees it.

    Cheap enough to be called for each uid: no I/O while nothing has changed.

    :param portal: root object of the site
    :rtype: QueuedView
    """
    root = outbox.get_root(portal)
    if root is None:
        return EMPTY
    views = _local.__dict__.setdefault("views", {})
    kept = views.get(id(root))
    if kept is not None and kept.root is root and not kept.agent.stopped:
        agent = kept.agent
        agent.want()
        if kept.state is agent.state and kept.seen == _look(kept.bells):
            return kept.view
    if len(views) >= MOST_VIEWS:
        views.clear()
    kept = views[id(root)] = _keep(portal, root)
    return kept.view


def outage_seconds(portal):
    """Return for how long the queue server has not done its work, as far as
    this process knows; 0 when it does."""
    return agents.get_agent(portal).outage_seconds()


def _keep(portal, root):
    kept = _Kept()
    kept.root = root
    kept.agent = agents.get_agent(portal)
    kept.agent.want()
    kept.bells = outbox.bells(root) + _ledger_bell(portal)
    kept.seen = _look(kept.bells)
    kept.state = kept.agent.state
    if _misses_tasks(root, kept.state):
        kept.agent.catch_up()
        kept.state = kept.agent.state
    kept.view = QueuedView(
        kept.state, unknown_entries(root, kept.state),
        lambda task_uid: ledger.has(portal, task_uid))
    return kept


def _ledger_bell(portal):
    root = ledger.get_root(portal)
    return [root["bell"]] if root is not None else []


def _look(bells):
    """Return what tells one content of outbox and ledger from another.

    Neither value nor serial alone do: an aborted transaction puts back both,
    and another client's commit may bring the same value. Reading the value
    comes first, it wakes the object that has the serial.
    """
    seen = [(bell.value, bell._p_serial) for bell in bells]
    seen.append(outbox.writes())
    return seen


def _misses_tasks(root, state):
    """Tell whether the snapshot may lack tasks that left the outbox."""
    if state.version is None:
        return True
    epoch, counter = outbox.split_version(state.version)
    for version in outbox.removed_up_to(root):
        removed_epoch, removed_counter = outbox.split_version(version)
        if removed_epoch == epoch and removed_counter > counter:
            return True
    return False


def unknown_entries(root, state):
    """Return the outbox entries that a snapshot does not cover.

    :param root: the outbox
    :param state: the snapshot's state
    :rtype: snapshot.State
    """
    tasks = {}
    for task_uid, entry in outbox.entries(root):
        if state.status_of(task_uid) is not None:
            continue
        if entry["rejected"]:
            tasks[task_uid] = outbox.as_refused(entry)
        elif outbox.is_pending(entry) or not _covers(state, entry):
            tasks[task_uid] = entry["task"]
    objects = {}
    for task_uid, task in tasks.items():
        for uid in snapshot.places(task):
            objects.setdefault(uid, []).append(task_uid)
    return snapshot.State(None, tasks, objects)


def _covers(state, entry):
    """Tell whether a snapshot is as new as the server's answer for an entry.

    Where the epochs differ the store was made anew in between, and the entry
    counts for the seconds that it stays.
    """
    if entry.get("result") == "duplicate":
        return True
    epoch, counter = outbox.split_version(state.version)
    sent_epoch, sent_counter = outbox.split_version(entry["sent"])
    return epoch == sent_epoch and counter >= sent_counter


def _wanted(status):
    if status is None or status == "":
        return states.ACTIVE
    if isinstance(status, six.string_types):
        return (status,)
    return tuple(status)


EMPTY = QueuedView(snapshot.State(), snapshot.State(), lambda task_uid: False)
