# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What core does anew for each analysis, done once per chunk.

After each analysis core tries to promote its worksheet and its sample, and
reindexes both. Each try runs guards over all their analyses, and each search
in a guard flushes the indexing queue: of 100 analyses submitted in one go, the
worksheet and its samples are indexed some 300 times, which takes nine tenths
of the time.

While a chunk of analyses is processed, in this thread and nowhere else,

* `PROMOTIONS` of worksheets and samples are not tried by what core does after
  each analysis, and
* reindexing of worksheets and samples is left out.

Both are owed, and paid by `Settlement.settle` when the analyses of the chunk
are through and indexed: samples first, then worksheets, each promoted and
reindexed once (some are promoted earlier: `senaite.queue.speedups.ahead`).
Not held back is whatever changes a worksheet or sample otherwise (their
transitions on the way back while retests are made, say), nor what people do at
the same time. The end is the same, field by field: the tests `test_process_*`
compare it with the synchronous run.

Core is told by the patches of `senaite.queue.integration.patches`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import contextlib
import threading

from bika.lims import api
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IWorksheet

#: Action on analyses -> actions of their worksheet and of their sample that
#: core tries after each of them, and that are held back. Rejection promotes
#: the sample as it goes: with each analysis less there is another way to go.
#: A retest needs its sample and its worksheet open, so that way is not held.
PROMOTIONS = {
    "assign": (("rollback_to_open",), ()),
    "submit": (("submit",), ("submit",)),
    "verify": (("verify",), ("verify",)),
    "unassign": (("submit", "verify", "rollback_to_open"), ()),
    "reject": (("submit", "verify", "rollback_to_open"), ()),
    "retract": ((), ()),
    "retest": ((), ()),
}

_local = threading.local()


class Held(object):
    """What is held back, and what is owed for it."""

    def __init__(self, action):
        self.action = action
        self.of_worksheet, self.of_sample = PROMOTIONS[action]
        #: Worksheets and samples that core has wanted to promote or reindex,
        #: by path, in the order of the first time
        self.objects = collections.OrderedDict()
        #: The analyses verified last, by the path of their sample
        self.verified = {}

    def note(self, obj):
        """Remember that a worksheet or sample is owed something."""
        self.objects.setdefault(obj.getPhysicalPath(), obj)


def current():
    """Return what is held back in this thread, or None.

    :rtype: Held
    """
    return getattr(_local, "held", None)


@contextlib.contextmanager
def holding(action):
    """Hold back, for an action on analyses, what is to be done once.

    :param action: id of the transition; for one that is not in `PROMOTIONS`
        nothing is held back
    :returns: what was held back, or None
    """
    former = current()
    _local.held = Held(action) if action in PROMOTIONS else None
    try:
        yield _local.held
    finally:
        _local.held = former


def holds_promotion(obj, action):
    """Tell whether core has to leave this transition for later.

    :param obj: content object
    :param action: id of the transition
    """
    held = current()
    if held is None:
        return False
    if IWorksheet.providedBy(obj):
        actions = held.of_worksheet
    elif IAnalysisRequest.providedBy(obj):
        actions = held.of_sample
    else:
        return False
    if action in actions:
        held.note(obj)
    return action in actions


def holds_reindexing(obj):
    """Tell whether core has to leave the indexing of an object for later."""
    held = current()
    if held is None:
        return False
    if IWorksheet.providedBy(obj) or IAnalysisRequest.providedBy(obj):
        held.note(obj)
        return True
    return False


def holds_verification(analysis):
    """Tell whether core has to leave for later what it does when the last
    analysis of a sample was verified.

    :param analysis: routine or duplicate analysis, just verified
    """
    held = current()
    if held is None or "verify" not in held.of_sample:
        return False
    sample = analysis.getRequest()
    held.note(sample)
    held.verified[api.get_path(sample)] = analysis
    return True
