# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The rules of order, room and retry: pure functions of tasks and times.

No clock, no settings, no randomness of their own: whoever calls brings them,
so that the store, the simulations and the tests obey the same rules.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import states

#: What a step of priority is worth, in seconds of waiting
SECONDS_PER_PRIORITY = 300

#: Bounds of the wait before a retry, in seconds
BACKOFF_FROM = 5.0
BACKOFF_CAP = 300.0

#: However often a task timed out, it gets no more than a day
MAX_SECONDS = 24 * 3600

#: Path segments that make a container: site, folder, worksheet/sample/client
LANE_DEPTH = 3

#: CPU seconds of the thread: a chunk that takes less is followed by a larger
#: one, a chunk that takes more by a smaller one. Short transactions meet few
#: others. On an idle machine a chunk hardly waits, so that these are nearly the
#: seconds that pass; on a busy one the time that passes says nothing about the
#: size.
QUICK_SECONDS = 2.0
SLOW_SECONDS = 8.0

CONFLICT = "conflict"
TIMEOUT = "timeout"
LEASE_LOST = "lease_lost"
ERROR = "error"
FATAL = "fatal"

#: Kinds of failure after which another attempt may succeed
RETRYABLE = (CONFLICT, TIMEOUT, LEASE_LOST, ERROR)
KINDS = RETRYABLE + (FATAL,)


def rank(task):
    """Return the task's place in the order: the lower, the sooner.

    Grows older with the task, so low priority is delayed, never starved.

    :param task: mapping with `created` (epoch seconds) and `priority`
    :rtype: float
    """
    return task["created"] + SECONDS_PER_PRIORITY * task["priority"]


def tier(name, top_priority_tasks):
    """Return the place of a task's name among those that come first.

    :param name: name of the task
    :param top_priority_tasks: names, the first one first
    :returns: position in the list; names that are not in it come after all
    :rtype: int
    """
    names = list(top_priority_tasks)
    return names.index(name) if name in names else len(names)


def sort_key(task, top_priority_tasks=(), arrival=0):
    """Return the key that puts tasks in the order in which they run.

    :param arrival: number that grows with each arrival; the last tie-break
    :rtype: tuple
    """
    return (tier(task["name"], top_priority_tasks), rank(task),
            task["context_uid"], arrival)


def lane(task):
    """Return the lane of a task; of one lane, one task runs at a time.

    :param task: mapping with `name` and `context_path`
    :returns: the name, and the container at level three of the path
    :rtype: str
    """
    segments = [s for s in task["context_path"].split("/") if s]
    return "{} /{}".format(task["name"], "/".join(segments[:LANE_DEPTH]))


def backoff(attempt, random):
    """Return how long to wait before the next attempt.

    :param attempt: how many attempts were made, from 1
    :type attempt: int
    :param random: function that returns a float, 0 <= x < 1; spreads those
        that failed together
    :returns: seconds, from `BACKOFF_FROM` to `BACKOFF_CAP`
    :rtype: float
    """
    # The exponent is capped, too: 2 ** 100000 is a number, but a slow one
    steps = min(max(attempt, 1) - 1, 16)
    seconds = BACKOFF_FROM * 2 ** steps
    return min(BACKOFF_CAP, seconds * (1 + random() / 2))


def next_chunk_size(size, seconds, met_conflicts, most):
    """Return how many items the next chunk of a job takes.

    :param size: size of the chunk that was processed; 0 is all of them
    :param seconds: CPU seconds that the thread took for it
    :param met_conflicts: whether it had to be tried again
    :param most: size up to which chunks grow by themselves
    :rtype: int
    """
    if met_conflicts or seconds > SLOW_SECONDS:
        return max(1, size // 2) if size else size
    if seconds < QUICK_SECONDS and 0 < size < most:
        return min(2 * size, most)
    return size


def after_failure(task, kind, now, random):
    """Return what becomes of a running task after a failed attempt.

    A lost lease is waited for already, so the first one costs no further
    wait; a task that takes its consumers down again and again does.

    :param task: mapping with `retries`, `attempt`, `chunk_size`, `uids` and
        `max_seconds`
    :param kind: one of `KINDS`
    :param now: time of the store's clock, epoch seconds
    :param random: as for `backoff`
    :returns: `event` (see `states.TRANSITIONS`) and the fields that change:
        `status`, `retries`, `chunk_size`, `max_seconds`, and `visible_at`
        (epoch seconds; None when the task failed for good)
    :rtype: dict
    :raises ValueError: for an unknown kind
    """
    if kind not in KINDS:
        raise ValueError("Unknown kind of failure: {!r}, expected one of "
                         "{}".format(kind, ", ".join(KINDS)))
    if kind == FATAL or task["retries"] < 1:
        return _outcome("give_up", task, visible_at=None)
    event = "lease_lost" if kind == LEASE_LOST else "retry"
    attempt = task["attempt"]
    wait = 0 if kind == LEASE_LOST and attempt <= 1 \
        else backoff(attempt, random)
    changes = _outcome(event, task, visible_at=now + wait)
    changes["retries"] = task["retries"] - 1
    size = task["chunk_size"] or len(task["uids"])
    changes["chunk_size"] = max(1, size // 2)
    if kind == TIMEOUT:
        seconds = task["max_seconds"]
        changes["max_seconds"] = max(seconds, min(seconds * 1.5, MAX_SECONDS))
    return changes


def _outcome(event, task, visible_at):
    return {
        "event": event,
        "status": states.next_state(states.RUNNING, event),
        "retries": task["retries"],
        "chunk_size": task["chunk_size"],
        "max_seconds": task["max_seconds"],
        "visible_at": visible_at,
    }
