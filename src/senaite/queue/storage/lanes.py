# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Lanes: one task of a lane runs at a time; the best waiting task is its head.

Every change of a task updates the row of its lane, so that the cost of `pop`
does not depend on the number of tasks or lanes.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa

from senaite.queue.model import states
from senaite.queue.storage import locks
from senaite.queue.storage import schema

_LANE = schema.lane
_TASK = schema.task

#: Columns of the head that are copied to its lane
_COPIED = ("tier", "rank", "context_uid", "seq", "locks")


def best(unit):
    """Return the lane whose head is to run next, or None."""
    return unit.first(sa.select(_LANE).where(
        unit.mine(_LANE), _LANE.c.gate == locks.FREE
    ).order_by(*schema.LANE_ORDER).limit(1))


def offer(unit, task):
    """Consider a ready task as the head of its lane.

    :param task: row of the task
    """
    _offer(unit, _get(unit, task["lane"]), task)


def offer_many(unit, tasks):
    """Consider ready tasks as the heads of their lanes.

    :param tasks: rows of the tasks
    """
    best = {}
    for task in sorted(tasks, key=locks.key):
        best.setdefault(task["lane"], task)
    found = dict((row["lane"], row) for row in unit.rows_among(
        sa.select(_LANE).where(unit.mine(_LANE)), _LANE.c.lane, best))
    simple = [task for task in best.values()
              if task["lane"] not in found and not task["locks"]]
    _open(unit, simple)
    for task in simple:
        del best[task["lane"]]
    # Best first, so that none of these displaces another
    for task in sorted(best.values(), key=locks.key):
        row = found.get(task["lane"])
        if row and row["locks"]:
            # An earlier one may have displaced it
            row = _get(unit, task["lane"])
        _offer(unit, row, task)


def refresh(unit, task):
    """Find the head of a lane again after one of its tasks has changed.

    :param task: row of that task
    """
    row = _get(unit, task["lane"])
    _refresh(unit, row, task["lane"], task["name"], _head(unit, task["lane"]))


def occupy(unit, row, task):
    """Close a lane because its head is now running.

    :param row: the lane
    :param task: row of the task, no longer queued
    """
    locks.hold(unit, row, task["task_uid"])
    unit.execute(sa.update(_LANE).where(
        unit.mine(_LANE), _LANE.c.lane == row["lane"]
    ).values(running_uid=task["task_uid"], gate=locks.BUSY))
    refresh(unit, task)


def vacate(unit, task):
    """Open a lane after its running task ended, and release its locks.

    :param task: row of the task, no longer running
    """
    freed = locks.release(unit, task["task_uid"])
    unit.execute(sa.update(_LANE).where(
        unit.mine(_LANE), _LANE.c.lane == task["lane"],
        _LANE.c.running_uid == task["task_uid"]).values(running_uid=None))
    refresh(unit, task)
    locks.settle(unit, freed)


def rerank(unit, tiers, lowest):
    """Apply a new order to tasks that wait or may wait again.

    :param tiers: dict of task name -> tier
    :param lowest: tier of all other names
    """
    for table, waits in (
            (_TASK, _TASK.c.state.notin_(states.FINISHED)),
            (_LANE, _LANE.c.head_uid.isnot(None))):
        tier = sa.case(tiers, value=table.c.name, else_=lowest) \
            if tiers else sa.literal(lowest)
        unit.execute(sa.update(table).where(
            unit.mine(table), waits, table.c.tier != tier
        ).values(tier=tier))
    locks.rebuild(unit)


def _offer(unit, row, task):
    if row and row["head_uid"] and locks.key(row) < locks.key(task):
        return
    _refresh(unit, row, task["lane"], task["name"], task)


def _open(unit, tasks):
    """Create lanes for heads that need no locks."""
    if tasks:
        paused = unit.paused()
        unit.execute(sa.insert(_LANE), [
            dict(_values(task), site=unit.site, lane=task["lane"],
                 name=task["name"],
                 gate=locks.PAUSED if task["name"] in paused else locks.FREE)
            for task in tasks])


def _get(unit, lane):
    return unit.first(sa.select(_LANE).where(
        unit.mine(_LANE), _LANE.c.lane == lane))


def _head(unit, lane):
    return unit.first(sa.select(_TASK).where(
        unit.mine(_TASK), _TASK.c.lane == lane,
        _TASK.c.state == states.QUEUED, _TASK.c.ready == sa.true()
    ).order_by(*schema.ORDER).limit(1))


def _refresh(unit, row, lane, name, head):
    freed = locks.withdraw(unit, row) if row else []
    running = row["running_uid"] if row else None
    if head is None and running is None:
        unit.execute(sa.delete(_LANE).where(
            unit.mine(_LANE), _LANE.c.lane == lane))
    else:
        values = _write(unit, row, lane, name, head)
        if head is not None and running is None:
            freed.extend(locks.enter(unit, values))
    locks.settle(unit, freed)


def _write(unit, row, lane, name, head):
    values = _values(head)
    # Closed until `enter` has looked at the locks
    values["gate"] = locks.BUSY
    if row:
        unit.execute(sa.update(_LANE).where(
            unit.mine(_LANE), _LANE.c.lane == lane), values)
    else:
        unit.execute(sa.insert(_LANE), dict(
            values, site=unit.site, lane=lane, name=name))
    values.update(lane=lane, name=name)
    return values


def _values(head):
    """Return the columns that describe the head of a lane, or its absence."""
    values = dict((column, head[column] if head else None)
                  for column in _COPIED)
    values["head_uid"] = head["task_uid"] if head else None
    return values
