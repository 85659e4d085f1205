# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The store meets the site: whether one of them is older than the other
remembers, and what becomes of the tasks; see `senaite.queue.model.restores`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.model.conversion import count_items
from senaite.queue.model import fields
from senaite.queue.model import queue_task
from senaite.queue.model import restores
from senaite.queue.model import states
from senaite.queue.storage import additions
from senaite.queue.storage import jobs
from senaite.queue.storage import lanes
from senaite.queue.storage import rows
from senaite.queue.storage import schema
from senaite.queue.storage import state_changes
from senaite.queue.storage import unitofwork

_SITE = schema.site
_TASK = schema.task

#: Maximum number of former epochs that are remembered: the one that the site
#: was last seen in, and the latest ones
MOST_FORMERS = 20


def meet(unit, mark, worked=None):
    """Compare with the site's mark; see `ITaskStore.meet`."""
    row = _row(unit)
    if row is None:
        row = {"epoch": u"", "counter": 0, "seen": None, "formers": None,
               "hold": None, "worked": None}
    known = _known(row)
    return {
        "hold": _hold(row),
        "kind": known.compare(mark, worked),
        "is_new": mark is not None and (
            known.seen != mark or _is_later(worked, known.worked)),
    }


def note(unit, mark, worked=None):
    """Keep the site's mark, unless a later one is kept; see
    `ITaskStore.note_mark`."""
    known = _known(unit.site_row())
    values = {}
    if known.seen is None or known.seen[0] != mark[0] or \
            known.seen[1] < mark[1]:
        values["seen"] = _version(mark)
    if _is_later(worked, known.worked):
        values["worked"] = fields.to_text(worked)
    if values:
        _write(unit, **values)


def _is_later(worked, known):
    return bool(worked) and (not known or known < worked)


def hold(unit, kind, mark, by=None):
    """Hand out no more tasks; see `ITaskStore.hold`."""
    row = unit.site_row()
    found = _hold(row)
    if found is not None:
        return found, False
    found = {"kind": kind, "mark": list(mark) if mark else None,
             "epoch": fields.to_native(row["epoch"]),
             "counter": row["counter"], "since": unit.now}
    if by:
        found["by"] = by
    _write(unit, hold=fields.to_text(json.dumps(found, sort_keys=True)))
    return found, True


def lift(unit, by):
    """End a hold without decisions; see `ITaskStore.lift`."""
    found = _hold(unit.site_row())
    if found is None or found.get("by") != by:
        return False
    _write(unit, hold=None)
    return True


def get_hold(unit):
    """Return why no tasks are handed out, or None; see
    `ITaskStore.get_hold`."""
    row = _row(unit)
    return _hold(row) if row is not None else None


def changed_since(unit, mark):
    """Return what has changed since a mark; see `ITaskStore.changed_since`."""
    row = _row(unit)
    counter = _known(row).counts_from(mark) if row is not None else None
    found = unit.rows(sa.select(
        _TASK.c.task_uid, _TASK.c.job_uid, _TASK.c.state, _TASK.c.seq,
        _TASK.c.cut, _TASK.c.thin
    ).where(unit.mine(_TASK), _TASK.c.version > (counter or 0)
            ).order_by(_TASK.c.seq))
    native = fields.to_native
    return counter, [{
        "task_uid": native(one["task_uid"]),
        "job_uid": native(one["job_uid"]),
        "state": native(one["state"]),
        "seq": one["seq"],
        "is_cut": bool(one["cut"]),
        "is_whole": not one["thin"],
    } for one in found]


def reconcile(unit, kind, mark, decisions, reasons, tasks):
    """Apply decisions, and hand out tasks again; see
    `ITaskStore.reconcile`."""
    counts = dict.fromkeys(
        (restores.PUT_BACK, restores.FAIL, restores.CANCEL), 0)
    apply = {restores.PUT_BACK: _put_back, restores.FAIL: _fail,
             restores.CANCEL: _supersede}
    for task_uid, fate in sorted(decisions.items()):
        row = state_changes.get(unit, fields.to_text(task_uid))
        if row is not None:
            if task_uid in tasks:
                # it may have lost items and free keys since
                row = dict(row, payload=fields.to_text(
                    queue_task.to_json(tasks[task_uid])))
            apply[fate](unit, row, reasons[fate])
            counts[fate] += 1
    row = unit.site_row()
    if kind == restores.DATABASE:
        _write(unit, hold=None, seen=_version(mark), worked=None)
    else:
        common = (_hold(row) or row)["counter"]
        _write(unit, **renewed(row, common, mark))
    return counts


