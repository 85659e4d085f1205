# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Reads: tasks by uid, state, name and object, and their attempts."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.model import states as all_states
from senaite.queue.storage import rows
from senaite.queue.storage import schema

_ATTEMPT = schema.attempt
_INVOLVED = schema.involved
_TASK = schema.task

#: States of tasks whose objects are in the index
_INDEXED = tuple(state for state in all_states.STATES
                 if state not in all_states.FINISHED)


def get(unit, task_uid):
    """Return a task, or None."""
    row = unit.first(sa.select(_TASK).where(
        unit.mine(_TASK), _TASK.c.task_uid == fields.to_text(task_uid)))
    return None if row is None else rows.to_task(row)


def states_of(unit, task_uids):
    """Return the states of tasks, by uid; see `ITaskStore.states_of`."""
    return dict(
        (fields.to_native(row["task_uid"]), fields.to_native(row["state"]))
        for row in unit.rows_among(
            sa.select(_TASK.c.task_uid, _TASK.c.state).where(
                unit.mine(_TASK)), _TASK.c.task_uid,
            set(fields.to_text(uid) for uid in task_uids)))


def find(unit, states=None, name=None, uid=None, limit=None, offset=0):
    """Return tasks in order; see `ITaskStore.find`."""
    query = sa.select(_TASK).where(unit.mine(_TASK), *_in_states(states))
    if name is not None:
        query = query.where(_TASK.c.name == fields.to_text(name))
    if uid is not None:
        query = query.where(_TASK.c.task_uid.in_(_involving(unit, uid)))
    query = query.order_by(*schema.ORDER)
    if limit is not None or offset:
        # SQLite has no OFFSET without a LIMIT
        query = query.limit(2 ** 62 if limit is None else limit)
        query = query.offset(offset)
    return [rows.to_task(row) for row in unit.rows(query)]


def count(unit, states=None):
    """Return the number of tasks in these states."""
    return unit.scalar(
        sa.select(sa.func.count()).select_from(_TASK).where(
            unit.mine(_TASK), *_in_states(states)))


def uids(unit, states=None):
    """Return the uids of contexts and items in these states."""
    states = all_states.STATES if states is None else states
    found = set()
    if not set(_INDEXED).isdisjoint(states):
        found.update(row[0] for row in unit.execute(
            _indexed_uids(unit, states)))
    history = [state for state in states if state in all_states.FINISHED]
    if history:
        for row in unit.execute(sa.select(
                _TASK.c.context_uid, _TASK.c.payload).where(
                unit.mine(_TASK), _TASK.c.state.in_(history))):
            found.add(row[0])
            found.update(json.loads(row[1])["uids"])
    return set(fields.to_native(uid) for uid in found)


def attempts(unit, task_uid):
    """Return the attempts at a task; see `ITaskStore.attempts`."""
    found = unit.rows(sa.select(
        _ATTEMPT.c.consumer_id, _ATTEMPT.c.started, _ATTEMPT.c.ended,
        _ATTEMPT.c.outcome, _ATTEMPT.c.error_message, _ATTEMPT.c.traceback
    ).where(unit.mine(_ATTEMPT),
            _ATTEMPT.c.task_uid == fields.to_text(task_uid)
            ).order_by(_ATTEMPT.c.number))
    return [dict(row, consumer_id=fields.to_native(row["consumer_id"]),
                 outcome=fields.to_native(row["outcome"]))
            for row in found]


def _involving(unit, uid):
    # A UNION, because each half has an index of its own; the second half also
    # finds history
    uid = fields.to_text(uid)
    return sa.union(
        sa.select(_INVOLVED.c.task_uid).where(
            unit.mine(_INVOLVED), _INVOLVED.c.uid == uid),
        sa.select(_TASK.c.task_uid).where(
            unit.mine(_TASK), _TASK.c.context_uid == uid))


def _indexed_uids(unit, states):
    # Exclude the states not asked for, usually those of a few failed tasks:
    # the index is then read once from end to end, without a look at each task
    query = sa.select(_INVOLVED.c.uid).distinct().where(unit.mine(_INVOLVED))
    others = [state for state in _INDEXED if state not in states]
    if others:
        query = query.where(_INVOLVED.c.task_uid.notin_(
            sa.select(_TASK.c.task_uid).where(
                unit.mine(_TASK), _TASK.c.state.in_(others))))
    return query


def _in_states(states):
    if states is None:
        return []
    return [_TASK.c.state.in_([fields.to_text(state) for state in states])]
