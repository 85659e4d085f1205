# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue as this process knows it: the change feed, applied.

A state is never changed once it is made: threads read it without a lock, and
compare by identity whether something has changed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.places import places
from senaite.queue.model import states

#: Maximum number of ended tasks that are remembered
REMEMBER = 5000

#: States of the tasks that are kept with all that is known of them
KEPT = states.ACTIVE + (states.FAILED,)


class State(object):
    """The queue as of one version."""

    __slots__ = ("version", "tasks", "objects", "ended", "overtime",
                 "skipped")

    def __init__(self, version=None, tasks=None, objects=None, ended=None,
                 overtime=0, skipped=None):
        #: the server's version, or None before the first answer
        self.version = version
        #: task uid -> dict as the change feed gives it
        self.tasks = tasks or {}
        #: uid of a context or item, or key of a lock -> tuple of task uids
        self.objects = objects or {}
        #: task uid -> state, of tasks that have ended recently
        self.ended = ended or {}
        #: seconds that the slowest task was given, of those that took longer
        #: than was allowed; 0 when there was none
        self.overtime = overtime
        #: uid of a job -> number of items that it has skipped, if any
        self.skipped = skipped or {}

    def status_of(self, task_uid):
        """Return the state of a task as far as it is known, or None."""
        task = self.tasks.get(task_uid)
        if task is not None:
            return task["status"]
        return self.ended.get(task_uid)


def apply_feed(state, feed):
    """Return the state after an answer of the change feed.

    :param state: the state before
    :type state: State
    :param feed: what `ITaskStore.changes` gives
    :type feed: dict
    :returns: the same object when nothing changed
    :rtype: State
    """
    reset = feed.get("reset") or state.version is None
    changes = feed.get("tasks") or ()
    if not reset and not changes and feed["version"] == state.version:
        return state
    tasks = {} if reset else dict(state.tasks)
    objects = {} if reset else dict(state.objects)
    ended = {} if reset else dict(state.ended)
    latest = dict((change["task_uid"], change) for change in changes)
    former = [tasks.pop(uid) for uid in latest if uid in tasks]
    for task_uid, change in latest.items():
        if change["status"] in KEPT:
            tasks[task_uid] = change
            ended.pop(task_uid, None)
        else:
            ended[task_uid] = change["status"]
    _relink(objects, former, [tasks[uid] for uid in latest if uid in tasks])
    overtime = max([0 if reset else state.overtime] + [
        change.get("overtime") or 0 for change in latest.values()])
    skipped = {} if reset else dict(state.skipped)
    for change in changes:
        # Servers of older versions do not tell
        skipped.pop(change.get("job_uid"), None)
        if change.get("job_skipped"):
            skipped[change["job_uid"]] = change["job_skipped"]
    return State(feed["version"], tasks, objects, _shortened(ended), overtime,
                 _shortened(skipped))


def _relink(objects, former, present):
    """Bring the index of objects up to date, each object touched once: ten
    thousand tasks may share one context."""
    gone, come = {}, {}
    for tasks, found in ((former, gone), (present, come)):
        for task in tasks:
            for uid in places(task):
                found.setdefault(uid, set()).add(task["task_uid"])
    for uid in set(gone) | set(come):
        leave = gone.get(uid, ())
        rest = [task_uid for task_uid in objects.get(uid, ())
                if task_uid not in leave]
        rest.extend(come.get(uid, ()))
        if rest:
            objects[uid] = tuple(rest)
        else:
            objects.pop(uid, None)


def _shortened(ended):
    """Forget half of the tasks that ended, or of the jobs with skipped items,
    when there are too many. Which half does not matter: they only bridge the
    seconds until the ledger or the outbox is cleaned up."""
    if len(ended) <= REMEMBER:
        return ended
    keep = list(ended)[-REMEMBER // 2:]
    return dict((task_uid, ended[task_uid]) for task_uid in keep)
