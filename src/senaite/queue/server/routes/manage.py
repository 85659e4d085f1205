# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Routes that requeue failed tasks, cancel tasks and jobs, change priorities,
pause and resume the queue, and remove everything.

Signed requests only: users do this in the monitor, which checks their
permission and is protected against forged requests.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.errors import Refused
from senaite.queue.http import params
from senaite.queue.http.routing import get_payload
from senaite.queue.http.routing import route
from senaite.queue.http.routing import SIGNED
from senaite.queue.model import fields
from senaite.queue.server.routes.control import answer_about
from senaite.queue.server.server_utility import get_queue

#: Bound of a task's priority
MAX_PRIORITY = 100000


@route("queue_server", "requeue", "requeue/<string:task_uid>",
       methods=["POST"], access=SIGNED)
def requeue(context, request, task_uid=None):
    """Queue a failed task again, with its retries restored."""
    payload = get_payload(request)
    if task_uid:
        payload["task_uid"] = task_uid
    task_uid = params.read_task_uid(payload)
    queue = get_queue()
    if not queue.requeue(task_uid, params.read_text(payload, "username")):
        raise Refused(412, "Task {} has not failed".format(task_uid))
    return answer_about(request, queue, task_uid, "Task queued again")


@route("queue_server", "delete", methods=["POST"], access=SIGNED)
def delete(context, request):
    """Cancel a task; `changed` is false when it was cancelled before."""
    payload = get_payload(request)
    task_uid = params.read_task_uid(payload)
    queue = get_queue()
    # 404 for an unknown task
    queue.known(task_uid)
    changed = queue.delete(task_uid, params.read_text(payload, "username"))
    return answer_about(request, queue, task_uid, "Task cancelled",
                        changed=bool(changed))


@route("queue_server", "priority", methods=["POST"], access=SIGNED)
def priority(context, request):
    """Change the priority of a queued task; `changed` false: it is not
    queued any more."""
    payload = get_payload(request)
    task_uid = params.read_task_uid(payload)
    value = params.read_number(payload, "priority", high=MAX_PRIORITY)
    if value is None:
        raise Refused(400, "'priority' is missing")
    queue = get_queue()
    changed = queue.set_priority(
        task_uid, value, params.read_text(payload, "username"))
    return answer_about(request, queue, task_uid, "Priority changed"
                        if changed else "Task not queued any more",
                        changed=bool(changed))


@route("queue_server", "cancel_job", methods=["POST"], access=SIGNED)
def cancel_job(context, request):
    """Cancel the unfinished tasks of a job; `cancelled` has their uids."""
    payload = get_payload(request)
    job_uid = params.read_task_uid({"task_uid": payload.get("job_uid")})
    queue = get_queue()
    cancelled = queue.cancel_job(
        job_uid, params.read_text(payload, "username"))
    return params.answer(
        request, message="Job cancelled", job_uid=job_uid,
        cancelled=cancelled, version=queue.store.version())


@route("queue_server", "pause", methods=["POST"], access=SIGNED)
def pause(context, request):
    """Hand out no more tasks of this `name`, or no tasks at all without one."""
    name, username = read_pause(request)
    changed = get_queue().pause(name, username)
    return params.answer(request, message="Paused", changed=bool(changed))


@route("queue_server", "resume", methods=["POST"], access=SIGNED)
def resume(context, request):
    """End the pause of this `name`, or that of all tasks without one."""
    name, username = read_pause(request)
    changed = get_queue().resume(name, username)
    return params.answer(request, message="Resumed", changed=bool(changed))


@route("queue_server", "remove_all", methods=["POST"], access=SIGNED)
def remove_all(context, request):
    """Remove all tasks, history included; `removed` is their number."""
    username = params.read_text(get_payload(request), "username")
    removed = get_queue().remove_all(username)
    return params.answer(request, message="Removed", removed=removed)


@route("queue_server", "reconcile", methods=["POST"], access=SIGNED)
def reconcile(context, request):
    """Decide about the tasks that a restored backup concerns, and hand out
    tasks again; `reconciled` has their numbers, null when nothing is held."""
    username = params.read_text(get_payload(request), "username")
    counts = get_queue().reconcile(username)
    return params.answer(request, message="Reconciled", reconciled=counts)


def read_pause(request):
    """Return name of tasks (None: all) and user of a request.

    :raises Refused: 400 when it is not the name of a task
    """
    payload = get_payload(request)
    name = params.read_text(payload, "name") or None
    if name is not None and not fields.NAME.match(name):
        raise Refused(400, "'name' is not the name of a task")
    return name, params.read_text(payload, "username")
