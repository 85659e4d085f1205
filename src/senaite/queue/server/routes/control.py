# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Routes for the relay and the consumers: they add, hand out and end tasks.

Signed requests only. Each of them may be repeated when its answer was lost.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six

from senaite.queue.errors import Refused
from senaite.queue.http import params
from senaite.queue.http.routing import get_payload
from senaite.queue.http.routing import route
from senaite.queue.http.routing import SIGNED
from senaite.queue.model import fields
from senaite.queue.model.queue_task import check_payload
from senaite.queue.model.queue_task import to_task
from senaite.queue.model.scheduling import ENDINGS
from senaite.queue.server.server_utility import get_queue

#: Fields that the queue sets when a task enters it; given values are ignored
FRESH = ("status", "error_message", "error_code", "started", "consumer_id",
         "attempt", "note", "skipped", "skipped_items", "interventions",
         "task_short_uid")

#: Maximum number of uids in a question about many tasks
MOST_UIDS = 1000


@route("queue_server", "add", methods=["POST"], access=SIGNED)
def add(context, request):
    """Take over a task, or many: `{"tasks": [...]}`.

    Each gets its own result: added, known, duplicate or "invalid: why". A
    single task that is invalid is refused with 400.
    """
    payload = get_payload(request)
    many = "tasks" in payload
    given = payload["tasks"] if many else [payload]
    if not isinstance(given, list):
        raise Refused(400, "'tasks' must be a list")
    if not any(given):
        raise Refused(406, "No task")
    results = {}
    tasks = []
    for data in given:
        task_uid = params.read_task_uid(as_dict(data))
        try:
            tasks.append(make_task(data))
        except (TypeError, ValueError) as error:
            if not many:
                raise Refused(400, explain(error))
            results[task_uid] = "invalid: {}".format(explain(error))
    queue = get_queue()
    for task, result in zip(tasks, queue.accept(tasks) if tasks else []):
        results[task.task_uid] = result
    return params.answer(
        request, results=results, version=queue.store.version(),
        message="{} of {} tasks added".format(
            list(results.values()).count("added"), len(given)))


def as_dict(data):
    """Return the data of a task; Refused (400) when it is no object."""
    if not isinstance(data, dict):
        raise Refused(400, "A task must be a JSON object")
    return data


def make_task(data):
    """Return the task described by a JSON object.

    :raises TypeError, ValueError: see `to_task` and `check_payload`
    """
    task = to_task(dict((key, value) for key, value in data.items()
                        if key not in FRESH))
    check_payload(task)
    return task


def explain(error):
    """Return the message of an error, as text."""
    return fields.to_text(str(error))


@route("queue_server", "pop", methods=["POST"], access=SIGNED)
def pop(context, request):
    """Hand out the next task to the consumer.

    `next_due`: in how many seconds to ask again although nothing was added.
    """
    consumer_id = params.read_consumer_id(get_payload(request))
    queue = get_queue()
    found = hand_out(queue, consumer_id)
    return params.answer(
        request, version=queue.store.version(),
        message="Task handed out" if found["task"] else "No task", **found)


def hand_out(queue, consumer_id):
    """Return the answer to a consumer that asks for work."""
    task = queue.pop(consumer_id)
    due = queue.store.next_due()
    if due is not None:
        due = max(0, due - queue.store.now())
    return {"task": task, "next_due": due}


@route("queue_server", "done", methods=["POST"], access=SIGNED)
def done(context, request):
    """Acknowledge a running task. With `next`, the consumer goes on at once:
    the answer has the `task` and the `next_due` of `pop`, too."""
    payload = get_payload(request)
    task_uid = params.read_task_uid(payload)
    consumer_id = params.read_consumer_id(payload)
    queue = get_queue()
    queue.done(
        task_uid, consumer_id=consumer_id,
        processed=params.read_number(payload, "processed"),
        note=params.read_text(payload, "note"),
        skipped=params.read_number(payload, "skipped", 0),
        skipped_items=payload.get("skipped_items"))
    found = hand_out(queue, consumer_id) \
        if params.read_flag(payload, "next") else {}
    return answer_about(request, queue, task_uid, "Task done", **found)


