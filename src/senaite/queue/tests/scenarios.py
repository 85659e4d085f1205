# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Generated scenarios: what people do to a sample, its partitions and its
worksheet, step by step.

Each scenario is done twice to the same objects, once by core itself and once
by tasks, in transactions that are aborted.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import itertools

#: Keywords of the services of a sample
KEYWORDS = ("Ca", "Cu", "Fe")

#: Name -> what the partitions of a sample have
PARTITIONS = collections.OrderedDict((
    ("whole", ()),
    ("aliquot", (("Ca",),)),
    ("split", (("Ca",), ("Cu", "Fe"))),
))

#: Each step: an action, and what it is done to: analyses by keyword, "P0" for
#: the sample, "P1" and "P2" for its partitions
SEQUENCES = collections.OrderedDict((
    ("submit one by one",
     ("submit Cu", "submit Fe")),
    ("submit the others first",
     ("submit Ca", "submit Fe Cu")),
    ("verify one by one",
     ("submit Cu Fe Ca", "verify Fe", "verify Cu", "verify Ca")),
    ("verify all",
     ("submit Ca Cu Fe", "verify Cu Ca Fe")),
    ("verify without one",
     ("submit Cu Fe", "verify Cu Fe", "submit Ca", "verify Ca")),
    ("retract",
     ("submit Cu Fe Ca", "retract Cu", "submit Cu")),
    ("retract after verification",
     ("submit Cu Fe Ca", "verify Cu Fe", "retract Ca")),
    ("retract some",
     ("submit Cu Fe Ca", "retract Fe Ca")),
    ("retest",
     ("submit Cu Fe Ca", "retest Cu", "submit Cu", "verify Cu Fe")),
    ("retest after verification",
     ("submit Cu Fe Ca", "verify Fe Ca", "retest Cu")),
    ("retest some",
     ("submit Cu Fe", "retest Fe Cu")),
    ("reject the open one",
     ("submit Cu Fe", "reject Ca")),
    ("reject and verify",
     ("submit Cu Fe", "reject Ca", "verify Cu Fe")),
    ("reject the unverified one",
     ("submit Cu Fe Ca", "verify Cu Fe", "reject Ca")),
    ("reject across partitions",
     ("submit Fe", "reject Cu Ca")),
    ("reject across partitions, the other way",
     ("submit Fe", "reject Ca Cu")),
    ("reject in turns",
     ("submit Ca", "verify Ca", "reject Cu Ca Fe")),
    ("reject all submitted",
     ("submit Cu Fe Ca", "reject Cu Ca Fe")),
    ("reject all",
     ("reject Cu Ca Fe",)),
    ("reject all but one",
     ("submit Cu", "reject Fe Ca Cu")),
    ("unassign",
     ("submit Cu", "unassign Fe Ca")),
    ("unassign in turns",
     ("unassign Cu", "submit Fe Ca", "verify Fe Ca", "submit Cu")),
    ("cancel a partition",
     ("cancel P1", "submit Cu Fe", "verify Cu Fe")),
    ("cancel and reinstate a partition",
     ("submit Cu", "cancel P1", "submit Fe", "reinstate P1", "submit Ca")),
    ("cancel and reinstate",
     ("cancel P0", "reinstate P0", "submit Cu Fe")),
    ("reject a partition",
     ("submit Cu Fe", "reject P1", "verify Cu Fe")),
    ("verify the sample",
     ("submit Cu Fe Ca", "verify Cu Fe Ca", "verify P0", "publish P0")),
    ("verify samples from the bottom up",
     ("submit Cu Fe Ca", "verify Ca Fe Cu", "verify P1 P0", "publish P0")),
    ("verify the sample without one",
     ("submit Cu Fe", "verify Cu Fe", "verify P0", "publish P0")),
    ("verify a partition",
     ("submit Ca", "verify Ca", "verify P1", "submit Cu Fe", "verify Cu Fe")),
    ("retract a sample",
     ("submit Cu Fe Ca", "retract P0")),
    ("retract a partition",
     ("submit Cu Fe Ca", "retract P1", "submit Ca")),
))

#: The most analyses of a task
CHUNKS = (1, 2, 10)

Scenario = collections.namedtuple("Scenario", (
    "partitions",
    # Whether Ca, or the partition with it, is for internal use
    "internal",
    # Whether the analyses are on a worksheet
    "worksheet",
    # Whether samples are verified with their last analysis
    "auto_verify",
    "steps",
    "chunk",
))


#: One or two for each fault that there was, with few samples to make
CHOSEN = tuple(itertools.starmap(Scenario, (
    ("whole", True, False, False, "submit one by one", 1),
    ("whole", True, False, False, "retract some", 2),
    ("aliquot", True, False, True, "verify without one", 1),
    ("aliquot", True, False, True, "verify the sample without one", 10),
    ("aliquot", True, False, False, "submit the others first", 10),
    ("aliquot", True, False, False, "cancel and reinstate a partition", 2),
    ("split", False, False, False, "retract", 10),
    ("split", False, False, False, "retest", 1),
    ("split", False, False, False, "reject the open one", 10),
    ("aliquot", True, True, False, "reject all submitted", 10),
    ("aliquot", True, True, True, "reject all but one", 1),
    ("aliquot", True, True, True, "unassign in turns", 2),
)))


def generate():
    """Generate all scenarios; those with the same sample come together."""
    for kind, internal, worksheet, auto_verify in itertools.product(
            PARTITIONS, (False, True), (False, True), (False, True)):
        for steps in SEQUENCES:
            if not is_possible(kind, worksheet, steps):
                continue
            for chunk in CHUNKS:
                yield Scenario(
                    kind, internal, worksheet, auto_verify, steps, chunk)


def is_possible(kind, worksheet, steps):
    """Tell whether steps can be done to a sample.

    :param kind: key of `PARTITIONS`
    :param worksheet: whether its analyses are on a worksheet
    :param steps: key of `SEQUENCES`
    """
    actions = " ".join(SEQUENCES[steps])
    if "unassign" in actions and not worksheet:
        return False
    if "cancel" in actions and worksheet:
        return False
    return "P1" not in actions or bool(PARTITIONS[kind])


def describe(scenario):
    """Return a scenario in words, for messages of tests."""
    return ", ".join((
        scenario.partitions, "internal" if scenario.internal else "open",
        "worksheet" if scenario.worksheet else "no worksheet",
        "AutoVerify" if scenario.auto_verify else "no AutoVerify",
        scenario.steps, "chunks of {}".format(scenario.chunk)))
