# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The targets, and how the results compare."""

#: Largest and smallest number of queued tasks to compare, as in the results
MANY, FEW = "100000", "100"

#: The benchmark that includes both
STORE = "store-100000"


def ratio(*path):
    """Return a function: the cost of a method with many tasks, relative to
    few."""
    def read(results):
        figures = results[STORE][path[0]]
        return (figures[MANY][path[1]]["cpu_ms"] /
                figures[FEW][path[1]]["cpu_ms"])
    return read


def figure(*path):
    """Return a function that reads one figure of the results."""
    def read(results):
        for name in path:
            results = results[name]
        return results
    return read


def share(action, name):
    """Return a function: a figure of the queued click relative to the
    synchronous one; not rounded, unlike the ratios in the results."""
    def read(results):
        click = results["click"]
        return (click["queued"][action][name] /
                click["synchronous"][action]["end_seconds"])
    return read


def faster(action):
    """Return a function: how many times faster than 1.0.3 an action ends."""
    def read(results):
        peer = results["work"][action]["1.0.3 (computed from its ticks)"]
        return peer["seconds"] / \
            results["click"]["queued"][action]["end_seconds"]
    return read


def worst(results):
    """Return the ratio of the page that 10,000 tasks slow down most."""
    return max(page["ratio"] for page in results["pages"]["10000"].values())


AT_MOST, AT_LEAST = "at most", "at least"

#: Title, function that reads the figure, direction, target
TARGETS = [
    ("pop and acknowledge with 100,000 tasks, relative to 100, SQLite",
     ratio("sqlite", "pop+ack"), AT_MOST, 2),
    ("the same, PostgreSQL", ratio("postgresql", "pop+ack"), AT_MOST, 2),
    ("the same, all but the last one blocked, SQLite",
     ratio("sqlite", "blocked pop+ack"), AT_MOST, 2),
    ("the same, all but the last one blocked, PostgreSQL",
     ratio("postgresql", "blocked pop+ack"), AT_MOST, 2),
    ("is_queued on a client with 100,000 tasks, microseconds",
     figure(STORE, "sqlite", MANY, "is_queued us"), AT_MOST, 20),
    ("submit of 100 analyses, from click to end, relative to synchronous",
     share("submit", "end_seconds"), AT_MOST, 0.4),
    ("verify, the same",
     share("verify", "end_seconds"), AT_MOST, 0.4),
    ("assign, the same",
     share("assign", "end_seconds"), AT_MOST, 0.8),
    ("submit, times faster than 1.0.3 at its tick of 5 s", faster("submit"),
     AT_LEAST, 10),
    ("verify, the same", faster("verify"), AT_LEAST, 10),
    ("assign, the same", faster("assign"), AT_LEAST, 10),
    ("click that assigns 100 analyses, without the page that follows, "
     "relative to synchronous",
     share("assign", "form_seconds"), AT_MOST, 0.05),
    ("the same, with that page",
     share("assign", "click_seconds"), AT_MOST, 0.05),
    ("click that submits 100 analyses, the same",
     share("submit", "click_seconds"), AT_MOST, 0.05),
    ("click that verifies 100 analyses, the same",
     share("verify", "click_seconds"), AT_MOST, 0.05),
    ("latency, median, milliseconds", figure("latency", "p50_ms"), AT_MOST,
     150),
    ("latency, 95 %, milliseconds", figure("latency", "p95_ms"), AT_MOST,
     400),
    ("speedup with two consumers", figure("consumers", "2", "speedup"),
     AT_LEAST, 1.7),
    ("page or listing with 10,000 tasks queued, relative to no add-on",
     worst, AT_MOST, 1.1),
    ("edits that failed while the queue worked",
     figure("users", "queue at work", "failed"), AT_MOST, 0),
    ("edits while the queue worked, 95 %, relative to an idle queue",
     figure("users", "queue at work", "p95_ratio"), AT_MOST, 1.25),
    ("all benchmarks of make bench, minutes", figure("all", "minutes"),
     AT_MOST, 15),
]


def lines(results):
    """Return the rows of a table: title, target, measured value, and whether
    the target is met.

    :param results: figures of the benchmarks, by name
    """
    rows = []
    for title, read, way, much in TARGETS:
        try:
            value = read(results)
        except KeyError:
            rows.append((title, "{} {}".format(way, much), "n/a",
                         "not measured"))
            continue
        met = value <= much if way == AT_MOST else value >= much
        rows.append((title, "{} {}".format(way, much),
                     "{:.3g}".format(value), "met" if met else "missed"))
    return rows
