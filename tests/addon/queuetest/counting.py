# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.
# Copyright 2026 senaite.queue contributors.

"""Counts in the ZODB how often each item of a task was processed.

An item processed once has the count 1: a lost task shows as 0, a doubled one
as 2. What was added is written down in the transaction that adds it. The
chunk's attempts are also written to a journal outside of the ZODB, which
tells when they ran, and whether they were repeated.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import os
import random
import time

from bika.lims import api as senaite_api
from BTrees.OOBTree import OOBTree
from senaite.queue import api
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue.model import clock
from senaite.queue.queue import get_chunks_for
from zope.annotation.interfaces import IAnnotations
from zope.interface import implementer

KEY = "queuetest.counts"
#: Annotation of the site: task uid -> (name, items), of all that were added
ADDED = "queuetest.added"
NAME = "queuetest_count"

#: Directory shared with the test: the journal, and the file "hold"
DIRECTORY = "QUEUETEST_DIR"

#: Seconds after which a held chunk goes on, in case the test has died
MAX_HOLD = 120.0

#: How often a flaky task fails by itself
FLAKY = 0.2


def get_counts(portal):
    """Return the counts by item, kept in the site."""
    return get_tree(portal, KEY)


def get_tree(portal, key):
    """Return a tree kept in the site."""
    annotations = IAnnotations(portal)
    if key not in annotations:
        annotations[key] = OOBTree()
    return annotations[key]


def journal(event, **more):
    """Write a line to the journal."""
    # The same in all processes of the machine, also when clocks are set
    entry = dict(more, event=event, at=clock.monotonic(), pid=os.getpid())
    path = os.path.join(os.environ[DIRECTORY], "journal")
    with open(path, "a") as target:
        target.write(json.dumps(entry) + "\n")


def wait_while_held():
    """Wait for the test to take the file "hold" away."""
    hold = os.path.join(os.environ[DIRECTORY], "hold")
    limit = clock.monotonic() + MAX_HOLD
    while os.path.exists(hold) and clock.monotonic() < limit:
        time.sleep(0.02)


@implementer(IQueuedTaskAdapter)
class CountingTaskAdapter(object):
    """Adds one to the count of each item of a chunk."""

    def __init__(self, context):
        self.context = context

    def process(self, task):
        chunk, rest = get_chunks_for(task)
        journal("begin", task_uid=task["task_uid"])
        counts = get_counts(senaite_api.get_portal())
        for item in chunk:
            counts[item] = counts.get(item, 0) + 1
        if rest:
            api.add_copy(task, uids=rest)
        # Here a kill meets work that is done and not yet committed
        wait_while_held()
        time.sleep(task.get("seconds", 0))
        self.founder()
        journal("end", task_uid=task["task_uid"])

    def founder(self):
        """What the work may fail on, after all of it is done."""


class FlakyTaskAdapter(CountingTaskAdapter):
    """Fails by itself sometimes."""

    def founder(self):
        if random.random() < FLAKY:
            raise RuntimeError("fails by itself, this time")


class PoisonTaskAdapter(CountingTaskAdapter):
    """Fails by itself always."""

    def founder(self):
        raise RuntimeError("fails by itself, always")
