# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The rules of order, chunk size and retry: pure functions of tasks and times.

Callers provide clock, settings and randomness, so that the store, simulations
and tests obey the same rules.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.conversion import count_items
from senaite.queue.model import states

#: Seconds of waiting that make up for one step of priority
SECONDS_PER_PRIORITY = 300

#: Minimum and maximum seconds to wait before a retry
BACKOFF_FROM = 5.0
BACKOFF_CAP = 300.0

#: Maximum time limit of a task (seconds), however often it timed out
MAX_SECONDS = 24 * 3600

#: Path segments below the site that make a container: folder, and
#: worksheet, sample or client
LANE_DEPTH = 2

#: A chunk that takes fewer CPU seconds of its thread is followed by a larger
#: one, a chunk that takes more by a smaller one. Short transactions cause few
#: conflicts. On an idle machine a chunk hardly waits, so that these are nearly
#: the seconds that pass; on a busy one the time that passes says nothing about
#: the size.
QUICK_SECONDS = 2.0
SLOW_SECONDS = 8.0

#: Parts of its time limit. A chunk that takes longer than the first, however
#: little CPU time it uses, is not followed by a larger one; a chunk that takes
#: longer than the second is followed by a smaller one. A chunk that exceeds
#: its limit is lost.
ENOUGH_OF_LIMIT = 1 / 8
MUCH_OF_LIMIT = 1 / 4

CONFLICT = "conflict"
TIMEOUT = "timeout"
LEASE_LOST = "lease_lost"
ERROR = "error"
FATAL = "fatal"

#: Kinds of failure after which another attempt may succeed
RETRYABLE = (CONFLICT, TIMEOUT, LEASE_LOST, ERROR)
KINDS = RETRYABLE + (FATAL,)

#: No failure: the consumer was stopped as planned, and has handed the task back
STOPPED = "stopped"

#: What ends an attempt without success
ENDINGS = KINDS + (STOPPED,)


def rank(task):
    """Return the rank of a task: the lower, the sooner it runs.

    The rank is fixed at creation, so low priority means delay, never
    starvation: newer tasks get ever higher ranks.

    :param task: mapping with `created` (epoch seconds) and `priority`
    :rtype: float
    """
    return task["created"] + SECONDS_PER_PRIORITY * task["priority"]


def tier(name, top_priority_tasks):
    """Return the position of a task's name among the top priority names.

    :param name: name of the task
    :param top_priority_tasks: names, most urgent first
    :returns: position in the list; names that are not in it come last
    :rtype: int
    """
    names = list(top_priority_tasks)
    return names.index(name) if name in names else len(names)


def sort_key(task, top_priority_tasks=(), arrival=0):
    """Return the key that sorts tasks in the order of running.

    :param arrival: number that grows with each arrival, as the last tie-break
    :rtype: tuple
    """
    return (tier(task["name"], top_priority_tasks), rank(task),
            task["context_uid"], arrival)


def lane(task, site_path=""):
    """Return the lane of a task; only one task of a lane runs at a time.

    :param task: mapping with `name` and `context_path`
    :param site_path: path of the site, which may be in folders of its own;
        if the context is not below it, the site is the path's first segment
    :type site_path: str
    :returns: the name, and the container at level two below the site
    :rtype: str
    """
    segments = _segments(task["context_path"])
    site = _segments(site_path)
    depth = len(site) if site and segments[:len(site)] == site else 1
    return "{} /{}".format(
        task["name"], "/".join(segments[:depth + LANE_DEPTH]))


def _segments(path):
    return [segment for segment in path.split("/") if segment]


def backoff(attempt, random):
    """Return how many seconds to wait before the next attempt.

    :param attempt: number of attempts made so far, from 1
    :type attempt: int
    :param random: function that returns a float, 0 <= x < 1; spreads tasks
        that failed together
    :returns: seconds, from `BACKOFF_FROM` to `BACKOFF_CAP`
    :rtype: float
    """
    # Cap the exponent too: 2 ** 100000 is valid, but slow
    steps = min(max(attempt, 1) - 1, 16)
    seconds = BACKOFF_FROM * 2 ** steps
    return min(BACKOFF_CAP, seconds * (1 + random() / 2))


def next_chunk_size(size, seconds, met_conflicts, most, elapsed=0,
                    max_seconds=MAX_SECONDS):
    """Return the number of items of the next chunk of a job.

    :param size: size of the chunk that was processed; 0 means all items
    :param seconds: CPU seconds of the thread that processed it
    :param met_conflicts: whether it had to be repeated after a conflict
    :param most: maximum size for automatic growth
    :param elapsed: seconds that passed while it was processed, including those
        in which the thread waited
    :param max_seconds: time limit of the task
    :rtype: int
    """
    if met_conflicts or seconds > SLOW_SECONDS or \
            elapsed > max_seconds * MUCH_OF_LIMIT:
        return max(1, size // 2) if size else size
    if seconds < QUICK_SECONDS and 0 < size < most and \
            elapsed <= max_seconds * ENOUGH_OF_LIMIT:
        return min(2 * size, most)
    return size


def after_failure(task, kind, now, random):
    """Return what happens to a running task after a failed attempt.

    The end of a lost lease was already waited for, so the first lost lease
    adds no further wait. The next ones do, in case the task itself takes its
    consumers down. A planned stop of the consumer costs nothing: neither a
    retry, nor half of the chunk, nor a wait.

    :param task: mapping with `retries`, `attempt`, `chunk_size`, `uids` and
        `max_seconds`
    :param kind: one of `ENDINGS`
    :param now: time of the store's clock, epoch seconds
    :param random: as for `backoff`
    :returns: `event` (see `states.TRANSITIONS`) and the fields that change:
        `status`, `retries`, `chunk_size`, `max_seconds`, and `visible_at`
        (epoch seconds; None when the task failed for good)
    :rtype: dict
    :raises ValueError: for an unknown kind
    """
    if kind not in ENDINGS:
        raise ValueError("Unknown kind of failure: {!r}, expected one of "
                         "{}".format(kind, ", ".join(ENDINGS)))
    if kind == STOPPED:
        return _outcome("hand_back", task, visible_at=now)
    if kind == FATAL or task["retries"] < 1:
        return _outcome("give_up", task, visible_at=None)
    event = "lease_lost" if kind == LEASE_LOST else "retry"
    attempt = task["attempt"]
    wait = 0 if kind == LEASE_LOST and attempt <= 1 \
        else backoff(attempt, random)
    changes = _outcome(event, task, visible_at=now + wait)
    changes["retries"] = task["retries"] - 1
    size = task["chunk_size"] or count_items(task)
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
