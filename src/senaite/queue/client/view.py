# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue as a page sees it.

    queued = (snapshot's active tasks + outbox entries it does not know yet)
             - tasks the ledger has

The snapshot may be a second old. Outbox and ledger are read through the
request's own connection, so that tasks that this transaction, or any client
before it, has queued or finished are seen at once. Guards ask for each row and each
transition, so the view is kept for each thread until the snapshot, a bell of
the outbox or that of the ledger changes.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import hashlib
import operator
import threading

import six

from senaite.queue.client import agent as agents
from senaite.queue.client import snapshot
from senaite.queue.model import clock
from senaite.queue.model.places import involved
from senaite.queue.model.places import lock_place
from senaite.queue.model import states
from senaite.queue.model import surroundings
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.records import outbox_index
from senaite.queue.records.store_mark import split_version

#: Sites per thread whose views are kept
MOST_VIEWS = 8

_local = threading.local()


class QueuedView(object):
    """The queue as one thread sees it at one moment."""

    __slots__ = ("state", "index", "_records", "_ended")

    def __init__(self, state, index, records):
        """
        :param state: what the snapshot knows
        :type state: snapshot.State
        :param index: what is in the outbox
        :type index: senaite.queue.records.outbox_index.OutboxIndex
        :param records: function(task_uid): does the ledger have it?
        """
        self.state = state
        self.index = index
        self._records = records
        self._ended = {}

    def is_queued(self, uid, status=None):
        """Tell whether a task involves an object as context or item.

        :param uid: uid of the object
        :type uid: str
        :param status: a state or several; default: queued or running
        :rtype: bool
        """
        if uid not in self.state.objects and uid not in self.index.places:
            return False
        return bool(self.tasks_for(uid, status))

    def is_locked(self, uid, status=None):
        """Tell whether a task has a lock on an object, like that of the sample
        whose analyses it is about.

        :param uid: uid of the object
        :param status: a state or several; default: queued or running
        :rtype: bool
        """
        return self.is_queued(lock_place(uid), status)

    def tasks_locking(self, uid, status=None):
        """Return the tasks that have a lock on an object; see `is_locked`."""
        return self.tasks_for(lock_place(uid), status)

    def tasks_for(self, uid, status=None):
        """Return the tasks that involve an object as context or item.

        :returns: list of dicts with task_uid, name, status, context_uid,
            uids, username, ghost, job_uid, job_total and job_created; those
            of the snapshot have all of `ITaskStore.changes`
        """
        wanted = _wanted(status)
        found = [self.state.tasks[task_uid]
                 for task_uid in self.state.objects.get(uid, ())]
        found.extend(self._unknown(self.index.places.get(uid, ())))
        return [task for task in found if self._is(task, wanted)]

    @property
    def overtime(self):
        """Seconds that the slowest task was given after it had taken longer
        than it was allowed to; 0 when there was none."""
        return self.state.overtime

    def tasks(self, status=None):
        """Return all tasks in these states, as dicts like `tasks_for`."""
        wanted = _wanted(status)
        found = list(self.state.tasks.values()) + self.waiting()
        return [task for task in found if self._is(task, wanted)]

    def waiting(self):
        """Return the tasks that only the outbox knows, in whatever state, as
        dicts like `tasks_for`."""
        return self._unknown(self.index.entries)

    def get(self, task_uid):
        """Return what is known of a task that has not ended, or None."""
        known = self.state.tasks.get(task_uid)
        found = [known] if known is not None else self._unknown([task_uid])
        for task in found:
            if self._is(task, snapshot.KEPT):
                return task
        return None

    def was_due(self, task_uid, version, moment):
        """Tell whether a task waited for its turn when the queue server had a
        version.

        :param task_uid: uid of the task
        :param version: version of the queue server
        :param moment: the time at which it had this version, in epoch seconds
        :returns: False for a task for later, None when it is not known: the
            task was added or has changed since then, or may have
        """
        known = self.get(task_uid)
        if known is None or known["status"] != states.QUEUED:
            return None
        epoch, counter = split_version(version)
        for found, is_so in ((self.state.version, operator.ge),
                             (known.get("version"), operator.le)):
            found_epoch, found_counter = split_version(found)
            if not epoch or found_epoch != epoch \
                    or not is_so(found_counter, counter):
                return None
        return known["visible_at"] <= moment

    def uids(self, status=None):
        """Return the uids of all objects involved in tasks in these states."""
        found = set()
        for task in self.tasks(status):
            found |= involved(task)
        return found

    def _unknown(self, task_uids):
        """Return the tasks of those entries that the snapshot does not
        cover."""
        entries = self.index.entries
        found = [outbox.unknown_task(entries[task_uid], self.state)
                 for task_uid in task_uids if task_uid in entries]
        return [task for task in found if task is not None]

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

    __slots__ = ("root", "agent", "state", "index", "bells", "seen", "view")


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
        # an index that this thread no longer remembers is not told of entries
        # that this thread writes
        if kept.state is agent.state \
                and outbox_index.kept(root) is kept.index \
                and kept.seen == _look(kept):
            return kept.view
    if len(views) >= MOST_VIEWS:
        views.clear()
    kept = views[id(root)] = _keep(portal, root)
    return kept.view


def version_of(portal):
    """Return a text that differs whenever what is queued in a site may have
    changed.

    The same in all threads and, with the same snapshot, in all processes: it
    tells what is committed, not what this transaction has added. Costs less
    than a view, because nothing is read but the bells.

    :param portal: root object of the site
    :rtype: str
    """
    root = outbox.get_root(portal)
    if root is None:
        return ""
    agent = agents.get_agent(portal)
    agent.want()
    # The value comes first: reading it loads the object that has the serial
    seen = [(bell.value, bell._p_serial)
            for bell in outbox.bells(root) + _ledger_bell(portal)]
    seen.append(agent.known_state(root).version)
    return hashlib.sha256(repr(seen).encode("ascii")).hexdigest()[:20]


#: Path of a site -> state of the snapshot, and its failed tasks. Tuples that
#: are replaced as a whole, so that threads need no lock
_failed = {}


def failed_tasks(portal):
    """Return the failed tasks of the snapshot, without hidden ones, as dicts
    of the change feed. The same object as long as the snapshot is the same.

    :param portal: root object of the site
    :rtype: tuple of dict
    """
    agent = agents.get_agent(portal)
    state, tasks = _failed.get(agent.site.key, (None, ()))
    if state is not agent.state:
        state = agent.state
        tasks = tuple(
            task for task in state.tasks.values()
            if task["status"] == states.FAILED and not task.get("ghost"))
        _failed[agent.site.key] = state, tasks
    return tasks


def is_known(portal):
    """Tell whether this process knows what is queued in a site.

    Not so before the first answer of the queue server, and in an outage that
    began before that: then the process knows only what waits to be delivered.
    A process that works alone, or that has no queue server to ask, has nobody
    else to learn from.

    :param portal: root object of the site
    :rtype: bool
    """
    agent = agents.get_agent(portal)
    agent.want()
    return agent.state.version is not None or agent.is_alone or \
        not surroundings.get().get_setting("server")


#: Seconds of an outage before people are told: the queue server may be
#: restarting
OUTAGE_SECONDS = 20


def outage_seconds(portal):
    """Return for how long the queue server has not done its work, as far as
    this process knows; 0 when it does."""
    return agents.get_agent(portal).outage_seconds()


def trouble(portal):
    """Return why the queue server does not do its work, an exception; None
    when it does, or nothing is known."""
    return agents.get_agent(portal).trouble


#: Seconds for which a task waits without a consumer before people and monitors
#: are told: a consumer may be restarting
UNATTENDED_SECONDS = 60


def unattended_seconds(portal):
    """Return for how long a task has been waiting while no consumer asked for
    one, as far as this process knows; 0 when all is well."""
    return agents.get_agent(portal).unattended_seconds


def store_now(portal):
    """Return the time of the store (UTC epoch seconds), to which all times of
    tasks belong, as far as this process knows: the clocks of two machines
    differ."""
    return clock.now() + agents.get_agent(portal).store_ahead


def get_line(portal):
    """Return what jobs wait for, as far as this process knows; see
    `senaite.queue.server.line_up.LineUp.describe`. Empty while the queue
    server does not answer, because it may have changed.

    :rtype: dict
    """
    agent = agents.get_agent(portal)
    return {} if agent.outage_seconds() else agent.line


def get_hold(portal):
    """Return why the queue server hands out no tasks, as far as this process
    knows; see `ITaskStore.get_hold`."""
    return agents.get_agent(portal).held


def _keep(portal, root):
    kept = _Kept()
    kept.root = root
    kept.agent = agents.get_agent(portal)
    kept.agent.want()
    kept.bells = _ledger_bell(portal)
    kept.state = kept.agent.known_state(root)
    kept.index = outbox_index.index_of(root, kept.state)
    kept.seen = _look(kept)
    kept.view = QueuedView(
        kept.state, kept.index, lambda task_uid: ledger.has(portal, task_uid))
    return kept


def _ledger_bell(portal):
    root = ledger.get_root(portal)
    return [root["bell"]] if root is not None else []


def _look(kept):
    """Return what tells one content of outbox and ledger from another; see
    `OutboxIndex` for why a bell's value or serial alone does not."""
    seen = [(bell.value, bell._p_serial) for bell in kept.bells]
    seen.append(kept.index.refresh().changes)
    return seen


def _wanted(status):
    if not status:
        return states.ACTIVE
    if isinstance(status, six.string_types):
        return (status,)
    return tuple(status)


EMPTY = QueuedView(
    snapshot.State(), outbox_index.EMPTY, lambda task_uid: False)
