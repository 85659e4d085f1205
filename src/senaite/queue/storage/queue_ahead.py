# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What stands in line, and how long such tasks take: bounded reads, however
many tasks there are."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.storage import schema
from senaite.queue.storage.statistics import median

_TASK = schema.task

#: Medians are calculated from at most this many tasks of all names, the latest
#: ones
MOST_FOR_PACE = 500


def line_up(unit, limit):
    """Return the first tasks in line; see `ITaskStore.line_up`."""
    found = []
    for state in (states.RUNNING, states.QUEUED):
        # Up to the limit: what may not run yet is left out afterwards, because
        # the index has the order, but not that
        found.extend(unit.rows(sa.select(
            _TASK.c.job_uid, _TASK.c.name, _TASK.c.state, _TASK.c.ready,
            _TASK.c.visible_at, _TASK.c.started
        ).where(unit.mine(_TASK), _TASK.c.state == state
                ).order_by(*schema.ORDER).limit(limit)))
    return [{"job_uid": fields.to_native(row["job_uid"]),
             "name": fields.to_native(row["name"]),
             "status": fields.to_native(row["state"]),
             "started": row["started"],
             "scheduled": not row["ready"] and row["visible_at"] > unit.now}
            for row in found]


def paces(unit, since):
    """Return how long tasks took; see `ITaskStore.paces`."""
    taken = {}
    for row in unit.execute(sa.select(
            _TASK.c.name, _TASK.c.started, _TASK.c.ended).where(
                unit.mine(_TASK), _TASK.c.state == states.DONE,
                _TASK.c.ended >= since
            ).order_by(_TASK.c.ended.desc()).limit(MOST_FOR_PACE)):
        if row[1] is not None:
            taken.setdefault(fields.to_native(row[0]), []).append(
                max(0.0, row[2] - row[1]))
    return dict((name, {"count": len(times), "median": median(times)})
                for name, times in taken.items())
