# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Clusters to measure in: started side by side, and one that is shared."""

import contextlib
from concurrent import futures

from harness.counting import counting_cluster

#: The cluster that benchmarks share, while there is one
_shared = []


@contextlib.contextmanager
def side_by_side(*clusters):
    """Start clusters at the same time; all are stopped at the end.

    :param clusters: clusters that do not run yet
    """
    with contextlib.ExitStack() as stack:
        with futures.ThreadPoolExecutor(len(clusters)) as pool:
            starting = [pool.submit(stack.enter_context, cluster)
                        for cluster in clusters]
            futures.wait(starting)
        yield [each.result() for each in starting]


@contextlib.contextmanager
def shared():
    """Give a cluster with nothing to do, for benchmarks that leave it so:
    one of their own, or that of `keep`."""
    if _shared:
        yield _shared[0]
    else:
        with counting_cluster() as cluster:
            yield cluster


@contextlib.contextmanager
def keep():
    """Let the benchmarks that run meanwhile share a cluster."""
    with counting_cluster() as cluster:
        _shared.append(cluster)
        try:
            yield
        finally:
            _shared.remove(cluster)
