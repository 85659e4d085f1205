# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Pages of a listing of tasks, with undelivered tasks on top."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.conversion import count_items
from senaite.queue.model.fields import to_text
from senaite.queue.model import states


def with_waiting(page, tasks, kinds, asked_for):
    """Return the first page of a listing with undelivered tasks on top.

    :param page: answer of `ITaskStore.page`
    :type page: dict
    :param tasks: the tasks that wait in the outbox, as dicts
    :param kinds: the kinds of the listing
    :param asked_for: the other arguments of `ITaskStore.page`
    :type asked_for: dict
    """
    if asked_for.get("offset"):
        return page
    known = set(task["task_uid"] for task in page["tasks"])
    waiting = [as_row(task) for task in tasks
               if task["task_uid"] not in known
               and task["status"] in (kinds or states.STATES)
               and _is_asked_for(task, asked_for)]
    return {"total": page["total"] + len(waiting),
            "tasks": waiting + page["tasks"]}


def _is_asked_for(task, asked_for):
    if task["ghost"] and not asked_for.get("ghosts"):
        return False
    for key, field in (("name", "name"), ("username", "username"),
                       ("job_uid", "job_uid"), ("uid", "task_uid")):
        wanted = asked_for.get(key)
        if wanted is not None and to_text(wanted) != to_text(
                task[field] or u""):
            return False
    text = u" ".join(to_text(task[field] or u"") for field in (
        "name", "context_path", "username", "task_uid")).lower()
    meanings = asked_for.get("meanings") or {}
    return all(any(one in text for one in [word] + meanings.get(word, []))
               for word in to_text(asked_for.get("text") or u"").lower().split())


def as_row(task):
    """Return a task of the outbox in the form of a row of a page."""
    row = dict((name, task.get(name)) for name in (
        "task_uid", "status", "name", "context_uid", "context_path",
        "username", "priority", "ghost", "job_uid", "created", "retries",
        "max_seconds", "error_message", "job_total"))
    row.update(scheduled=False, items=count_items(task), job_done=None,
               visible_at=task["created"], started=None, ended=None,
               attempt=0, consumer_id=None, lease_until=None, note=None,
               error_code=None, skipped=0, job_skipped=0, skipped_items=[],
               interventions=[], on_its_way=True)
    return row
