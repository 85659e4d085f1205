# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Upkeep: expired leases, finished delays and old history.

Each function does a bounded amount of work at the unit's time. The ticks of
the queue server call them; they are never queued as tasks.
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
from senaite.queue.storage import consumer_registry
from senaite.queue.storage import jobs
from senaite.queue.storage import lanes
from senaite.queue.storage import meeting
from senaite.queue.storage import pauses
from senaite.queue.storage import schema
from senaite.queue.storage import state_changes

_SITE = schema.site
_TASK = schema.task

#: Tables of a site, without the site itself
_TABLES = (schema.task, schema.involved, schema.lane, schema.lock,
           schema.attempt, schema.job, schema.consumer, schema.past_pause)

#: Seconds after its start for which a queue server leaves alone the leases that
#: ended before
PATIENCE_SECONDS = 30

#: Maximum values in one IN: SQLite allows 999 variables in a statement
_MANY = 500


def rescue(unit, limit):
    """Take back tasks with expired leases; see `ITaskStore.rescue`."""
    # While no queue server was there, nobody could renew a lease, or say that
    # it was stopped as planned
    since = unit.began if is_patient(unit) else None
    ended = unit.rows(sa.select(_TASK).where(
        unit.mine(_TASK), _TASK.c.lease_until <= unit.now,
        *([_TASK.c.lease_until >= since] if since is not None else [])
    ).order_by(_TASK.c.lease_until).limit(limit))
    return [fields.to_native(row["task_uid"]) for row in ended
            if consumer_registry.take_back(
                unit, row, u"The consumer stopped responding")]


def is_patient(unit):
    """Tell whether the queue server has begun so recently that consumers may
    not have reported yet."""
    return unit.began is not None and \
        unit.now < unit.began + PATIENCE_SECONDS


def promote(unit, limit):
    """Make tasks ready whose delay is over; return how many."""
    due = unit.rows(sa.select(_TASK).where(
        unit.mine(_TASK), _TASK.c.state == states.QUEUED,
        _TASK.c.ready == sa.false(), _TASK.c.visible_at <= unit.now
    ).order_by(_TASK.c.visible_at).limit(limit))
    for row in due:
        unit.execute(sa.update(_TASK).where(
            unit.mine(_TASK), _TASK.c.task_uid == row["task_uid"]
        ).values(ready=True))
        lanes.offer(unit, row)
    return len(due)


def prune(unit, retention_seconds, limit):
    """Remove old history; see `ITaskStore.prune`."""
    consumer_registry.forget(unit)
    pauses.forget(unit, unit.now - retention_seconds)
    old = []
    for state in states.FINISHED:
        old.extend(unit.rows(sa.select(
            _TASK.c.task_uid, _TASK.c.job_uid, _TASK.c.version
        ).where(unit.mine(_TASK), _TASK.c.state == state,
                _TASK.c.ended <= unit.now - retention_seconds,
                _TASK.c.lease_until.is_(None)
                ).order_by(_TASK.c.ended).limit(limit - len(old))))
    for start in range(0, len(old), _MANY):
        _remove(unit, old[start:start + _MANY])
    if old:
        # Readers that have not seen these changes must start again
        seen = max(row["version"] for row in old)
        unit.execute(sa.update(_SITE).where(
            unit.mine(_SITE), _SITE.c.forgotten < seen
        ).values(forgotten=seen))
    return len(old)


def forget_payloads(unit, retention_seconds, after, limit):
    """Remove the free keys of finished tasks; see
    `ITaskStore.forget_payloads`."""
    query = sa.select(
        _TASK.c.task_uid, _TASK.c.ended, _TASK.c.thin, _TASK.c.payload
    ).where(
        unit.mine(_TASK), _TASK.c.state.in_(states.FINISHED),
        _TASK.c.ended <= unit.now - retention_seconds)
    if after is not None:
        ended, task_uid = after
        query = query.where(sa.or_(
            _TASK.c.ended > ended,
            sa.and_(_TASK.c.ended == ended, _TASK.c.task_uid > task_uid)))
    for row in unit.rows(query.order_by(
            _TASK.c.ended, _TASK.c.task_uid).limit(limit)):
        after = (row["ended"], row["task_uid"])
        payload = json.loads(row["payload"])
        kept = queue_task.without_free_keys(payload)
        if kept != payload:
            # It can be done again as long as it has lost no keys
            state_changes.write(
                unit, row, thin=len(kept) < len(payload) or row["thin"],
                payload=fields.to_text(queue_task.to_json(kept)))
    return after


def purge(unit):
    """Remove everything of the site; see `ITaskStore.purge`."""
    row = unit.site_row()
    count = unit.scalar(
        sa.select(sa.func.count()).select_from(_TASK).where(unit.mine(_TASK)))
    for table in _TABLES:
        unit.execute(sa.delete(table).where(unit.mine(table)))
    unit.execute(sa.update(_SITE).where(unit.mine(_SITE)).values(
        counter=0, forgotten=0, **meeting.renewed(row, None)))
    return count


def check(unit):
    """Write the site's row as it is; see `ITaskStore.check`."""
    unit.site_row()
    unit.execute(sa.update(_SITE).where(unit.mine(_SITE)).values(
        counter=_SITE.c.counter))


def configure(unit, top_priority_tasks):
    """Set the top priority names; see `ITaskStore.configure`."""
    names = [fields.to_text(name) for name in top_priority_tasks]
    if names == json.loads(unit.site_row()["top_priority"]):
        return False
    unit.execute(sa.update(_SITE).where(unit.mine(_SITE)).values(
        top_priority=fields.to_text(json.dumps(names))))
    tiers = dict((name, scheduling.tier(name, names)) for name in names)
    lanes.rerank(unit, tiers, len(names))
    return True


def _remove(unit, old):
    uids = [row["task_uid"] for row in old]
    for table in (schema.attempt, schema.task):
        unit.execute(sa.delete(table).where(
            unit.mine(table), table.c.task_uid.in_(uids)))
    jobs.forget(unit, sorted(set(row["job_uid"] for row in old)))
