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

A process that works alone (see `senaite.queue.site.alone`) consumes: at once
when no other process can open the database, otherwise when tasks have been
waiting and none has made progress for a while.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import states
from senaite.queue.model import surroundings
from senaite.queue.site import alone

#: Seconds without progress after which the queue server consumes as well
LONELY_SECONDS = 5


class Watch(object):
    """Finds out whether tasks wait and no process takes them."""

    def __init__(self):
        #: this process may consume
        self.may_volunteer = False
        #: no other process can
        self.is_only = False
        self._since = None
        self._waiting = set()

    def configure(self):
        """Read the settings, in the site; see `agent.add_watch`."""
        self.may_volunteer = alone.may_volunteer()
        self.is_only = surroundings.get().has_own_database()

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
