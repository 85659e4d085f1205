# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The cost of the add-on for a page: listings of 50 rows with 10,000 tasks
queued, compared with a SENAITE without the add-on.

`make bench-pages`. Both sites run at the same time and take turns at each
request, so that other load on the machine slows both down.
"""

import statistics
import time

from harness.lims import Lims
from harness.seeds import Seeds
from harness.seeds import held
from harness.waiting import eventually

from bench import pair
from bench import prepare
from bench import sheets

USER = prepare.USER
#: A process asks for changes each second while pages need them, otherwise
#: every four seconds
SETTLE_SECONDS = 8
#: Number of queued tasks, and how many times each page is then measured: the
#: last round is the result
ROUNDS = ((0, 9), (1000, 9), (10000, 15))


class Site(object):
    """One of the two sites, with a worksheet and as many samples as rows."""

    def __init__(self, cluster, sheet):
        self.cluster = cluster
        self.lims = Lims(cluster.web.url, USER, cluster.secrets[USER])
        worksheet = sheet["path"]
        self.listings = {
            "analyses of a worksheet": self.lims.listing(
                worksheet + "/manage_results"),
            "samples": self.lims.listing("samples"),
        }
        self.pages = {
            "page of a worksheet": worksheet + "/manage_results",
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
    """Queue tasks that nobody processes, and wait until all pages know all of
    them.

    :param number: number of tasks to queue; each for a worksheet of its own
    :param total: number of queued tasks afterwards
    """
    Seeds(cluster).add_many(number)
    server = Lims(cluster.server.url, USER, cluster.secrets[USER])
    eventually(lambda: server.api("queue_server/uids")["count"] >= total,
               "the tasks to be queued", seconds=60, pause=0.5)
    # The process of the pages has to learn about them as well
    time.sleep(SETTLE_SECONDS)


def compare(both, names, rounds, rows):
    """Return name -> median milliseconds without and with the add-on, and
    their ratio."""
    seconds = {}
    for number in range(rounds + 1):
        for name in names:
            # The order alternates between rounds
            order = both if number % 2 else both[::-1]
            for site in order:
                taken = site.measure(name, rows)
                if number:
                    # The first request warms up
                    seconds.setdefault((name, site), []).append(taken)
    found = {}
    for name in names:
        without, with_addon = [statistics.median(seconds[name, site])
                               for site in both]
        found[name] = {"without_ms": round(1000 * without, 1),
                       "with_ms": round(1000 * with_addon, 1),
                       "ratio": round(with_addon / without, 3)}
    return found


def pages():
    """Listings and pages with 0, 1,000 and 10,000 tasks queued, compared with
    the same pages without the add-on."""
    figures, queued = {}, 0
    with pair.PAIR.get() as (with_addon, without), \
            held(with_addon.cluster.consumers):
        both = [Site(side.cluster, side.sheets["pages"][0])
                for side in (without, with_addon)]
        names = sorted(both[0].listings) + sorted(both[0].pages)
        for tasks, rounds in ROUNDS:
            if tasks:
                queue_tasks(with_addon.cluster, tasks - queued, tasks)
                queued = tasks
            figures[tasks] = compare(both, names, rounds, sheets.ROWS)
    return figures


BENCHES = {"pages": pages}
