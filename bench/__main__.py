# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`bin/queue-bench NAME [--json]`: run one benchmark, or "all" but `BY_NAME`.

Each benchmark writes bench/results/NAME.json. docs/benchmarks.rst is generated
from all results; the name "draw" only does that.
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
#: Where benchmarks measure, and which; `all` runs them in this order, and
#: those of one place share it. The place that takes longest to set up is first
PLACES = ((clusters.COUNTING, ("http", "latency")),
          (consumers.PLACE, ("consumers",)),
          # `pages` leaves tasks behind
          (pair.PAIR, ("click", "users", "pages")))

#: Measured in CPU seconds of processes of their own, so that other processes
#: do not matter: `all` runs them while it creates the sites of the others
BY_CPU = ("work", "store", "simulation")

#: Not included in `all`, because they take minutes each
BY_NAME = ("ownership", "store-100000")


def run(name, bench):
    """Run a benchmark and write its result.

    :param bench: function that returns the figures
    :returns: the result, as written
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
    """Run one benchmark and print its result; return whether it succeeded."""
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
    """Create sites, and in the meantime run benchmarks that tolerate this; two
    at a time, the longest first. All have ended when the `with` block starts.

    :param orders: see `sites.ordered`
    :param names: names of the benchmarks
    :returns: for each benchmark, whether it succeeded
    """
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor(2) as pool:
            stack.enter_context(sites.ordered(orders, pool))
            told = [pool.submit(run_and_tell, name, as_json)
                    for name in names]
        yield [each.result() for each in told]


def run_all(as_json):
    """Run all benchmarks; return whether they succeeded, and the minutes that
    they took."""
    started = time.monotonic()
    worked = all(run_each(as_json))
    return {"all of them worked": worked,
            "minutes": round((time.monotonic() - started) / 60, 2)}


def run_each(as_json):
    """Run all benchmarks; return for each whether it succeeded."""
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
