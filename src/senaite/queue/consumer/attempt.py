# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""One attempt at one task: from the lease to the acknowledgement."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time

from senaite.queue.consumer.heartbeat import Heartbeat
from senaite.queue.errors import AnswerTimeout
from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import NotConnected
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import TransportError
from senaite.queue import logger
from senaite.queue.model import scheduling
from senaite.queue.records import ledger

#: Outcomes of the process endpoint, and what is added here
DONE = "done"
ALREADY = "already"
FAILED = "failed"
TIMEOUT = "timeout"
NOT_READY = "not_ready"

#: Seconds until a task is tried again whose user cannot be logged in now
READY_SECONDS = 5

#: Seconds between attempts to tell the server, from and to
TELL_FROM = 0.5
TELL_UP_TO = 5

#: The server's answers that may be different when the key is read again
KEY_TROUBLE = (401, 403)
MOST_KEY_TROUBLE = 5


class Attempt(object):
    """What a consumer does for a task that it has popped."""

    def __init__(self, consumer, task):
        """
        :param consumer: senaite.queue.consumer.loop.Consumer
        :param task: the task, running
        """
        self.consumer = consumer
        self.agent = consumer.agent
        self.registry = consumer.registry
        self.task = task
        self.started = time.time()

    def run(self):
        """Process the task, deliver its follow-ups, report to the server.

        :returns: the answer of the server; it has the next task, or None if
            there is none, when the consumer goes on at once
        :rtype: dict
        """
        lease = self.registry.hold(
            self.consumer.site.key, self.task, self.consumer.consumer_id)
        beat = max(1, self.agent.lease_seconds / 3.0)
        try:
            with Heartbeat(self.agent.transport, self.registry, lease, beat):
                outcome = self._recorded() or self._process_when_ready(lease)
                self._flush()
                answer = self._report(outcome)
        finally:
            self.registry.release(lease)
        logger.info(
            "event=processed task=%s name=%s user=%s consumer=%s outcome=%s "
            "seconds=%.3f", self.task.task_short_uid, self.task.name,
            self.task.username, self.consumer.consumer_id,
            outcome["outcome"], time.time() - self.started)
        return answer or {}

    def _recorded(self):
        """Return the outcome of a former attempt, if there was one whose
        acknowledgement got lost."""
        with self.consumer.site.opened() as (portal, _manager):
            record = ledger.get(portal, self.task.task_uid)
        if record is None:
            return None
        return {"outcome": ALREADY, "processed": record[1], "note": record[2]}

    def _process_when_ready(self, lease):
        """Let this process do the work; returns the outcome.

        While its user cannot be logged in, the task is kept on its lease: it
        costs no retry, and the others wait for their turn.
        """
        complained = False
        while True:
            outcome = self._process(lease)
            if outcome["outcome"] != NOT_READY:
                return outcome
            if not complained:
                logger.error("event=consumer_waits task=%s reason=%s",
                             self.task.task_short_uid,
                             outcome["error_message"])
            complained = True
            if self.consumer.stopping.wait(READY_SECONDS) or lease.lost:
                return _failure(scheduling.LEASE_LOST,
                                outcome["error_message"])

    def _process(self, lease):
        """Let this process do the work; returns the outcome."""
        try:
            return self.consumer.loopback.call(
                "queue_consumer/process/{}".format(self.task.task_uid), {},
                force=True, timeout=self.task.max_seconds,
                username=self.task.username or "")
        except AnswerTimeout:
            self.registry.lose(lease)
            return {"outcome": TIMEOUT}
        except NotConnected:
            self.registry.lose(lease)
            return _failure(scheduling.LEASE_LOST, "The consumer is not "
                            "reachable at its own address")
        except TransportError as error:
            # it may have been processed all the same
            self.registry.lose(lease)
            return self._recorded() or _failure(
                scheduling.ERROR, "The consumer did not answer: {}".format(
                    error))

    def _flush(self):
        """Deliver follow-up tasks before the task counts as done, so that a
        job never looks finished in between."""
        try:
            self.agent.deliver()
        except DatabaseClosed:
            raise
        except Exception as error:
            # they are in the outbox, and go with the next delivery
            logger.debug("event=flush_failed reason=%s", error)
            self.agent.wake()

    def _report(self, outcome):
        """Report the outcome to the server; returns its answer."""
        payload = {"task_uid": self.task.task_uid,
                   "consumer_id": self.consumer.consumer_id}
        kind = outcome["outcome"]
        if kind in (DONE, ALREADY):
            payload["processed"] = outcome.get("processed")
            payload["note"] = outcome.get("note")
            # Asked for here, the next task costs no request of its own
            payload["next"] = self.consumer.goes_on(self)
            return self._tell("queue_server/done", payload)
        if kind == TIMEOUT:
            return self._tell("queue_server/timeout", payload)
        for key in ("kind", "error_message", "traceback"):
            payload[key] = outcome.get(key)
        return self._tell("queue_server/fail", payload)

    def _tell(self, route, payload):
        """Call the server until it answers: nothing else can be done while it
        is away, and an acknowledgement may be repeated."""
        wait, trouble = TELL_FROM, 0
        while True:
            try:
                return self.agent.transport.call(
                    route, payload, force=True, timeout=10)
            except ServerUnreachable as error:
                logger.debug("event=tell_again route=%s reason=%s",
                             route, error)
            except ServerRefused as refusal:
                trouble += 1
                if refusal.status not in KEY_TROUBLE or \
                        trouble > MOST_KEY_TROUBLE:
                    # another consumer has it, or it was removed
                    logger.warning("event=not_ours task=%s reason=%s",
                                   self.task.task_short_uid, refusal)
                    return None
                self.agent.configure()
            if self.consumer.stopping.wait(wait):
                # if the work was done, the ledger knows
                return None
            wait = min(wait * 2, TELL_UP_TO)


def _failure(kind, message):
    return {"outcome": FAILED, "kind": kind, "error_message": message,
            "traceback": None}
