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

from harness.lims import Lims
from harness.seeds import Seeds
from harness.seeds import held
from harness.waiting import eventually

from bench import pair
from bench import prepare
from bench import sheets

USER = prepare.USER
#: A process asks for what is new each second while pages want to know, and
#: every four seconds when none does
SETTLE_SECONDS = 8
#: Tasks that are queued, and how often each page is measured meanwhile: the
#: last one is what counts
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
    """Queue tasks that nobody works on, and wait until all pages know of all
    that there are.

    :param number: how many to queue; each for a worksheet of its own
    :param total: how many there are then
    """
    Seeds(cluster).add_many(number)
    server = Lims(cluster.server.url, USER, cluster.secrets[USER])
    eventually(lambda: server.api("queue_server/uids")["count"] >= total,
               "the tasks to be queued", seconds=60, pause=0.5)
    # And the pages' process has to learn of them
    time.sleep(SETTLE_SECONDS)


def compare(both, names, rounds, rows):
    """Return name -> median milliseconds without and with, and their
    ratio."""
    seconds = {}
    for number in range(rounds + 1):
        for name in names:
            # Who comes first changes from round to round
            order = both if number % 2 else both[::-1]
            for site in order:
                taken = site.measure(name, rows)
                if number:
                    # the first one warms up
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
    """Listings and pages with nothing, 1,000 and 10,000 tasks queued, against
    the same without the add-on."""
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
