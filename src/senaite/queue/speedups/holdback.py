# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Do once per chunk what core does again for each analysis.

After each analysis core tries to promote its worksheet and its sample, and
reindexes both. Each try runs guards over all their analyses, and each search
in a guard flushes the indexing queue: when 100 analyses are submitted together,
the worksheet and its samples are indexed some 300 times, which takes nine
tenths of the time.

While a chunk of analyses is processed, in this thread and nowhere else,

* what core does after each analysis does not try the `PROMOTIONS` of
  worksheets and samples, and
* reindexing of worksheets and samples is left out.

What was left out is owed, and is done by `senaite.queue.adapters.settle` when
the analyses of the chunk are processed and indexed: samples first, then
worksheets, each promoted and reindexed once (some are promoted earlier, see
`senaite.queue.speedups.ahead`). Nothing else is tried then: a sample that core
leaves as it is stays as it is. Other changes of a worksheet or sample are not
held back (such as their transitions back to an earlier state while retests are
made), nor is what people do at the same time. The end state is the same, field
by field: the tests `test_process_*` and `test_settlement` compare it with the
synchronous run.

Core calls this module through `senaite.queue.speedups.patches`.
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
#: core tries after each of them, and that are held back: what is possible
#: after one of the analyses is still possible after the last one, and nothing
#: else is. Not so where analyses leave a worksheet or a sample: the ones that
#: stay for now may be all submitted, and there may be none in the end. A
#: retest needs its sample and its worksheet open, so those transitions are not
#: held back either.
PROMOTIONS = {
    "assign": (("rollback_to_open",), ()),
    "submit": (("submit",), ("submit",)),
    "verify": (("verify",), ("verify",)),
    "unassign": ((), ()),
    "reject": ((), ()),
    "retract": ((), ()),
    "retest": ((), ()),
}

_local = threading.local()


class Held(object):
    """What is held back, and what is owed in its place."""

    def __init__(self, action):
        self.action = action
        self.of_worksheet, self.of_sample = PROMOTIONS[action]
        #: Worksheets and samples that core would have reindexed, by path, in
        #: the order of their first appearance
        self.reindexing = collections.OrderedDict()
        #: The same for those that core would have tried to promote, each with
        #: the actions
        self.promotions = collections.OrderedDict()
        #: The analyses verified last, by the path of their sample, in the
        #: order in which they were verified
        self.verified = collections.OrderedDict()

    def note_reindexing(self, obj):
        """Remember that a worksheet or sample is to be reindexed."""
        self.reindexing.setdefault(api.get_path(obj), obj)

    def note_promotion(self, obj, action):
        """Remember that a transition of a worksheet or sample is to be
        tried."""
        _obj, actions = self.promotions.setdefault(
            api.get_path(obj), (obj, []))
        if action not in actions:
            actions.append(action)

    def note_verification(self, sample, analysis):
        """Remember the analysis of a sample that was verified last."""
        path = api.get_path(sample)
        self.verified.pop(path, None)
        self.verified[path] = analysis


def current():
    """Return what is held back in this thread, or None.

    :rtype: Held
    """
    return getattr(_local, "held", None)


@contextlib.contextmanager
def holding(action):
    """Hold back, for an action on analyses, what needs to be done only once.

    :param action: id of the transition; nothing is held back for one that is
        not in `PROMOTIONS`
    :returns: what is held back, or None
    """
    former = current()
    _local.held = Held(action) if action in PROMOTIONS else None
    try:
        yield _local.held
    finally:
        _local.held = former


def holds_promotion(obj, action):
    """Tell whether core must leave this transition for later.

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
        held.note_promotion(obj, action)
    return action in actions


def holds_reindexing(obj):
    """Tell whether core must leave the indexing of an object for later."""
    held = current()
    if held is None:
        return False
    if IWorksheet.providedBy(obj) or IAnalysisRequest.providedBy(obj):
        held.note_reindexing(obj)
        return True
    return False


def holds_verification(analysis):
    """Tell whether core must leave for later what it does after the last
    analysis of a sample was verified.

    :param analysis: routine or duplicate analysis, just verified
    """
    held = current()
    if held is None or "verify" not in held.of_sample:
        return False
    held.note_verification(analysis.getRequest(), analysis)
    return True
