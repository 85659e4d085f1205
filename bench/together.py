# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Concurrent use: worksheets that the queue processes, while users edit
others."""

import sys
import threading
import time

from harness.events import Follower
from harness.lab import Lab
from harness.lims import Lims
from harness.seeds import held
from harness.waiting import eventually

from bench import pair
from bench import prepare
from bench.running import quantiles

USER = prepare.USER
#: Actions on analyses, and the state that follows
ACTIONS = (("submit", "to_be_verified"), ("verify", "verified"))
#: Number of edits per user in each measurement
EDITS = 8
#: Number of edits per user for warming up
WARM_EDITS = 2


def open_lab(cluster):
    return Lab(Lims(cluster.web.url, USER, cluster.secrets[USER]))


class Sheet(object):
    """A worksheet whose page was opened once: its buttons stay the same."""

    def __init__(self, lab, made):
        """
        :param made: its description, see `bench/prepare.py`
        """
        self.path, self.uid, self.uids = (
            made["path"], made["uid"], made["uids"])
        self.listing = lab.lims.listing(self.path + "/manage_results")


def open_sheets(lab, sheets):
    """Open the pages of worksheets."""
    return [Sheet(lab, made) for made in sheets]


def do_all(cluster, sheets, number, action):
    """Let the queue submit, or verify, all worksheets.

    :param number: number of consumers that work; the others are suspended
    :param action: id of the transition of the analyses
    :returns: seconds from the moment the consumers may start to the end of the
        last task
    """
    counts = {"queued": 0, "done": 0}

    def count(event):
        if event["event"] == "queued":
            counts["queued"] += int(event["items"])
        elif event["event"] == "done":
            counts["done"] += int(event["processed"])
    total = sum(len(sheet.uids) for sheet in sheets)
    # Follow the log, because requests to the server would take CPU time
    log = Follower(cluster.server.log, count)

    def look(name):
        log.read()
        return counts[name] >= total
    with held(cluster.consumers[number:]):
        with held(cluster.consumers[:number]):
            for sheet in sheets:
                sheet.listing.press(action, sheet.uids, rows=1)
            eventually(lambda: look("queued"), "all worksheets to be queued")
            started = time.monotonic()
        eventually(lambda: look("done"), "the end of " + action,
                   seconds=600, pause=0.05)
        return time.monotonic() - started


class Editor(threading.Thread):
    """A user who enters results and looks at a worksheet, without haste."""

    def __init__(self, cluster, sheet, edits):
        super(Editor, self).__init__()
        self.edits = edits
        self.uids = sheet.uids
        self.lims = Lims(cluster.web.url, USER, cluster.secrets[USER])
        self.listing = self.lims.listing(sheet.path + "/manage_results")
        self.spent, self.failures = [], []

    def run(self):
        for number in range(self.edits):
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


def edit(cluster, sheets, edits=EDITS):
    """Let the editors edit, each a worksheet; return them."""
    editors = [Editor(cluster, sheet, edits) for sheet in sheets]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    return editors


def edit_beside(cluster, sheets, busy, action):
    """Let the editors edit while the queue works on other worksheets; return
    them, and whether the queue was busy to the end."""
    begun = threading.Event()
    log = Follower(cluster.server.log, lambda event:
                   event["event"] == "started" and begun.set())
    worker = threading.Thread(
        target=do_all, args=(cluster, busy, 1, action))
    worker.start()
    log.start()
    assert begun.wait(120), "The queue did not start"
    log.stop()
    editors = edit(cluster, sheets)
    worked = worker.is_alive()
    worker.join()
    return editors, worked


def summarise(editors):
    """Return the figures of the editors."""
    failures = [text for editor in editors for text in editor.failures]
    return dict(quantiles([seconds for editor in editors
                           for seconds in editor.spent]),
                failed=len(failures), failures=failures[:3])


def users():
    """Response times of users who edit while the queue works, and while it is
    idle, in turn: it submits, then verifies."""
    alone, beside, worked = [], [], []
    with pair.PAIR.get() as (side, _without):
        cluster = side.cluster
        lab = open_lab(cluster)
        sheets, busy = [open_sheets(lab, side.sheets[purpose])
                        for purpose in ("edited", "busy")]
        edit(cluster, sheets, WARM_EDITS)
        for action, _state in ACTIONS:
            alone.extend(edit(cluster, sheets))
            editors, to_the_end = edit_beside(
                cluster, sheets, busy, action)
            beside.extend(editors)
            worked.append(to_the_end)
        alone, beside = summarise(alone), summarise(beside)
        beside["queue worked to the end"] = all(worked)
        if beside["failed"]:
            with open(cluster.web.log, errors="replace") as log:
                sys.stderr.write(log.read())
    for name in ("p50", "p95"):
        beside[name + "_ratio"] = round(
            beside[name + "_ms"] / alone[name + "_ms"], 2)
    return {"queue idle": alone, "queue at work": beside}


BENCHES = {"users": users}
