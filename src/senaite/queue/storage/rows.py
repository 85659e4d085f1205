# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Between tasks and rows: what is kept in columns and what in the payload."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from senaite.queue import fields
from senaite.queue import queue
from senaite.queue import scheduling
from senaite.queue import states

#: Column -> field of the task, for what changes while a task lives
LIVE = (
    ("state", "status"),
    ("started", "started"),
    ("retries", "retries"),
    ("attempt", "attempt"),
    ("chunk_size", "chunk_size"),
    ("max_seconds", "max_seconds"),
    ("consumer_id", "consumer_id"),
    ("error_message", "error_message"),
    ("note", "note"),
)

#: Fields that callers expect as native strings (JSON knows text only)
_NATIVE = ("task_uid", "task_short_uid", "name", "context_uid",
           "context_path", "username", "job_uid", "status", "consumer_id")

#: Whatever a task says about itself is kept up to this many characters
MAX_MESSAGE = 10000
MAX_TRACEBACK = 60000


def to_row(task, site, seq, tier, now):
    """Return the values of a new, queued task.

    :param task: the task
    :type task: senaite.queue.queue.QueueTask
    :param seq: number of its arrival, and its version in the feed
    :param tier: place of its name among those of top priority
    :param now: time of the store's clock
    :rtype: dict
    """
    # A client's clock that is ahead must not hide a task
    visible_at = min(task["created"], now) + task["delay"]
    text = fields.to_text
    return {
        "site": site,
        "task_uid": text(task["task_uid"]),
        "seq": seq,
        "version": seq,
        "state": text(states.QUEUED),
        "name": text(task["name"]),
        "lane": text(scheduling.lane(task)),
        "tier": tier,
        "rank": float(scheduling.rank(task)),
        "ready": visible_at <= now,
        "visible_at": visible_at,
        "context_uid": text(task["context_uid"]),
        "locks": text(json.dumps(task["locks"])) if task["locks"] else None,
        "job_uid": text(task["job_uid"]),
        "created": task["created"],
        "retries": task["retries"],
        "attempt": 0,
        "chunk_size": task["chunk_size"],
        "max_seconds": task["max_seconds"],
        "payload": text(queue.to_json(task)),
    }


def to_task(row):
    """Return the task of a row.

    The payload was checked when it was added, and is not checked again: a
    rule that has become stricter must not make tasks unreadable.

    :rtype: senaite.queue.queue.QueueTask
    """
    task = queue.QueueTask(json.loads(row["payload"]))
    for column, field in LIVE:
        task[field] = row[column]
    for field in _NATIVE:
        task[field] = fields.to_native(task.get(field))
    for field in ("uids", "locks"):
        task[field] = [fields.to_native(uid) for uid in task[field]]
    return task


def shorten(message, most):
    """Return a message as text, its beginning cut off where it is too long
    (the end of a traceback says what happened)."""
    if message is None:
        return None
    message = fields.to_text(message)
    return message if len(message) <= most else u"..." + message[-most:]
