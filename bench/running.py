# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Benchmarks with a running cluster: what people and consumers feel."""

import statistics
import threading
import time

import requests
from harness.cluster import Cluster
from harness.counting import Counter
from harness.counting import counting_cluster
from harness.lab import Lab
from harness.lims import Lims
from harness.scenario import Watcher
from harness.scenario import press_and_follow

USER = "labman1"
ANALYST = "analyst1"
SAMPLES = 20


def quantiles(values):
    """Return p50 and p95 of seconds, in milliseconds."""
    values = sorted(values)
    return {"p50_ms": round(1000 * statistics.median(values), 1),
            "p95_ms": round(1000 * values[int(0.95 * (len(values) - 1))], 1),
            "count": len(values)}


def latency():
    """From enqueue (commit) to the start of processing, idle cluster."""
    with counting_cluster() as cluster:
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
    """Click and end of "assign" and "submit", queued and synchronous."""
    figures = {}
    with Cluster() as queued, Cluster(addon=False) as stock:
        for title, cluster in (("queued", queued), ("synchronous", stock)):
            figures[title] = _click(cluster, title == "queued")
    for action in ("assign", "submit"):
        base = figures["synchronous"][action]
        for name in ("click_seconds", "end_seconds"):
            figures["queued"][action][name + "_ratio"] = round(
                figures["queued"][action][name] / base["end_seconds"], 3)
    return figures


def _click(cluster, has_queue):
    password = cluster.secrets[USER]
    lab = Lab(Lims(cluster.web.url, USER, password))
    samples = lab.create_samples(SAMPLES)
    worksheet = lab.lims.create_worksheet(ANALYST)
    listing, uids = lab.open_for(worksheet, samples)
    result = {"assign": _press(cluster, lab, listing, "assign", uids,
                               worksheet, has_queue)}
    listing, rows = lab.lims.results(worksheet)
    values = {row["uid"]: {"Result": str(10 + number)}
              for number, row in enumerate(rows)}
    listing.set_fields(values)
    result["submit"] = _press(cluster, lab, listing, "submit", list(values),
                              worksheet, has_queue)
    result["states"] = lab.states(worksheet)
    return result


def _press(cluster, lab, listing, action, uids, worksheet, has_queue):
    if not has_queue:
        started = time.monotonic()
        listing.press(action, uids)
        spent = time.monotonic() - started
        return {"click_seconds": round(spent, 3),
                "end_seconds": round(spent, 3)}
    watcher = Watcher(Lims(cluster.server.url, USER, cluster.secrets[USER]))
    done = press_and_follow(
        cluster, watcher, action, listing, action, uids,
        lab.worksheet(worksheet)["uid"], lambda: 0)
    return {"click_seconds": round(done.first_answer, 3),
            "last_row_seconds": round(done.click, 3),
            "end_seconds": round(done.end, 3), "chunks": done.chunks,
            "conflicts": done.conflicts}


def http():
    """Control and read routes: requests per second, 1 and 4 connections."""
    figures = {}
    with Cluster() as cluster:
        session = Lims(cluster.server.url, USER, cluster.secrets[USER])
        health = cluster.server.url + "/@@queue-health"
        for title, call in (
                ("tasks", lambda: session.api("queue_server/tasks")),
                ("health", lambda: requests.get(health, timeout=30))):
            for connections in (1, 4):
                figures["{}, {} connections".format(title, connections)] = \
                    _load(call, connections)
    return figures


def _load(call, connections, seconds=5.0):
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
