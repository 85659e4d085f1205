# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A steady load: users who click regardless of failures.

A click may get no answer without any fault of the queue. The audit finds out
whether it was committed, from the records of the same transaction.
"""

import random
import threading
import time

import requests
from harness.lims import Lims
from harness.lims import LimsError
from harness.seeds import Seeds

USER = "labman1"

#: Errors of a click that are expected while processes die
TROUBLE = (requests.RequestException, LimsError, ValueError, KeyError)

#: Number of waiting tasks at which users pause
MOST_WAITING = 100

#: Seconds to wait for the answer to a click
PATIENCE = 90


class Clicker(threading.Thread):
    """A user who clicks, at any of the web clients."""

    #: Minimum and maximum seconds between two clicks
    pause = (0.3, 1.2)

    def __init__(self, cluster, seed):
        super(Clicker, self).__init__(daemon=True)
        self.cluster = cluster
        self.random = random.Random(seed)
        self.over = threading.Event()
        self.clicks = 0
        self.unanswered = 0
        self._sessions = {}

    def session(self, node=None):
        """Return a session at a process, by default any web client."""
        node = node or self.random.choice(self.cluster.webs)
        if node.name not in self._sessions:
            lims = Lims(node.url, USER, self.cluster.secrets[USER])
            lims.session.request = _impatient(lims.session.request)
            self._sessions[node.name] = lims
        return self._sessions[node.name]

    def run(self):
        while not self.over.is_set():
            self.await_turn()
            self.click()
            self.over.wait(self.random.uniform(*self.pause))

    def await_turn(self):
        """Wait until there is a reason to click."""

    def click(self):
        try:
            self.act()
        except TROUBLE:
            self.unanswered += 1
            self._sessions.clear()
        self.clicks += 1

    def act(self):
        """Do one thing."""
        raise AssertionError("Subclasses must override this")

    def finish(self):
        """Complete the started work, now that everything works again."""
        self.over.set()
        self.join()


class Backlog(threading.Thread):
    """Tells whether too many tasks wait in the store of a cluster.

    Users click faster than consumers that are killed all the time work:
    without a limit, most of a campaign is spent on draining the queue.
    """

    def __init__(self, cluster):
        super(Backlog, self).__init__(daemon=True)
        self.cluster = cluster
        self.over = threading.Event()
        self.room = threading.Event()
        self.most = 0

    def run(self):
        try:
            self.watch()
        finally:
            self.room.set()

    def watch(self):
        store = Seeds(self.cluster).store
        while not self.over.wait(0.5):
            waiting = store.stats()["queued"]
            self.most = max(self.most, waiting)
            if waiting < MOST_WAITING:
                self.room.set()
            else:
                self.room.clear()
        store.close()

    def await_room(self, over):
        """Wait until fewer tasks wait, or until the load is over."""
        while not self.room.wait(0.5) and not over.is_set():
            pass


class CountingClicker(Clicker):
    """Adds tasks with countable effects, in different places."""

    def __init__(self, cluster, seed, places, backlog):
        super(CountingClicker, self).__init__(cluster, seed)
        self.places = places
        self.backlog = backlog

    def await_turn(self):
        self.backlog.await_room(self.over)

    def act(self):
        draw = self.random
        name = draw.choices(
            ("queuetest_count", "queuetest_flaky", "queuetest_poison"),
            (20, 4, 1))[0]
        options = {"retries": 10}
        if name == "queuetest_poison":
            options = {"retries": 0}
        self.session().get(
            "queuetest_add", name=name, place=draw.choice(self.places),
            tasks=draw.choice((1, 1, 1, 2, 3)),
            items=draw.choice((1, 2, 3, 6, 12)),
            chunk_size=draw.choice((1, 2, 5)),
            seconds=draw.choice((0, 0, 0.05, 0.2, 0.5)), **options)


def _impatient(request):
    """Wrap `Session.request`, so that requests time out after `PATIENCE`."""
    def impatient(*args, **kw):
        kw["timeout"] = min(kw.get("timeout") or PATIENCE, PATIENCE)
        return request(*args, **kw)
    return impatient


def wait_for(check, seconds, over=None):
    """Call a function until it returns a true value, despite `TROUBLE`.

    :param over: event that ends the wait
    :returns: True when it did; False when time was up or `over` was set
    """
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and not (over and over.is_set()):
        try:
            if check():
                return True
        except TROUBLE:
            pass
        time.sleep(0.5)
    return False
