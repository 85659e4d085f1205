# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Statistics: how much is in the queue, and how fast it was processed."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.storage import schema

_TASK = schema.task

#: Medians are calculated from at most this many tasks, the latest ones
MOST_FOR_MEDIAN = 5000


def stats(unit):
    """Return current counts; see `ITaskStore.stats`."""
    answer = dict((state, 0) for state in states.STATES)
    counts = unit.execute(sa.select(_TASK.c.state, sa.func.count()).where(
        unit.mine(_TASK)).group_by(_TASK.c.state))
    answer.update((fields.to_native(state), number)
                  for state, number in counts)
    answer["oldest_queued"] = unit.scalar(
        sa.select(sa.func.min(_TASK.c.created)).where(
            unit.mine(_TASK), _TASK.c.state == states.QUEUED))
    answer["scheduled"] = unit.scalar(
        sa.select(sa.func.count()).select_from(_TASK).where(
            _waiting(unit, sa.false()), _TASK.c.visible_at > unit.now))
    # Oldest due task, from each half of the index
    answer["oldest_due"] = min([time for time in (
        unit.scalar(sa.select(sa.func.min(_TASK.c.visible_at)).where(
            _waiting(unit, ready), _TASK.c.visible_at <= unit.now))
        for ready in (sa.true(), sa.false())) if time is not None] or [None])
    return answer


def finished(unit, since, until):
    """Return the throughput of a period; see `ITaskStore.finished`."""
    answer = {}
    for state in (states.DONE, states.FAILED):
        answer[state] = unit.scalar(
            sa.select(sa.func.count()).select_from(_TASK).where(
                _ended(unit, state, since, until)))
    found = unit.execute(sa.select(
        _TASK.c.visible_at, _TASK.c.started, _TASK.c.ended
    ).where(_ended(unit, states.DONE, since, until),
            _TASK.c.started.isnot(None)
            ).order_by(_TASK.c.ended.desc()).limit(MOST_FOR_MEDIAN)).all()
    answer["skipped"] = unit.scalar(sa.select(
        sa.func.sum(_TASK.c.skipped)).where(
            _ended(unit, states.DONE, since, until),
            # Spelled out: only then does SQLite take the index for these
            _TASK.c.skipped > sa.literal_column("0"))) or 0
    answer["wait_median"] = median(
        max(0.0, row[1] - row[0]) for row in found)
    answer["run_median"] = median(max(0.0, row[2] - row[1]) for row in found)
    return answer


def median(values):
    """Return the median of numbers, or None if there are none."""
    values = sorted(values)
    if not values:
        return None
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2.0


def _waiting(unit, ready):
    return sa.and_(unit.mine(_TASK), _TASK.c.state == states.QUEUED,
                   _TASK.c.ready == ready)


def _ended(unit, state, since, until):
    return sa.and_(unit.mine(_TASK), _TASK.c.state == state,
                   _TASK.c.ended >= since, _TASK.c.ended < until)
