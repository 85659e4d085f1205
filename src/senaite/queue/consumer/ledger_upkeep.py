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
* When: by a consumer that has nothing else to do, every `EVERY_SECONDS`. The
  queue server lets one consumer do it for the whole cluster, see
  `senaite.queue.server.upkeep_turn`.
* Limits: `LIMIT` records a run, with one question to the queue server.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from ZODB.POSException import ConflictError

from senaite.queue.errors import NoSuchRoute
from senaite.queue.errors import ServerRefused
from senaite.queue.model import clock
from senaite.queue.records import ledger
from senaite.queue.records import store_mark

EVERY_SECONDS = 120
LIMIT = 1000

_last = {}


def run(site, transport, now, consumer_id=None, limit=LIMIT,
        every=EVERY_SECONDS):
    """Remove old records, unless that was done recently.

    :param site: senaite.queue.site.connections.Site
    :param transport: the way to the queue server
    :param now: UTC epoch seconds
    :param consumer_id: the consumer that asks
    :param limit: maximum number of records
    :param every: seconds between two runs
    :returns: dict of counts: removed
    :raises ServerUnreachable: nothing is removed
    """
    started = clock.monotonic()
    if site.key in _last and started - _last[site.key] < every:
        return {"removed": 0}
    _last[site.key] = started
    with site.opened() as (portal, _manager):
        old = ledger.old(portal, now, limit)
    over, version = _find_over(transport, old, consumer_id) \
        if old else ([], None)

    def remove(portal):
        ledger.remove(portal, over)
        store_mark.note_pruned(portal, version)
    if over:
        try:
            site.write(remove, "senaite.queue: {} ledger records "
                       "removed".format(len(over)))
        except ConflictError:
            over = []  # another consumer is removing them, too
    return {"removed": len(over)}


def _find_over(transport, task_uids, consumer_id):
    """Return the tasks that cannot be delivered again, and the version of the
    store as of which they cannot. Those that failed can: a manager may queue
    them again."""
    try:
        answer = transport.call("queue_server/over", {
            "task_uids": task_uids, "consumer_id": consumer_id})
    except ServerRefused as refusal:
        if refusal.error_name != NoSuchRoute.__name__ and \
                not refusal.is_nameless:
            raise
        # the records wait until the server is upgraded
        return [], None
    asked = set(task_uids)
    return [task_uid for task_uid in answer.get("over") or ()
            if task_uid in asked], answer.get("version")
