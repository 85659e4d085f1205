# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Two clusters side by side, with the same work: one with the add-on, and one of
a SENAITE without it."""

import contextlib
import itertools

from harness.cluster import Cluster

from bench import clusters
from bench import prepare
from bench import sites

#: Samples of five analyses each, to warm up with and to measure with
WARM_SAMPLES, SAMPLES = 2, 20

#: Worksheets of `click`: a small and a large pair, each of one to be filled
#: and one whose results are there
CLICK_SHEETS = [
    [WARM_SAMPLES, prepare.OPEN], [WARM_SAMPLES, prepare.RESULTS],
    [SAMPLES, prepare.OPEN], [SAMPLES, prepare.RESULTS]]

#: Rows of each listing of `pages`
ROWS = 50

#: A worksheet with an analysis of as many samples
PAGES_SHEETS = [[ROWS, prepare.RESULTS, 1]]

#: Users of `users` who edit, and samples on the worksheet of each
EDITORS, EDIT_SAMPLES = 4, 4
#: Worksheets that the queue works on meanwhile, and samples on each: it is not
#: through before the edits are over
BUSY, BUSY_SAMPLES = 8, 14

USERS_SHEETS = ([[EDIT_SAMPLES, prepare.RESULTS]] * EDITORS +
                [[BUSY_SAMPLES, prepare.RESULTS]] * BUSY)

#: Without the add-on there are no `users`
WITHOUT = CLICK_SHEETS + PAGES_SHEETS
WITH = WITHOUT + USERS_SHEETS


class Side(object):
    """A cluster, and the worksheets of each benchmark in it."""

    def __init__(self, cluster, made):
        self.cluster = cluster
        made = iter(made)
        self.click_sheets, self.pages_sheets = [
            list(itertools.islice(made, len(sheets)))
            for sheets in (CLICK_SHEETS, PAGES_SHEETS)]
        self.users_sheets = list(made)


@contextlib.contextmanager
def open_pair():
    """Give both sides: with the add-on, and without."""
    with sites.with_sheets(WITH) as (home, made), \
            sites.with_sheets(WITHOUT, addon=False) as (other, others), \
            clusters.side_by_side(
                Cluster(home=home), Cluster(home=other, addon=False)) as (
                    queued, stock):
        yield Side(queued, made), Side(stock, others)


PAIR = clusters.Place(open_pair, [(WITH, True), (WITHOUT, False)])
