# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Consumers that have asked for work, and the tasks that each one holds."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa

from senaite.queue.model.consumer_ids import parse_consumer_id
from senaite.queue.model import fields
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.storage import lanes
from senaite.queue.storage import schema
from senaite.queue.storage import state_changes

_CONSUMER = schema.consumer
_TASK = schema.task

#: A consumer not seen for this many seconds is forgotten
FORGET_AFTER = 24 * 3600


def seen(unit, consumer_id):
    """Record that a consumer was seen.

    :raises ValueError: when this is not a consumer id
    """
    name, _nonce = parse_consumer_id(consumer_id)
    consumer_id = fields.to_text(consumer_id)
    changed = unit.execute(sa.update(_CONSUMER).where(
        unit.mine(_CONSUMER), _CONSUMER.c.consumer_id == consumer_id
    ).values(last_seen=unit.now)).rowcount
    if not changed:
        unit.execute(sa.insert(_CONSUMER).values(
            site=unit.site, consumer_id=consumer_id,
            name=fields.to_text(name), last_seen=unit.now))


def hello(unit, consumer_id, stopped=()):
    """Take back the tasks of former incarnations; see `ITaskStore.hello`."""
    name, _nonce = parse_consumer_id(consumer_id)
    seen(unit, consumer_id)
    unit.execute(sa.delete(_CONSUMER).where(
        unit.mine(_CONSUMER), _CONSUMER.c.name == fields.to_text(name),
        _CONSUMER.c.consumer_id != fields.to_text(consumer_id)))
    requeued = []
    # Cheap: at most one row per active consumer
    for row in unit.rows(sa.select(_TASK).where(
            unit.mine(_TASK), _TASK.c.lease_until.isnot(None))):
        if row["consumer_id"] == consumer_id:
            continue
        if parse_consumer_id(row["consumer_id"])[0] != name:
            continue
        kind = scheduling.STOPPED if row["consumer_id"] in stopped \
            else scheduling.LEASE_LOST
        if take_back(unit, row, u"The consumer was restarted", kind,
                     at_once=True):
            requeued.append(fields.to_native(row["task_uid"]))
    return requeued


def take_back(unit, row, message, kind=scheduling.LEASE_LOST, at_once=False):
    """End the lease of a task whose consumer is gone.

    :param row: row of the task
    :param message: the reason, shown to users
    :param kind: why the attempt ended, one of `scheduling.ENDINGS`
    :param at_once: whether the next attempt may start without waiting
    :returns: True when the task was running; False when it was cancelled
        while it ran, so that only its lane had to be opened
    """
    if row["state"] == states.RUNNING:
        state_changes.fail_attempt(unit, row, kind, message,
                           at_once=at_once)
        return True
    let_go(unit, row)
    return False


def let_go(unit, row):
    """Open the lane of a task that was cancelled while it ran."""
    state_changes.write(unit, row, lease_until=None)
    lanes.vacate(unit, row)


def held(unit, consumer_id):
    """Return the rows of the tasks leased to a consumer."""
    return unit.rows(sa.select(_TASK).where(
        unit.mine(_TASK),
        _TASK.c.consumer_id == fields.to_text(consumer_id),
        _TASK.c.lease_until.isnot(None)))


def describe(unit):
    """Return all consumers; see `ITaskStore.consumers`."""
    holds = sa.and_(_TASK.c.site == _CONSUMER.c.site,
                    _TASK.c.consumer_id == _CONSUMER.c.consumer_id,
                    _TASK.c.lease_until.isnot(None),
                    _TASK.c.state == states.RUNNING)
    found = unit.rows(sa.select(
        _CONSUMER.c.consumer_id, _CONSUMER.c.last_seen, _TASK.c.task_uid
    ).select_from(_CONSUMER.outerjoin(_TASK, holds)).where(
        unit.mine(_CONSUMER)).order_by(_CONSUMER.c.consumer_id))
    return [{"consumer_id": fields.to_native(row["consumer_id"]),
             "last_seen": row["last_seen"],
             "task_uid": fields.to_native(row["task_uid"])}
            for row in found]


def forget(unit):
    """Remove consumers that have not been seen for `FORGET_AFTER`."""
    return unit.execute(sa.delete(_CONSUMER).where(
        unit.mine(_CONSUMER),
        _CONSUMER.c.last_seen < unit.now - FORGET_AFTER)).rowcount
