# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the add-on costs a page: listings of 50 rows with 10,000 tasks queued,
against the same listings of a SENAITE without the add-on.

`make bench-pages`. Both sites run at once and take turns at each request, so
that whatever else the machine does slows both down.
"""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from harness.cluster import Cluster
from harness.counting import Counter
from harness.counting import counting_cluster
from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually

USER = "labman1"
#: Tasks that are added in one transaction
BATCH = 500
#: Rows of each listing, tasks that are queued, and how often each is measured
ROWS, TASKS, ROUNDS = 50, (0, 1000, 10000), 21


class Site(object):
    """One of the two sites, with a worksheet and as many samples as rows."""

    def __init__(self, cluster, rows):
        self.cluster = cluster
        self.lims = Lims(cluster.web.url, USER, cluster.secrets[USER])
        lab = Lab(self.lims)
        lab.services = lab.services[:1]
        samples = lab.create_samples(rows)
        self.worksheet = self.lims.create_worksheet("analyst1")
        listing, analyses = lab.open_for(self.worksheet, samples)
        listing.press("assign", analyses)
        assert lab.states(self.worksheet) == {"assigned": rows}
        self.listings = {
            "analyses of a worksheet": self.lims.listing(
                self.worksheet + "/manage_results"),
            "samples": self.lims.listing("samples"),
        }
        self.pages = {
            "page of a worksheet": self.worksheet + "/manage_results",
            "page of the samples": "samples",
        }

    def measure(self, name, rows):
        """Return the seconds that a listing or page takes."""
        started = time.perf_counter()
        if name in self.listings:
            found = self.listings[name].rows(pagesize=rows)
            assert len(found) == rows, (name, len(found))
        else:
            self.lims.get(self.pages[name])
        return time.perf_counter() - started


def queue_tasks(cluster, number, total):
    """Queue tasks that nobody works on, and wait until all pages know of all
    that there are."""
    counter = Counter(cluster)
    server = counter.session(cluster.server)
    for left in range(number, 0, -BATCH):
        counter.add(tasks=min(BATCH, left), items=1)
        # The relay writes to the outbox, too: one after the other
        there = total - max(0, left - BATCH)
        eventually(
            lambda: server.api("queue_server/uids")["count"] >= there,
            "the tasks to be queued", seconds=600, pause=0.5)
    # And the snapshot has to learn of them
    time.sleep(15)


def compare(queue_sites, names, rounds, rows):
    """Return name -> median milliseconds without and with, and their
    ratio."""
    seconds = {}
    for number in range(rounds + 1):
        for name in names:
            # Who comes first changes from round to round
            order = queue_sites if number % 2 else queue_sites[::-1]
            for site in order:
                taken = site.measure(name, rows)
                if number:
                    # the first one warms up
                    seconds.setdefault((name, site), []).append(taken)
    found = {}
    for name in names:
        without, with_addon = [statistics.median(seconds[name, site])
                               for site in queue_sites]
        found[name] = {"without_ms": round(1000 * without, 1),
                       "with_ms": round(1000 * with_addon, 1),
                       "ratio": round(with_addon / without, 3)}
    return found


def pages():
    """Listings and pages with nothing, 1,000 and 10,000 tasks queued, against
    the same without the add-on."""
    with_addon = counting_cluster()
    # Everything is done at once: nobody is there to do it later
    with_addon.settings["min_items"] = 500
    with_addon.consumer_ports = []
    figures, queued = {}, 0
    with with_addon, Cluster(addon=False) as without:
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda cluster: Site(cluster, ROWS),
                                 [without, with_addon]))
        names = sorted(both[0].listings) + sorted(both[0].pages)
        for tasks in TASKS:
            if tasks:
                queue_tasks(with_addon, tasks - queued, tasks)
                queued = tasks
            figures[tasks] = compare(both, names, ROUNDS, ROWS)
    return figures


BENCHES = {"pages": pages}
