# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Listings: a page of tasks, filtered, searched and sorted by the database.

A listing combines *kinds* of tasks, see `states.KINDS`. Each kind is read
through an index in the requested order, only up to the end of the page.
"""

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
from senaite.queue.model.states import SCHEDULED
from senaite.queue.storage import rows
from senaite.queue.storage import schema

_JOB = schema.job
_TASK = schema.task

_BY_AGE = ((_TASK.c.created, _TASK.c.seq), "ix_task_created")
_BY_END = ((_TASK.c.ended, _TASK.c.seq), "ix_task_ended")

#: Sort key of a listing -> columns, and the index with that order
SORTS = {
    "name": ((_TASK.c.haystack, _TASK.c.seq), "ix_task_search"),
    "place": ((_TASK.c.place, _TASK.c.seq), "ix_task_place"),
    "username": ((_TASK.c.username, _TASK.c.seq), "ix_task_user"),
    "order": (schema.ORDER, "ix_task_state"),
    "created": _BY_AGE,
    # When the task started to wait or to run, or when it ended
    "since": None,
}
_SINCE = {
    # Cheap: one row per consumer
    states.RUNNING: ((_TASK.c.started, _TASK.c.seq), None),
    states.QUEUED: _BY_AGE,
    SCHEDULED: ((_TASK.c.visible_at, _TASK.c.seq), "ix_task_delayed"),
    states.FAILED: _BY_END,
    states.DONE: _BY_END,
    states.CANCELLED: _BY_END,
}

#: Maximum number of words in a search; further words are ignored
MOST_WORDS = 8

#: Maximum number of other texts that a word may stand for
MOST_MEANINGS = 20

#: Up to this many matches are looked up and sorted. With more matches it is
#: faster to read in the requested order until the page is full.
_FEW = 1000

_COLUMNS = ("task_uid", "state", "name", "context_uid", "place", "username",
            "priority", "ghost", "job_uid", "created", "visible_at",
            "started", "ended", "retries", "attempt", "consumer_id",
            "lease_until", "max_seconds", "error_message", "error_code",
            "note", "skipped", "skipped_items", "interventions", "payload")


def page(unit, kinds, text=None, name=None, username=None, job_uid=None,
         uid=None, ghosts=False, sort=None, descending=False, limit=50,
         offset=0, meanings=None):
    """Return a page of a listing; see `ITaskStore.page`."""
    given = _Filter(unit, text, name, username, job_uid, uid, ghosts,
                    meanings or {})
    parts = [_Part(kind, given) for kind in kinds]
    total = sum(part.total for part in parts)
    if sort is None:
        uids = _one_after_the_other(unit, parts, limit, offset)
    else:
        uids = _merged(unit, parts, sort, descending, limit, offset)
    return {"total": total, "tasks": _describe(unit, uids)}


def to_words(text):
    """Return the words of a search, in lower case.

    :rtype: list of six.text_type
    """
    return fields.to_text(text or u"").lower().split()[:MOST_WORDS]


class _Filter(object):
    """The criteria of a listing, the same for all kinds."""

    def __init__(self, unit, text, name, username, job_uid, uid, ghosts,
                 meanings):
        self.unit = unit
        self.ghosts = (False, True) if ghosts else (False,)
        # All of it is in the haystack, and thus in the index that is scanned
        self.searched = [sa.or_(*[
            _TASK.c.haystack.contains(text, autoescape=True)
            for text in [word] + list(meanings.get(word) or ())[:MOST_MEANINGS]
        ]) for word in to_words(text)]
        self.other = []
        for column, value in ((_TASK.c.name, name),
                              (_TASK.c.username, username),
                              (_TASK.c.job_uid, job_uid),
                              (_TASK.c.task_uid, uid)):
            if value is not None:
                self.other.append(column == fields.to_text(value))


class _Part(object):
    """The tasks of one kind that pass the filter."""

    def __init__(self, kind, given):
        self.kind = kind
        self.given = given
        self.total = sum(self._count(kind, ghost) for ghost in given.ghosts)
        if kind == states.QUEUED:
            # No index separates tasks that are due from scheduled ones
            self.total -= sum(self._count(SCHEDULED, ghost)
                              for ghost in given.ghosts)

    def _count(self, kind, ghost):
        query = sa.select(sa.func.count()).select_from(_TASK).where(
            *self._conditions(kind, ghost))
        return self.given.unit.scalar(self._through(
            query, "ix_task_delayed" if kind == SCHEDULED
            else "ix_task_search"))

    def query(self, columns, ghost=None, index=None):
        """Return a query for the tasks of this part.

        :param ghost: whether to find ghosts; None: as the filter says
        :param index: name of the index that has the requested order
        """
        conditions = self._conditions(self.kind, ghost)
        if self.kind == states.QUEUED:
            conditions.append(_TASK.c.visible_at <= self.given.unit.now)
        if self.given.searched and self.total <= _FEW:
            index = "ix_task_search"
        return self._through(sa.select(*columns).where(*conditions), index)

    def _conditions(self, kind, ghost):
        unit = self.given.unit
        found = [unit.mine(_TASK), _TASK.c.state == (
            states.QUEUED if kind == SCHEDULED else kind)]
        if ghost is None and len(self.given.ghosts) == 1:
            ghost = self.given.ghosts[0]
        if ghost is not None:
            found.append(_TASK.c.ghost == (sa.true() if ghost else sa.false()))
        if kind == SCHEDULED:
            found.extend([_TASK.c.ready == sa.false(),
                          _TASK.c.visible_at > unit.now])
        return found + self.given.searched + self.given.other

    def _through(self, query, index):
        # SQLite keeps no statistics on how many tasks there are of a kind.
        # With further conditions it finds a better index than ours
        if index is None or self.given.other:
            return query
        return query.with_hint(_TASK, "INDEXED BY " + index, "sqlite")


def _natural_order(kind):
    """Return the default sort columns of a kind, and the index with that
    order."""
    if kind == SCHEDULED:
        return (_TASK.c.visible_at, _TASK.c.seq), "ix_task_delayed"
    if kind in (states.RUNNING, states.QUEUED):
        return schema.ORDER, "ix_task_state"
    return (_TASK.c.ended.desc(), _TASK.c.seq.desc()), "ix_task_ended"


def _one_after_the_other(unit, parts, limit, offset):
    """Return the uids of a page: kind by kind, each in its own order."""
    uids = []
    for part in parts:
        wanted = limit - len(uids)
        if wanted > 0 and offset < part.total:
            order, index = _natural_order(part.kind)
            query = part.query([_TASK.c.task_uid], index=index)
            uids.extend(row[0] for row in unit.execute(
                query.order_by(*order).limit(wanted).offset(offset)))
        offset = max(0, offset - part.total)
    return uids


def _merged(unit, parts, sort, descending, limit, offset):
    """Return the uids of a page: all kinds in one order."""
    found = []
    for part in parts:
        keys, index = _SINCE[part.kind] if sort == "since" else SORTS[sort]
        columns = [_TASK.c.task_uid]
        columns.extend(key.label("key{}".format(number))
                       for number, key in enumerate(keys))
        for ghost in part.given.ghosts if part.total else ():
            found.append(part.query(columns, ghost, index).order_by(
                *_directed(keys, descending)).limit(
                offset + limit).subquery())
    if not found:
        return []
    # Wrapped, because a part of a UNION has no order of its own
    every = sa.union_all(*[sa.select(part) for part in found]).subquery()
    keys = [column for column in every.c if column.name != "task_uid"]
    return [row[0] for row in unit.execute(
        sa.select(every.c.task_uid).order_by(
            *_directed(keys, descending)).limit(limit).offset(offset))]


def _directed(keys, descending):
    return [key.desc() if descending else key.asc() for key in keys]


def _describe(unit, uids):
    """Return what listings show of tasks, in the order of the uids."""
    if not uids:
        return []
    found = unit.rows_among(sa.select(
        *([_TASK.c[name] for name in _COLUMNS]
          + [_JOB.c.total.label("job_total"), _JOB.c.done.label("job_done"),
             _JOB.c.skipped.label("job_skipped")])
    ).select_from(_TASK.outerjoin(_JOB, sa.and_(
        _JOB.c.site == _TASK.c.site, _JOB.c.job_uid == _TASK.c.job_uid))
    ).where(unit.mine(_TASK)), _TASK.c.task_uid, set(uids))
    known = dict((row["task_uid"], row) for row in found)
    return [_to_dict(unit, known[uid]) for uid in uids if uid in known]


def _to_dict(unit, row):
    payload = json.loads(row["payload"])
    item = dict((name, row[name]) for name in _COLUMNS if name != "payload")
    item.update(
        status=item.pop("state"), context_path=payload["context_path"],
        username=payload["username"], items=count_items(payload),
        job_total=row["job_total"], job_done=row["job_done"],
        job_skipped=row["job_skipped"], skipped=row["skipped"] or 0,
        skipped_items=left_out.from_json(
            row["skipped_items"], left_out.MOST_IN_LISTING),
        interventions=human_acts.read(row["interventions"])[-1:],
        scheduled=(row["state"] == states.QUEUED
                   and row["visible_at"] > unit.now))
    item.pop("place")
    for key in ("error_message", "note"):
        item[key] = rows.shorten(item[key], rows.MAX_IN_LISTING)
    for key in ("task_uid", "status", "name", "context_uid", "context_path",
                "username", "job_uid", "consumer_id", "error_code"):
        item[key] = fields.to_native(item[key])
    return item
