# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make bench-open-pages`: what pages cost that are open while nobody clicks.

Starts a cluster of its own, and asks its web client what so many open pages
ask, at their pace: while nothing changes, and while tasks come every second. It
prints the share of a CPU that the web client then uses, and how that compares
with rows that are loaded.
"""

import os
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from harness.cluster import Cluster
from harness.lims import Lims
from harness.seeds import Seeds
from harness.seeds import held

USER = "labman1"
PAGES, ROWS = 200, 50
#: Seconds between the questions of a page, see `IDLE` in state.js
PERIOD = 2.5
#: How long to measure, in seconds, and with how many connections: more of
#: them than a client has threads
SECONDS, CONNECTIONS = 25, 16


class OpenPage(object):
    """What an open page asks, as state.js does."""

    def __init__(self, lims):
        self.lims = lims
        self.url = lims.url + "/queue_state"
        self.version = ""
        self.uids = ",".join(uuid.uuid4().hex for _row in range(ROWS))
        self.due = 0

    def ask(self, session):
        """Ask what a page asks; returns the number of requests and of bytes
        that were answered."""
        if self.version:
            answer = session.get(self.url, params={"since": self.version})
            if answer.status_code == 204:
                return 1, len(answer.content)
        answer = session.post(self.url, data={
            "all": "1", "uids": self.uids, "jobs": ""})
        first = not self.version
        self.version = answer.json()["version"]
        return 1 if first else 2, len(answer.content)


class Pages(object):
    """Pages that are open at the same time, in browsers of their own."""

    def __init__(self, cluster, number):
        self.cluster = cluster
        lims = [Lims(cluster.web.url, USER, cluster.secrets[USER])
                for _connection in range(CONNECTIONS)]
        self.shares = [[OpenPage(each) for _page in range(
            number // CONNECTIONS + (index < number % CONNECTIONS))]
            for index, each in enumerate(lims)]

    def run(self, seconds, disturb=None):
        """Ask for a while.

        :param seconds: for how long
        :param disturb: called each second
        :returns: requests, bytes, CPU seconds of the web client and seconds
        """
        start, began = cpu_seconds(self.cluster.web), time.monotonic()
        end = began + seconds
        with ThreadPoolExecutor(CONNECTIONS + 1) as pool:
            asked = [pool.submit(self._ask, share, began, end)
                     for share in self.shares]
            while disturb and time.monotonic() < end:
                disturb()
                time.sleep(1)
            found = [each.result() for each in asked]
        took = time.monotonic() - began
        return (sum(each[0] for each in found),
                sum(each[1] for each in found),
                cpu_seconds(self.cluster.web) - start, took)

    def _ask(self, share, began, end):
        """Ask for the pages of one connection, each at its time."""
        requests = received = 0
        for number, page in enumerate(share):
            page.due = began + PERIOD * number / len(share)
        while share:
            page = min(share, key=lambda each: each.due)
            if page.due > end:
                break
            time.sleep(max(0, page.due - time.monotonic()))
            counted = page.ask(page.lims.session)
            requests, received = requests + counted[0], received + counted[1]
            page.due += PERIOD
        time.sleep(max(0, end - time.monotonic()))
        return requests, received


def cpu_seconds(node):
    """Return how long a process has used a CPU so far."""
    with open("/proc/{}/stat".format(node.process.pid)) as source:
        fields = source.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows_seconds(cluster, times=5):
    """Return the CPU seconds of loading the rows of the list of samples."""
    listing = Lims(cluster.web.url, USER, cluster.secrets[USER]).listing(
        "samples")
    listing.rows(pagesize=ROWS)
    start = cpu_seconds(cluster.web)
    for _time in range(times):
        listing.rows(pagesize=ROWS)
    return (cpu_seconds(cluster.web) - start) / times


def measure(cluster, seconds=SECONDS):
    """Yield lines with what was measured."""
    seeds = Seeds(cluster)
    pages, nobody = Pages(cluster, PAGES), Pages(cluster, 0)
    pages.run(2 * PERIOD)
    idle = {}
    for name, who, disturb in (
            ("no page is open", nobody, None),
            ("{} pages, nothing changes".format(PAGES), pages, None),
            ("no page, tasks come every second", nobody, seeds.add),
            ("{} pages, tasks come every second".format(PAGES), pages,
             seeds.add)):
        requests, received, cpu, took = who.run(seconds, disturb)
        idle[name] = cpu / max(requests, 1)
        yield ("measured: {:<36}{:>7.1f} requests/s, {:>5.0f} bytes each, "
               "{:>5.1f} % of a CPU".format(
                   name, requests / took, received / max(requests, 1),
                   100 * cpu / took))
    rows = rows_seconds(cluster)
    quiet = idle["{} pages, nothing changes".format(PAGES)]
    yield ("measured: an open page costs in {:.0f} s what loading {} rows once "
           "does".format(PERIOD * rows / quiet, ROWS))


def main():
    with Cluster() as cluster, held(cluster.consumers):
        for line in measure(cluster):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
