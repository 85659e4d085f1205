# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`bin/queue-bench NAME [--json]`: one benchmark, or "all" but `BY_NAME`.

Each writes bench/results/NAME.json; docs/benchmarks.rst is drawn from what is
there.
"""

import argparse
import contextlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bench import alone
from bench import clusters
from bench import consumers
from bench import machine
from bench import pages
from bench import pair
from bench import report
from bench import running
from bench import simulate
from bench import sites
from bench import together

MODULES = alone, consumers, pages, running, simulate, together

BENCHES = {name: bench for module in MODULES
           for name, bench in module.BENCHES.items()}
#: Where benchmarks measure, and which, in this order: with `all`, they share
#: it. What takes longest to be made comes first
PLACES = ((clusters.COUNTING, ("http", "latency")),
          (consumers.PLACE, ("consumers",)),
          # `pages` leaves tasks behind
          (pair.PAIR, ("click", "users", "pages")))

#: Measured in the processor's seconds of a process of their own, whatever
#: else runs: with `all`, while the sites of the others are made
BY_CPU = ("work", "store", "simulation")

#: Not with `all`: they take minutes each
BY_NAME = ("ownership", "store-100000")


def run(name, bench):
    """Run a benchmark and write what came out.

    :param bench: function that returns the figures
    """
    started = time.time()
    result = {"name": name, "machine": machine.describe(),
              "figures": bench()}
    result["took_seconds"] = round(time.time() - started, 1)
    result["machine"]["load_after"] = round(os.getloadavg()[0], 1)
    path = os.path.join(report.RESULTS, name + ".json")
    text = json.dumps(result, indent=1, sort_keys=True)
    with open(path, "w") as target:
        target.write(text + "\n")
    return result


def run_and_tell(name, as_json):
    """Run one benchmark; tell whether it worked."""
    try:
        result = run(name, BENCHES[name])
    except Exception as error:
        print("{}: {}: {}".format(name, type(error).__name__, error),
              file=sys.stderr)
        return False
    if as_json:
        print(json.dumps(result, indent=1, sort_keys=True), flush=True)
    else:
        print("\n".join(report.lines(result)), flush=True)
    return True


@contextlib.contextmanager
def prepared(orders, names=(), as_json=False):
    """Make sites, and meanwhile run benchmarks that do not mind; two at a
    time, the longest first. All has ended when the block begins.

    :param orders: see `sites.ordered`
    :param names: of benchmarks
    :returns: which of them worked
    """
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor(2) as pool:
            stack.enter_context(sites.ordered(orders, pool))
            told = [pool.submit(run_and_tell, name, as_json)
                    for name in names]
        yield [each.result() for each in told]


def run_all(as_json):
    """Run all benchmarks; tell whether all of them worked, and how long it
    took."""
    started = time.monotonic()
    worked = all(run_each(as_json))
    return {"all of them worked": worked,
            "minutes": round((time.monotonic() - started) / 60, 2)}


def run_each(as_json):
    """Run all benchmarks; returns which of them worked."""
    placed = [name for _place, names in PLACES for name in names]
    orders = [order for place, _names in PLACES for order in place.orders]
    with prepared(orders, BY_CPU, as_json) as worked:
        for place, names in PLACES:
            with place.keep():
                worked.extend(
                    [run_and_tell(name, as_json) for name in names])
    worked.extend(
        run_and_tell(name, as_json) for name in sorted(
            set(BENCHES) - set(BY_CPU + BY_NAME) - set(placed)))
    return worked


def main():
    parser = argparse.ArgumentParser(prog="queue-bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHES) + ["all", "draw"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    worked = [True]
    if given.name == "all":
        result = run("all", lambda: run_all(given.json))
        print("\n".join(report.lines(result)))
        worked = [result["figures"]["all of them worked"]]
    elif given.name != "draw":
        with prepared([order for place, names in PLACES
                       if given.name in names for order in place.orders]):
            worked = [run_and_tell(given.name, given.json)]
    report.draw()
    return 0 if all(worked) else 1


if __name__ == "__main__":
    sys.exit(main())
