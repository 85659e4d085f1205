# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Each process of a worksheet, from the pages of the LIMS to its end.

How things have to be in the end, field by field, is tested with a site in
memory. Here it is real people, pages and processes.
"""

import pytest
from harness.lab import Lab
from harness.lims import Lims
from harness.scenario import Watcher
from harness.waiting import eventually

KEYWORDS = ("Ca", "Cu")
#: Services of samples that other tests don't make: a template takes whatever
#: analyses it finds in the site
OF_TEMPLATE = ("Na", "Zn")


class People(object):
    """A laboratory manager and an analyst, each at the web client."""

    def __init__(self, cluster, keywords=KEYWORDS):
        self.manager = self.lab(cluster, "labman1", keywords)
        self.analyst = self.lab(cluster, "analyst1", keywords)
        self.watcher = Watcher(Lims(
            cluster.server.url, "labman1", cluster.secrets["labman1"]))

    @staticmethod
    def lab(cluster, name, keywords):
        return Lab(Lims(cluster.web.url, name, cluster.secrets[name]),
                   keywords)

    def await_end(self, worksheet, states):
        """Wait until nothing is queued, and check what became of the
        worksheet's analyses."""
        eventually(lambda: not self.watcher.tasks(), "the queue to be empty",
                   pause=0.3)
        assert self.watcher.tasks("failed") == []
        assert self.manager.states(worksheet) == states


@pytest.fixture
def people(cluster, counter):
    return People(cluster)


def test_assigned_submitted_verified_retracted(people):
    """By the analyst and the manager, each task as the one who clicked."""
    lab, lims = people.analyst, people.manager.lims
    samples = people.manager.create_samples(3)
    worksheet = lims.create_worksheet("analyst1")
    listing, analyses = people.manager.open_for(worksheet, samples)
    assert len(analyses) == 6
    listing.press("assign", analyses)
    people.await_end(worksheet, {"assigned": 6})

    listing, rows = lab.lims.results(worksheet)
    uids = [row["uid"] for row in rows]
    listing.set_fields({uid: {"Result": "7.5"} for uid in uids})
    listing.press("submit", uids[:4])
    people.await_end(worksheet, {"assigned": 2, "to_be_verified": 4})
    submitters = set(record["getSubmittedBy"] for record in
                     people.manager.analyses_of(samples)
                     if record["review_state"] == "to_be_verified")
    assert submitters == {"analyst1"}

    listing, _rows = lims.results(worksheet)
    listing.press("unassign", uids[4:])
    people.await_end(worksheet, {"to_be_verified": 4})
    listing.press("verify", uids[:1])
    listing.press("reject", uids[1:2])
    people.await_end(worksheet, {"to_be_verified": 2, "verified": 1})
    listing.press("retract", uids[2:4])
    people.await_end(worksheet, {
        "assigned": 2, "retracted": 2, "verified": 1})
    assert people.manager.worksheet(worksheet)["review_state"] == "open"
    # of the first one, all that was not rejected is verified
    states = [lims.api(uid)["review_state"] for uid in samples]
    assert states == ["verified", "sample_received", "sample_received"]


def test_templates(cluster, counter):
    """To a worksheet that is there, and to one that is made by it, at once."""
    people = People(cluster, OF_TEMPLATE)
    lims = people.manager.lims
    template = people.manager.create_template()
    people.manager.create_samples(4)
    first = lims.create_worksheet("analyst1")
    page = lims.apply_template(first, template)
    assert "will be applied in the background" in page
    second = lims.create_worksheet("analyst1", template=template)
    for worksheet in (first, second):
        people.await_end(worksheet, {"assigned": 10})
        assert people.manager.layout(worksheet) == [
            (1, "a"), (1, "a"), (2, "d"), (2, "d"), (3, "a"), (3, "a"),
            (4, "c"), (4, "c"), (5, "b"), (5, "b")]
