# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Two queue servers on one store behind a balancer: one may die."""

import tempfile

import pytest
from harness import balanced
from harness.balanced import BalancedCluster
from harness.counting import Counter
from harness.waiting import eventually

WHY_NOT = balanced.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))


@pytest.fixture(scope="module")
def counter():
    shared = tempfile.mkdtemp(prefix="queuetest-")
    with BalancedCluster(packages=["queuetest"],
                         env={"QUEUETEST_DIR": shared},
                         settings={"min_items": 1}) as cluster:
        yield Counter(cluster)


def who_works(server):
    """Return how many tasks a server has handed out, by its log."""
    with open(server.log, errors="replace") as log:
        return sum("event=started" in line for line in log)


def test_either_server_dies_under_load(counter):
    cluster = counter.cluster
    added = counter.add(tasks=30, items=2, seconds=0.05)
    items = counter.items(added)
    eventually(lambda: all(map(who_works, cluster.servers)),
               "both servers to hand out tasks")

    cluster.servers[0].kill()
    # People go on to queue while it is away
    items += counter.items(counter.add(tasks=10, items=2, seconds=0.05))
    before = len(counter.journal(event="begin"))
    eventually(lambda: len(counter.journal(event="begin")) >= before + 10,
               "work to go on with the server that is left")
    cluster.servers[0].restart()

    cluster.servers[1].kill()
    items += counter.items(counter.add(tasks=10, items=2, seconds=0.05))
    counter.await_once(items)
    cluster.servers[1].restart()
    counter.await_idle()


def test_both_are_away_and_the_outbox_keeps(counter):
    for server in counter.cluster.servers:
        server.kill()
    items = counter.items(counter.add(tasks=5, items=2))
    assert counter.counts(items) == [0] * len(items)
    for server in counter.cluster.servers:
        server.restart()
    counter.await_once(items)
    counter.await_idle()


def test_store_is_killed_and_comes_back(counter):
    counter.add(tasks=1)
    counter.await_idle()
    counter.cluster.postgres.kill()
    items = counter.items(counter.add(tasks=5, items=2))
    counter.cluster.postgres.start()
    counter.await_once(items)
    counter.await_idle()
