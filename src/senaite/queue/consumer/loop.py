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
import time

from senaite.queue.client import agent as agents
from senaite.queue import config
from senaite.queue.consumer.attempt import Attempt
from senaite.queue.consumer.doorbell import Doorbell
from senaite.queue.consumer import identity
from senaite.queue.consumer.lease import leases
from senaite.queue.consumer import ledger_upkeep
from senaite.queue.errors import ConfigError
from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import NotReady
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import SiteGone
from senaite.queue.errors import TransportError
from senaite.queue.http import inprocess
from senaite.queue.http.transport import Transport
from senaite.queue import logger
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
        self._doorbell = Doorbell(site)
        self._complaint = None
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
        self._thread = threading.Thread(
            target=self._run, name="senaite.queue consumer")
        self._thread.daemon = True
        self._thread.start()
        return True

    def stop(self, timeout=None):
        """Let the loop end after its task.

        :param timeout: seconds to wait for the end; None: do not wait
        """
        self.stopping.set()
        thread = self._thread
        if timeout and thread is not None and \
                thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self):
        """Run until the process, the database or the add-on is gone."""
        while not self._is_over():
            try:
                self._live()
            except (DatabaseClosed, SiteGone):
                break
            except (NotReady, TransportError, ConfigError) as error:
                self._complain(error)
            except Exception as error:
                if not connections.is_open(self.site.db):
                    break
                # a loop that ends processes nothing any more
                self._complain(error, unexpected=True)
            self.stopping.wait(RETRY_SECONDS)
        self._doorbell.close()
        with _lock:
            if _consumers.get(self.site.key) is self:
                del _consumers[self.site.key]
        if self in self.agent.companions:
            self.agent.companions.remove(self)

    def _live(self):
        """Get ready, then take task after task."""
        self._get_ready()
        while not self._is_over():
            next_due = self._work_off()
            if not self._is_over():
                ledger_upkeep.run(self.site, self.agent.transport, time.time())
                self._listen(next_due)

    def _work_off(self):
        """Process task after task until there is none.

        :returns: seconds from now until there may be one, or None
        """
        # Users wait while there are tasks: garbage is collected when there
        # are none
        answer = {}
        with self._get_session().working_off():
            # A task that was handed out is processed even when we are asked to
            # stop
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
        answer = self.agent.transport.call(
            "queue_server/hello", {"consumer_id": self.consumer_id},
            force=True)
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
        attempt = Attempt(self, task)
        answer = attempt.run()
        rest = self._rest_after(attempt)
        if rest > 0 and not answer.get("task"):
            self.stopping.wait(rest)
        return answer

    def goes_on(self, attempt):
        """Tell whether the next task may begin as soon as an attempt ends."""
        return not self._is_over() and self._rest_after(attempt) <= 0 and \
            self.registry.strays() <= MOST_STRAYS and \
            connections.is_open(self.site.db) and self._is_connected()

    def _rest_after(self, attempt):
        """Return the seconds that are left of what its task takes at least."""
        return attempt.started + attempt.task.min_seconds - time.time()

    def _listen(self, next_due):
        """Wait until there may be something to do."""
        wait = LISTEN_SECONDS
        if next_due is not None:
            wait = max(LOOK_SECONDS, min(wait, next_due))
        deadline = time.time() + wait
        while time.time() < deadline and not self._is_over():
            if self._doorbell.rang():
                return
            self.stopping.wait(LOOK_SECONDS)

    def _is_over(self):
        """Tell whether we, or the process, are asked to end."""
        lifetime = sys.modules.get("Lifetime")
        return self.stopping.is_set() or \
            bool(getattr(lifetime, "_shutdown_phase", 0))

    def _complain(self, error, unexpected=False):
        """Log a problem once, and once more when it is over."""
        if error is None:
            if self._complaint is not None:
                logger.info("event=consumer_recovered consumer=%s",
                            self.consumer_id)
            self._complaint = None
            return
        kind = ServerUnreachable if isinstance(error, ServerUnreachable) \
            else type(error)
        if self._complaint is not kind:
            self._complaint = kind
            logger.warning("event=consumer_waits consumer=%s reason=%s: %s",
                           self.consumer_id, type(error).__name__, error,
                           exc_info=unexpected)


def ensure(portal):
    """Start the loop of a site in this process, unless it runs.

    :param portal: root object of the site
    :returns: a message for the caller
    :rtype: str
    """
    site = connections.Site.of(portal)
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


def is_running(site):
    """Tell whether this process has a loop for a site."""
    return site.key in _consumers