@route("queue_server", "fail", methods=["POST"], access=SIGNED)
def fail(context, request):
    """Report that an attempt at a running task failed, or that its consumer
    hands it back because it is stopped; `status` is what follows."""
    payload = get_payload(request)
    task_uid = params.read_task_uid(payload)
    kind = payload.get("kind", "error")
    if kind not in ENDINGS:
        raise Refused(400, "'kind' must be one of {}".format(
            ", ".join(ENDINGS)))
    queue = get_queue()
    state = queue.fail(
        task_uid, params.read_text(payload, "error_message"),
        consumer_id=params.read_consumer_id(payload),
        kind=fields.to_native(kind),
        traceback=params.read_text(
            payload, "traceback", params.MAX_TRACEBACK),
        error_code=read_code(payload))
    return answer_about(request, queue, task_uid, "Failure noted",
                        status=state)


def read_code(payload):
    """Return the code of a failure, or None.

    One that this version does not know is kept, since a newer one may.
    """
    code = payload.get("error_code")
    if not isinstance(code, six.string_types) or not fields.NAME.match(code):
        return None
    return fields.to_native(code)


@route("queue_server", "timeout", methods=["POST"], access=SIGNED)
def timeout(context, request):
    """Report that a running task took too long; `status` is what follows."""
    payload = get_payload(request)
    task_uid = params.read_task_uid(payload)
    queue = get_queue()
    state = queue.timeout(
        task_uid, consumer_id=params.read_consumer_id(payload))
    return answer_about(request, queue, task_uid, "Timeout noted",
                        status=state)


@route("queue_server", "heartbeat", methods=["POST"], access=SIGNED)
def heartbeat(context, request):
    """Extend a lease. `held` false: another consumer may have the task."""
    payload = get_payload(request)
    task_uid = params.read_task_uid(payload)
    held = get_queue().heartbeat(
        task_uid, params.read_consumer_id(payload))
    return params.answer(request, held=bool(held))


@route("queue_server", "join", methods=["POST"], access=SIGNED)
def join(context, request):
    """Tell a process that it is served.

    It asks before it sends anything else: the signature of the answer proves
    that we have the key, and that we answer at all that it sees our database.
    """
    return params.answer(request, message="Served")


@route("queue_server", "hello", methods=["POST"], access=SIGNED)
def hello(context, request):
    """Note that a consumer has started: requeue what it held before.

    `stopped`: ids of its former incarnations that were stopped as planned.
    """
    payload = get_payload(request)
    consumer_id = params.read_consumer_id(payload)
    stopped = payload.get("stopped") or []
    if not isinstance(stopped, list):
        raise Refused(400, "'stopped' must be a list of consumer ids")
    stopped = [params.read_consumer_id({"consumer_id": one})
               for one in stopped]
    queue = get_queue()
    return params.answer(request, requeued=queue.hello(consumer_id, stopped),
                         version=queue.store.version())


@route("queue_server", "over", methods=["POST"], access=SIGNED)
def over(context, request):
    """Tell which of the `task_uids` cannot be handed out again: `over`, as of
    `version`.

    For the consumer that prunes the ledger; other consumers get an empty list.
    """
    payload = get_payload(request)
    consumer_id = params.read_consumer_id(payload)
    task_uids = payload.get("task_uids")
    if not isinstance(task_uids, list) or len(task_uids) > MOST_UIDS:
        raise Refused(400, "'task_uids' must be a list of at most {} uids"
                      .format(MOST_UIDS))
    task_uids = [params.read_task_uid({"task_uid": task_uid})
                 for task_uid in task_uids]
    queue = get_queue()
    found = queue.find_over(task_uids, consumer_id)
    return params.answer(request, over=found, version=queue.store.version())


def answer_about(request, queue, task_uid, message, **details):
    """Return the answer of a route that changed a task."""
    return params.answer(
        request, message=message, task_uid=task_uid,
        version=queue.store.version(), **details)
