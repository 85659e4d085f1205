# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page about tasks lists in what the end state differs, as the tests do."""

import os
import re

import pytest

from senaite.queue.tests import differences

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as source:
        return source.read()


def test_page_is_made_from_the_table():
    page = read("docs", "handling.rst")
    assert ".. differences::\n" in page
    # nothing of the table is written by hand as well
    for difference in differences.DIFFERENCES:
        assert difference.where not in page
    assert "differencespage" in read("docs", "conf.py")


def test_every_difference_has_a_reason():
    """In a definition list: the reason is indented."""
    lines = list(differences.describe())
    assert lines == [line for difference in differences.DIFFERENCES
                     for line in (difference.where,
                                  "   " + difference.reason, "")]
    for difference in differences.DIFFERENCES:
        assert difference.where.endswith(".")
        assert difference.reason.endswith(".")


def test_every_row_is_accepted_by_a_test():
    """A row that no test needs is no difference.

    Tests name groups of rows, and fail if they do not need one of them.
    """
    groups = {"RETESTS": r"known=differences\.RETESTS",
              "STALE": r"differences\.Accepted\(differences\.STALE\)"}
    rows = [name for group in groups for name in getattr(differences, group)]
    assert sorted(rows) == sorted(
        difference.name for difference in differences.DIFFERENCES)
    folder = os.path.join("src", "senaite", "queue", "tests", "integration")
    sources = "".join(read(folder, name) for name in sorted(os.listdir(
        os.path.join(ROOT, folder))) if name.endswith(".py"))
    for pattern in groups.values():
        assert re.search(pattern, sources)
    accepting = re.findall(r"differences\.Accepted\(", sources)
    assert len(accepting) == sources.count("known.get_unused(), []")


def test_unused_rows_are_found():
    accepted = differences.Accepted(differences.RETESTS)
    assert accepted.get_unused() == list(differences.RETESTS)
    layout = "WS", "field.Layout", ("[1, 2]", "[2, 1]")
    assert accepted.explain(*layout)
    assert accepted.get_unused() == ["first retest"]
    # the order is accepted, nothing else
    assert not accepted.explain("WS", "field.Layout", ("[1, 2]", "[1, 3]"))
    assert not accepted.explain("S0", "field.Layout", ("[1, 2]", "[2, 1]"))
    assert not differences.Accepted().explain(*layout)
    with pytest.raises(KeyError):
        differences.Accepted(["nothing like it"])


def test_catalogs_differ_in_counts_and_not_in_who_can_view():
    accepted = differences.Accepted(differences.STALE)
    pair = "1", "2"
    assert accepted.explain(
        "S0", "senaite_catalog_sample.metadata.getAnalysesNum", pair)
    assert not accepted.explain(
        "S0", "senaite_catalog_sample.index.allowedRolesAndUsers", pair)
    assert not accepted.explain("S0", "history.bika_sample_workflow", pair)
