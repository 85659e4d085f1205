# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Maintenance of the queue server.

* What: rescues tasks of consumers that stopped responding, and removes old
  tasks from the history.
* When: inside the server's own ticks (`pop`, `diff`), never as a queued task,
  at most every `INTERVAL_SECONDS`.
* Settings: `retention_days`.
* Limits: `RESCUE_LIMIT` and `PRUNE_LIMIT` tasks a run.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

#: Seconds between two runs on the same store
INTERVAL_SECONDS = 5

#: Tasks rescued, and tasks of the history removed, in one run at most
RESCUE_LIMIT = 100
PRUNE_LIMIT = 500

#: Finished tasks whose free keys are removed in one run at most; each of them
#: may be as large as a task may be
FORGET_LIMIT = 100

SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR


def run(store, retention_days, payload_hours, forgotten=None):
    """Do the maintenance that is due.

    :param store: `ITaskStore`
    :param retention_days: days for which finished tasks are kept
    :param payload_hours: hours for which their free keys are kept
    :param forgotten: up to where the last run removed free keys
    :returns: `rescued`: uids of tasks taken back from consumers that stopped
        responding; `pruned`: how many tasks of the history were removed;
        `forgotten`: for the next run
    :rtype: dict
    """
    return {
        "rescued": store.rescue(limit=RESCUE_LIMIT),
        "pruned": store.prune(retention_days * SECONDS_PER_DAY,
                              limit=PRUNE_LIMIT),
        "forgotten": store.forget_payloads(
            payload_hours * SECONDS_PER_HOUR, forgotten, limit=FORGET_LIMIT),
    }


class Pace(object):
    """Lets one caller through per interval; shared by threads."""

    def __init__(self, seconds=INTERVAL_SECONDS):
        self.seconds = seconds
        self.lock = threading.Lock()
        self.next_run = None

    def is_due(self, now):
        """Tell whether the caller is the one to run now.

        :param now: seconds, of any clock; setting the clock back does not
            delay the maintenance
        """
        with self.lock:
            waits = self.next_run is not None \
                and self.next_run - self.seconds <= now < self.next_run
            if not waits:
                self.next_run = now + self.seconds
            return not waits
