# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Claims: a consumer gets a task, and keeps it while it sends heartbeats."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.model.consumer_ids import parse_consumer_id
from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.storage import consumer_registry
from senaite.queue.storage import lanes
from senaite.queue.storage import pauses
from senaite.queue.storage import rows
from senaite.queue.storage import schema
from senaite.queue.storage import state_changes
from senaite.queue.storage import upkeep

_TASK = schema.task

#: Bounds of the upkeep done by one pop, so that no pop takes long
RESCUES_PER_POP = 20
PROMOTIONS_PER_POP = 100


def pop(unit, consumer_id, lease_seconds, most=None):
    """Give a consumer the best task that may run; see `ITaskStore.pop`."""
    consumer_registry.seen(unit, consumer_id)
    task = _get_held(unit, consumer_id, lease_seconds)
    if task is not None:
        return task
    upkeep.rescue(unit, RESCUES_PER_POP)
    upkeep.promote(unit, PROMOTIONS_PER_POP)
    if most is not None and _count_held(unit) >= most:
        return None
    lane = None if pauses.ALL in unit.paused() else lanes.best(unit)
    if lane is None:
        return None
    row = state_changes.get(unit, lane["head_uid"])
    return _claim(unit, lane, row, consumer_id, lease_seconds)


def heartbeat(unit, consumer_id, task_uid, lease_seconds):
    """Extend a lease; see `ITaskStore.heartbeat`."""
    consumer_registry.seen(unit, consumer_id)
    return bool(unit.execute(sa.update(_TASK).where(
        unit.mine(_TASK), _TASK.c.task_uid == fields.to_text(task_uid),
        _TASK.c.state == states.RUNNING,
        _TASK.c.consumer_id == fields.to_text(consumer_id)
    ).values(lease_until=unit.now + lease_seconds)).rowcount)


def next_due(unit):
    """Return when `pop` may have more to give; see `ITaskStore.next_due`."""
    lease = unit.scalar(sa.select(_TASK.c.lease_until).where(
        unit.mine(_TASK), _TASK.c.lease_until.isnot(None)
    ).order_by(_TASK.c.lease_until).limit(1))
    if lease is not None and lease < (unit.began or lease) and \
            upkeep.is_patient(unit):
        lease = unit.began + upkeep.PATIENCE_SECONDS
    delay = unit.scalar(sa.select(_TASK.c.visible_at).where(
        unit.mine(_TASK), _TASK.c.state == states.QUEUED,
        _TASK.c.ready == sa.false()
    ).order_by(_TASK.c.visible_at).limit(1))
    times = [time for time in (lease, delay) if time is not None]
    return min(times) if times else None


def _count_held(unit):
    # Cheap: at most one row per active consumer
    return unit.scalar(sa.select(sa.func.count()).select_from(_TASK).where(
        unit.mine(_TASK), _TASK.c.lease_until.isnot(None)))


def _get_held(unit, consumer_id, lease_seconds):
    task = None
    for row in consumer_registry.held(unit, consumer_id):
        if row["state"] == states.RUNNING:
            # The answer to the last pop was lost
            state_changes.write(unit, row, lease_until=unit.now + lease_seconds)
            task = task or rows.to_task(row)
        else:
            # It was cancelled. A consumer that asks for work has stopped
            # working on it
            consumer_registry.let_go(unit, row)
    return task


def _claim(unit, lane, row, consumer_id, lease_seconds):
    parse_consumer_id(consumer_id)
    number = row["attempt"] + 1
    changes = {
        "consumer_id": fields.to_text(consumer_id),
        "lease_until": unit.now + lease_seconds,
        "started": unit.now,
        "attempt": number,
        "haystack": rows.haystack(dict(
            json.loads(row["payload"]), consumer_id=consumer_id),
            row["error_message"]),
    }
    state_changes.move(unit, row, "claim", **changes)
    state_changes.open_attempt(unit, row, changes["consumer_id"], number)
    lanes.occupy(unit, lane, row)
    changes["state"] = states.RUNNING
    return rows.to_task(dict(row, **changes))
