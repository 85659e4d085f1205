# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Conversion between tasks and rows: which fields have columns."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from senaite.queue.model import fields
from senaite.queue.model import human_acts
from senaite.queue.model import left_out
from senaite.queue.model import queue_task
from senaite.queue.model import scheduling
from senaite.queue.model import states

#: Column -> field of the task, for values that change while a task lives
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
    ("error_code", "error_code"),
)

#: Fields that callers expect as native strings (JSON has only text)
_NATIVE = ("task_uid", "task_short_uid", "name", "context_uid",
           "context_path", "username", "job_uid", "status", "consumer_id",
           "error_code")

#: Maximum number of characters of an error message or note
MAX_MESSAGE = 10000
MAX_TRACEBACK = 60000

#: Maximum number of characters of a message in a listing
MAX_IN_LISTING = 500

#: Maximum number of characters of the columns for sorting and searching
MAX_PLACE = 200
MAX_HAYSTACK = 500


def to_row(task, site, seq, tier, now):
    """Return the values of a new, queued task.

    :param task: the task
    :type task: senaite.queue.model.queue_task.QueueTask
    :param seq: number of its arrival, and its version in the feed
    :param tier: position of its name in the list of top priority names
    :param now: time of the store's clock
    :rtype: dict
    """
    # A client's clock that is fast must not hide a task
    visible_at = min(task["created"], now) + task["delay"]
    text = fields.to_text
    row = {
        "site": site,
        "task_uid": text(task["task_uid"]),
        "seq": seq,
        "version": seq,
        "state": text(states.QUEUED),
        "name": text(task["name"]),
        "lane": text(scheduling.lane(task, fields.to_native(site))),
        "tier": tier,
        "rank": float(scheduling.rank(task)),
        "ready": visible_at <= now,
        "visible_at": visible_at,
        "context_uid": text(task["context_uid"]),
        "locks": text(json.dumps(task["locks"])) if task["locks"] else None,
        "job_uid": text(task["job_uid"]),
        "created": task["created"],
        "ended": None,
        "retries": task["retries"],
        "attempt": 0,
        "chunk_size": task["chunk_size"],
        "max_seconds": task["max_seconds"],
        "payload": text(queue_task.to_json(task)),
    }
    row.update(for_listings(task))
    return row


def for_listings(task, message=None):
    """Return the columns by which listings filter, search and sort.

    :param task: mapping with the fields of a task
    :param message: the error message of a task that failed
    :rtype: dict
    """
    return {
        "ghost": bool(task["ghost"]),
        "username": clip(task["username"], MAX_PLACE),
        "priority": task["priority"],
        "place": clip(task["context_path"], MAX_PLACE),
        "haystack": haystack(task, message),
    }


def haystack(task, message=None):
    """Return the text searched by listings: name, error message, place, user,
    uid and consumer of a task, in lower case.

    :param task: mapping with the fields of a task
    :param message: the error message of a task that failed
    :rtype: six.text_type
    """
    parts = ((task["name"], 100), (task["context_path"], MAX_PLACE),
             (task["username"], 60), (task["task_uid"], 32),
             (task.get("consumer_id"), 60),
             (message, MAX_HAYSTACK))
    found = u" ".join(clip(part, most) for part, most in parts if part)
    return found.lower()[:MAX_HAYSTACK]


def clip(value, most):
    """Return a value as text of limited length (characters)."""
    return fields.to_text(value or u"")[:most]


def to_task(row):
    """Return the task of a row.

    The payload was checked when it was added and is not checked again: tasks
    must stay readable when a rule becomes stricter.

    :rtype: senaite.queue.model.queue_task.QueueTask
    """
    task = queue_task.QueueTask(json.loads(row["payload"]))
    for column, field in LIVE:
        task[field] = row[column]
    task["skipped"] = row["skipped"] or 0
    task["skipped_items"] = left_out.from_json(row["skipped_items"])
    task["interventions"] = human_acts.read(row["interventions"])
    for field in _NATIVE:
        task[field] = fields.to_native(task.get(field))
    for field in ("uids", "locks"):
        task[field] = [fields.to_native(uid) for uid in task[field]]
    return task


def shorten(message, most):
    """Return a message as text. A message that is too long loses its
    beginning, because a traceback ends with the error."""
    if message is None:
        return None
    message = fields.to_text(message)
    return message if len(message) <= most else u"..." + message[-most:]
