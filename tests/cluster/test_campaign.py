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

from crash.campaign import Campaign
from crash.cluster import fire_cluster

SEED = 2026

#: Each way to strike, and a few points in the code
WAYS = ("point", "sigkill", "clock", "cut", "stop", "sigstop", "deploy",
        "clock", "swallow", "several", "delay", "zombie", "point")


def test_each_way_to_strike(figures):
    lines = []
    with fire_cluster() as cluster:
        campaign = Campaign(cluster, SEED, lines.append, WAYS,
                            with_bench=False)
        campaign.run(len(WAYS) + 2)
        campaign.report()
        logs = {node.name: node.process.tail() for node in cluster.nodes}
    figures.append("crash campaign, seed {}: {}".format(SEED, lines[-1]))
    assert campaign.audit.tasks > 0
    assert campaign.audit.is_clean, "\n".join(lines + [str(logs)])
