# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The machine that runs the benchmarks, without its name."""

import functools
import os
import platform

from bench import control


def describe():
    """Return cores, memory, the load before the benchmark, and the speed."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(pages / 2.0 ** 30),
        "system": "{} {}".format(platform.system(), platform.machine()),
        "load_before": round(os.getloadavg()[0], 1),
        "control_seconds": speed(),
    }


@functools.lru_cache(maxsize=None)
def speed():
    """Return the seconds of `control`, measured on the first call: the same
    machine may take three times as long on another day."""
    return round(control.spend(1), 2)
