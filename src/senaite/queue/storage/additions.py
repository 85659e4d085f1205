# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Additions: each task enters the queue once, however often it is sent.

Tasks are inserted many at a time, because a statement costs more than the
rows that it writes.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.model import queue_task
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.storage import jobs
from senaite.queue.storage import lanes
from senaite.queue.storage import rows
from senaite.queue.storage import schema

_TASK = schema.task
_INVOLVED = schema.involved

ADDED = "added"
KNOWN = "known"
DUPLICATE = "duplicate"


def add(unit, tasks):
    """Insert tasks; see `ITaskStore.add_many`."""
    tasks = [task if queue_task.is_task(task) else queue_task.to_task(task)
             for task in tasks]
    found = jobs.find(unit, tasks)
    cancelled = set(uid for uid, row in found.items() if row["cancelled"])
    answers, added = _sort_out(unit, tasks, cancelled)
    if added:
        jobs.join(unit, added, found)
        _insert(unit, added, cancelled)
    return answers


def _sort_out(unit, tasks, cancelled):
    """Return the answer to each task, and the tasks to insert.

    :param cancelled: uids of cancelled jobs. Tasks added to them do not wait,
        so they make no other task a duplicate.
    """
    known = _known(unit, tasks)
    waiting = set()
    answers, added = [], []
    for task in tasks:
        uid = fields.to_text(task["task_uid"])
        kind = _kind(task)
        if uid in known:
            answers.append(KNOWN)
        elif task["unique"] and (kind in waiting or _has_twin(unit, kind)):
            answers.append(DUPLICATE)
        else:
            answers.append(ADDED)
            added.append(task)
            known.add(uid)
            if fields.to_text(task["job_uid"]) not in cancelled:
                waiting.add(kind)
    return answers, added


def _known(unit, tasks):
    uids = set(fields.to_text(task["task_uid"]) for task in tasks)
    return set(row["task_uid"] for row in unit.rows_among(
        sa.select(_TASK.c.task_uid).where(unit.mine(_TASK)),
        _TASK.c.task_uid, uids))


def _kind(task):
    """Return the key that is equal for a task and its duplicates."""
    return fields.to_text(task["context_uid"]), fields.to_text(task["name"])


def _has_twin(unit, kind):
    context_uid, name = kind
    return unit.scalar(sa.select(_TASK.c.task_uid).where(
        unit.mine(_TASK), _TASK.c.context_uid == context_uid,
        _TASK.c.name == name, _TASK.c.state == states.QUEUED
    ).limit(1)) is not None


def _insert(unit, tasks, cancelled):
    top = json.loads(unit.site_row()["top_priority"])
    new, involved_rows = [], []
    for task in tasks:
        row = rows.to_row(task, unit.site, unit.next_version(),
                          scheduling.tier(task["name"], top), unit.now)
        if row["job_uid"] in cancelled:
            row.update(state=states.CANCELLED, ended=unit.now)
        else:
            involved_rows.extend(involved(unit, task))
        new.append(row)
    unit.execute(sa.insert(_TASK), new)
    if involved_rows:
        unit.execute(sa.insert(_INVOLVED), involved_rows)
    lanes.offer_many(unit, [row for row in new if row["ready"]
                            and row["state"] == states.QUEUED])


def involved(unit, task):
    """Return the rows of the objects that a task involves."""
    uids = set(task["uids"])
    uids.add(task["context_uid"])
    return [{"site": unit.site, "uid": fields.to_text(uid),
             "task_uid": fields.to_text(task["task_uid"])}
            for uid in sorted(uids)]
