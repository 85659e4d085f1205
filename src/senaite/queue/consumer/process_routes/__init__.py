# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The consumer's JSON routes: keep the loop alive, process a task."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.auth.pas import request_claims
from senaite.queue.consumer import calling
from senaite.queue.consumer import identity
from senaite.queue.consumer import lease as lease_module
from senaite.queue.consumer import processing
from senaite.queue.errors import AlreadyRunning
from senaite.queue.errors import LeaseNotHeld
from senaite.queue.errors import Refused
from senaite.queue.http.routing import CONSUME
from senaite.queue.http.routing import get_payload
from senaite.queue.http.routing import route
from senaite.queue.http.routing import SIGNED
from senaite.queue.model.fields import to_native
from senaite.queue.site import connections
from senaite.queue.site.portal import current_portal


@route("queue_consumer", "consume", methods=["GET", "POST"], access=CONSUME)
def consume(context, request):
    """Start the consumer's loop, unless it runs."""
    return {"message": calling.start(current_portal())}


@route("queue_consumer", "process", "process/<string:task_uid>",
       methods=["POST"], access=SIGNED)
def process(context, request, task_uid=None):
    """Process a task that this process holds, as its user."""
    task_uid = task_uid or get_payload(request).get("task_uid") or ""
    portal = current_portal()
    user_id = to_native(request_claims(request)["user"])
    registry = lease_module.leases
    try:
        lease = registry.begin(connections.Site.of(portal).key, str(task_uid))
    except (LeaseNotHeld, AlreadyRunning,
            UnicodeError) as error:
        raise Refused(412, str(error), process=identity.TOKEN)
    try:
        return processing.process(portal, request, lease, user_id)
    finally:
        registry.end(lease)
