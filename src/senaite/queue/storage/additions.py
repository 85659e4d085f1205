# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Additions: a task enters the queue, once however often it is sent."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue import fields
from senaite.queue import queue
from senaite.queue import scheduling
from senaite.queue import states
from senaite.queue.storage import jobs
from senaite.queue.storage import lanes
from senaite.queue.storage import rows
from senaite.queue.storage import schema

_TASK = schema.task
_INVOLVED = schema.involved

ADDED = "added"
KNOWN = "known"
DUPLICATE = "duplicate"


def add(unit, task):
    """Insert a task; see `ITaskStore.add`."""
    if not queue.is_task(task):
        task = queue.to_task(task)
    if _is_known(unit, task):
        return KNOWN
    if task["unique"] and _has_twin(unit, task):
        return DUPLICATE
    site = unit.site_row()
    tier = scheduling.tier(task["name"], json.loads(site["top_priority"]))
    row = rows.to_row(task, unit.site, unit.next_version(), tier, unit.now)
    goes_on = jobs.join(unit, task)
    if not goes_on:
        row.update(state=states.CANCELLED, ended=unit.now)
    unit.execute(sa.insert(_TASK), row)
    if goes_on:
        _index(unit, task)
        if row["ready"]:
            lanes.offer(unit, row)
    return ADDED


def _is_known(unit, task):
    return unit.scalar(sa.select(_TASK.c.state).where(
        unit.mine(_TASK),
        _TASK.c.task_uid == fields.to_text(task["task_uid"]))) is not None


def _has_twin(unit, task):
    return unit.scalar(sa.select(_TASK.c.task_uid).where(
        unit.mine(_TASK),
        _TASK.c.context_uid == fields.to_text(task["context_uid"]),
        _TASK.c.name == fields.to_text(task["name"]),
        _TASK.c.state == states.QUEUED).limit(1)) is not None


def _index(unit, task):
    uids = set(task["uids"])
    uids.add(task["context_uid"])
    unit.execute(sa.insert(_INVOLVED), [
        {"site": unit.site, "uid": fields.to_text(uid),
         "task_uid": fields.to_text(task["task_uid"])}
        for uid in sorted(uids)])
