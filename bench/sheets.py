# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Worksheets that benchmarks need, by what they are needed for.

One site has all of them, and each cluster a copy of it: what takes longest to
make is made once.
"""

from bench import prepare

#: Samples of five analyses each, to warm up with and to measure with
WARM_SAMPLES, SAMPLES = 2, 20

#: Rows of each listing of `pages`
ROWS = 50

#: Users of `users` who edit, and samples on the worksheet of each
EDITORS, EDIT_SAMPLES = 4, 4

#: Worksheets that the queue works on in `consumers` and `users`, and samples
#: on each: two whole chunks, and in all so many that the queue is not through
#: before the edits of `users` are over
BUSY, BUSY_SAMPLES = 8, 16

#: Small worksheets for the consumers of `consumers` to warm up with, two for
#: each of four, and samples on each
SMALL, SMALL_SAMPLES = 8, 4

BOTH = (
    # A small and a large pair, each of one to be filled and one whose results
    # are there
    ("click", [[WARM_SAMPLES, prepare.OPEN], [WARM_SAMPLES, prepare.RESULTS],
               [SAMPLES, prepare.OPEN], [SAMPLES, prepare.RESULTS]]),
    # One with an analysis of as many samples
    ("pages", [[ROWS, prepare.RESULTS, 1]]),
)
#: What only a queue works on
QUEUED = (
    ("edited", [[EDIT_SAMPLES, prepare.RESULTS]] * EDITORS),
    ("busy", [[BUSY_SAMPLES, prepare.RESULTS]] * BUSY),
    ("small", [[SMALL_SAMPLES, prepare.RESULTS]] * SMALL),
)


def _in_order(kinds):
    return [sheet for _purpose, sheets in kinds for sheet in sheets]


#: Orders: worksheets as `bench/prepare.py` makes them, and whether the site
#: has the add-on
WITH = (_in_order(BOTH + QUEUED), True)
WITHOUT = (_in_order(BOTH), False)


def by_purpose(made):
    """Return dict of purpose -> worksheets.

    :param made: what `bench/prepare.py` has made of an order
    """
    found, made = {}, list(made)
    for purpose, sheets in BOTH + QUEUED:
        found[purpose], made = made[:len(sheets)], made[len(sheets):]
    return found
