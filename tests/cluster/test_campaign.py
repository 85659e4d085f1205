# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A short crash campaign: each kind of strike once. `make crashtest` is the
long one."""

import pytest

from crash.campaign import Campaign
from crash.cluster import find_faketime
from crash.cluster import fire_cluster

SEED = 2026

#: Most ways to strike, and a few points in the code
WAYS = ("point", "sigkill", "cut", "point", "sigstop", "swallow", "several",
        "delay", "zombie", "point")

#: Those that take minutes: planned stops, and clocks that are set
LONG_WAYS = ("clock", "stop", "deploy", "clock", "point")


def strike(figures, ways):
    lines = []
    with fire_cluster() as cluster:
        campaign = Campaign(cluster, SEED, lines.append, ways,
                            with_bench=False)
        campaign.run(len(ways) + 1)
        campaign.report()
        logs = {node.name: node.process.tail() for node in cluster.nodes}
    figures.append("crash campaign, seed {}: {}".format(SEED, lines[-1]))
    assert campaign.audit.tasks > 0
    assert campaign.audit.is_clean, "\n".join(lines + [str(logs)])


def test_ten_strikes(figures):
    strike(figures, WAYS)


@pytest.mark.long
@pytest.mark.skipif(not find_faketime(),
                    reason="Debian's package faketime is not installed")
def test_stops_and_clocks(figures):
    strike(figures, LONG_WAYS)
