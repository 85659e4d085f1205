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
    """A row that no test needs is no difference."""
    folder = os.path.join("src", "senaite", "queue", "tests", "integration")
    sources = "".join(
        read(folder, name) for name in sorted(os.listdir(
            os.path.join(ROOT, folder)))
        if re.match(r"test_(process|settlement).*\.py$", name))
    for difference in differences.DIFFERENCES:
        assert '"{}"'.format(difference.name) in sources
