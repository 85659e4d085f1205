# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Two clusters side by side with the same work: one with the add-on, and one
with a SENAITE without it."""

import contextlib

from harness.cluster import Cluster

from bench import clusters
from bench import sheets
from bench import sites


class Side(object):
    """A cluster, and its worksheets by purpose."""

    def __init__(self, cluster, made):
        self.cluster = cluster
        self.sheets = sheets.by_purpose(made)


@contextlib.contextmanager
def open_pair():
    """Context manager: both sides, with the add-on and without."""
    with sites.with_sheets(*sheets.WITH) as (home, made), \
            sites.with_sheets(*sheets.WITHOUT) as (other, others), \
            clusters.side_by_side(
                Cluster(home=home), Cluster(home=other, addon=False)) as (
                    queued, stock):
        yield Side(queued, made), Side(stock, others)


PAIR = clusters.Place(open_pair, [sheets.WITH, sheets.WITHOUT])
