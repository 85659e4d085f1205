# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Analyses go to a worksheet, and their results are submitted, by the queue, for
a user who comes through a reverse proxy."""

import re

import pytest
from harness import proxied
from harness.lab import ANALYSES as CATALOG
from harness.lab import Lab
from harness.lims import Lims
from harness.scenario import Watcher
from harness.scenario import press_and_follow

SAMPLES = 4
ANALYSES = 20


@pytest.fixture
def people(cluster, counter):
    """A laboratory manager at the web client and at the queue server."""
    password = cluster.secrets["labman1"]
    return (Lab(proxied.ProxiedLims(cluster.web.url, "labman1", password)),
            Watcher(Lims(cluster.server.url, "labman1", password)))


def test_assign_and_submit(cluster, people):
    lab, watcher = people
    samples = lab.create_samples(SAMPLES)
    worksheet = lab.lims.create_worksheet("analyst1")
    uid = lab.worksheet(worksheet)["uid"]

    listing, analyses = lab.open_for(worksheet, samples)
    assert len(analyses) == ANALYSES
    assigned = press_and_follow(
        cluster, watcher, "Assigning", listing, "assign", analyses, uid,
        lambda: sum(lab.states(worksheet).values()))
    assert assigned.done_at_answer < ANALYSES
    assert assigned.chunks > 1
    assert lab.states(worksheet) == {"assigned": ANALYSES}

    listing, rows = lab.lims.results(worksheet)
    values = {row["uid"]: {"Result": "7.5"} for row in rows}
    submitted = press_and_follow(
        cluster, watcher, "Submitting", listing, "submit", list(values), uid,
        lambda: lab.states(worksheet).get("to_be_verified", 0), values=values)
    assert submitted.errors == {}
    assert submitted.done_at_answer < ANALYSES
    assert lab.states(worksheet) == {"to_be_verified": ANALYSES}
    assert lab.sample_states(samples) == {"to_be_verified": SAMPLES}
    assert lab.worksheet(worksheet)["review_state"] == "to_be_verified"
    assert watcher.tasks() == []
    check_links(lab, worksheet)
    check_audit_log(lab, uid)


def check_links(lab, worksheet):
    """Links of rows are made of what the task has indexed."""
    _listing, rows = lab.lims.results(worksheet)
    links = sorted(set(texts(rows, "/clients/")))
    assert links
    for link in links:
        assert link.startswith((proxied.PATH + "/", proxied.URL + "/")), link
        lab.lims.get("https://" + proxied.HOST +
                     proxied.PATH + link.partition(proxied.PATH)[2])


def texts(value, part):
    """Generate the links in the HTML of a JSON value that have a part."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts(item, part)
    elif isinstance(value, str):
        for link in re.findall(r"""href=["']([^"']+)""", value):
            if part in link:
                yield link


def check_audit_log(lab, worksheet_uid):
    """It names the user's address, not that of the consumer."""
    analysis = lab.lims.search(CATALOG, getWorksheetUID=worksheet_uid)[0]
    rows = lab.lims.listing(analysis["url"] + "/auditlog").rows()
    assert len(rows) > 1
    assert {row["remote_address"] for row in rows} == {proxied.ADDRESS}
