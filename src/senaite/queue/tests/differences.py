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
        "retracted; which one that is, see above. Retests of dependent "
        "analyses are created in random order even by SENAITE, that of a set "
        "of services.",
        r"^WS audit\.last\.(Analyses|Layout)$|^S\d+ audit\.last\.Analyses$",
        None),
    Difference(
        "catalogs",
        "Counts, progress and the like of samples and worksheets in the "
        "catalogs.",
        "SENAITE leaves them one step behind: it indexes samples and "
        "worksheets before it has indexed the last analyses. A task leaves "
        "what they are when they are indexed once more.",
        r"^\S+ senaite_catalog\w*\.(index|metadata)\.(?!allowedRoles)",
        None),
)


def get(name):
    """Return the row of this name.

    :raises KeyError: if there is none
    """
    for difference in DIFFERENCES:
        if difference.name == name:
            return difference
    raise KeyError(name)


def is_explained(part, fact, pair, known):
    """Tell whether the table explains a difference.

    :param part: name of an object
    :param fact: name of what differs
    :param pair: the values, as JSON
    :param known: names of the rows that apply
    """
    words = "{} {}".format(part, fact)
    for difference in map(get, known):
        if not re.search(difference.pattern, words):
            continue
        if difference.treat is None:
            return True
        values = [difference.treat(json.loads(value)) for value in pair]
        if values[0] == values[1]:
            return True
    return False


def describe():
    """Yield the lines of the documentation, in reStructuredText."""
    for difference in DIFFERENCES:
        yield difference.where
        yield "   " + difference.reason
        yield ""
