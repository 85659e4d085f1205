# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The consumer: a loop that takes tasks from the queue and processes them.

One thread for each process and site. It works through the queue without a
pause, then listens for the doorbell. The work itself is done by a request to
this process, signed for the task's user, so that it runs like a click of that
user: with the same authentication, skins and layers.

The loop ends only with the process, with the database or with the add-on in
this site. A tick of the clock server starts it again when it does not run.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import sys
import threading

from senaite.queue.client import agent as agents
from senaite.queue.client.outage_log import OutageLog
from senaite.queue import config
from senaite.queue.consumer.attempt import Attempt
from senaite.queue.consumer.doorbell import Doorbell
from senaite.queue.consumer import identity
from senaite.queue.consumer.lease import leases
from senaite.queue.consumer import ledger_upkeep
from senaite.queue.consumer import stopping
from senaite.queue.errors import ConfigError
from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import NotReady
from senaite.queue.errors import ReportGivenUp
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import SiteGone
from senaite.queue.errors import TransportError
from senaite.queue.http import inprocess
from senaite.queue.http.transport import Transport
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model import queue_task
from senaite.queue.site import connections
from senaite.queue.site import own_address
from senaite.queue.site.waiting import Event
from senaite.queue import speedups

#: Seconds: between looks at the doorbell, and the longest wait without asking
LOOK_SECONDS = 0.05
LISTEN_SECONDS = 5

#: Seconds before the loop tries again when something is not there
RETRY_SECONDS = 1

#: Maximum number of threads that may still work on tasks that took too long
MOST_STRAYS = 1

_consumers = {}
_lock = threading.Lock()


