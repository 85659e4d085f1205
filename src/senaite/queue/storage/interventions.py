# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Interventions: users change priorities, and cancel whole jobs."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.errors import TaskNotFound
from senaite.queue.model import fields
from senaite.queue.model import human_acts
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.storage import jobs
from senaite.queue.storage import lanes
from senaite.queue.storage import outcomes
from senaite.queue.storage import schema
from senaite.queue.storage import state_changes

_TASK = schema.task

#: States in which the tasks of a job can be cancelled. Queued ones are
#: cancelled first, so that none of them starts in the meantime.
_OPEN = (states.QUEUED, states.FAILED, states.RUNNING)


def set_priority(unit, task_uid, priority, username=None):
    """Change the priority of a task; see `ITaskStore.set_priority`."""
    row = state_changes.get(unit, fields.to_text(task_uid))
    if row is None:
        raise TaskNotFound(task_uid)
    if row["state"] != states.QUEUED:
        return False
    payload = json.loads(row["payload"])
    payload["priority"] = priority
    state_changes.write(
        unit, row, priority=priority, version=unit.next_version(),
        rank=float(scheduling.rank(payload)),
        payload=fields.to_text(json.dumps(payload, sort_keys=True)),
        interventions=state_changes.with_act(
            unit, row, human_acts.PRIORITY, username, priority=priority))
    if row["ready"]:
        lanes.refresh(unit, row)
    return True


def cancel_job(unit, job_uid, username=None):
    """Cancel the unfinished tasks of a job; see `ITaskStore.cancel_job`."""
    job_uid = fields.to_text(job_uid)
    if jobs.describe(unit, job_uid) is None:
        raise TaskNotFound(job_uid)
    # Also cancels follow-ups that a running task has added or will add
    jobs.cancel(unit, job_uid)
    cancelled = []
    for state in _OPEN:
        found = unit.rows(sa.select(_TASK.c.task_uid).where(
            unit.mine(_TASK), _TASK.c.job_uid == job_uid,
            _TASK.c.state == state))
        cancelled.extend(row["task_uid"] for row in found
                         if outcomes.cancel(unit, row["task_uid"], username))
    return [fields.to_native(task_uid) for task_uid in cancelled]
