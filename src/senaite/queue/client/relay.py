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

A batch may be answered with an error although the server works: a proxy limits
the size of requests, or one task makes the server fail. Then the batch is split
until the task is found, which is passed over, so that it does not hold up the
others; see `passed_over`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from ZODB.POSException import ConflictError

from senaite.queue.client.passed_over import PassedOver
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import TransportError
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.records import outbox

BATCH_TASKS = 100
#: Below 1 MB, the largest body that nginx accepts by default
BATCH_BYTES = 900 * 1000

#: Seconds after which any process delivers an entry: the client that wrote it
#: should have done so by then
ORPHANED_SECONDS = 2

#: Statuses by which the server refuses a task, and not the caller
REFUSED_TASK = (400, 406, 413, 422)

#: Status of a request that is too large for the server or for a proxy
TOO_LARGE = 413

#: Status of a server whose store is not available; no task is at fault
UNAVAILABLE = 503

#: Statuses of a proxy that refuses a caller, and may refuse a content
NOT_ALLOWED = (401, 403)


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


def run(site, transport, seen, own=None, limit=1000, passed_over=None,
        known=None):
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
    :param passed_over: what former runs have passed over
    :type passed_over: senaite.queue.client.passed_over.PassedOver
    :param known: version of the snapshot of this process, or None
    :returns: dict of counts: delivered, refused, left, removed
    :raises ServerUnreachable: the entries stay as they are
    """
    if passed_over is None:
        passed_over = PassedOver()
    with site.opened() as (portal, _manager):
        waiting = outbox.pending(portal)
        delivered = outbox.delivered(portal)
    seen.look([task["task_uid"] for task, _at in waiting], delivered)
    due = [task for task, _at in waiting
           if own is None or task["task_uid"] in own
           or seen.age(task["task_uid"], False) >= ORPHANED_SECONDS]
    removable = [task_uid for task_uid in delivered
                 if seen.age(task_uid, True) >= outbox.KEEP_SECONDS]
    passed_over.keep_only(task["task_uid"] for task, _at in waiting)
    due = passed_over.without(due)
    delivery = _Delivery(site, transport, passed_over)
    counts = delivery.counts
    counts["left"] = len(waiting)
    for batch in batches(due[:limit]):
        delivery.deliver(batch)
    if removable:
        try:
            counts["removed"] = site.write(
                lambda portal: outbox.prune(portal, removable, known),
                "senaite.queue: delivered tasks leave the outbox")
        except ConflictError:
            pass  # another process is removing them, too
    return counts


def batches(tasks):
    """Yield batches of tasks that fit in requests of a reasonable size."""
    batch, size = [], 0
    for task in tasks:
        # And what separates it from the next one
        length = len(json.dumps(task)) + 2
        if batch and (len(batch) >= BATCH_TASKS
                      or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += length
    if batch:
        yield batch


class _Delivery(object):
    """The deliveries of one run."""

    def __init__(self, site, transport, passed_over):
        self.site = site
        self.transport = transport
        self.passed_over = passed_over
        self.counts = {"delivered": 0, "refused": 0, "removed": 0, "left": 0}

    def deliver(self, batch, force=False):
        """Send a batch and record the server's answer for each task.

        :param force: send it even though the last answer was an error
        """
        try:
            answer = self.transport.call(
                "queue_server/add", {"tasks": batch}, force=force)
        except ServerRefused as refusal:
            if refusal.status in NOT_ALLOWED and not refusal.answer:
                self._find_fault(batch, refusal, refusal.status)
                return
            if refusal.status not in REFUSED_TASK:
                raise
            if len(batch) > 1:
                for task in batch:
                    self.deliver([task], force)
                return
            answer = _refusal(batch[0], refusal.message)
        except ServerFailed as error:
            self._find_fault(batch, error, error.answered)
            return
        self._note(answer)

    def _find_fault(self, batch, error, status):
        """Split a batch that was answered with an error, or pass over its only
        task.

        :raises TransportError: the error, when no task is at fault
        """
        if status != TOO_LARGE and (
                status == UNAVAILABLE or not self._is_well()):
            raise error
        if len(batch) > 1:
            half = len(batch) // 2
            self.deliver(batch[:half], force=True)
            self.deliver(batch[half:], force=True)
            return
        task = batch[0]
        if status == TOO_LARGE:
            self._note(_refusal(task, (
                "the request is too large ({} bytes) for the queue server, "
                "or for a proxy before it: raise its limit (nginx: "
                "client_max_body_size), and requeue the task").format(
                    len(json.dumps(task)))))
        elif self.passed_over.add(task["task_uid"]):
            self._note(_refusal(task, "{}".format(error)))
        else:
            logger.warning("event=passed_over task=%s reason=%s",
                           task["task_uid"][:9], error)

    def _is_well(self):
        """Tell whether the server answers a request without tasks."""
        try:
            self.transport.call("queue_server/ping", {}, force=True)
        except TransportError:
            return False
        return True

    def _note(self, answer):
        """Record what the server answered for each task."""
        results = answer.get("results") or {}
        now = clock.now()
        self.site.write(
            lambda portal: outbox.mark(
                portal, results, answer["version"], now),
            "senaite.queue: {} tasks delivered".format(len(results)))
        self.counts["left"] -= len(results)
        for task_uid, result in results.items():
            if result.startswith("invalid"):
                self.counts["refused"] += 1
                logger.error("event=refused task=%s reason=%s",
                             task_uid[:9], result)
            else:
                self.counts["delivered"] += 1


def _refusal(task, reason):
    """Return an answer that refuses a task."""
    return {"results": {task["task_uid"]: "invalid: {}".format(reason)},
            "version": None}
