# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks that the relay passes over, because requests with them fail.

They are tried again, less and less often, and are refused in the end: people
then see them as failed, with the reason, and may requeue them. Each process
keeps its own list.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import clock

#: Attempts after which a task is refused
MOST_ATTEMPTS = 5

#: Seconds until the second attempt; doubled with each further one
FIRST_PAUSE = 5


class PassedOver(object):
    """What was passed over, how often, and until when."""

    def __init__(self, elapsed=clock.monotonic):
        """
        :param elapsed: function that returns seconds that nobody can set
        """
        self._elapsed = elapsed
        #: task uid -> (number of attempts, when to try again)
        self._found = {}

    def add(self, task_uid):
        """Note a failed attempt.

        :returns: True when it was the last one
        :rtype: bool
        """
        attempts = self._found.get(task_uid, (0, 0))[0] + 1
        pause = FIRST_PAUSE * 2 ** (attempts - 1)
        self._found[task_uid] = (attempts, self._elapsed() + pause)
        return attempts >= MOST_ATTEMPTS

    def without(self, tasks):
        """Return the tasks that may be tried now.

        :param tasks: list of dicts
        """
        now = self._elapsed()
        return [task for task in tasks if self._found.get(
            task["task_uid"], (0, now))[1] <= now]

    def keep_only(self, task_uids):
        """Forget all other tasks: they do not wait any more."""
        if self._found:
            waiting = set(task_uids)
            self._found = dict((uid, found) for uid, found
                               in self._found.items() if uid in waiting)
