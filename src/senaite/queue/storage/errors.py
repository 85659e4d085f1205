# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a store raises; each message is written for who operates the queue."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


class StoreError(Exception):
    """Base of all errors of a store."""


class StoreUnavailable(StoreError):
    """The store cannot be read or written now; nothing was changed. People
    keep working: what they queue stays in the site's outbox and is delivered
    when the store is back. The message says what is wrong and what helps."""


class TaskNotFound(StoreError):
    """The store knows no task with this uid: it was never added, or it was
    removed from the history."""

    def __init__(self, task_uid):
        StoreError.__init__(self, "Task {} not found".format(task_uid))


class NotRunning(StoreError):
    """The task is not running, or another consumer holds it by now: the
    attempt that reports it is over, and its report changes nothing."""
