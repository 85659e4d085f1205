# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Stand-alone sites: one process is queue server and consumer, too.

A site without reserved clients has to work out of the box. A process to which
nobody has given a role, and which is the queue server all the same (see
`roles`), consumes as well: at once when no other process can open the
database, or else when tasks wait and none of them gets anywhere for a while.
Whoever configures a cluster gives the roles, and nothing happens here.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

from senaite.queue import config
from senaite.queue import logger
from senaite.queue.model import states

#: Seconds for which nothing moves before the queue server helps itself
LONELY_SECONDS = 5

#: Filled when a real server process starts: tests and scripts stay alone
_processes = []


def allow():
    """Allow it in this process (called at its start-up)."""
    _processes.append(os.getpid())


def is_alone():
    """Tell whether this process is the queue server of the current site
    without having been told so."""
    if os.getpid() not in _processes:
        return False
    from senaite.queue.site import process_role
    return process_role.is_queue_server() and \
        process_role.get_configured_role() is None


def may_volunteer():
    """Tell whether this process may consume the tasks of the current site
    without having been told to."""
    return config.read_or_default(config.STANDALONE) and is_alone()


class Watch(object):
    """Finds out whether nobody consumes."""

    def __init__(self):
        #: this process may consume
        self.may_volunteer = False
        #: no other process can
        self.is_only = False
        self._since = None
        self._waiting = set()

    def is_needed(self, state, now):
        """Tell whether this process should consume; see `is_lonely`."""
        if not self.may_volunteer:
            return False
        return self.is_only or self.is_lonely(state, now)

    def is_lonely(self, state, now):
        """Tell whether tasks wait, and nothing has moved for a while.

        :param state: the snapshot's state
        :type state: senaite.queue.client.snapshot.State
        :param now: seconds
        """
        waiting = set(uid for uid, task in state.tasks.items()
                      if task["status"] == states.QUEUED)
        running = any(task["status"] == states.RUNNING
                      for task in state.tasks.values())
        moved = running or not waiting or bool(self._waiting - waiting)
        if moved or self._since is None:
            self._since = now
            self._waiting = waiting
        return bool(waiting) and now - self._since >= LONELY_SECONDS


def volunteer(site):
    """Start the loop of a site in this process, unless it runs.

    :param site: senaite.queue.site.connections.Site
    """
    from senaite.queue.consumer import loop
    if loop.is_running(site):
        return
    with site.opened() as (portal, _manager):
        loop.ensure(portal)
    logger.info("event=standalone site=%s: no other process consumes, the "
                "queue server does", "/".join(site.path))
