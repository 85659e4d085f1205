# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Clusters to measure in: started side by side, and shared by benchmarks that
come one after the other."""

import contextlib
from concurrent import futures

from harness.counting import counting_cluster


class Place(object):
    """Where benchmarks measure: in one of their own, or, with `keep`, in one
    that they share. To start a cluster takes half a minute."""

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
        """Give what the context manager gives."""
        if self._kept:
            yield self._kept[0]
        else:
            with self._open_one() as found:
                yield found

    @contextlib.contextmanager
    def keep(self):
        """Let all benchmarks of this block have the same."""
        with self._open_one() as found:
            self._kept.append(found)
            try:
                yield
            finally:
                self._kept.remove(found)


#: A cluster with nothing to do, and the test add-on; who measures there leaves
#: it so
COUNTING = Place(counting_cluster)


@contextlib.contextmanager
def side_by_side(*clusters):
    """Start clusters, two at the same time; all are stopped at the end.

    :param clusters: clusters that do not run yet
    """
    with contextlib.ExitStack() as stack:
        with futures.ThreadPoolExecutor(2) as pool:
            starting = [pool.submit(stack.enter_context, cluster)
                        for cluster in clusters]
            futures.wait(starting)
        yield [each.result() for each in starting]
