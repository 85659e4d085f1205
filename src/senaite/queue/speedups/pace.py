# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The size of chunks that this process has found out, by name of the task.

Each job would begin with the size that the administrator has set, and find out
anew how large its chunks may be; most jobs are done before they know. So the
first chunk of a job is as large as the next one of the last job of the same
name would have been. What is remembered belongs to the settings it was found
out with, and is forgotten with the process.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time

from senaite.queue.model.current import met_conflicts
from senaite.queue.model import queue_task
from senaite.queue.model import scheduling
from senaite.queue.site import surroundings

#: (name of the task, size set, largest size) -> size of the next chunk
_sizes = {}


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
    if size != _get_default(task):
        # In the midst of a job
        return size
    return _sizes.get(_key(task), size)


def get_next_size(task, items, started):
    """Return the size of the next chunk, after how long this one took.

    :param task: the task, with the size this chunk was cut with
    :param items: how many items the chunk had
    :param started: UTC epoch seconds
    :rtype: int
    """
    size = task["chunk_size"]
    if _was_smaller_for_a_reason(task):
        # The next chunk may grow again
        return size
    if _get_given(task) is not None:
        return size
    following = scheduling.next_chunk_size(
        size, time.time() - started, met_conflicts(), _get_most())
    # That few items were quick says nothing of many
    if size and (items >= size or following < size):
        _sizes[_key(task)] = following
    return following


def forget():
    """Begin anew."""
    _sizes.clear()


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
