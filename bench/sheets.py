# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The worksheets of the benchmarks, by purpose.

One site has all of them, and each cluster gets a copy of it, so that the
slowest part of the set-up is done only once.
"""

from bench import prepare

#: Number of samples with five analyses, for warming up and for measuring
WARM_SAMPLES, SAMPLES = 2, 20

#: Number of rows of each listing of `pages`
ROWS = 50

#: Number of users who edit in `users`, and of samples per worksheet
EDITORS, EDIT_SAMPLES = 4, 4

#: Number of worksheets that the queue processes in `consumers` and `users`,
#: and of samples on each: two whole chunks, and enough in total to keep the
#: queue busy until the edits of `users` are over
BUSY, BUSY_SAMPLES = 8, 16

#: Number of small worksheets for the consumers of `consumers` to warm up, two
#: for each of four, and of samples on each
SMALL, SMALL_SAMPLES = 8, 4

BOTH = (
    # A small and a large pair: one worksheet to be filled, and one with
    # results
    ("click", [[WARM_SAMPLES, prepare.OPEN], [WARM_SAMPLES, prepare.RESULTS],
               [SAMPLES, prepare.OPEN], [SAMPLES, prepare.RESULTS]]),
    # One with an analysis each of as many samples
    ("pages", [[ROWS, prepare.RESULTS, 1]]),
)
#: Worksheets that only a queue processes
QUEUED = (
    ("edited", [[EDIT_SAMPLES, prepare.RESULTS]] * EDITORS),
    ("busy", [[BUSY_SAMPLES, prepare.RESULTS]] * BUSY),
    ("small", [[SMALL_SAMPLES, prepare.RESULTS]] * SMALL),
)


def _in_order(kinds):
    return [sheet for _purpose, sheets in kinds for sheet in sheets]


#: Orders: worksheets for `bench/prepare.py`, and whether the site has the
#: add-on
WITH = (_in_order(BOTH + QUEUED), True)
WITHOUT = (_in_order(BOTH), False)


def by_purpose(made):
    """Return a dict of purpose -> worksheets.

    :param made: what `bench/prepare.py` has created for an order
    """
    found, made = {}, list(made)
    for purpose, sheets in BOTH + QUEUED:
        found[purpose], made = made[:len(sheets)], made[len(sheets):]
    return found
