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

Whatever happens to an analysis is written to its sample, too, and often to the
samples that this one is a partition of: two transactions that treat analyses of
the same sample conflict. Tasks name the samples of their analyses as `locks`,
and chunks do not separate the analyses of a sample and its partitions.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from bika.lims import api
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IReferenceAnalysis
from bika.lims.interfaces.analysis import IRequestAnalysis
from Products.CMFCore.indexing import processQueue
from senaite.core.catalog import ANALYSIS_CATALOG

from senaite.queue.site.objects import get_object


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


def get_ancestry(sample):
    """Return a sample and those it is a partition of, from the bottom up."""
    if not IAnalysisRequest.providedBy(sample):
        return [sample]
    return [sample] + list(sample.getAncestors(all_ancestors=True))


def get_family(obj):
    """Return what analyses of a sample and its partitions have in common.

    :param obj: content object
    :returns: uid of the sample of an analysis or, if that is a partition, of
        the sample at the top; the object's own uid if it has no sample
    :rtype: str
    """
    sample = get_sample(obj)
    return api.get_uid(obj if sample is None else get_ancestry(sample)[-1])


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


def find_by_uid(uids):
    """Return the samples of analyses, without waking the analyses.

    A click may be about ten thousand of them, so the catalog is asked. It does
    not know the samples of reference analyses, which are woken.

    :param uids: uids of any objects; those that are not analyses, or are gone,
        are left out
    :returns: uid of an analysis -> uids of its sample and of the samples that
        this one is a partition of, sorted
    :rtype: dict
    """
    # The catalog does not know yet what this transaction has made and moved
    processQueue()
    catalog = api.get_tool(ANALYSIS_CATALOG)._catalog
    numbers = catalog.getIndex("UID")._index
    ancestors = catalog.getIndex("getAncestorsUIDs")
    found = {}
    for uid in uids:
        number = numbers.get(uid)
        if number is None:
            continue
        known = ancestors.getEntryForObject(number)
        if not known:
            obj = get_object(uid)
            known = get_uids([obj]) if obj is not None else None
        if known:
            found[uid] = tuple(sorted(known))
    return found


def get_locks(uids):
    """Return the uids of the samples that analyses belong to, like `get_uids`,
    without waking the analyses.

    :param uids: uids of any objects
    :rtype: list of str
    """
    found = find_by_uid(uids)
    locks = collections.OrderedDict()
    for uid in uids:
        for sample_uid in found.get(uid, ()):
            locks[sample_uid] = True
    return list(locks)


def side_by_side(uids):
    """Return the uids with those of one sample, its partitions included, next
    to each other.

    Samples come in the order of their first object. The objects of a sample
    and its partitions keep theirs: what becomes of the sample when the analyses
    of both are rejected depends on it.

    :param uids: uids of any objects
    :rtype: list of str
    """
    found = find_by_uid(uids)
    groups = []
    #: uid of a sample -> the group of its family
    families = {}
    for uid in uids:
        # All have the sample in common that the partitions were made from
        family = found.get(uid, (uid,))
        group = next((families[sample_uid] for sample_uid in family
                      if sample_uid in families), None)
        if group is None:
            group = []
            groups.append(group)
        for sample_uid in family:
            families[sample_uid] = group
        group.append(uid)
    return [uid for group in groups for uid in group]


def whole_samples(chunk, rest, get_object):
    """Move to the chunk what belongs to the sample that it ends with, or to a
    partition of the same sample.

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
    family = get_family(last)
    index = 0
    for index, uid in enumerate(rest):
        obj = get_object(uid)
        if obj is not None and get_family(obj) != family:
            break
    else:
        index = len(rest)
    return chunk + rest[:index], rest[index:]