class Consumer(object):
    """Takes the tasks of one site."""

    def __init__(self, site, agent, registry=leases,
                 find_url=own_address.own_url):
        """
        :param site: senaite.queue.site.connections.Site
        :param agent: the site's agent in this process
        :type agent: senaite.queue.client.agent.Agent
        :param registry: where the leases are
        :param find_url: function(portal): URL of the site in this process
        """
        self.find_url = find_url
        self.site = site
        self.agent = agent
        self.registry = registry
        self.consumer_id = None
        #: the way to this very process
        self.loopback = None
        self.stopping = Event()
        #: set while the loop does not run
        self.ended = Event()
        self.ended.set()
        #: the attempt at hand, from when a task was handed out
        self.attempt = None
        self._doorbell = Doorbell(site)
        self._log = OutageLog("consumer", "consumer=None")
        #: True while the loop takes tasks; False before it is ready
        self.is_ready = False
        #: why the loop cannot take tasks, an exception; or None
        self.trouble = None
        self._thread = None
        self._pid = None

    def start(self):
        """Start the loop, unless it runs; True when it was started."""
        if self._thread is not None and self._thread.is_alive() and \
                self._pid == os.getpid():
            return False
        self.stopping.clear()
        if self not in self.agent.companions:
            self.agent.companions.append(self)
        self._pid = os.getpid()
        self.ended.clear()
        self._thread = threading.Thread(
            target=self._run_to_end, name="senaite.queue consumer")
        self._thread.daemon = True
        self._thread.start()
        return True

    def is_alive(self):
        """Tell whether the thread of the loop runs."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self, timeout=None):
        """Let the loop end after its task.

        :param timeout: seconds to wait for the end; None: do not wait. Work
            that was handed back is not waited for
        """
        self.stopping.set()
        if not timeout or self._thread is threading.current_thread():
            return
        attempt = self.attempt
        if attempt is None or not attempt.is_handed_back:
            self.ended.wait(timeout)

    def _run_to_end(self):
        try:
            self._run()
        finally:
            self.ended.set()

    def _run(self):
        """Run until the process, the database or the add-on is gone."""
        while not self._is_over():
            try:
                self._live()
            except (DatabaseClosed, SiteGone):
                break
            except (NotReady, TransportError, ConfigError) as error:
                if isinstance(error, ReportGivenUp):
                    # Under another id, this consumer is not given the task
                    # again that it holds, and hello takes the task back
                    self.loopback = None
                self._complain(error)
            except Exception as error:
                if not connections.is_open(self.site.db):
                    break
                # a loop that ends processes nothing any more
                self._complain(error, unexpected=True)
            self.stopping.wait(RETRY_SECONDS)
        self.is_ready = False
        self._doorbell.close()
        with _lock:
            if _consumers.get(self.site.key) is self:
                del _consumers[self.site.key]
        if self in self.agent.companions:
            self.agent.companions.remove(self)

    def _live(self):
        """Get ready, then take task after task."""
        self._get_ready()
        self.is_ready = True
        while not self._is_over():
            next_due = self._work_off()
            if not self._is_over():
                ledger_upkeep.run(self.site, self.agent.transport,
                                  clock.steady(), self.consumer_id)
                self._listen(next_due)

    def _work_off(self):
        """Process task after task until there is none.

        :returns: seconds from now until there may be one, or None
        """
        # Users wait while there are tasks: garbage is collected when there
        # are none
        answer = {}
        with self._get_session().working_off():
            while answer.get("task") or not self._is_over():
                if "task" not in answer:
                    self._require_database()
                    self._wait_for_strays()
                    answer = self.pop()
                self._complain(None)
                if not answer.get("task"):
                    return answer.get("next_due")
                answer = self.handle(queue_task.to_task(answer["task"]))
        return None

    def _get_session(self):
        """Return the speedups that the setting of the site allows.

        :raises NotReady: while ZEO is away
        """
        self._require_database()
        with self.site.opened():
            return speedups.session()

    def _get_ready(self):
        """Find our address and id, and tell the server.

        :raises NotReady: when this process cannot reach itself
        """
        self.agent.configure()
        loopback = self._find_loopback()
        if self.loopback is None or \
                self.loopback.base_url != loopback.base_url or \
                type(self.loopback.adapter) is not type(loopback.adapter):
            self.loopback = loopback
            self.consumer_id = identity.make_consumer_id(
                loopback.base_url, identity.instance_path())
        self._require_loopback()
        # what this consumer held before the process was started again is
        # given to another consumer at once
        stopped = stopping.get_stopped()
        answer = self.agent.transport.call(
            "queue_server/hello",
            {"consumer_id": self.consumer_id, "stopped": stopped}, force=True)
        if stopped:
            stopping.forget_stopped()
        logger.info("event=consumer_ready consumer=%s url=%s requeued=%s",
                    self.consumer_id, self.loopback.base_url,
                    len(answer.get("requeued") or ()))

    def _find_loopback(self):
        """Return the way to this very process.

        :raises NotReady: when it is through HTTP and the address not known
        """
        if self.agent.is_alone or inprocess.is_preferred():
            return inprocess.make_transport(self.site, self.agent.get_key)
        with self.site.opened() as (portal, _manager):
            url = self.find_url(portal)
        if not url:
            raise NotReady("This process does not know its own address yet; "
                           "{} can name it".format(
                               config.CONSUMER_URL.variable))
        return Transport(url, self.agent.get_key)

    def _require_loopback(self):
        """Ask ourselves for a task that does not exist.

        :raises NotReady: when no process, or another one, answers
        """
        try:
            self.loopback.call(
                "queue_consumer/process/none", {}, force=True, timeout=30)
        except ServerRefused as refusal:
            if refusal.answer.get("process") == identity.TOKEN:
                return
            reason = "another process answers: {}".format(refusal)
        except ServerUnreachable as error:
            reason = str(error)
        else:
            reason = "another process answers"
        raise NotReady("This process cannot reach itself at {}: {}".format(
            self.loopback.base_url, reason))

    def _require_database(self):
        """
        :raises NotReady: while ZEO is away: tasks would only fail
        """
        if not connections.is_open(self.site.db):
            raise DatabaseClosed()
        if not self._is_connected():
            raise NotReady("ZEO does not answer")

    def _is_connected(self):
        return connections.is_connected(self.site.db)

    def _wait_for_strays(self):
        """Take no task while threads of former ones keep the server busy."""
        complained = False
        while self.registry.strays() > MOST_STRAYS and not self._is_over():
            if not complained:
                logger.warning("event=consumer_busy reason=%s", "tasks that "
                               "took longer than their max_seconds still run")
            complained = True
            self.stopping.wait(RETRY_SECONDS)

    def pop(self):
        """Ask for a task.

        :returns: `task`, or None, and `next_due`: seconds from now until
            there may be one, or None
        :rtype: dict
        """
        return self.agent.transport.call(
            "queue_server/pop", {"consumer_id": self.consumer_id},
            force=True, timeout=10)

    def handle(self, task):
        """Process one task and keep to its pace.

        :returns: the answer of the server, which may have the next task
        """
        attempt = self.attempt = Attempt(self, task)
        try:
            if self._is_over():
                # It came with the answer to our last report
                self.decline(attempt)
                return {}
            answer = attempt.run()
        finally:
            self.attempt = None
        rest = self._rest_after(attempt)
        if rest > 0 and not answer.get("task"):
            self.stopping.wait(rest)
        return answer

    def decline(self, attempt):
        """Hand back a task that nobody is processing."""
        if not attempt.hand_back(0):
            stopping.note_stopped([self.consumer_id])

    def goes_on(self, attempt):
        """Tell whether the next task may begin as soon as an attempt ends."""
        return not self._is_over() and self._rest_after(attempt) <= 0 and \
            self.registry.strays() <= MOST_STRAYS and \
            connections.is_open(self.site.db) and self._is_connected()

    def _rest_after(self, attempt):
        """Return the seconds that are left of what its task takes at least."""
        return attempt.started + attempt.task.min_seconds - clock.monotonic()

    def _listen(self, next_due):
        """Wait until there may be something to do."""
        wait = LISTEN_SECONDS
        if next_due is not None:
            wait = max(LOOK_SECONDS, min(wait, next_due))
        deadline = clock.monotonic() + wait
        while clock.monotonic() < deadline and not self._is_over():
            if self._doorbell.rang():
                return
            self.stopping.wait(LOOK_SECONDS)

    def _is_over(self):
        """Tell whether we, or the process, are asked to end."""
        lifetime = sys.modules.get("Lifetime")
        return self.stopping.is_set() or \
            bool(getattr(lifetime, "_shutdown_phase", 0))

    def _complain(self, error, unexpected=False):
        """Note a problem, or that all is well again; log what is new."""
        self.trouble = error
        if error is not None:
            self.is_ready = False
        self._log.details = "consumer={}".format(self.consumer_id)
        self._log.note(error, unexpected=unexpected)


def ensure(portal):
    """Start the loop of a site in this process, unless it runs.

    :param portal: root object of the site
    :returns: a message for the caller
    :rtype: str
    """
    site = connections.Site.of(portal)
    stopping.watch_shutdown(get_consumers)
    with _lock:
        consumer = _consumers.get(site.key)
        if consumer is None or consumer.agent.stopped:
            consumer = _consumers[site.key] = Consumer(
                site, agents.get_agent(portal))
        started = consumer.start()
    agents.get_agent(portal)
    if started:
        return "Consumer started"
    return "Consumer {} runs".format(consumer.consumer_id)


def get_consumer(site):
    """Return the loop of a site in this process, or None."""
    return _consumers.get(site.key)


def get_consumers():
    """Return the loops of all sites in this process.

    :rtype: list of Consumer
    """
    return list(_consumers.values())


def is_running(site):
    """Tell whether this process has a loop for a site."""
    return site.key in _consumers
