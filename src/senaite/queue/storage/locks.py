# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Locks requested by tasks: two running tasks never share one.

The rules ensure that `pop` never meets a task that has to wait for a lock:

* a lock is *held* by a running task, or *claimed* by the head of one lane
  whose gate is free;
* a head that needs a lock which is held, or claimed by a better head, waits
  for that one lock (`lane.gate` names it).

Therefore the best of all heads that may run always has a free gate: a head
waits for a claimed lock only if a better head, which may run, claims it. When
a lock is released, the best head that waits for it is woken, not all of them.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import json

import sqlalchemy as sa

from senaite.queue.storage import schema

FREE = u"free"
BUSY = u"busy"
PAUSED = u"paused"

_LANE = schema.lane
_LOCK = schema.lock


def waiting_for(uid):
    """Return the gate value of a lane that waits for a lock."""
    return u"lock:{}".format(uid)


def key(row):
    """Return the sort key of a lane, or of a task, in the order of running."""
    return (row["tier"], row["rank"], row["context_uid"], row["seq"])


def uids_of(row):
    """Return the locks that the head of a lane needs."""
    return json.loads(row["locks"]) if row["locks"] else []


def enter(unit, row):
    """Let the head of a lane claim its locks, or wait for one of them.

    :param row: a lane that has a head and no running task
    :returns: released locks, to be passed to `settle`
    :rtype: list
    """
    if row["name"] in unit.paused():
        _set_gate(unit, row["lane"], PAUSED)
        return []
    uids = sorted(set(uids_of(row)))
    owners = _owners(unit, uids)
    for owner in owners:
        if owner["task_uid"] is not None or key(owner) < key(row):
            _set_gate(unit, row["lane"], waiting_for(owner["uid"]))
            return []
    freed = _displace(unit, owners)
    if uids:
        unit.execute(sa.insert(_LOCK), [
            {"site": unit.site, "uid": uid, "lane": row["lane"],
             "task_uid": None} for uid in uids])
    _set_gate(unit, row["lane"], FREE)
    return [uid for uid in freed if uid not in set(uids)]


def withdraw(unit, row):
    """Release the claims of the head of a lane.

    :returns: released locks, to be passed to `settle`
    :rtype: list
    """
    if row["gate"] != FREE or not row["locks"]:
        return []
    unit.execute(sa.delete(_LOCK).where(
        unit.mine(_LOCK), _LOCK.c.lane == row["lane"],
        _LOCK.c.task_uid.is_(None)))
    return uids_of(row)


def hold(unit, row, task_uid):
    """Turn the claims of a lane's head into locks held by the running task."""
    if row["locks"]:
        unit.execute(sa.update(_LOCK).where(
            unit.mine(_LOCK), _LOCK.c.lane == row["lane"],
            _LOCK.c.task_uid.is_(None)).values(task_uid=task_uid))


def release(unit, task_uid):
    """Release the locks of a task that ran.

    :returns: released locks, to be passed to `settle`
    :rtype: list
    """
    held = sa.and_(unit.mine(_LOCK), _LOCK.c.task_uid == task_uid)
    uids = [row["uid"] for row in unit.rows(sa.select(_LOCK).where(held))]
    if uids:
        unit.execute(sa.delete(_LOCK).where(held))
    return uids


def settle(unit, uids):
    """Wake the heads that wait for locks and may now claim them.

    :param uids: released locks
    """
    todo = collections.deque(uids)
    while todo:
        uid = todo.popleft()
        while True:
            waiter = _first_waiter(unit, uid)
            if waiter is None:
                break
            owners = _owners(unit, [uid])
            if owners and (owners[0]["task_uid"] is not None
                           or key(owners[0]) < key(waiter)):
                break
            todo.extend(enter(unit, waiter))


def rebuild(unit):
    """Let all heads claim their locks again after the order has changed.

    Thousands of lanes may have locks, and nobody else can write meanwhile:
    the claims are worked out in memory, and written in a few statements.
    """
    unit.execute(sa.delete(_LOCK).where(
        unit.mine(_LOCK), _LOCK.c.task_uid.is_(None)))
    taken = set(row["uid"] for row in unit.rows(
        sa.select(_LOCK.c.uid).where(unit.mine(_LOCK))))
    rows = unit.rows(sa.select(
        _LANE.c.lane, _LANE.c.name, _LANE.c.gate, _LANE.c.locks
    ).where(
        unit.mine(_LANE), _LANE.c.locks.isnot(None), _LANE.c.gate != BUSY
    ).order_by(*schema.LANE_ORDER))
    claims, gates = [], []
    # Best first, so that none is displaced
    for row in rows:
        gate, claimed = _find_gate(unit, row, taken)
        taken.update(claimed)
        claims.extend({"site": unit.site, "uid": uid, "lane": row["lane"],
                       "task_uid": None} for uid in claimed)
        if gate != row["gate"]:
            gates.append({"this_site": unit.site, "this_lane": row["lane"],
                          "gate": gate})
    if claims:
        unit.execute(sa.insert(_LOCK), claims)
    if gates:
        unit.execute(sa.update(_LANE).where(
            _LANE.c.site == sa.bindparam("this_site"),
            _LANE.c.lane == sa.bindparam("this_lane")
        ).values(gate=sa.bindparam("gate")), gates)


def _find_gate(unit, row, taken):
    """Return the gate of a lane, and the locks that its head claims.

    :param taken: locks that running tasks hold and better heads claim
    """
    if row["name"] in unit.paused():
        return PAUSED, []
    uids = sorted(set(uids_of(row)))
    for uid in uids:
        if uid in taken:
            return waiting_for(uid), []
    return FREE, uids


def _owners(unit, uids):
    return unit.rows_among(
        sa.select(_LOCK.c.uid, _LOCK.c.task_uid, _LANE).join(
            _LANE, sa.and_(_LANE.c.site == _LOCK.c.site,
                           _LANE.c.lane == _LOCK.c.lane)
        ).where(unit.mine(_LOCK)), _LOCK.c.uid, uids)


def _displace(unit, owners):
    # Each displaced head waits for one of the locks that were taken from it
    freed = []
    done = set()
    for owner in owners:
        if owner["lane"] in done:
            continue
        done.add(owner["lane"])
        freed.extend(withdraw(unit, owner))
        _set_gate(unit, owner["lane"], waiting_for(owner["uid"]))
    return freed


def _first_waiter(unit, uid):
    return unit.first(sa.select(_LANE).where(
        unit.mine(_LANE), _LANE.c.gate == waiting_for(uid)
    ).order_by(*schema.LANE_ORDER).limit(1))


def _set_gate(unit, lane, gate):
    unit.execute(sa.update(_LANE).where(
        unit.mine(_LANE), _LANE.c.lane == lane), {"gate": gate})
