# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The task that this thread is working on, if any.

Only the process endpoint sets it, after it has checked token, task and lease:
no parameter, header or cookie of a request can. Guards rely on it when they
allow work on queued objects.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

_local = threading.local()


def current_task():
    """Return the task that is being processed in this thread, or None.

    :rtype: senaite.queue.model.queue_task.QueueTask
    """
    return getattr(_local, "task", None)


def met_conflicts():
    """Tell whether the work on the current task was tried before, and rolled
    back because of a conflict."""
    return getattr(_local, "tries", 1) > 1


@contextlib.contextmanager
def working_on(task, tries=1):
    """Make a task the current one of this thread, for the `with` block.

    :param tries: number of times its work was started so far, this one
        included
    :returns: the list of tasks that are added inside the block
    """
    former = (current_task(), getattr(_local, "added", None),
              getattr(_local, "tries", 1))
    _local.task, _local.added, _local.tries = task, [], tries
    try:
        yield _local.added
    finally:
        _local.task, _local.added, _local.tries = former


def note_added(task):
    """Record an added task for the one that is being processed, if any."""
    added = getattr(_local, "added", None)
    if added is not None:
        added.append(task)
