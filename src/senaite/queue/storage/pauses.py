# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Pauses: no new tasks are handed out, of one name or of all names.

Running tasks continue to their end. The lanes of a paused name are closed with
a gate value of their own, so that `pop` skips them. Their heads claim no
locks, so that other tasks on the same samples continue.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa

from senaite.queue.model import fields
from senaite.queue.storage import locks
from senaite.queue.storage import rows
from senaite.queue.storage import schema

_LANE = schema.lane
_LOCK = schema.lock
_PAUSE = schema.pause
_PAST = schema.past_pause

#: Maximum number of past pauses in an answer, the latest ones
MOST_PAST = 20

#: The name under which all tasks are paused
ALL = u""


def pause(unit, name, username):
    """Pause a name, or all; see `ITaskStore.pause`."""
    name = fields.to_text(name or ALL)
    if name in unit.paused():
        return False
    unit.paused().add(name)
    unit.execute(sa.insert(_PAUSE).values(
        site=unit.site, name=name, since=unit.now,
        username=rows.clip(username, rows.MAX_PLACE)))
    if name != ALL:
        locks.settle(unit, _close(unit, name))
    return True


def resume(unit, name, username=None):
    """Resume a name, or all; see `ITaskStore.resume`."""
    name = fields.to_text(name or ALL)
    _remember(unit, name, username)
    changed = unit.execute(sa.delete(_PAUSE).where(
        unit.mine(_PAUSE), _PAUSE.c.name == name)).rowcount
    unit.paused().discard(name)
    if changed and name != ALL:
        _open(unit, name)
    return bool(changed)


def describe(unit):
    """Return the pauses in force; see `ITaskStore.pauses`."""
    return [{"name": fields.to_native(row["name"]), "since": row["since"],
             "username": fields.to_native(row["username"])}
            for row in unit.rows(sa.select(_PAUSE).where(
                unit.mine(_PAUSE)).order_by(_PAUSE.c.name))]


def _remember(unit, name, username):
    """Keep a pause that ends now."""
    row = unit.first(sa.select(_PAUSE).where(
        unit.mine(_PAUSE), _PAUSE.c.name == name))
    if row is None:
        return
    # The store's clock may stand still: one that began then is replaced
    unit.execute(sa.delete(_PAST).where(
        unit.mine(_PAST), _PAST.c.name == name,
        _PAST.c.since == row["since"]))
    unit.execute(sa.insert(_PAST).values(
        until=unit.now, site=unit.site, name=row["name"], since=row["since"],
        username=row["username"],
        resumed_by=rows.clip(username, rows.MAX_PLACE)))


def describe_past(unit, name, since, until):
    """Return pauses that have ended; see `ITaskStore.past_pauses`."""
    native = fields.to_native
    found = unit.rows(sa.select(_PAST).where(
        unit.mine(_PAST), _PAST.c.until > since, _PAST.c.since < until,
        _PAST.c.name.in_([ALL, fields.to_text(name)])
    ).order_by(_PAST.c.until.desc()).limit(MOST_PAST))
    return [{"name": native(row["name"]), "since": row["since"],
             "username": native(row["username"]), "until": row["until"],
             "resumed_by": native(row["resumed_by"])}
            for row in reversed(found)]


def forget(unit, before):
    """Remove the pauses that ended before a time."""
    unit.execute(sa.delete(_PAST).where(
        unit.mine(_PAST), _PAST.c.until <= before))


def _close(unit, name):
    """Close the lanes of a name; return the released locks."""
    mine = sa.and_(unit.mine(_LANE), _LANE.c.name == name,
                   _LANE.c.gate != locks.BUSY)
    claimed = sa.and_(
        unit.mine(_LOCK), _LOCK.c.task_uid.is_(None),
        _LOCK.c.lane.in_(sa.select(_LANE.c.lane).where(mine)))
    freed = [row[0] for row in unit.execute(
        sa.select(_LOCK.c.uid).where(claimed))]
    unit.execute(sa.delete(_LOCK).where(claimed))
    unit.execute(sa.update(_LANE).where(mine).values(gate=locks.PAUSED))
    return freed


def _open(unit, name):
    mine = sa.and_(unit.mine(_LANE), _LANE.c.name == name,
                   _LANE.c.gate == locks.PAUSED)
    waiting = unit.rows(sa.select(_LANE).where(
        mine, _LANE.c.locks.isnot(None)).order_by(*schema.LANE_ORDER))
    # Lanes whose heads need no locks, usually nearly all, open in one batch
    unit.execute(sa.update(_LANE).where(
        mine, _LANE.c.locks.is_(None)).values(gate=locks.FREE))
    for row in waiting:
        locks.settle(unit, locks.enter(unit, row))
