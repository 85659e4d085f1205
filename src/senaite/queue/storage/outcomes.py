# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Outcomes: reports of consumers, and decisions of users, about a task.

A consumer's report counts only while the consumer holds the task. A consumer
that lost its lease, or was restarted since, gets an error and changes nothing.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from senaite.queue.errors import NotRunning
from senaite.queue.errors import TaskNotFound
from senaite.queue.model.conversion import count_items
from senaite.queue.model.conversion import ITEMS
from senaite.queue.model import fields
from senaite.queue.model import human_acts
from senaite.queue.model import left_out
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.storage import consumer_registry
from senaite.queue.storage import jobs
from senaite.queue.storage import lanes
from senaite.queue.storage import rows
from senaite.queue.storage import state_changes


def acknowledge(unit, task_uid, consumer_id, processed=None, note=None,
                skipped=0, skipped_items=None):
    """End a running task as done; see `ITaskStore.acknowledge`.

    :returns: the new state: done, or cancelled if that came first
    """
    row = _get(unit, task_uid)
    if row["state"] == states.DONE and _is_mine(row, consumer_id):
        return states.DONE
    if _is_cancelled_attempt(row, consumer_id):
        # The work was done nevertheless
        told = _told(row, processed, note, skipped, skipped_items)
        _count(unit, row, processed, told["skipped"])
        state_changes.write(unit, row, **told)
        consumer_registry.let_go(unit, row)
        return states.CANCELLED
    _check_held(row, consumer_id)
    told = _told(row, processed, note, skipped, skipped_items)
    payload = _count(unit, row, processed, told["skipped"])
    state = state_changes.move(
        unit, row, "acknowledge", lease_until=None,
        payload=payload, cut=payload != row["payload"],
        error_code=None, **told)
    state_changes.close_attempt(unit, row, state)
    lanes.vacate(unit, row)
    return state


def fail(unit, task_uid, consumer_id, kind, error_message, traceback=None,
         error_code=None):
    """End an attempt that failed; see `ITaskStore.fail`.

    :returns: the new state: queued or failed, or cancelled if that came first
    """
    if kind not in scheduling.ENDINGS:
        raise ValueError("Unknown kind of failure: {!r}, expected one of "
                         "{}".format(kind, ", ".join(scheduling.ENDINGS)))
    row = _get(unit, task_uid)
    if _is_cancelled_attempt(row, consumer_id):
        consumer_registry.let_go(unit, row)
        return states.CANCELLED
    if _was_reported(unit, row, consumer_id, kind):
        return fields.to_native(row["state"])
    _check_held(row, consumer_id)
    return state_changes.fail_attempt(unit, row, kind, error_message,
                                      traceback, error_code=error_code)


def requeue(unit, task_uid, username=None):
    """Queue a failed task again; see `ITaskStore.requeue`."""
    row = _get(unit, task_uid)
    if row["state"] not in states.sources("requeue"):
        return False
    state_changes.move(
        unit, row, "requeue", ended=None, ready=True, visible_at=unit.now,
        retries=json.loads(row["payload"])["retries"], error_code=None,
        skipped=None, skipped_items=None, interventions=state_changes.with_act(
            unit, row, human_acts.REQUEUED, username))
    lanes.offer(unit, row)
    return True


def cancel(unit, task_uid, username=None):
    """Cancel a task; see `ITaskStore.cancel`."""
    row = _get(unit, task_uid)
    if row["state"] not in states.sources("cancel"):
        return False
    _remove(unit, row, username)
    if row["state"] == states.RUNNING:
        # Its lane stays closed until the consumer has stopped, or its lease
        # ends. Follow-ups that it has added, or will add, are cancelled
        state_changes.close_attempt(unit, row, states.CANCELLED)
        for follower in jobs.cancel(unit, row["job_uid"]):
            _remove(unit, follower, username)
            lanes.refresh(unit, follower)
    elif row["state"] == states.QUEUED:
        lanes.refresh(unit, row)
    return True


def _remove(unit, row, username):
    state_changes.move(
        unit, row, "cancel", interventions=state_changes.with_act(
            unit, row, human_acts.REMOVED, username))


def _get(unit, task_uid):
    row = state_changes.get(unit, fields.to_text(task_uid))
    if row is None:
        raise TaskNotFound(task_uid)
    return row


def _is_mine(row, consumer_id):
    return row["consumer_id"] == fields.to_text(consumer_id)


def _is_cancelled_attempt(row, consumer_id):
    return (row["state"] == states.CANCELLED
            and row["lease_until"] is not None
            and _is_mine(row, consumer_id))


def _was_reported(unit, row, consumer_id, kind):
    # The answer to the same report was lost, and nothing has happened since
    if row["state"] not in (states.QUEUED, states.FAILED):
        return False
    last = state_changes.last_attempt(unit, row)
    return (last is not None and last["outcome"] == kind
            and last["consumer_id"] == fields.to_text(consumer_id))


def _check_held(row, consumer_id):
    if row["state"] != states.RUNNING:
        raise NotRunning("Task {} is not running, it is {}".format(
            row["task_uid"], row["state"]))
    if not _is_mine(row, consumer_id):
        raise NotRunning("Task {} is held by {}, not by {}".format(
            row["task_uid"], row["consumer_id"], consumer_id))


def _count(unit, row, processed, skipped):
    # Count the items towards the job. The payload keeps only the items that
    # this task processed: each chunk carries the rest of its job, so the
    # history of a large job would grow with the square of its items
    payload = json.loads(row["payload"])
    key = ITEMS if payload.get(ITEMS) else "uids"
    items = payload[key]
    if processed is None:
        processed = count_items(payload)
    jobs.progress(unit, row["job_uid"], processed, skipped)
    if 0 < processed < len(items):
        payload[key] = items[:processed]
        return fields.to_text(json.dumps(payload, sort_keys=True))
    return row["payload"]


def _told(row, processed, note, skipped, skipped_items):
    """Return the columns with what a report tells people."""
    most = count_items(json.loads(row["payload"]))
    if processed is not None:
        # A step that follows counts as one of the items
        most = min(most, processed + 1)
    items = left_out.clean(skipped_items)
    count = min(most, left_out.clean_count(skipped, items))
    return {"note": rows.shorten(note, rows.MAX_MESSAGE),
            "skipped": count,
            "skipped_items": fields.to_text(left_out.to_json(items))}
