# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A simulated day of 10^6 tasks: how long users wait with N consumers.

Tasks arrive in the eight hours of a working day, with a peak in the morning.
One task of a worksheet runs at a time, and takes about as long as measured
chunks did. The queue itself adds a fixed number of milliseconds per task, in
which the writers of a site take turns.
"""

import heapq
import random
import statistics

TASKS = 10 ** 6
HOURS = 8
#: Consecutive tasks of one worksheet, e.g. 100 analyses in chunks of 10 to 40
CHUNKS = 4
#: Seconds per chunk: median and spread of a log-normal distribution
SECONDS, SPREAD = 1.0, 0.5
CONSUMERS = (40, 48, 64, 96)
#: Milliseconds of a site's turn per task: add, pop and acknowledge, as the
#: benchmark `store` measures them with SQLite
TURN_MS = 12.0


def arrivals(rng, jobs):
    """Return the times of the clicks, in seconds since the morning."""
    spread = HOURS * 3600.0
    return sorted(rng.triangular(0, spread, 0.3 * spread)
                  for _ in range(jobs))


def simulate(consumers, tasks=TASKS, seed=1):
    """Return the figures of one day."""
    rng = random.Random(seed)
    free = [0.0] * consumers
    waiting = []
    for number, at in enumerate(arrivals(rng, tasks // CHUNKS)):
        waiting.append((at, number, 0, at))
    heapq.heapify(waiting)
    waits, ends, busy, turn = [], [], 0.0, 0.0
    while waiting:
        ready, number, chunk, clicked = heapq.heappop(waiting)
        start = max(ready, heapq.heappop(free), turn)
        turn = max(turn, ready) + TURN_MS / 1000
        seconds = rng.lognormvariate(0, SPREAD) * SECONDS
        busy += seconds
        end = start + seconds
        heapq.heappush(free, end)
        if chunk == 0:
            waits.append(start - clicked)
        if chunk + 1 < CHUNKS:
            heapq.heappush(waiting, (end, number, chunk + 1, clicked))
        else:
            ends.append(end - clicked)
    waits.sort()
    ends.sort()
    return {
        "wait_p50_s": round(statistics.median(waits), 1),
        "wait_p95_s": round(waits[int(0.95 * len(waits))], 1),
        "job_p95_s": round(ends[int(0.95 * len(ends))], 1),
        "busy": round(busy / consumers / (HOURS * 3600), 2),
    }


def simulation():
    """Return the figures of a day for several numbers of consumers."""
    return dict((str(number), simulate(number)) for number in CONSUMERS)


BENCHES = {"simulation": simulation}
