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

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")
PAGE = os.path.join(os.path.dirname(HERE), "docs", "benchmarks.rst")

INTRO = """\
Benchmarks
==========

Drawn from ``bench/results``; repeat one with ``bin/queue-bench NAME``, all
with ``make bench``. Ratios are of figures taken side by side in one run.
Absolute figures belong to the machine, and to how busy it was: the load is
given with each. CPU seconds are those of the process, and do not depend on
what else runs.
"""


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
    """Write the page with all results that are there."""
    parts = [INTRO]
    for path in sorted(glob.glob(os.path.join(RESULTS, "*.json"))):
        with open(path) as source:
            result = json.load(source)
        parts.append(section(result))
    with open(PAGE, "w") as target:
        target.write("\n".join(parts))


def section(result):
    """Return the section of one benchmark."""
    machine = result["machine"]
    title = result["name"]
    text = ["", title, "-" * len(title), "",
            "{cores} cores, {memory_gb} GB, load {load_before} before and "
            "{load_after} after.".format(**machine), "", "::", ""]
    text.extend("    {:<58} {}".format(" / ".join(path), value)
                for path, value in flatten(result["figures"]))
    return "\n".join(text) + "\n"
