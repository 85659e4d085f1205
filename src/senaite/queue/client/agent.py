# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The agent: the thread of each process and site that calls the queue server,
so that no request has to.

It relays the outbox and keeps the snapshot fresh. Requests wake it and read
its last snapshot. A request waits for it only when the snapshot is known to
miss something, and then a fraction of a second at most.

The thread starts with the first request that uses the queue, or when the
process starts for sites that have an outbox. It ends when the database is
closed or the site no longer has an outbox. An outage of the queue server or of
ZEO does not end it.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import atexit
import logging
import os
import sys
import threading
import time

import six

from senaite.queue.auth.membership import Membership
from senaite.queue.client.outage_log import OutageLog
from senaite.queue.client.passed_over import PassedOver
from senaite.queue.client import relay
from senaite.queue.client import snapshot
from senaite.queue import config
from senaite.queue.errors import CircuitOpen
from senaite.queue.errors import ConfigError
from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import SiteGone
from senaite.queue.http import inprocess
from senaite.queue.http.transport import Transport
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model import surroundings
from senaite.queue.records import enqueue
from senaite.queue.records import outbox
from senaite.queue.site import alone
from senaite.queue.site import connections
from senaite.queue.site.waiting import Event

#: Seconds between refreshes while pages use the snapshot, and while none does.
#: The latter is well below `outbox.KEEP_SECONDS`.
BUSY_SECONDS = 1.0
IDLE_SECONDS = 4.0

#: Number of seconds after the last use for which the agent counts as busy
WANTED_SECONDS = 60

#: Maximum number of seconds that a request waits for a refresh, and minimum
#: number of seconds between two requests that wait
CATCH_UP_SECONDS = 0.25
CATCH_UP_PAUSE = 5

#: Maximum number of answers of the change feed that make one refresh
MOST_ANSWERS = 10000

#: Before any time of `clock.monotonic`
NEVER = float("-inf")

_agents = {}
_agents_lock = threading.Lock()
_watch_makers = []


