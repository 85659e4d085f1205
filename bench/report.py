# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Results as text: lines for the terminal, and docs/benchmarks.rst."""

import glob
import json
import os

from bench import targets

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")
PAGE = os.path.join(os.path.dirname(HERE), "docs", "benchmarks.rst")

INTRO = """\
Benchmarks
==========

Generated from ``bench/results``. ``bin/queue-bench NAME`` repeats a benchmark;
``make bench`` repeats all but ``ownership`` and ``store-100000``. Ratios
compare figures measured side by side in one run. Absolute figures depend on
the machine, its load and its speed: each result states the load, and the time
taken by the fixed piece of work in ``bench/control.py``. CPU seconds are those
of the process, and do not depend on other processes. Consumers are compared by
the sum of tries that take turns; beside it stands the speedup of two processes
that share nothing, measured at the same time.

Targets
-------

.. list-table::
   :header-rows: 1
   :widths: 60 15 12 13

   * - figure
     - target
     - measured
     -
"""

#: Benchmark -> charts: title, and the paths of the figures to compare; `None`
#: stands for all keys
CHARTS = {
    "click": [("{}, from click to end, seconds".format(action),
               [("synchronous", action, "end_seconds"),
                ("queued", action, "end_seconds")])
              for action in ("assign", "submit", "verify")],
    "consumers": [("speedup, by consumers", [(None, "speedup")])],
    "pages": [("{} tasks queued, ratio to the same without the add-on".format(
        number), [(number, None, "ratio")])
        for number in ("0", "1000", "10000")],
    "store": [("pop and acknowledge, CPU milliseconds, by tasks queued: "
               + store, [(store, None, "pop+ack", "cpu_ms")])
              for store in ("sqlite", "postgresql", "peer")],
    "users": [("95 % of the edits, milliseconds", [(None, "p95_ms")])],
    "work": [("{}, 100 analyses, CPU seconds".format(action),
              [(action, None, "cpu")])
             for action in ("assign", "submit", "verify")],
}

CHARTS["store-100000"] = CHARTS["store"]

#: Length of the longest bar, in characters
WIDTH = 36


def lines(result):
    """Return the figures of a result, one line each."""
    found = ["{name} (took {took_seconds} s)".format(**result)]
    for path, value in flatten(result["figures"]):
        found.append("  {:<58} {}".format(" / ".join(path), value))
    return found


def flatten(value, path=()):
    """Return (path, value) of all leaves of nested dicts."""
    if not isinstance(value, dict):
        return [(path, value)]
    return [leaf for key in sorted(value, key=order)
            for leaf in flatten(value[key], path + (str(key),))]


def order(key):
    """Sort numbers as numbers, before words."""
    return (0, int(key), "") if str(key).isdigit() else (1, 0, str(key))


def draw():
    """Write the page with all available results."""
    results = []
    for path in sorted(glob.glob(os.path.join(RESULTS, "*.json"))):
        with open(path) as source:
            results.append(json.load(source))
    rows = targets.lines(dict(
        (result["name"], result["figures"]) for result in results))
    table = "\n".join("   * - {}\n     - {}\n     - {}\n     - {}".format(*row)
                      for row in rows)
    with open(PAGE, "w") as target:
        target.write("\n".join(
            [INTRO + table + "\n"] + [section(each) for each in results]))


def section(result):
    """Return the section of one benchmark."""
    machine = dict({"control_seconds": "unknown"}, **result["machine"])
    title = result["name"]
    text = ["", title, "-" * len(title), "",
            "{cores} cores, {memory_gb} GB, load {load_before} before and "
            "{load_after} after; seconds of the control: {control_seconds}."
            .format(**machine), ""]
    if result.get("remark"):
        text.extend([result["remark"], ""])
    for chart in CHARTS.get(title, ()):
        text.extend(bars(result["figures"], *chart))
    text.extend(["::", ""])
    text.extend("    {:<58} {}".format(" / ".join(path), value)
                for path, value in flatten(result["figures"]))
    return "\n".join(text) + "\n"


def bars(figures, title, patterns):
    """Return the lines of a bar chart; an empty list without figures."""
    leaves = [(path, value) for pattern in patterns
              for path, value in flatten(figures) if fits(path, pattern)]
    if not leaves:
        return []
    most = max(value for _path, value in leaves) or 1
    text = [title, "", "::", ""]
    for path, value in leaves:
        label = [part for part in path[:-1] if part not in title]
        text.append("    {:<34} {} {:.3g}".format(
            " ".join(label), "#" * max(1, int(WIDTH * value / most)), value))
    return text + [""]


def fits(path, pattern):
    """Tell whether the path of a figure matches a pattern."""
    return len(path) == len(pattern) and all(
        part is None or part == found for part, found in zip(pattern, path))
