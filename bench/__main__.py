# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`bin/queue-bench NAME [--json]`: one benchmark, or "all".

Each writes bench/results/NAME.json; docs/benchmarks.rst is drawn from what is
there.
"""

import argparse
import json
import os
import sys
import time

from bench import alone
from bench import machine
from bench import pages
from bench import report
from bench import running
from bench import simulate
from bench import together

BENCHES = dict(alone.BENCHES)
BENCHES.update(pages.BENCHES)
BENCHES.update(running.BENCHES)
BENCHES.update(simulate.BENCHES)
BENCHES.update(together.BENCHES)


def run(name):
    """Run one benchmark and write what came out."""
    started = time.time()
    result = {"name": name, "machine": machine.describe(),
              "figures": BENCHES[name]()}
    result["took_seconds"] = round(time.time() - started, 1)
    result["machine"]["load_after"] = round(os.getloadavg()[0], 1)
    path = os.path.join(report.RESULTS, name + ".json")
    with open(path, "w") as target:
        json.dump(result, target, indent=1, sort_keys=True)
        target.write("\n")
    return result


def main():
    parser = argparse.ArgumentParser(prog="queue-bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHES) + ["all", "draw"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    names = {"all": sorted(BENCHES), "draw": []}.get(given.name, [given.name])
    status = 0
    for name in names:
        try:
            result = run(name)
        except Exception as error:
            print("{}: {}: {}".format(name, type(error).__name__, error),
                  file=sys.stderr)
            status = 1
            continue
        if given.json:
            print(json.dumps(result, indent=1, sort_keys=True))
        else:
            print("\n".join(report.lines(result)))
    report.draw()
    return status


if __name__ == "__main__":
    sys.exit(main())
