# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""For how long tasks have been waiting although no consumer asks for them.

A consumer may have been stopped, or its clock-server may have a wrong password:
nothing fails then, and nothing happens. All processes learn of it with the
change feed, so that they can tell people.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

#: Seconds for which the answer is reused: each process asks each second
REMEMBER_SECONDS = 5

#: Consumers ask for work every few seconds, and send heartbeats while they
#: work: one that was silent for this number of seconds is not responding
SILENT_AFTER = 90


def is_alive(consumer, now):
    """Tell whether a consumer has responded recently.

    :param consumer: see `ITaskStore.consumers`
    :param now: current time of the store, in epoch seconds
    """
    return now - consumer["last_seen"] < SILENT_AFTER


class Attendance(object):
    """Whether the tasks of a store are attended to."""

    def __init__(self, store):
        """
        :type store: senaite.queue.interfaces.ITaskStore
        """
        self.store = store
        self._looked_at = None
        self._since = None

    def unattended_seconds(self):
        """Return for how many seconds a task that could run has waited, and no
        consumer has asked for one; 0 when there is no such task.

        :rtype: float
        :raises StoreUnavailable: when the store does not answer
        """
        now = self.store.now()
        if self._looked_at is None or \
                not 0 <= now - self._looked_at < REMEMBER_SECONDS:
            self._since = self._look()
            self._looked_at = now
        return 0 if self._since is None else max(0, now - self._since)

    def _look(self):
        due = self.store.stats()["oldest_due"]
        if due is None:
            return None
        return max([due] + [consumer["last_seen"]
                            for consumer in self.store.consumers()])
