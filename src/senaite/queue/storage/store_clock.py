# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The clock of a store: decides leases, retries, delays and retention.

It follows the time of day of the database (of the machine, for a file; of its
server, for PostgreSQL), but never jumps and never runs backwards: what passes
is measured by the queue server. When the time of day is set, the clock runs a
quarter faster or slower until both agree again, so that a lease ends within a
quarter of its length, whatever the step.

The row of the site keeps the latest reading, and the time of day that belongs
to it. A queue server that starts goes on from there, and so do several servers
that share a database: each takes the latest reading of all with its next write.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

from senaite.queue import logger
from senaite.queue.model import clock

#: The reading is kept with the first write after this number of seconds
KEEP_SECONDS = 1.0

#: Seconds by which the time of day has to jump to be logged
WORTH_A_WORD = 5


class StoreClock(object):
    """The clock of one site in one queue server; may be read by threads."""

    def __init__(self, elapsed=clock.monotonic):
        """
        :param elapsed: function that returns seconds that nobody can set
        """
        self._elapsed = elapsed
        self._lock = threading.Lock()
        #: (reading, time of day, seconds measured) of the last call
        self._last = None
        #: the last reading that was kept
        self._kept = None
        #: the first reading of this process
        self.began = None

    def read(self, unit, wall):
        """Return the time; keep it in the database if the unit writes.

        :param unit: the current `Unit`, whose turn has come
        :param wall: the time of day of the database (epoch seconds)
        :returns: epoch seconds
        :rtype: float
        """
        with self._lock:
            measured = self._elapsed()
            reading = self._go_on(measured, wall) if self._last else \
                resume(unit.kept_clock(), wall)
            if unit.writes and (self._kept is None or
                                reading - self._kept >= KEEP_SECONDS):
                # Another server may have gone ahead
                reading = max(reading, unit.kept_clock()[0] or 0)
                unit.keep_clock(reading, wall)
                self._kept = reading
            self._last = (reading, wall, measured)
            if self.began is None:
                self.began = reading
            return reading

    def note_rollback(self):
        """Note that a unit was rolled back: it has kept nothing."""
        self._kept = None

    def _go_on(self, measured, wall):
        reading, last_wall, last_measured = self._last
        elapsed = max(0.0, measured - last_measured)
        step = wall - last_wall - elapsed
        if abs(step) >= WORTH_A_WORD:
            logger.warning(
                "event=clock_set seconds=%.0f: the clock of the store's "
                "machine was set. Leases and delays take their time all the "
                "same", step)
        return clock.advance(reading, elapsed, wall)


def resume(kept, wall):
    """Return the first reading of a queue server that has just started.

    :param kept: the latest reading in the database, and the time of day that
        belongs to it; (None, None) when there is none
    :param wall: the time of day now
    :rtype: float
    """
    reading, kept_wall = kept
    if reading is None:
        return wall
    if wall < kept_wall:
        # Set back while no server ran; what was written after the reading was
        # kept must not lie in the future
        return reading + KEEP_SECONDS
    return clock.advance(reading, wall - kept_wall, wall)
