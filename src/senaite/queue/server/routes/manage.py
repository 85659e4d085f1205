# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Routes that queue a failed task again, or cancel one.

Signed requests only: people do this in the monitor, which asks for their
permission and is protected against forged clicks.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.routing import SIGNED
from senaite.queue.routing import Refused
from senaite.queue.routing import get_payload
from senaite.queue.routing import route
from senaite.queue.server import params
from senaite.queue.server.routes.control import answer_about


@route("queue_server", "requeue", "requeue/<string:task_uid>",
       methods=["POST"], access=SIGNED)
def requeue(context, request, task_uid=None):
    """Queue a failed task again, with its retries restored."""
    payload = get_payload(request)
    if task_uid:
        payload["task_uid"] = task_uid
    task_uid = params.read_task_uid(payload)
    queue = params.get_queue()
    if not queue.requeue(task_uid, params.read_text(payload, "username")):
        raise Refused(412, "Task {} has not failed".format(task_uid))
    return answer_about(request, queue, task_uid, "Task queued again")


@route("queue_server", "delete", methods=["POST"], access=SIGNED)
def delete(context, request):
    """Cancel a task; `changed` tells whether that was news."""
    payload = get_payload(request)
    task_uid = params.read_task_uid(payload)
    queue = params.get_queue()
    changed = queue.delete(task_uid, params.read_text(payload, "username"))
    return answer_about(request, queue, task_uid, "Task cancelled",
                        changed=bool(changed))
