# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Benchmarks of several at once: more consumers, and people who edit while
the queue works."""

import contextlib
import os
import shutil
import tempfile
import threading
import time

from harness import ports
from harness import template
from harness.cluster import Cluster
from harness.lab import Lab
from harness.lims import Lims
from harness.scenario import Watcher
from harness.seeds import held
from harness.waiting import eventually

from bench.running import quantiles

USER = "labman1"
ANALYST = "analyst1"
#: Worksheets that are submitted, and samples of five analyses on each
WORKSHEETS, SAMPLES = 8, 4
CONSUMERS = (1, 2, 4)
#: Worksheets that each consumer may warm up with
WARM = 2
#: Users who edit, and edits of each
EDITORS, EDITS = 4, 12


def prepare(cluster, worksheets=WORKSHEETS):
    """Make worksheets with results, to be submitted; returns their paths."""
    lab = open_lab(cluster)
    paths = []
    for _number in range(worksheets):
        samples = lab.create_samples(SAMPLES)
        path = lab.lims.create_worksheet(ANALYST)
        listing, uids = lab.open_for(path, samples)
        listing.press("assign", uids)
        eventually(lambda: lab.states(path) == {"assigned": len(uids)},
                   "analyses to be assigned", seconds=300, pause=0.5)
        listing, rows = lab.lims.results(path)
        listing.set_fields({row["uid"]: {"Result": str(10 + number)}
                            for number, row in enumerate(rows)})
        paths.append(path)
    return paths


def open_lab(cluster):
    return Lab(Lims(cluster.web.url, USER, cluster.secrets[USER]))


def open_sheets(lab, paths):
    """Return (path, listing, uids of the analyses) of worksheets."""
    sheets = []
    for path in paths:
        listing, rows = lab.lims.results(path)
        sheets.append((path, listing, [row["uid"] for row in rows]))
    return sheets


def submit_all(cluster, sheets):
    """Have all worksheets submitted by the queue; returns the seconds from
    the moment the consumers may begin to the end of the last task."""
    watcher = Watcher(Lims(cluster.server.url, USER, cluster.secrets[USER]))
    with held(cluster):
        for _path, listing, uids in sheets:
            listing.press("submit", uids)
        eventually(lambda: len(watcher.tasks()) >= len(sheets),
                   "all worksheets to be queued", seconds=120)
        started = time.monotonic()
    # To look more often takes a processor from the consumers
    eventually(lambda: not watcher.tasks(), "the queue to be empty",
               seconds=600, pause=0.25)
    return time.monotonic() - started


@contextlib.contextmanager
def copied(home):
    """Give a directory with a copy of a site's data."""
    os.makedirs(os.path.dirname(home), exist_ok=True)
    copy = tempfile.mkdtemp(dir=os.path.dirname(home))
    try:
        for name in ("filestorage", "blobstorage"):
            shutil.copytree(os.path.join(home, name),
                            os.path.join(copy, name))
        shutil.copy(os.path.join(home, template.SECRETS), copy)
        yield copy
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def consumers():
    """The same work on 8 worksheets with 1, 2 and 4 consumers, on copies of
    one site."""
    most = WARM * CONSUMERS[-1] + WORKSHEETS
    with Cluster() as cluster:
        paths = prepare(cluster, most)
        cluster.keeps_files = True
    figures = {}
    try:
        for number in CONSUMERS:
            with copied(cluster.home) as home:
                figures[number] = _consumers(home, number, paths)
    finally:
        shutil.rmtree(cluster.home, ignore_errors=True)
    for number in CONSUMERS:
        figures[number]["speedup"] = round(
            figures[CONSUMERS[0]]["seconds"] / figures[number]["seconds"], 2)
    return figures


def _consumers(home, number, paths):
    with Cluster(home=home, consumer_ports=ports.free_ports(number)) \
            as cluster:
        lab = open_lab(cluster)
        sheets = open_sheets(lab, paths[:WARM * number + WORKSHEETS])
        # The first tasks of a consumer open connections, load code and data
        submit_all(cluster, sheets[:WARM * number])
        spent = submit_all(cluster, sheets[WARM * number:])
        states = [lab.states(path) for path, _listing, _uids in sheets]
        conflicts = sum(count_lines(node.log, "event=conflict ")
                        for node in cluster.consumers)
    return {"seconds": round(spent, 2), "conflicts": conflicts,
            "complete": all(list(state) == ["to_be_verified"]
                            for state in states)}


def count_lines(path, text):
    """Return how many lines of a log have a text in them."""
    with open(path, errors="replace") as log:
        return sum(text in line for line in log)


class Editor(threading.Thread):
    """Somebody who types results and looks at a worksheet, at a walk."""

    def __init__(self, cluster, sheet):
        super(Editor, self).__init__()
        path, _listing, self.uids = sheet
        self.lims = Lims(cluster.web.url, USER, cluster.secrets[USER])
        self.listing, _rows = self.lims.results(path)
        self.spent, self.failures = [], []

    def run(self):
        for number in range(EDITS):
            uid = self.uids[number % len(self.uids)]
            for call in (
                    lambda: self.listing.set_fields(
                        {uid: {"Result": str(20 + number)}}),
                    self.listing.rows):
                started = time.monotonic()
                try:
                    call()
                except Exception as error:
                    self.failures.append(str(error))
                self.spent.append(time.monotonic() - started)
                time.sleep(0.2)


def edit(cluster, sheets):
    """Have the editors edit, each a worksheet."""
    editors = [Editor(cluster, sheet) for sheet in sheets[:EDITORS]]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    spent = [seconds for editor in editors for seconds in editor.spent]
    failures = [text for editor in editors for text in editor.failures]
    return dict(quantiles(spent), failed=len(failures), failures=failures[:3])


def users():
    """Response times of people who edit, while the queue works and not."""
    with Cluster() as cluster:
        sheets = open_sheets(
            open_lab(cluster), prepare(cluster, EDITORS + WORKSHEETS))
        edit(cluster, sheets)
        alone = edit(cluster, sheets)
        worker = threading.Thread(
            target=submit_all, args=(cluster, sheets[EDITORS:]))
        worker.start()
        watcher = Watcher(Lims(cluster.server.url, USER,
                               cluster.secrets[USER]))
        eventually(lambda: watcher.tasks("running"), "the queue to work",
                   seconds=120)
        beside = edit(cluster, sheets)
        beside["queue worked to the end"] = worker.is_alive()
        worker.join()
    for name in ("p50", "p95"):
        beside[name + "_ratio"] = round(
            beside[name + "_ms"] / alone[name + "_ms"], 2)
    return {"queue idle": alone, "queue at work": beside}


BENCHES = {"consumers": consumers, "users": users}
