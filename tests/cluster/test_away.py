# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A consumer on another machine, and a cable that is pulled out."""

import contextlib
import time

import pytest
from harness import away
from harness.counting import counting_cluster
from harness.lab import Lab
from harness.lims import Lims
from harness.scenario import Watcher
from harness.seeds import held
from harness.waiting import eventually

USER = "labman1"
SAMPLES = 8

#: Seconds without a network; a lease is 10, and ends meanwhile
OUTAGE = 12


@pytest.fixture
def cluster():
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(away.other_machine())
        except away.NoNamespaces as reason:
            pytest.skip("no network namespaces here: {}".format(reason))
        yield stack.enter_context(counting_cluster(
            kind=away.AwayCluster,
            settings={"lease_seconds": 10, "max_items": 5}))


def test_consumer_on_another_machine(cluster):
    lab = Lab(Lims(cluster.web.url, USER, cluster.secrets[USER]))
    watcher = Watcher(Lims(
        cluster.server.url, USER, cluster.secrets[USER]))
    samples = lab.create_samples(SAMPLES)
    path = lab.lims.create_worksheet("analyst1")
    listing, uids = lab.open_for(path, samples)
    listing.press("assign", uids)
    eventually(lambda: lab.states(path) == {"assigned": len(uids)},
               "the consumer over there to assign", seconds=120)

    listing, rows = lab.lims.results(path)
    listing.set_fields({row["uid"]: {"Result": "10"} for row in rows})
    done = {"to_be_verified": len(uids)}
    # A button sends a request for each row: without a hold the work might be
    # done before the last one is answered
    with held([cluster.away]):
        listing.press("submit", uids)
        eventually(watcher.tasks, "the click to arrive")
    eventually(lambda: watcher.tasks("running"), "the work to begin",
               pause=0.01)
    away.plug(False)
    assert lab.states(path) != done, "The cable was pulled out too late"
    time.sleep(OUTAGE)
    away.plug(True)
    eventually(lambda: lab.states(path) == done,
               "the rest to be done", seconds=120)
    assert not watcher.tasks()
