# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Clusters to measure in: started side by side, and shared by consecutive
benchmarks."""

import contextlib
from concurrent import futures

from harness.counting import counting_cluster


class Place(object):
    """Where benchmarks measure: each in a cluster of its own, or, inside
    `keep`, all in a shared one. Starting a cluster takes half a minute."""

    def __init__(self, open_one, orders=()):
        """
        :param open_one: function that returns a context manager
        :param orders: sites that it needs, see `bench/sites.py`
        """
        self._open_one = open_one
        self.orders = list(orders)
        self._kept = []

    @contextlib.contextmanager
    def get(self):
        """Context manager: the value of `open_one`, shared inside `keep`."""
        if self._kept:
            yield self._kept[0]
        else:
            with self._open_one() as found:
                yield found

    @contextlib.contextmanager
    def keep(self):
        """Context manager: share one value among all benchmarks inside."""
        with self._open_one() as found:
            self._kept.append(found)
            try:
                yield
            finally:
                self._kept.remove(found)


#: An idle cluster with the test add-on; benchmarks must leave it as they found
#: it
COUNTING = Place(counting_cluster)


@contextlib.contextmanager
def side_by_side(*clusters):
    """Start clusters, two at a time; all are stopped at the end.

    :param clusters: clusters that are not running yet
    """
    with contextlib.ExitStack() as stack:
        with futures.ThreadPoolExecutor(2) as pool:
            starting = [pool.submit(stack.enter_context, cluster)
                        for cluster in clusters]
            futures.wait(starting)
        yield [each.result() for each in starting]
