# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""State changes: a task enters its next state, with all that depends on it.

After a task was added, only this module writes its state. `states` defines
the transitions.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.model import human_acts
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.storage import lanes
from senaite.queue.storage import rows
from senaite.queue.storage import schema

_ATTEMPT = schema.attempt
_INVOLVED = schema.involved
_TASK = schema.task


def get(unit, task_uid):
    """Return the row of a task, or None."""
    return unit.first(sa.select(_TASK).where(
        unit.mine(_TASK), _TASK.c.task_uid == task_uid))


def move(unit, row, event, **changes):
    """Move a task to the state that follows an event.

    :param row: row of the task
    :param event: see `states.TRANSITIONS`
    :param changes: further columns to change
    :returns: the new state
    :raises senaite.queue.model.states.TransitionNotAllowed: if the event does
        not apply to the task's state
    """
    state = states.next_state(row["state"], event)
    changes.update(state=state, version=unit.next_version())
    if state in states.FINISHED + (states.FAILED,):
        changes["ended"] = unit.now
    write(unit, row, **changes)
    if state in states.FINISHED:
        unit.execute(sa.delete(_INVOLVED).where(
            unit.mine(_INVOLVED), _INVOLVED.c.task_uid == row["task_uid"]))
    return state


def write(unit, row, **changes):
    """Change columns of a task, without a new version."""
    unit.execute(sa.update(_TASK).where(
        unit.mine(_TASK), _TASK.c.task_uid == row["task_uid"]), changes)


def with_act(unit, row, act, username, **values):
    """Return the acts on a task with another one, for its row; see
    `senaite.queue.model.human_acts.with_act`."""
    return fields.to_text(human_acts.with_act(
        row["interventions"], act, username, unit.now, **values))


def fail_attempt(unit, row, kind, message, traceback=None, at_once=False,
                 error_code=None):
    """End the attempt at a running task, which is queued again or failed.

    :param row: row of the task
    :param kind: one of `scheduling.ENDINGS`
    :param at_once: whether the next attempt may start without waiting
    :param error_code: see `senaite.queue.model.failures`
    :returns: the new state
    """
    task = rows.to_task(row)
    # What was stopped as planned makes the next one wait no longer
    task["attempt"] -= _count_stopped(unit, row)
    changes = scheduling.after_failure(task, kind, unit.now, unit.random)
    event = changes.pop("event")
    changes.pop("status")
    visible_at = changes.pop("visible_at")
    if visible_at is not None:
        visible_at = unit.now if at_once else visible_at
        changes.update(visible_at=visible_at, ready=visible_at <= unit.now)
    if event == "give_up":
        changes["haystack"] = rows.haystack(task, message)
    state = move(unit, row, event, lease_until=None,
                 error_message=rows.shorten(message, rows.MAX_MESSAGE),
                 error_code=fields.to_text(error_code), **changes)
    close_attempt(unit, row, kind, message, traceback)
    lanes.vacate(unit, row)
    return state


def _count_stopped(unit, row):
    return unit.scalar(
        sa.select(sa.func.count()).select_from(_ATTEMPT).where(
            unit.mine(_ATTEMPT), _ATTEMPT.c.task_uid == row["task_uid"],
            _ATTEMPT.c.outcome == scheduling.STOPPED))


def open_attempt(unit, row, consumer_id, number):
    """Record the start of an attempt at a task."""
    unit.execute(sa.insert(_ATTEMPT), dict(
        site=unit.site, task_uid=row["task_uid"], number=number,
        consumer_id=consumer_id, started=unit.now))


def close_attempt(unit, row, outcome, message=None, traceback=None):
    """Record how the last attempt at a task ended."""
    unit.execute(sa.update(_ATTEMPT).where(
        unit.mine(_ATTEMPT), _ATTEMPT.c.task_uid == row["task_uid"],
        _ATTEMPT.c.number == row["attempt"]), dict(
            ended=unit.now, outcome=outcome,
            error_message=rows.shorten(message, rows.MAX_MESSAGE),
            traceback=rows.shorten(traceback, rows.MAX_TRACEBACK)))


def last_attempt(unit, row):
    """Return the last attempt at a task, or None."""
    return unit.first(sa.select(_ATTEMPT).where(
        unit.mine(_ATTEMPT), _ATTEMPT.c.task_uid == row["task_uid"],
        _ATTEMPT.c.number == row["attempt"]))
