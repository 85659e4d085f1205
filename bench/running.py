# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Benchmarks in a running cluster: the times that users and consumers see."""

import statistics
import threading
import time

import requests
from harness.counting import Counter
from harness.lab import Lab
from harness.lims import Lims
from harness.scenario import Watcher
from harness.scenario import press_and_follow

from bench import clusters
from bench import pair
from bench import prepare

USER = prepare.USER


def quantiles(values):
    """Return p50 and p95 of seconds, in milliseconds."""
    values = sorted(values)
    return {"p50_ms": round(1000 * statistics.median(values), 1),
            "p95_ms": round(1000 * values[int(0.95 * (len(values) - 1))], 1),
            "count": len(values)}


def latency():
    """Time from enqueue (commit) to the start of processing, idle cluster."""
    with clusters.COUNTING.get() as cluster:
        counter = Counter(cluster)
        spent = []
        for _number in range(45):
            added = counter.add()
            begun = counter.await_begin(added["tasks"][0]["task_uid"])
            spent.append(begun["at"] - added["at"])
            counter.await_idle()
        # The first ones open connections
        return quantiles(spent[5:])


def click():
    """Duration of the click, and time to the end, of "assign", "submit" and
    "verify", queued and synchronous, after a small round that warms up."""
    figures = {}
    with pair.PAIR.get() as sides:
        for number in (0, 2):
            for title, side in zip(("queued", "synchronous"), sides):
                figures[title] = _click(
                    side.cluster, *side.sheets["click"][number:number + 2])
    for action in ("assign", "submit", "verify"):
        base = figures["synchronous"][action]
        for name in ("form_seconds", "click_seconds", "end_seconds"):
            if name in figures["queued"][action]:
                figures["queued"][action][name + "_ratio"] = round(
                    figures["queued"][action][name] / base["end_seconds"], 3)
    return figures


def _click(cluster, empty, filled):
    """Fill one worksheet, submit and verify another."""
    lab = Lab(Lims(cluster.web.url, USER, cluster.secrets[USER]))
    listing, uids = lab.open_for(empty["path"], empty["samples"])
    result = {"assign": _press(cluster, listing, "assign", uids,
                               empty["uid"])}
    for action in ("submit", "verify"):
        listing, _rows = lab.lims.results(filled["path"])
        result[action] = _press(cluster, listing, action, filled["uids"],
                                filled["uid"])
    result["states"] = {
        state: number for path in (empty["path"], filled["path"])
        for state, number in lab.states(path).items()}
    return result


def _press(cluster, listing, action, uids, worksheet_uid):
    if not cluster.addon:
        started = time.monotonic()
        listing.press(action, uids)
        spent = time.monotonic() - started
        return dict(_form(listing), click_seconds=round(spent, 3),
                    end_seconds=round(spent, 3))
    watcher = Watcher(Lims(cluster.server.url, USER, cluster.secrets[USER]))
    done = press_and_follow(cluster, watcher, action, listing, action, uids,
                            worksheet_uid, lambda: 0)
    return dict(_form(listing), click_seconds=round(done.first_answer, 3),
                last_row_seconds=round(done.click, 3),
                end_seconds=round(done.end, 3), chunks=done.chunks,
                conflicts=done.conflicts)


def _form(listing):
    """Return the seconds of a form without the page that follows; rows that
    are sent one by one have none."""
    seconds, listing.lims.post_seconds = listing.lims.post_seconds, None
    return {} if seconds is None else {"form_seconds": round(seconds, 3)}


def http():
    """Control and read routes: requests per second, 1 and 4 connections."""
    figures = {}
    with clusters.COUNTING.get() as cluster:
        session = Lims(cluster.server.url, USER, cluster.secrets[USER])
        health = cluster.server.url + "/@@queue-health"
        for title, call in (
                ("tasks", lambda: session.api("queue_server/tasks")),
                ("health", lambda: requests.get(health, timeout=30))):
            for connections in (1, 4):
                figures["{}, {} connections".format(title, connections)] = \
                    _load(call, connections)
    return figures


def _load(call, connections, seconds=3.0):
    spent = []
    until = time.monotonic() + seconds

    def work():
        while time.monotonic() < until:
            started = time.monotonic()
            call()
            spent.append(time.monotonic() - started)
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(quantiles(spent), per_second=round(len(spent) / seconds, 1))


BENCHES = {"latency": latency, "click": click, "http": http}
