# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""One log line for each change of a task's state; none for polls, no secrets.

The lines read `event=done task=0a1b2c3d4 name=... user=... consumer=...`:
readable, and easily split at blanks.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import re

import six
from senaite.queue import logger

#: Values that need no quotes
_PLAIN = re.compile(r"^[A-Za-z0-9_.:/@+-]+\Z")

#: Maximum length of a value, in characters
MAX_LENGTH = 300


def log_event(event, task=None, **fields):
    """Log a change of a task's state, at INFO.

    :param event: what happened: queued, started, done, failed, retried,
        cancelled, requeued, rescued, removed_all, pruned, priority_changed,
        paused, resumed
    :param task: the task it happened to
    :type task: senaite.queue.model.queue_task.QueueTask
    :param fields: further fields; None is left out
    """
    pairs = [("event", event)]
    if task is not None:
        pairs.extend([
            ("task", task.get("task_short_uid")),
            ("name", task.get("name")),
            ("user", task.get("username")),
        ])
    pairs.extend(sorted(fields.items()))
    logger.info("%s", " ".join("{}={}".format(name, show(value))
                               for name, value in pairs if value is not None))


def show(value):
    """Return a value in a form that cannot break out of its line.

    :rtype: str
    """
    if isinstance(value, float):
        return "{:.2f}".format(value)
    if isinstance(value, six.binary_type):
        value = value.decode("utf-8", "replace")
    value = six.text_type(value)[:MAX_LENGTH]
    # ASCII only: control characters and line separators end up escaped
    return str(value) if _PLAIN.match(value) else json.dumps(value)
