# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The clocks: the only module that asks the system what time it is.

The time of day may be set while we run: by NTP, by an administrator, by a
virtual machine that is resumed. So it dates what people read, and nothing else.

* `now` is the time of day. Not for waiting, measuring, leases or freshness.
* `monotonic` measures what passes in this process.
* `SteadyClock` is for times that processes exchange or keep: it follows the time
  of day, but never jumps and never runs backwards.

`make lint` refuses other uses of the system's clock.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading
import time

try:
    monotonic = time.monotonic
except AttributeError:
    # Python 2.7
    from monotonic import monotonic  # noqa: F401

#: Part of the passing time by which a steady clock catches up with the time of
#: day, or waits for it
SLEW = 1 / 4


def now():
    """Return the time of day (UTC epoch seconds), as the system has it now.

    :rtype: float
    """
    return time.time()


def advance(former, elapsed, wanted):
    """Return the next reading of a clock that follows another one smoothly.

    :param former: the former reading (epoch seconds)
    :param elapsed: seconds that have really passed since then
    :param wanted: what the followed clock says now (epoch seconds)
    :returns: `wanted`, or as near to it as `SLEW` allows; never less than
        `former`
    :rtype: float
    """
    elapsed = max(0.0, elapsed)
    expected = former + elapsed
    most = elapsed * SLEW
    return expected + min(max(wanted - expected, -most), most)


class SteadyClock(object):
    """The time of day when it was made, and what has passed since then.

    When the time of day is set, the clock runs a quarter faster or slower until
    both agree again. May be read by several threads.
    """

    def __init__(self, wall=now, elapsed=monotonic):
        """
        :param wall: function that returns the time of day (epoch seconds)
        :param elapsed: function that returns seconds that nobody can set
        """
        self._wall = wall
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._measured = elapsed()
        self._reading = wall()

    def __call__(self):
        """Return UTC epoch seconds.

        :rtype: float
        """
        with self._lock:
            measured = self._elapsed()
            self._reading = advance(
                self._reading, measured - self._measured, self._wall())
            self._measured = measured
            return self._reading

    def ahead(self):
        """Return by how many seconds this clock is ahead of the time of day;
        not 0 after that one was set."""
        return self() - self._wall()


#: The steady clock of this process
steady = SteadyClock()