class Agent(object):
    """Relays and refreshes for one site."""

    def __init__(self, site):
        """
        :param site: address of the site
        :type site: senaite.queue.site.connections.Site
        """
        self.site = site
        #: what this process shows to the queue server
        self.membership = Membership(site)
        self.transport = self._make_transport("http://localhost")
        #: what is known of the queue; replaced, never changed
        self.state = snapshot.State()
        self.lease_seconds = surroundings.DEFAULTS["lease_seconds"]
        #: this process is the queue server, too, and talks to itself
        self.is_alone = False
        self._watches = {}
        self._watch_failed = False
        self._server_url = None
        self._key = None
        self._own = set()
        self._lock = threading.Lock()
        self._work_lock = threading.RLock()
        self._bell = Event()
        self._refreshed = Event()
        # seconds of `clock.monotonic`, like all that is measured here
        self._wanted_at = NEVER
        self._waited_at = NEVER
        self._refreshed_at = NEVER
        self._seen = relay.Sightings()
        self._log = OutageLog(
            "agent", "site={}".format("/".join(site.path)))
        self._passed_over = PassedOver()
        self._trouble_since = None
        #: why the last round failed, or None
        self.trouble = None
        #: see `senaite.queue.server.attendance`; as of the last refresh
        self.unattended_seconds = 0
        #: seconds by which the store's clock is ahead of that of this machine;
        #: as of the last refresh
        self.store_ahead = 0
        #: why the queue server hands out no tasks, see
        #: `senaite.queue.server.agreement`; None when it does
        self.held = None
        #: what jobs wait for, see `senaite.queue.server.line_up`; empty when
        #: the server does not tell. Replaced, never changed
        self.line = {}
        self._round_is_over = Event()
        self._asked_url = None
        self._thread = None
        self._pid = None
        #: set while the thread does not run
        self._ended = Event()
        self._ended.set()
        self.stopped = False
        #: other threads that work for the site in this process, and end with
        #: the agent
        self.companions = []

    # for requests: nothing here takes time

    def want(self):
        """Note that the snapshot is used."""
        self._wanted_at = clock.monotonic()

    def wake(self, task_uid=None):
        """Relay the outbox now.

        :param task_uid: a task that this process has just committed
        """
        if task_uid is not None:
            self.note(task_uid)
        self._bell.set()
        self.ensure()

    def note(self, task_uid):
        """Note a task that this process has just committed; it is relayed
        with the next ones."""
        with self._lock:
            self._own.add(task_uid)

    def known_state(self, root):
        """Return what is known of the queue. Waits a moment, and seldom, when
        the snapshot is known to miss something.

        :param root: the outbox
        :rtype: senaite.queue.client.snapshot.State
        """
        if outbox.misses_tasks(root, self.state.version):
            self.catch_up()
        return self.state

    def ensure(self):
        """Start the thread, unless it runs."""
        thread = self._thread
        if thread is not None and thread.is_alive() and \
                self._pid == os.getpid():
            return
        with self._lock:
            thread = self._thread
            if thread is not None and thread.is_alive() and \
                    self._pid == os.getpid():
                return
            self.stopped = False
            self._pid = os.getpid()
            self._ended.clear()
            self._thread = threading.Thread(
                target=self._run, name="senaite.queue agent")
            self._thread.daemon = True
            self._thread.start()

    def catch_up(self, timeout=CATCH_UP_SECONDS):
        """Wait a moment for a refresh, unless the server is known to be down,
        this process must not ask it, or another request has just waited."""
        now = clock.monotonic()
        if now - self._waited_at < CATCH_UP_PAUSE:
            return
        self._waited_at = now
        if self.transport.down_seconds() or \
                config.get_errors(config.CRITICAL):
            return
        self._refreshed.clear()
        self.wake()
        self._refreshed.wait(timeout)

    def has_asked(self, url, timeout=0):
        """Tell whether the agent has asked the queue server at a URL, so that
        what it says of the server is about this one.

        :param url: the setting "server"
        :param timeout: maximum number of seconds to wait
        """
        until = clock.monotonic() + timeout
        while self._asked_url != url:
            rest = until - clock.monotonic()
            if not 0 < rest <= timeout:
                return False
            self._round_is_over.clear()
            self.wake()
            self._round_is_over.wait(rest)
        return True

    # for threads of our own

    def stop(self):
        """Let the thread end after its current round."""
        self.stopped = True
        self._bell.set()
        for companion in list(self.companions):
            companion.stop()

    def join(self, timeout):
        """Wait for the threads to end."""
        for companion in list(self.companions):
            companion.stop(timeout)
        if self._thread is not threading.current_thread():
            # Not Thread.join: that of Python 2 waits by the time of day
            self._ended.wait(timeout)

    def tick(self, everything=False):
        """Relay the outbox and refresh the snapshot, once; see `deliver`.

        Neither keeps the other from its work. A round in which one of them
        fails counts as trouble, see `outage_seconds`.

        :raises Exception: the first error
        """
        with self._work_lock:
            try:
                counts = self._do_round(everything)
            except (DatabaseClosed, SiteGone):
                raise
            except Exception as error:
                self._note_trouble(error)
                raise
            else:
                self._trouble_since = self.trouble = None
            finally:
                self._asked_url = self._server_url
                self._round_is_over.set()
            return counts

    def _do_round(self, everything):
        self.configure()
        counts = failure = None
        try:
            counts = self._relay(everything)
        except (DatabaseClosed, SiteGone):
            raise
        except Exception:
            failure = sys.exc_info()
        try:
            # A server that fails to take tasks may answer other questions
            self.refresh(force=failure is not None
                         and isinstance(failure[1], ServerFailed))
        except Exception:
            failure = failure or sys.exc_info()
        if failure is not None:
            six.reraise(*failure)
        return counts

    def deliver(self, everything=False):
        """Relay the outbox, once.

        :param everything: deliver others' entries too, however young
        :type everything: bool
        :returns: counts of the relay
        :raises ServerUnreachable, ServerRefused: the entries are kept
        """
        with self._work_lock:
            self.configure()
            return self._relay(everything)

    def _relay(self, everything):
        with self._lock:
            own, self._own = self._own, set()
        try:
            return relay.run(
                self.site, self.transport, self._seen,
                own=None if everything else own,
                passed_over=self._passed_over, known=self.state.version)
        except Exception:
            with self._lock:
                self._own |= own
            raise

    def configure(self):
        """Read where the server is and which key signs.

        :raises SiteGone: when the site has no outbox (any more)
        :raises senaite.queue.errors.ConfigError: when this process must not
            take part in the queue
        """
        # Not at import: it needs `persistent`
        from senaite.queue.auth import signing_keys
        config.require_part()
        with self.site.opened() as (portal, _manager):
            if outbox.get_root(portal) is None:
                raise SiteGone("The add-on is not installed")
            url = surroundings.get().get_setting("server")
            self.lease_seconds = surroundings.get().get_setting(
                "lease_seconds")
            self.is_alone = alone.is_alone()
            for watch in self._get_watches():
                self._ask_watch(watch.configure)
            self._key = (signing_keys.get_keys(portal) or [None])[0]
            self.membership.configure(portal)
        if self._key is None:
            self._key = self._make_key()
        self._find_way(url)

    def _make_key(self):
        """Give the site a key: it was imported, copied or renamed."""
        from senaite.queue.auth import signing_keys

        def make(portal):
            signing_keys.make_key(portal)
            return signing_keys.get_key(portal)
        key = self.site.write(make, "senaite.queue: the site gets a key")
        logger.info("event=key_made site=%s", "/".join(self.site.path))
        return key

    def _get_watches(self):
        """Return this agent's own of each kind; see `add_watch`."""
        for make in list(_watch_makers):
            if make not in self._watches:
                self._watches[make] = make()
        return list(self._watches.values())

    def _ask_watch(self, ask, *args):
        """Call a method of a watch. An error is logged, and no more: tasks
        are delivered all the same.

        :raises DatabaseClosed, SiteGone: the agent has to end
        """
        try:
            ask(*args)
        except (DatabaseClosed, SiteGone):
            raise
        except Exception as error:
            self._watch_failed = True
            self._complain(error, unexpected=True)

    def _find_way(self, url):
        """Use the address of the server that the settings name."""
        if self._server_url not in (None, url):
            # another server is another queue
            self.state = snapshot.State()
            self.held = None
        self._server_url = url
        here = inprocess.get_url(self.site.path)
        wanted = (here if self.is_alone else url).rstrip("/")
        in_process = self.transport.adapter is not None
        if self.transport.base_url == wanted and in_process == self.is_alone:
            return
        self.transport = inprocess.make_transport(self.site, self.get_key) \
            if self.is_alone else self._make_transport(url)

    def _make_transport(self, url):
        return Transport(url, self.get_key, membership=self.membership)

    def outage_seconds(self):
        """Return for how many seconds nothing could be delivered: the server
        does not answer or refuses (wrong URL, wrong key), or this process is
        not configured correctly; 0 when all is well."""
        since = self._trouble_since
        return max(0, clock.monotonic() - since) if since is not None else 0

    def age(self):
        """Return how many seconds ago the snapshot was fresh."""
        return clock.monotonic() - self._refreshed_at

    def get_key(self):
        """Return the key that signs, as of the last `configure`."""
        return self._key

    def refresh(self, force=False):
        """Fetch all changes from the server, and put the new snapshot in
        force.

        :param force: ask even though the last call was not answered
        """
        with self._work_lock:
            state = self.state
            unattended, held, line, store_now = 0, None, {}, None
            for _number in range(MOST_ANSWERS):
                query = {"since": state.version} if state.version else None
                feed = self.transport.call(
                    "queue_server/diff", method="GET", query=query,
                    force=force)
                state = snapshot.apply_feed(state, feed)
                unattended = feed.get("unattended") or 0
                held = feed.get("held")
                line = feed.get("line") or {}
                store_now = feed.get("now")
                if not feed.get("more"):
                    break
            # only when complete: half a snapshot would show queued items as free
            self.state = state
            self.unattended_seconds = unattended
            self.held = held
            self.line = line
            # Queue servers of older releases do not tell
            self.store_ahead = 0 if store_now is None \
                else store_now - clock.now()
            self._refreshed_at = clock.monotonic()
            self._refreshed.set()

    def _run(self):
        """Work until the database is closed or the add-on is gone."""
        self.site.keep_connection()
        while not self.stopped:
            # a wake-up from here on is for the next round
            self._bell.clear()
            self._watch_failed = False
            try:
                self.tick()
                for watch in self._get_watches():
                    self._ask_watch(watch.look, self, clock.monotonic())
                if not self._watch_failed:
                    self._complain(None)
            except (DatabaseClosed, SiteGone):
                break
            except (ServerUnreachable, ServerRefused, ConfigError) \
                    as error:
                self._complain(error)
            except Exception as error:
                if not connections.is_open(self.site.db):
                    break
                # An agent that ends delivers nothing any more
                self._complain(error, unexpected=True)
            self._rest()
        self._leave()

    def _note_trouble(self, error):
        # That the server was not asked again says less than what came before
        if self.trouble is None or not isinstance(error, CircuitOpen):
            self.trouble = error
        if self._trouble_since is None:
            self._trouble_since = clock.monotonic()

    def _rest(self):
        """Wait for the next round: woken, or when it is time."""
        busy = clock.monotonic() - self._wanted_at < WANTED_SECONDS
        self._bell.wait(BUSY_SECONDS if busy or self._own else IDLE_SECONDS)
        if self.transport.down_seconds():
            # a wake-up now would find the circuit open
            time.sleep(0.2)

    def _leave(self):
        with _agents_lock:
            if _agents.get(self.site.key) is self:
                del _agents[self.site.key]
        self.stopped = True
        self.site.release_connection()
        self._ended.set()

    def _complain(self, error, unexpected=False):
        """Log each problem once, and once more when it is over."""
        # an outage passes, a wrong configuration does not
        level = logging.ERROR if isinstance(error, ConfigError) \
            else logging.WARNING
        self._log.note(error, level, unexpected)


