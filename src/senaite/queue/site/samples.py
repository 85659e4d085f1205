# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Which sample an analysis belongs to, and analyses kept together by sample.

Whatever happens to an analysis is written to its sample, too: two transactions
that treat analyses of the same sample conflict. Tasks name the samples of
their analyses as `locks`, and chunks don't cut a sample in two.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from bika.lims import api
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IReferenceAnalysis
from bika.lims.interfaces.analysis import IRequestAnalysis


def get_sample(obj):
    """Return the sample of an analysis.

    :param obj: content object
    :returns: the sample of a routine or duplicate analysis, the reference
        sample of a reference analysis; None for anything else
    """
    if IRequestAnalysis.providedBy(obj):
        return obj.getRequest()
    if IReferenceAnalysis.providedBy(obj):
        return obj.getSample()
    return None


def get_key(obj):
    """Return the uid of an object's sample, or its own where it has none."""
    sample = get_sample(obj)
    return api.get_uid(obj if sample is None else sample)


def get_ancestry(sample):
    """Return a sample and those it is a partition of, from the bottom up."""
    if not IAnalysisRequest.providedBy(sample):
        return [sample]
    return [sample] + list(sample.getAncestors(all_ancestors=True))


def get_uids(objects):
    """Return the uids of the samples that analyses belong to: the primary
    samples of partitions included, since these are written, too.

    :param objects: content objects
    :returns: uids, without repetition, in order of appearance
    :rtype: list of str
    """
    uids = collections.OrderedDict()
    for obj in objects:
        sample = get_sample(obj)
        if sample is None or api.get_uid(sample) in uids:
            continue
        for ancestor in get_ancestry(sample):
            uids[api.get_uid(ancestor)] = True
    return list(uids)


def side_by_side(objects):
    """Return the objects with those of one sample next to each other.

    Samples come in the order of their first object, and the objects of a
    sample keep theirs.

    :param objects: content objects
    :rtype: list
    """
    groups = collections.OrderedDict()
    for obj in objects:
        groups.setdefault(get_key(obj), []).append(obj)
    return [obj for group in groups.values() for obj in group]


def whole_samples(chunk, rest, get_object):
    """Move to the chunk what belongs to the sample it ends with.

    :param chunk: uids to process now
    :type chunk: list of str
    :param rest: uids left for later
    :type rest: list of str
    :param get_object: function that returns the object of a uid, or None
    :returns: chunk and rest
    :rtype: tuple of lists
    """
    last = get_object(chunk[-1]) if chunk else None
    if last is None:
        return chunk, rest
    key = get_key(last)
    index = 0
    for index, uid in enumerate(rest):
        obj = get_object(uid)
        if obj is not None and get_key(obj) != key:
            break
    else:
        index = len(rest)
    return chunk + rest[:index], rest[index:]
