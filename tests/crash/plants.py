# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`make plants`: check that the campaign notices planted faults.

Runs a campaign for each fault; all four must be found.
"""

import argparse
import random
import sys

from harness import paths

from crash.campaign import Campaign
from crash.cluster import fire_cluster

#: Planted fault -> the ways to strike that reveal it
PLANTS = {
    "acknowledge_first": ("point", "sigkill", "several"),
    "ledger_off": ("point", "sigkill", "swallow", "zombie"),
    "outbox_early": ("point", "cut", "sigkill"),
    "lease_unchecked": ("zombie", "sigstop"),
}


def is_noticed(plant, kills, seed, say):
    """Run a campaign with a planted fault; tell whether it was found."""
    draw = random.Random(seed)
    ways = [draw.choice(PLANTS[plant]) for _ in range(kills)]
    with fire_cluster(plant=plant) as cluster:
        campaign = Campaign(cluster, seed, lambda line: None, ways,
                            with_bench=False)
        campaign.audit.standstill = 60
        campaign.run(kills)
        found = not campaign.audit.is_clean
        say("planted={} seed={} {} -> {}".format(
            plant, seed, campaign.last_line(),
            "caught" if found else "NOT CAUGHT"))
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="make plants")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=None)
    options = parser.parse_args(arguments)
    paths.require_build()

    def say(line):
        print(line, flush=True)

    names = [options.only] if options.only else sorted(PLANTS)
    caught = sum(is_noticed(name, options.kills, options.seed, say)
                 for name in names)
    say("planted={} caught={}".format(len(names), caught))
    return 0 if caught == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