def add_watch(make):
    """Have each agent of this process, present and future, keep a watch.

    The consumer's room does: nothing here knows of it.

    :param make: callable without arguments that returns an object with two
        methods, called on the agent's thread: `configure()` with the site
        set, before each delivery, and `look(agent, now)` (seconds of
        `clock.monotonic`) after each successful round. Adding the
        same one again does nothing
    """
    if make not in _watch_makers:
        _watch_makers.append(make)


def get_agent(portal):
    """Return the agent of a site in this process; it is started.

    :param portal: root object of the site
    :rtype: Agent
    """
    site = connections.Site.of(portal)
    agent = _agents.get(site.key)
    if agent is None or agent.site.db is not site.db:
        with _agents_lock:
            agent = _agents.get(site.key)
            if agent is None or agent.site.db is not site.db:
                agent = _agents[site.key] = Agent(site)
    agent.ensure()
    return agent


def stop_all(timeout=5):
    """End all agents and wait for them (for tests, and at shutdown)."""
    with _agents_lock:
        agents = list(_agents.values())
    for agent in agents:
        agent.stop()
    for agent in agents:
        agent.join(timeout)


# what is added in this process is relayed from here
enqueue.use_agents(get_agent)

# a thread that still runs while the interpreter shuts down prints errors
atexit.register(stop_all, timeout=1)
