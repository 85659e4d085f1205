# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Upkeep of the ledger: records of tasks that cannot come back are removed.

* What: records older than `ledger.KEEP_SECONDS` whose tasks are done or
  cancelled, or not known to the server any more.
* When: by consumers that have nothing else to do, every `EVERY_SECONDS`.
* Limits: `LIMIT` records a run.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from ZODB.POSException import ConflictError

from senaite.queue.errors import ServerRefused
from senaite.queue.errors import TaskNotFound
from senaite.queue.model import states
from senaite.queue.records import ledger

EVERY_SECONDS = 120
LIMIT = 100

_last = {}


def run(site, transport, now, limit=LIMIT, every=EVERY_SECONDS):
    """Remove old records, unless that was done recently.

    :param site: senaite.queue.site.connections.Site
    :param transport: the way to the queue server
    :param now: UTC epoch seconds
    :param limit: maximum number of records
    :param every: seconds between two runs
    :returns: dict of counts: removed
    :raises ServerUnreachable: nothing is removed
    """
    if now - _last.get(site.key, 0) < every:
        return {"removed": 0}
    _last[site.key] = now
    with site.opened() as (portal, _manager):
        old = ledger.old(portal, now, limit)
    over = [task_uid for task_uid in old if _is_over(transport, task_uid)]
    if over:
        try:
            site.write(lambda portal: ledger.remove(portal, over),
                       "senaite.queue: {} ledger records removed".format(
                           len(over)))
        except ConflictError:
            over = []  # another consumer is removing them, too
    return {"removed": len(over)}


def _is_over(transport, task_uid):
    """Tell whether a task cannot be delivered again. One that failed can: a
    manager may queue it again."""
    try:
        task = transport.call(
            "queue_server/{}".format(task_uid), method="GET")
    except ServerRefused as refusal:
        if refusal.error_name != TaskNotFound.__name__:
            if not refusal.is_nameless:
                raise
            # An older version gives a site without queue the same answer:
            # then this call is refused, too
            transport.call("queue_server/tasks", method="GET",
                           query={"limit": "1"})
        # it was removed from the history, too
        return True
    return task.get("status") in states.FINISHED
