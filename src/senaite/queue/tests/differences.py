# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""All known differences between what a task leaves behind and what the same
click leaves behind without the queue.

The tests that compare the two accept nothing else, and the documentation is
made from this table.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import json
import re

Difference = collections.namedtuple("Difference", (
    "name",
    # What differs, in words
    "where",
    "reason",
    # Matches "part fact", see `senaite.queue.tests.endstate`
    "pattern",
    # `sorted`: compared in any order; None: not compared
    "treat",
))

DIFFERENCES = (
    Difference(
        "order of retests",
        "After several analyses of a worksheet were retracted or retested: the "
        "order of the retests, and their slots.",
        "SENAITE processes a selection in the order of the catalog's internal "
        "numbers, which is random; the queue sample by sample.",
        r"^WS (field|audit\.last)\.(Analyses|Layout)$|"
        r"^WS .*\.getAnalysesUIDs$", sorted),
    Difference(
        "first retest",
        "After several analyses of a worksheet were retracted or retested: "
        "which retests are in the last entry of the audit log of worksheet and "
        "samples.",
        "The entry is written when the first analysis of the selection is "
        "retracted; which one that is, see above. SENAITE itself creates "
        "retests of dependent analyses in random order.",
        r"^WS audit\.last\.(Analyses|Layout)$|^S\d+ audit\.last\.Analyses$",
        None),
    Difference(
        "catalogs",
        "Counts, progress and the like of samples and worksheets in the "
        "catalogs.",
        "SENAITE leaves them one step behind: it indexes samples and "
        "worksheets before it has indexed the last analyses. After a task they "
        "are what they would be after a reindex.",
        r"^\S+ senaite_catalog\w*\.(index|metadata)\.(?!allowedRoles)",
        None),
)


#: Names of the rows that comparisons accept together
RETESTS = ("order of retests", "first retest")
STALE = ("catalogs",)


def get(name):
    """Return the row of this name.

    :raises KeyError: if there is none
    """
    for difference in DIFFERENCES:
        if difference.name == name:
            return difference
    raise KeyError(name)


class Accepted(object):
    """Rows of the table that a comparison accepts, and which of them it has
    needed."""

    def __init__(self, names=()):
        """
        :param names: names of the rows
        :raises KeyError: for a name that is not in the table
        """
        self._rows = [get(name) for name in names]
        self._used = set()

    def explain(self, part, fact, pair):
        """Tell whether one of the rows explains a difference.

        :param part: name of an object
        :param fact: name of what differs
        :param pair: the values, as JSON
        :rtype: bool
        """
        words = "{} {}".format(part, fact)
        for row in self._rows:
            if re.search(row.pattern, words) and _explains(row, pair):
                self._used.add(row.name)
                return True
        return False

    def get_unused(self):
        """Return the names of the rows that have explained nothing so far.

        :rtype: list of str
        """
        return [row.name for row in self._rows if row.name not in self._used]


def _explains(row, pair):
    if row.treat is None:
        return True
    values = [row.treat(json.loads(value)) for value in pair]
    return values[0] == values[1]


def describe():
    """Yield the lines of the documentation, in reStructuredText."""
    for difference in DIFFERENCES:
        yield difference.where
        yield "   " + difference.reason
        yield ""
