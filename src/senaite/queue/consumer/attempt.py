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
from senaite.queue.consumer import reporting
from senaite.queue.consumer import stopping
from senaite.queue.errors import AnswerTimeout
from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import NotConnected
from senaite.queue.errors import NotRunning
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import TransportError
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model.fields import to_message
from senaite.queue.model import scheduling
from senaite.queue.model import states
from senaite.queue.records import ledger
from senaite.queue.records import outbox

#: Outcomes of the process endpoint, and what is added here
DONE = "done"
ALREADY = "already"
FAILED = "failed"
TIMEOUT = "timeout"
STOPPED = scheduling.STOPPED
NOT_READY = "not_ready"

#: Seconds until a task is tried again whose user cannot be logged in now
READY_SECONDS = 5

#: What the log says of an attempt that is followed by another one
RETRIED = "retried"

#: Seconds for which a commit may be under way: those of ZEO's time-outs, and
#: more. Who waits longer goes on; the ledger keeps work from being done twice
MOST_COMMIT_SECONDS = 600

#: Seconds between two looks whether it has ended
LOOK_SECONDS = 0.05

#: Seconds between attempts to tell the server that we are stopped
STOP_PAUSES = (0.3, 0.7, None)


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
        self.started = clock.monotonic()
        self.lease = None
        #: the consumer is stopped, and somebody else reports
        self.is_handed_back = False

    def run(self):
        """Process the task, deliver its follow-ups, report to the server.

        :returns: the answer of the server; it has the next task, or None if
            there is none, when the consumer goes on at once
        :rtype: dict
        """
        lease = self.lease = self.registry.hold(
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
            STOPPED if self.is_handed_back else _name_of(outcome, answer),
            clock.monotonic() - self.started)
        return answer or {}

    def _recorded(self):
        """Return the outcome of a former attempt, if there was one whose
        acknowledgement got lost."""
        with self.consumer.site.opened() as (portal, _manager):
            record = ledger.get(portal, self.task.task_uid)
        if record is None:
            return None
        return dict(ledger.describe(record), outcome=ALREADY)

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
            if self.consumer.stopping.wait(READY_SECONDS):
                # nothing was begun that might end in time
                self.consumer.decline(self)
                return {"outcome": STOPPED}
            if lease.lost:
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
            return self._settle(MOST_COMMIT_SECONDS) or self._time_out()
        except NotConnected:
            self.registry.lose(lease)
            return _failure(scheduling.LEASE_LOST, "The consumer is not "
                            "reachable at its own address")
        except TransportError as error:
            # it may have been processed all the same
            return self._settle(MOST_COMMIT_SECONDS) or _failure(
                scheduling.ERROR, "The consumer did not answer: {}".format(
                    error))

    def _settle(self, seconds):
        """Keep the work from being committed, and return its outcome if it was.

        While the commit is under way, nobody knows: the ledger tells, once it
        has ended.

        :param seconds: how long to wait for its end
        :returns: the outcome, or None when the work was not committed
        """
        if self.registry.lose(self.lease):
            limit = clock.monotonic() + seconds
            while self.lease.running and clock.monotonic() < limit:
                time.sleep(LOOK_SECONDS)
        return self._recorded()

    def _time_out(self):
        """Return the outcome of work that took too long."""
        if self.lease.lose() and self.lease.running:
            return _failure(
                scheduling.TIMEOUT, "Its commit had not ended after {} "
                "seconds, and may have been committed since. Requeue it, if it "
                "is not tried again by itself: what was committed is not done "
                "twice".format(MOST_COMMIT_SECONDS))
        return {"outcome": TIMEOUT}

    def has_ended(self):
        """Tell whether the work has ended, with whatever outcome."""
        return self.lease is not None and self.lease.was_begun and \
            not self.lease.running

    def hand_back(self, seconds):
        """End the attempt because the process is stopped; called by another
        thread.

        :param seconds: how long to wait for a commit that is under way
        :returns: False when the queue server could not be told
        """
        self.is_handed_back = True
        outcome = None
        try:
            if self.lease is not None:
                outcome = self._settle(seconds)
            return self._hand_back(outcome)
        except Exception as error:
            logger.warning("event=not_handed_back task=%s reason=%s: %s",
                           self.task.task_short_uid, type(error).__name__,
                           to_message(error))
            return False

    def _hand_back(self, outcome):
        """Report what was committed, or that the task is for others."""
        if outcome is not None:
            self._call(*self._describe(outcome))
            return True
        payload = {"task_uid": self.task.task_uid,
                   "consumer_id": self.consumer.consumer_id,
                   "kind": scheduling.STOPPED,
                   "error_message": "The consumer was stopped",
                   "traceback": None}
        try:
            self._call("queue_server/fail", payload)
        except ServerRefused as refusal:
            if refusal.status != 400:
                raise
            # A server of an older version does not know planned stops
            self._call("queue_server/fail",
                       dict(payload, kind=scheduling.LEASE_LOST))
        logger.info("event=handed_back task=%s", self.task.task_short_uid)
        try:
            self.consumer.site.write(
                outbox.ring, "senaite.queue: a task was handed back", 3)
        except Exception as error:
            # ZEO is stopped, too: others ask again within seconds
            logger.debug("event=not_rung reason=%s", error)
        return True

    def _tell_at_the_end(self, route, payload):
        """Report although we are stopped, or leave a note that we were. If the
        work was done, the ledger knows."""
        try:
            return self._call(route, payload)
        except TransportError:
            stopping.note_stopped([self.consumer.consumer_id])
            return None

    def _call(self, route, payload):
        """Call the server; try again, but not for long: we are stopped.

        :raises ServerUnreachable, ServerRefused: as the last time
        """
        for wait in STOP_PAUSES:
            try:
                return self.agent.transport.call(
                    route, payload, force=True, timeout=5)
            except ServerRefused as refusal:
                if refusal.error_name == NotRunning.__name__:
                    # it was reported a moment ago, by the attempt itself
                    return None
                if refusal.status not in reporting.KEY_TROUBLE or \
                        wait is None:
                    raise
            except ServerUnreachable:
                if wait is None:
                    raise
            time.sleep(wait)

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
        if self.is_handed_back:
            return None
        return self._tell(*self._describe(outcome))

    def _describe(self, outcome):
        """Return the route and the payload that report an outcome."""
        payload = {"task_uid": self.task.task_uid,
                   "consumer_id": self.consumer.consumer_id}
        kind = outcome["outcome"]
        if kind in (DONE, ALREADY):
            payload["processed"] = outcome.get("processed")
            payload["note"] = outcome.get("note")
            if outcome.get("skipped"):
                payload["skipped"] = outcome["skipped"]
                payload["skipped_items"] = outcome.get("skipped_items")
            # Asked for here, the next task costs no request of its own
            payload["next"] = self.consumer.goes_on(self)
            return "queue_server/done", payload
        if kind == TIMEOUT:
            return "queue_server/timeout", payload
        for key in ("kind", "error_message", "error_code", "traceback"):
            payload[key] = outcome.get(key)
        return "queue_server/fail", payload

    def _tell(self, route, payload):
        """Report to the server; see `reporting.Report.send`."""
        return reporting.Report(
            self.agent, self.consumer.stopping, self.task, route, payload,
            is_dropped=lambda: self.is_handed_back,
            tell_at_the_end=self._tell_at_the_end).send()


def _name_of(outcome, answer):
    """Return the outcome for the log: whether another attempt follows is up
    to the server."""
    if (answer or {}).get("status") == states.QUEUED:
        return RETRIED
    return outcome["outcome"]


def _failure(kind, message):
    return {"outcome": FAILED, "kind": kind, "error_message": message,
            "traceback": None}
