# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Which objects a task is about, and under which keys it is looked up."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

#: Fields of a task that decide where it is found
PLACE_FIELDS = ("context_uid", "uids", "locks")


def involved(task):
    """Return the uids of the objects a task is about: context and items.

    :param task: a task, or a dict with its fields
    :rtype: set of str
    """
    uids = set(uid for uid in task.get("uids") or () if uid)
    if task.get("context_uid"):
        uids.add(task["context_uid"])
    return uids


def lock_place(uid):
    """Return the key under which the tasks that lock an object are found."""
    return "lock:" + uid


def places(task):
    """Return the keys under which a task is found: the objects it is about,
    and those it locks, which are not queued themselves.

    :param task: a task, or a dict with its fields
    :rtype: set of str
    """
    return involved(task).union(
        lock_place(uid) for uid in task.get("locks") or ())
