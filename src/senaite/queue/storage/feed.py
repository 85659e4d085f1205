# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The change feed: tasks that have changed since a version.

A version is "<epoch>:<counter>". Every change gives the task the next number,
so each task occurs once in the feed, in its latest state. Finished tasks stay
in the feed until they are pruned.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.storage import schema

_JOB = schema.job
_TASK = schema.task

#: States included when a reader starts again
_LIVING = states.ACTIVE + (states.FAILED,)


def version(site_row):
    """Return the current version."""
    return _format(site_row, site_row["counter"])


def changes(unit, site_row, since, limit):
    """Return changes after a version; see `ITaskStore.changes`."""
    counter = _parse(site_row, since)
    reset = counter is None
    query = sa.select(_TASK, _JOB.c.skipped.label("job_skipped")).select_from(
        _TASK.outerjoin(_JOB, sa.and_(_JOB.c.site == _TASK.c.site,
                                      _JOB.c.job_uid == _TASK.c.job_uid))
    ).where(unit.mine(_TASK), _TASK.c.version > (counter or 0))
    if reset:
        query = query.where(_TASK.c.state.in_(_LIVING))
    found = unit.rows(query.order_by(_TASK.c.version).limit(limit + 1))
    more = len(found) > limit
    found = found[:limit]
    reached = found[-1]["version"] if more else site_row["counter"]
    return {
        "version": _format(site_row, reached),
        "reset": reset,
        "more": more,
        "tasks": [_describe(row, site_row) for row in found],
    }


def _format(site_row, counter):
    return fields.to_native("{}:{}".format(site_row["epoch"], counter))


def _parse(site_row, since):
    # None: the reader must start again
    epoch, _colon, number = (since or "").partition(":")
    if epoch != site_row["epoch"] or not number.isdigit():
        return None
    counter = int(number)
    # A number higher than ours: the store was restored from a backup
    if not site_row["forgotten"] <= counter <= site_row["counter"]:
        return None
    return counter


def _describe(row, site_row):
    payload = json.loads(row["payload"])
    native = fields.to_native
    return {
        "task_uid": native(row["task_uid"]),
        "name": native(row["name"]),
        "status": native(row["state"]),
        "context_uid": native(row["context_uid"]),
        "context_path": native(payload["context_path"]),
        "uids": [native(uid) for uid in payload["uids"]],
        "username": native(payload["username"]),
        "ghost": payload["ghost"],
        "job_uid": native(row["job_uid"]),
        "job_total": payload["job_total"],
        # Tasks added by an older release lack the field
        "job_created": payload.get("job_created") or row["created"],
        "locks": [native(uid) for uid in payload["locks"]],
        "overtime": get_overtime(row, payload),
        "job_skipped": row["job_skipped"] or 0,
        "visible_at": row["visible_at"],
        "version": _format(site_row, row["version"]),
    }


def get_overtime(row, payload):
    """Return the extended time limit (seconds) of a task that exceeded its
    first one; None when it did not."""
    if row["max_seconds"] > payload["max_seconds"]:
        return row["max_seconds"]
    return None
