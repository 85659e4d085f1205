# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The size of chunks: found out by this process, for each name of a task.

Chunks grow as long as they take little CPU time, and shrink when they take
much or meet conflicts. The time that passes hardly counts: on a busy machine
it is long for chunks of any size, and smaller ones would only add to the load.
It counts where it is a large part of the time limit of the task: items may
wait for something else, such as another server, and a chunk that exceeds its
limit is lost.

Each job would begin with the size that the administrator has set, and find out
again how large its chunks may be; most jobs are done before they know. So the
first chunk of a job has the size that the next chunk of the last job of the
same name would have had. What is remembered is valid for the settings it was
found out with, and is forgotten with the process.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time

try:
    import resource
except ImportError:
    # Windows
    resource = None

from senaite.queue.model import clock
from senaite.queue.model.current import met_conflicts
from senaite.queue.model import queue_task
from senaite.queue.model import scheduling
from senaite.queue.model import surroundings

#: `RUSAGE_THREAD` of Linux, which the module of Python 2.7 does not name
RUSAGE_THREAD = 1

#: (name of the task, size set, largest size) -> size of the next chunk
_sizes = {}


class Stopwatch(object):
    """Measures the CPU seconds that the current thread uses, and the seconds
    that pass.

    CPU seconds of a thread need Linux, or Python 3. Elsewhere it is the CPU
    time of the process, all its threads together; on Windows with Python 2.7,
    the time that passes.
    """

    def __init__(self):
        self._started = read_clock()
        self._began = clock.monotonic()

    def get_seconds(self):
        """Return the CPU seconds since the stopwatch was made.

        To be called by the thread that made it.

        :rtype: float
        """
        return read_clock() - self._started

    def get_elapsed(self):
        """Return the seconds that have passed since the stopwatch was made.

        :rtype: float
        """
        return clock.monotonic() - self._began


def read_thread_time():
    """Return the CPU seconds of the current thread.

    :rtype: float
    :raises ValueError: if the system does not count them
    """
    usage = resource.getrusage(RUSAGE_THREAD)
    return usage.ru_utime + usage.ru_stime


def choose_clock():
    """Return the function that comes closest to the CPU seconds of a thread.

    :returns: function without arguments that returns seconds, a float
    """
    if hasattr(time, "thread_time"):
        return time.thread_time
    if resource is None:
        # `time.clock` is CPU time on other systems, but not on Windows
        return clock.monotonic
    try:
        read_thread_time()
    except ValueError:
        return time.clock
    return read_thread_time


read_clock = choose_clock()


def get_size(task):
    """Return how many items the chunk at hand may have.

    :param task: a task that is processed
    :type task: senaite.queue.model.queue_task.QueueTask
    :returns: number of items; 0: all of them
    :rtype: int
    """
    size = task["chunk_size"]
    if _was_smaller_for_a_reason(task):
        return size
    given = _get_given(task)
    if given is not None:
        return given
    if size == _get_default(task):
        # Neither within a job nor with a size that was asked for
        size = _sizes.get(_key(task), size)
    if met_conflicts():
        return scheduling.next_chunk_size(size, 0, True, _get_most())
    return size


def get_next_size(task, items, seconds, elapsed, on_commit):
    """Return the size of the next chunk, after what this one has taken.

    :param task: the task, with the size of this chunk
    :param items: number of items in this chunk
    :param seconds: CPU seconds that it took
    :param elapsed: seconds that it took, including those of waiting
    :param on_commit: function that has a function called when the transaction
        of this chunk was committed
    :rtype: int
    """
    size = task["chunk_size"]
    key = _key(task)
    if _was_smaller_for_a_reason(task):
        # The next chunk of the job may grow again. The next job starts with
        # no more than what has worked.
        if _get_given(task) is None:
            _remember(key, min(_sizes.get(key, _get_default(task)), size))
        return size
    if _get_given(task) is not None:
        return size
    following = scheduling.next_chunk_size(
        size, seconds, False, _get_most(), elapsed, task["max_seconds"])
    if met_conflicts():
        # This chunk was halved already, see `get_size`
        following = min(size, following)
    if following > size and items >= size:
        # Not before: the commit may meet a conflict, and the chunk that is
        # then repeated must not be larger
        on_commit(lambda: _remember(key, following))
    elif size and (items >= size or following < size):
        # That few items were quick says nothing about many
        _remember(key, following)
    return following


def forget():
    """Forget all sizes."""
    _sizes.clear()


def _remember(key, size):
    _sizes[key] = size


def _was_smaller_for_a_reason(task):
    """Tell whether an earlier attempt failed, and the chunk was halved."""
    return task.get("attempt", 0) > 1


def _get_given(task):
    """Return the size that somebody has asked for, or None."""
    return queue_task.given_with(task).get("chunk_size")


def _get_default(task):
    return queue_task.get_chunk_size(task["name"])


def _get_most():
    return surroundings.get().get_setting("max_items")


def _key(task):
    return task["name"], _get_default(task), _get_most()
