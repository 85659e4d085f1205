# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Jobs: the work started by one click, and the progress of its chunks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.model.conversion import count_items
from senaite.queue.model import fields
from senaite.queue.model import human_acts
from senaite.queue.model import left_out
from senaite.queue.model import states
from senaite.queue.storage import schema

_JOB = schema.job
_TASK = schema.task


def find(unit, tasks):
    """Return the existing rows of the jobs of these tasks, by uid."""
    uids = set(fields.to_text(task["job_uid"]) for task in tasks)
    return dict((row["job_uid"], row) for row in unit.rows_among(
        sa.select(_JOB).where(unit.mine(_JOB)), _JOB.c.job_uid, uids))


def join(unit, tasks, found):
    """Count new tasks towards their jobs.

    :param tasks: the tasks
    :type tasks: list of senaite.queue.model.queue_task.QueueTask
    :param found: see `find`
    """
    new, totals = {}, dict((uid, row["total"]) for uid, row in found.items())
    grown = set()
    for task in tasks:
        uid = fields.to_text(task["job_uid"])
        if uid not in totals:
            new[uid] = _to_row(unit, task)
            totals[uid] = task["job_total"]
        elif task["job_total"] > totals[uid]:
            # The first task may not know the final total yet
            totals[uid] = task["job_total"]
            grown.add(uid)
    if new:
        unit.execute(sa.insert(_JOB), [
            dict(new[uid], total=totals[uid]) for uid in sorted(new)])
    for uid in sorted(grown.difference(new)):
        unit.execute(sa.update(_JOB).where(
            unit.mine(_JOB), _JOB.c.job_uid == uid
        ).values(total=totals[uid]))


def _to_row(unit, task):
    text = fields.to_text
    return dict(
        site=unit.site, job_uid=text(task["job_uid"]),
        name=text(task["name"]), username=text(task["username"]),
        context_uid=text(task["context_uid"]),
        context_path=text(task["context_path"]), created=task["created"],
        done=0, skipped=0, cancelled=False)


def progress(unit, job_uid, items, skipped=0):
    """Add to the numbers of finished items of a job, which never exceed its
    total.

    :param items: number of items, skipped ones included
    :param skipped: number of those that were skipped; there may be more of
        them than items, where a step that follows counts as one
    """
    without = _at_most(_JOB.c.skipped + skipped, _JOB.c.total)
    unit.execute(sa.update(_JOB).where(
        unit.mine(_JOB), _JOB.c.job_uid == job_uid
    ).values(skipped=without, done=_at_most(
        _JOB.c.done + max(0, items - skipped), _JOB.c.total - without)))


def take_back(unit, job_uid, items, skipped=0):
    """Subtract from the numbers of finished items of a job; see
    `progress`."""
    unit.execute(sa.update(_JOB).where(
        unit.mine(_JOB), _JOB.c.job_uid == job_uid
    ).values(skipped=_at_least_none(_JOB.c.skipped - skipped),
             done=_at_least_none(
                 _JOB.c.done - max(0, items - skipped))))


def _at_most(value, limit):
    return sa.case((value > limit, limit), else_=value)


def _at_least_none(value):
    return sa.case((value < 0, 0), else_=value)


def cancel(unit, job_uid):
    """Cancel the rest of a job.

    :returns: rows of its tasks that are queued
    """
    unit.execute(sa.update(_JOB).where(
        unit.mine(_JOB), _JOB.c.job_uid == job_uid).values(cancelled=True))
    return unit.rows(sa.select(_TASK).where(
        unit.mine(_TASK), _TASK.c.job_uid == job_uid,
        _TASK.c.state == states.QUEUED))


def describe(unit, job_uid):
    """Return a job's progress, or None; see `ITaskStore.job`."""
    row = _get(unit, fields.to_text(job_uid))
    if row is None:
        return None
    counts = unit.execute(sa.select(
        _TASK.c.state, sa.func.count()).where(
        unit.mine(_TASK), _TASK.c.job_uid == row["job_uid"]
    ).group_by(_TASK.c.state)).all()
    answer = dict((state, 0) for state in
                  (states.QUEUED, states.RUNNING, states.FAILED))
    answer.update((fields.to_native(state), count) for state, count in counts
                  if state in answer)
    for field in ("job_uid", "name", "username", "context_uid",
                  "context_path"):
        answer[field] = fields.to_native(row[field])
    for field in ("created", "total", "done", "skipped", "cancelled"):
        answer[field] = row[field]
    counts = dict(counts)
    answer["removed"] = counts.get(states.CANCELLED, 0)
    answer["removed_by"] = _removed_by(unit, row) \
        if answer["removed"] else None
    answer["failed_items"] = _count_failed(unit, row) \
        if answer[states.FAILED] else 0
    answer["skipped_items"] = _skipped_items(unit, row) \
        if row["skipped"] else []
    return answer


def _removed_by(unit, row):
    """Return the user who has removed tasks of a job, or None."""
    found = unit.first(sa.select(_TASK.c.interventions).where(
        unit.mine(_TASK), _TASK.c.job_uid == row["job_uid"],
        _TASK.c.state == states.CANCELLED, _TASK.c.interventions.isnot(None)
    ).order_by(_TASK.c.seq.desc()).limit(1))
    acts = human_acts.read(found["interventions"]) if found else []
    return next((act["username"] or None for act in reversed(acts)
                 if act["act"] == human_acts.REMOVED), None)


def _count_failed(unit, row):
    """Return the number of items of a job whose tasks have failed."""
    return sum(count_items(json.loads(found["payload"]))
               for found in unit.rows(sa.select(_TASK.c.payload).where(
                   unit.mine(_TASK), _TASK.c.job_uid == row["job_uid"],
                   _TASK.c.state == states.FAILED)))


def _skipped_items(unit, row):
    """Return the first ones of the items that the tasks of a job have
    skipped."""
    items = []
    for found in unit.rows(sa.select(_TASK.c.skipped_items).where(
            unit.mine(_TASK), _TASK.c.job_uid == row["job_uid"],
            _TASK.c.skipped_items.isnot(None)
            ).order_by(_TASK.c.seq).limit(left_out.MOST_IN_JOB)):
        items.extend(left_out.from_json(found["skipped_items"]))
        if len(items) >= left_out.MOST_IN_JOB:
            break
    return items[:left_out.MOST_IN_JOB]


def forget(unit, job_uids):
    """Remove the jobs among these that have no tasks left."""
    left = sa.select(_TASK.c.job_uid).where(
        unit.mine(_TASK), _TASK.c.job_uid == _JOB.c.job_uid).exists()
    unit.execute(sa.delete(_JOB).where(
        unit.mine(_JOB), _JOB.c.job_uid.in_(job_uids), ~left))


def _get(unit, job_uid):
    return unit.first(sa.select(_JOB).where(
        unit.mine(_JOB), _JOB.c.job_uid == job_uid))
