# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make bench-monitor`: the monitor with few and with many tasks, in one run.

Starts a cluster of its own, fills its store (1 in 10 tasks queued, the rest
history), and asks for what a browser asks for: the page, its first rows, a
refresh of figures and rows, searches that find something and nothing, each
sortable column. Prints medians and how much longer the many take.
"""

import statistics
import sys
import time

from harness.cluster import Cluster
from harness.lims import Lims
from harness.seeds import Seeds
from harness.seeds import held

USER = "labman1"
FEW, MANY = 100, 100000
ROUNDS = 7

COLUMNS = ("name", "context_path", "username", "priority", "created", "since")


def fill(seeds, count):
    """Bring the store to so many tasks: 90 % history, 10 % queued."""
    stats = seeds.store.stats()
    left = count - stats["queued"] - stats["done"]
    seeds.add_many(left // 10)
    seeds.add_history(left - left // 10)


def measure(lims):
    """Return what -> median seconds."""
    url = "@@queue_tasks"
    queued = {"review_state": "queued", "pagesize": 50, "limit_from": 0}
    done = dict(queued, review_state="done")
    steps = {
        "page": lambda: lims.get(url),
        "first rows": lambda: rows(lims, queued),
        "first rows of the history": lambda: rows(lims, done),
        "refresh: figures": lambda: lims.get(url + "/dashboard"),
        "search that finds": lambda: rows(lims, dict(
            done, filter="verify")),
        "search that finds nothing": lambda: rows(lims, dict(
            done, filter="nowhere to be found")),
    }
    for column in COLUMNS:
        steps["history by " + column] = lambda column=column: rows(
            lims, dict(done, sort_on=column, sort_order="ascending"))
    found = {}
    for name, step in steps.items():
        step()
        times = []
        for _round in range(ROUNDS):
            began = time.perf_counter()
            step()
            times.append(time.perf_counter() - began)
        found[name] = statistics.median(times)
    return found


def rows(lims, query):
    """Ask for rows as the listing does."""
    return lims.post_json("@@queue_tasks/folderitems", query)


def main():
    with Cluster() as cluster, held(cluster.consumers):
        seeds = Seeds(cluster)
        lims = Lims(cluster.web.url, USER, cluster.secrets[USER])
        measured = []
        for count in (FEW, MANY):
            print("Filling the store with {} tasks ...".format(count),
                  flush=True)
            fill(seeds, count)
            # What was to be known of the many is known
            time.sleep(10)
            measured.append(measure(lims))
        few, many = measured
        print("{:<30}{:>12}{:>12}{:>8}".format(
            "", "{} tasks".format(FEW), "{} tasks".format(MANY), "ratio"))
        for name in few:
            print("measured: {:<30}{:>8.0f} ms{:>10.0f} ms{:>8.1f}".format(
                name, few[name] * 1000, many[name] * 1000,
                many[name] / few[name]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
