# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Routes that show what is in the queue: for users who may view it, and for
the clients' snapshots.

Tasks marked as ghosts are left out unless `ghost=1` asks for them.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.errors import JobNotFound
from senaite.queue.errors import NoSuchRoute
from senaite.queue.errors import TaskNotFound
from senaite.queue.http import params
from senaite.queue.http.routing import get_params
from senaite.queue.http.routing import route
from senaite.queue.http.routing import VIEW
from senaite.queue.model.states import ACTIVE
from senaite.queue.server.server_utility import get_queue

READ = ["GET", "POST"]


@route("queue_server", "tasks", "tasks/<string:status>", methods=READ,
       access=VIEW)
def tasks(context, request, status=None):
    """List the tasks in a state; queued and running by default."""
    given = get_params(request)
    if status:
        given["status"] = status
    return answer_tasks(request, given)


@route("queue_server", "search", methods=READ, access=VIEW)
def search(context, request):
    """List tasks by `uid` of an object involved, `name` and `status`."""
    return answer_tasks(request, get_params(request))


def answer_tasks(request, given):
    """Return the answer with the tasks that the parameters ask for.

    `limit` and `offset` page through them; `total` counts all that are in the
    states asked for.
    """
    queue = get_queue()
    states = params.read_states(given, ACTIVE)
    found = queue.get_tasks(
        states,
        name=params.read_text(given, "name"),
        uid=params.read_object_uid(given),
        limit=params.read_number(given, "limit", params.DEFAULT_LIMIT, 1,
                                 params.MAX_LIMIT),
        offset=params.read_number(given, "offset", 0))
    if not params.read_flag(given, "ghost"):
        found = [task for task in found if not task.ghost]
    found = [params.for_reader(request, task) for task in found]
    return params.answer_items(request, found,
                               total=queue.count(states))


@route("queue_server", "uids", "uids/<string:status>", methods=READ,
       access=VIEW)
def uids(context, request, status=None):
    """List the uids of the objects involved in the tasks in a state."""
    given = get_params(request)
    if status:
        given["status"] = status
    found = get_queue().get_uids(params.read_states(given, ACTIVE))
    return params.answer_items(request, sorted(found))


@route("queue_server", "diff", methods=READ, access=VIEW)
def diff(context, request):
    """Return what changed after the version `since`: see `ITaskStore.changes`;
    `now` is the store's clock, `unattended` the number of seconds for which a
    task has waited while no consumer asked for one, `held` why no tasks are
    handed out (see `ITaskStore.get_hold`), `line` what jobs wait for (see
    `LineUp.describe`). Empty while the store belongs to another database."""
    given = get_params(request)
    return params.answer(request, get_queue().get_feed(
        params.read_text(given, "since", 100),
        limit=params.read_number(given, "limit", params.DEFAULT_LIMIT, 1,
                                 params.MAX_LIMIT)))


@route("queue_server", "jobs/<string:job_uid>", methods=READ, access=VIEW)
def job(context, request, job_uid):
    """Return the progress of a job: see `ITaskStore.job`."""
    job_uid = params.read_task_uid({"task_uid": job_uid})
    found = get_queue().get_job(job_uid)
    if found is None:
        raise JobNotFound(job_uid)
    return params.answer(request, found)


@route("queue_server", "<string:task_uid>", methods=READ, access=VIEW)
def task(context, request, task_uid):
    """Return all about one task."""
    task_uid = params.read_task_uid({"task_uid": task_uid})
    found = get_queue().get_task(task_uid)
    if found is None:
        raise TaskNotFound(task_uid)
    return params.answer(request, params.for_reader(request, found))


@route("queue_server", "", "<path:rest>", methods=READ, access=VIEW)
def nothing(context, request, rest=None):
    """Refuse unknown routes with an answer in the queue's own form."""
    raise NoSuchRoute()
