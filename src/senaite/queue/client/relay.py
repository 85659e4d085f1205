# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The relay: delivers the entries of the outbox to the queue server.

Runs on threads of its own in every process, consumers included. Entries that a
client could not deliver, because it was killed or cut off, are delivered by
any other process. Delivering twice does no harm: the server knows a task by
its uid.

* What: delivers new entries, and removes those that the server has had for
  some seconds.
* When: after each commit that adds a task, and with each tick of the agent.
* Limits: `BATCH_TASKS` and `BATCH_BYTES` a request, `limit` tasks a run.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from ZODB.POSException import ConflictError

from senaite.queue.errors import ServerRefused
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.records import outbox

BATCH_TASKS = 100
BATCH_BYTES = 2 * 1024 * 1024

#: Seconds after which any process delivers an entry: the client that wrote it
#: should have done so by then
ORPHANED_SECONDS = 2

#: Statuses by which the server refuses a task, and not the caller
REFUSED_TASK = (400, 406, 413, 422)


class Sightings(object):
    """When this process first saw what is in the outbox.

    Whether an entry has been there for long enough is decided by what has
    passed here since then: what others wrote is dated with their clocks, which
    may be fast or slow.
    """

    def __init__(self, elapsed=clock.monotonic):
        """
        :param elapsed: function that returns seconds that nobody can set
        """
        self._elapsed = elapsed
        self._now = elapsed()
        self._first = {}

    def look(self, waiting, delivered):
        """Note what is there now, and forget what is not.

        :param waiting: uids of the tasks that still have to be delivered
        :param delivered: uids of the tasks that the server has
        """
        self._now = self._elapsed()
        keys = [(uid, False) for uid in waiting]
        keys.extend((uid, True) for uid in delivered)
        self._first = dict(
            (key, self._first.get(key, self._now)) for key in keys)

    def age(self, task_uid, is_delivered):
        """Return for how many seconds an entry has been as it was at the last
        look, as far as this process has seen."""
        return self._now - self._first.get(
            (task_uid, is_delivered), self._now)


def run(site, transport, seen, own=None, limit=1000):
    """Deliver entries that wait, and remove those that were delivered.

    :param site: where the outbox is
    :type site: senaite.queue.site.connections.Site
    :param transport: the way to the server
    :type transport: senaite.queue.http.transport.Transport
    :param seen: what this process saw in the outbox before
    :type seen: Sightings
    :param own: uids of tasks to deliver at once; None: all. Others are
        delivered when they are orphaned
    :param limit: maximum number of tasks
    :returns: dict of counts: delivered, refused, left, removed
    :raises ServerUnreachable: the entries stay as they are
    """
    with site.opened() as (portal, _manager):
        waiting = outbox.pending(portal)
        delivered = outbox.delivered(portal)
    seen.look([task["task_uid"] for task, _at in waiting], delivered)
    due = [task for task, _at in waiting
           if own is None or task["task_uid"] in own
           or seen.age(task["task_uid"], False) >= ORPHANED_SECONDS]
    removable = [task_uid for task_uid in delivered
                 if seen.age(task_uid, True) >= outbox.KEEP_SECONDS]
    counts = {"delivered": 0, "refused": 0, "removed": 0,
              "left": len(waiting)}
    for batch in batches(due[:limit]):
        _deliver(site, transport, batch, counts)
    if removable:
        try:
            counts["removed"] = site.write(
                lambda portal: outbox.prune(portal, removable),
                "senaite.queue: delivered tasks leave the outbox")
        except ConflictError:
            pass  # another process is removing them, too
    return counts


def batches(tasks):
    """Yield batches of tasks that fit in requests of a reasonable size."""
    batch, size = [], 0
    for task in tasks:
        length = len(json.dumps(task))
        if batch and (len(batch) >= BATCH_TASKS
                      or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += length
    if batch:
        yield batch


def _deliver(site, transport, batch, counts):
    """Send a batch and record the server's answer for each task."""
    try:
        answer = transport.call("queue_server/add", {"tasks": batch})
    except ServerRefused as refusal:
        if refusal.status not in REFUSED_TASK:
            raise
        if len(batch) > 1:
            for task in batch:
                _deliver(site, transport, [task], counts)
            return
        answer = {"results": {batch[0]["task_uid"]: "invalid: {}".format(
            refusal.message)}, "version": None}
    results = answer.get("results") or {}
    now = clock.now()
    site.write(
        lambda portal: outbox.mark(portal, results, answer["version"], now),
        "senaite.queue: {} tasks delivered".format(len(results)))
    counts["left"] -= len(results)
    for task_uid, result in results.items():
        if result.startswith("invalid"):
            counts["refused"] += 1
            logger.error("event=refused task=%s reason=%s",
                         task_uid[:9], result)
        else:
            counts["delivered"] += 1
