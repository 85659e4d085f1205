# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a job waits for: pauses, and the jobs that come before it.

All processes learn of it with the change feed, so that no page has to ask. The
store is read every few seconds, however many processes and pages there are.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import states
from senaite.queue.model import surroundings
from senaite.queue.server.attendance import is_alive

#: Seconds for which an answer, and the medians it is made from, are reused
REMEMBER_SECONDS = 3
REMEMBER_PACES_SECONDS = 30

#: Maximum number of queued tasks that are looked at, and of jobs in an answer
MOST_TASKS = 500
MOST_JOBS = 100

#: Number of seconds whose tasks tell how long tasks take, and number of tasks
#: of a name without which nothing is said
PERIOD = 3600
FEWEST = 3

#: Minimum seconds of a running task, in all and from now on
SHORTEST = 1.0


class LineUp(object):
    """The jobs in line in a store; shared by threads."""

    def __init__(self, store):
        """
        :type store: senaite.queue.interfaces.ITaskStore
        """
        self.store = store
        self._found = (None, None)
        self._paces = (None, None)

    def describe(self):
        """Return what jobs wait for.

        :returns: dict with `pauses` (see `ITaskStore.pauses`), `jobs`, lists
            [uid of a job that waits, number of jobs before it, seconds until
            its turn or None], and `rest`: None, or the number of jobs that
            are before any job that was in line and is not among `jobs`. For
            `rest`, `under_way` has the uids of the jobs that run, and
            `version` and `read_at` tell with which version of the store and
            when (epoch seconds) the line was read; it may be newer
        :rtype: dict
        :raises StoreUnavailable: when the store does not answer
        """
        now = self.store.now()
        read_at, found = self._found
        if not _is_fresh(read_at, now, REMEMBER_SECONDS):
            found = self._look(now)
            self._found = (now, found)
        return found

    def _look(self, now):
        # First: what it covers is in line
        version = self.store.version()
        pauses = self.store.pauses()
        found = {"pauses": pauses, "jobs": [], "rest": None, "under_way": [],
                 "version": version, "read_at": now}
        paused = set(pause["name"] for pause in pauses)
        if "" in paused:
            return found
        tasks = self.store.line_up(MOST_TASKS)
        queued = [task for task in tasks if task["status"] == states.QUEUED]
        running = [task for task in tasks if task["status"] != states.QUEUED]
        is_cut = len(queued) >= MOST_TASKS
        queued = [task for task in queued if not task["scheduled"]
                  and task["name"] not in paused]
        workers = self._count_workers(now) if queued else 0
        if len(running) < workers:
            # A consumer is free, and yet they wait: for a lane, a lock or
            # just for a moment. Nobody knows for how long
            workers = 0
        paces = self._get_paces(now) if workers else {}
        under_way = set(task["job_uid"] for task in running)
        seen, jobs, seconds = set(under_way), [], 0.0
        for task in running:
            seconds = _add(seconds, _find_left(
                task, now, paces.get(task["name"])))
        for task in queued:
            uid = task["job_uid"]
            if uid not in seen:
                if len(jobs) >= MOST_JOBS:
                    is_cut = True
                    break
                jobs.append([uid, len(seen), None if seconds is None
                             or not workers else seconds / workers])
                seen.add(uid)
            seconds = _add(seconds, paces.get(task["name"]))
        found.update(jobs=jobs, rest=len(seen) if is_cut else None,
                     under_way=sorted(under_way))
        return found

    def _count_workers(self, now):
        """Return how many tasks can run at a time."""
        alive = [consumer for consumer in self.store.consumers()
                 if is_alive(consumer, now)]
        return min(len(alive),
                   surroundings.get().get_setting("max_consumers"))

    def _get_paces(self, now):
        """Return the median seconds of the tasks of a name, by name; without
        names of which too few tasks were done."""
        read_at, found = self._paces
        if not _is_fresh(read_at, now, REMEMBER_PACES_SECONDS):
            found = dict(
                (name, pace["median"])
                for name, pace in self.store.paces(now - PERIOD).items()
                if pace["count"] >= FEWEST)
            self._paces = (now, found)
        return found


def _is_fresh(read_at, now, seconds):
    return read_at is not None and 0 <= now - read_at < seconds


def _find_left(task, now, pace):
    """Return the seconds that a running task is expected to take still; None
    when that is not known, e.g. because it takes longer than others did.

    :param pace: seconds that such tasks take, or None
    """
    if pace is None or task["started"] is None:
        return None
    left = max(SHORTEST, pace) - max(0.0, now - task["started"])
    return None if left < 0 else max(SHORTEST, left)


def _add(seconds, more):
    """Add to a number of seconds; None as soon as one of them is not known."""
    return None if seconds is None or more is None else seconds + more