def renewed(row, common, mark=None):
    """Return the columns of a site that begins a new epoch. The site is
    expected to know a former one.

    :param row: row of the site
    :param common: counter up to which the versions of the present epoch remain
        those of the store; None when all tasks are removed
    :param mark: the site's mark, if it is known. The store has no versions of
        an epoch that is only known by it
    """
    # After "remove everything", no version of an epoch has its tasks
    present = fields.to_native(row["epoch"])
    formers = [(present, common)] + [
        (epoch, None if common is None else known)
        for epoch, known in _formers(row)]
    site = mark or _seen(row)
    if site is None:
        # It has not been seen in this epoch, so it is where it was
        formers[:2] = reversed(formers[:2])
    else:
        formers = [pair for pair in formers if pair[0] == site[0]] + [
            pair for pair in formers if pair[0] != site[0]]
        if mark and mark[0] != formers[0][0]:
            formers.insert(0, (mark[0], None))
    return {"epoch": unitofwork.new_epoch(), "seen": None, "hold": None,
            "worked": None,
            "formers": fields.to_text(json.dumps(formers[:MOST_FORMERS]))}


def _put_back(unit, row, reason):
    if row["state"] != states.DONE:
        return
    task = rows.to_task(row)
    state_changes.move(
        unit, row, "put_back", ended=None, ready=True, visible_at=unit.now,
        cut=None, error_message=reason, error_code=None, note=None,
        skipped=None, skipped_items=None, thin=None, payload=row["payload"],
        retries=json.loads(row["payload"])["retries"])
    _involve(unit, task)
    _take_back(unit, row, task)
    lanes.offer(unit, row)


def _fail(unit, row, reason):
    if row["state"] == states.RUNNING:
        state_changes.fail_attempt(unit, dict(row, retries=0), "fatal", reason)
        return
    task = rows.to_task(row)
    state_changes.move(
        unit, row, "disown" if row["state"] == states.DONE else "give_up",
        error_message=reason, skipped=None, skipped_items=None,
        haystack=rows.haystack(task, reason))
    if row["state"] == states.DONE:
        _involve(unit, task)
        _take_back(unit, row, task)
    else:
        lanes.refresh(unit, row)


def _supersede(unit, row, reason):
    if row["state"] == states.RUNNING:
        _fail(unit, row, reason)
        row = state_changes.get(unit, row["task_uid"])
    if row["state"] == states.DONE:
        _take_back(unit, row, rows.to_task(row))
    state_changes.move(unit, row, "supersede", note=reason, skipped=None,
                       skipped_items=None)
    if row["state"] == states.QUEUED:
        lanes.refresh(unit, row)


def _take_back(unit, row, task):
    jobs.take_back(unit, row["job_uid"], count_items(task),
                   row["skipped"] or 0)


def _involve(unit, task):
    unit.execute(sa.insert(schema.involved), additions.involved(unit, task))


def _row(unit):
    return unit.first(sa.select(_SITE).where(unit.mine(_SITE)))


def _write(unit, **values):
    unit.execute(sa.update(_SITE).where(unit.mine(_SITE)).values(**values))


def _known(row):
    return restores.Known(
        fields.to_native(row["epoch"]), row["counter"], seen=_seen(row),
        formers=dict(_formers(row)),
        worked=fields.to_native(row["worked"]) if row["worked"] else None)


def _seen(row):
    epoch, _colon, counter = (row["seen"] or u"").rpartition(":")
    return (fields.to_native(epoch), int(counter)) if epoch else None


def _formers(row):
    """Return pairs of an epoch and its common counter: the epoch that the site
    was last seen in, when it is over, and then the latest ones first."""
    return [(fields.to_native(epoch), common)
            for epoch, common in json.loads(row["formers"] or u"[]")]


def _hold(row):
    if not row["hold"]:
        return None
    found = json.loads(row["hold"])
    for name in ("kind", "epoch", "by"):
        if name in found:
            found[name] = fields.to_native(found[name])
    if found["mark"]:
        found["mark"] = (fields.to_native(found["mark"][0]), found["mark"][1])
    return found


def _version(mark):
    return fields.to_text("{}:{}".format(*mark)) if mark else None
