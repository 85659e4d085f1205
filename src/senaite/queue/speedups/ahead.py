# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Promote samples and worksheets before the turn of the chunk.

Promoting a sample, snapshot included, takes longer than indexing it. It can be
done before the turn (see `senaite.queue.speedups.turns`) if the chunk has all
analyses of the sample: anybody who adds an analysis in the meantime, or opens
one again, writes to the sample as well, and one of the two transactions
conflicts, as it does without a queue. Samples that are not promoted here are
tried in the turn, with everything that others have done by then. The same goes
for worksheets, whose guards look at nothing but their analyses.

Core looks up the analyses of the sample in a catalog, which would first write
to the catalogs everything that waits for being indexed. What core asks for is
the same before and after that: objects, or their uids. So the catalog is asked
without writing to it, once. Any other query has everything indexed first, as
without speedups.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

from Acquisition import aq_base
from Acquisition import aq_inner
from Acquisition import aq_parent
from bika.lims import api
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IVerified

from senaite.queue.speedups.unindexed import nothing_queued

#: Actions on analyses that promote their sample and worksheet by the same
#: action
ACTIONS = ("submit", "verify")

#: What Archetypes adds to each call, and what asks for objects, not brains
HARMLESS = frozenset(["schema", "full_objects"])

_local = threading.local()


class Known(object):
    """The analyses of a sample that is being promoted; looked up once."""

    def __init__(self, sample):
        self.sample = aq_base(sample)
        self.ids = get_ids(sample)
        self._found = None

    def read(self, read):
        """Return the analyses.

        :param read: function that asks the catalog for them, as objects
        """
        if self._found is None:
            with nothing_queued():
                self._found = list(read())
        return list(self._found)


@contextlib.contextmanager
def _knowing(sample):
    """Have `read_analyses` know the sample that is being promoted."""
    former = getattr(_local, "known", None)
    _local.known = Known(sample)
    try:
        yield
    finally:
        _local.known = former


def knows(sample):
    """Tell whether a sample is being promoted before the turn, and still has
    the analyses that it had at the beginning."""
    known = getattr(_local, "known", None)
    return known is not None and known.sample is aq_base(sample) and \
        known.ids == get_ids(sample)


def read_analyses(sample, query, read):
    """Return the analyses of a sample as its guard asks for them, if the
    sample is being promoted before the turn.

    :param query: keyword arguments of the call
    :type query: dict
    :param read: function that asks the catalog
    :returns: list of objects; None if the catalog must be asked
    """
    if not knows(sample) or not query.get("full_objects") or \
            set(query) - HARMLESS:
        return None
    return _local.known.read(read)


def promote(sample, analyses, action, do, promoted):
    """Promote a sample if nobody else can interfere.

    :param sample: sample, or reference sample
    :param analyses: its analyses that were processed
    :param action: id of the transition that was done to them, of `ACTIONS`
    :param do: function(obj, action) that does a transition if it is possible,
        and tells whether it was
    :param promoted: function that is called with the sample after it was
        promoted, while its analyses are known
    :returns: whether it was promoted
    :rtype: bool
    """
    if not is_whole(sample, analyses):
        return False
    if action == "verify" and not (
            api.get_setup().getAutoVerifySamples() and
            all(is_verified(analysis) for analysis in analyses)):
        return False
    with _knowing(sample):
        if not do(sample, action):
            return False
        promoted(sample)
    return True


def is_whole(sample, analyses):
    """Tell whether these are all analyses of a sample that is neither a
    partition nor has any.

    :param analyses: objects; duplicates of the sample's analyses do not count
    """
    if not IAnalysisRequest.providedBy(sample) or \
            not sample.isRootAncestor() or sample.getDescendantsUIDs():
        return False
    ids = set(analysis.getId() for analysis in analyses
              if aq_base(aq_parent(aq_inner(analysis))) is aq_base(sample))
    return bool(ids) and ids == get_ids(sample)


def has_all(worksheet, analyses):
    """Tell whether these are all analyses of a worksheet.

    :param analyses: objects
    """
    uids = set(api.get_uid(analysis) for analysis in analyses)
    return bool(uids) and uids == set(worksheet.getRawAnalyses())


def get_ids(sample):
    """Return the ids of the analyses that are in a sample, as a set."""
    return set(sample.objectIds("Analysis"))


def is_verified(analysis):
    """Tell whether an analysis has been verified and is still verified."""
    return IVerified.providedBy(analysis) and \
        api.get_workflow_status_of(analysis) == "verified"
