# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Another add-on has its own transition and its own tasks (tests/addon)."""

import signal

from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually

SAMPLES = 5


def test_an_action_of_another_add_on(cluster, counter):
    lab = Lab(Lims(cluster.web.url, "labman1", cluster.secrets["labman1"]))
    lab.lims.get("queueexample_setup")
    samples = lab.create_samples(SAMPLES)

    def shelves():
        paths = [lab.lims.api(uid)["path"] for uid in samples]
        site = "/" + lab.lims.url.rsplit("/", 1)[1]
        return [lab.lims.get(path[len(site) + 1:] + "/queueexample_shelf")
                .json() for path in paths]

    listing = lab.lims.listing("samples")
    assert "shelve" in listing.transitions(samples)
    cluster.consumer.process.signal(signal.SIGSTOP)
    try:
        listing.press("shelve", samples)
        # Everybody sees it, and nobody gets in between
        clerk = Lims(cluster.web.url, "labclerk1",
                     cluster.secrets["labclerk1"]).listing("samples")
        rows = [row for row in clerk.rows() if row["uid"] in samples]
        assert [bool(row["disabled"]) for row in rows] == [True] * SAMPLES
        # What is left are no transitions: stickers and the like
        assert not {"shelve", "cancel"} & set(listing.transitions(samples))
        lab.lims.listing("samples").press("cancel", samples[:1])
        lab.lims.listing("samples").press("shelve", samples)
        assert {shelf["state"] for shelf in shelves()} == {"sample_received"}
    finally:
        cluster.consumer.process.signal(signal.SIGCONT)

    eventually(lambda: all(shelf["shelf"] for shelf in shelves()),
               "all samples to be on a shelf", pause=0.5)
    found = shelves()
    assert {shelf["state"] for shelf in found} == {"shelved"}
    assert len({shelf["shelf"] for shelf in found}) > 1
    for shelf in found:
        actions = [entry for entry in shelf["history"]
                   if entry[0] == "shelve"]
        assert actions == [["shelve", "labman1"]]
    counter.await_idle()
