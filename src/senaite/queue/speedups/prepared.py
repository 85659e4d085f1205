# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Read the values that are to be indexed before the turn comes.

Reading them takes four times as long as writing them to the catalogs, and
needs no turn (see `senaite.queue.speedups.turns`). The values of an analysis
depend on the analysis itself, which nobody else can change without a conflict,
and on its sample, worksheet, client, service and the like. If somebody else
has changed one of these before the turn came, everything is read again.

The same goes for samples and worksheets that were promoted before the turn
(`senaite.queue.speedups.ahead`): the transaction has all their analyses to
itself. What they look up in catalogs, and when they were modified, is read in
the turn.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from Acquisition import aq_base
from Acquisition import aq_chain
from bika.lims.interfaces import IAnalysis
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IWorksheet
from plone.indexer.interfaces import IIndexableObject
from plone.indexer.wrapper import IndexableObjectWrapper
from Products.CMFCore.indexing import getQueue
from Products.CMFCore.indexing import INDEX
from Products.CMFCore.indexing import REINDEX
from Products.PluginIndexes.unindex import UnIndex
from Products.PluginIndexes.util import safe_callable
from Products.ZCTextIndex.ZCTextIndex import ZCTextIndex
from senaite.core.catalog.catalog_multiplex_processor import \
    CatalogMultiplexProcessor
from ZODB.POSException import ConflictError
from zope.component import queryMultiAdapter

from senaite.queue.site import samples
from senaite.queue.speedups import memos
from senaite.queue.speedups.unindexed import searches_noticed

#: Packages with classes whose objects matter to nothing but their owner: trees,
#: and histories of objects that are checked themselves
PARTS = ("BTrees.", "persistent.", "Persistence.", "Products.PluginIndexes.",
         "Products.ZCatalog.", "Products.ZCTextIndex.",
         "Products.ExtendedPathIndex.", "senaite.core.catalog.")

#: Content that matters only to the analyses that belong to it
CONTENT = (IAnalysis, IAnalysisRequest, IWorksheet)

#: What indexes of paths call by themselves
CALLED = frozenset(["getPhysicalPath"])

#: What each reindexing changes
MODIFIED = frozenset(["modified", "ModificationDate"])


class NothingPrepared(object):
    """No values: everything is read when it is indexed."""

    def read(self):
        """Read nothing."""

    def read_promoted(self, obj):
        """Read nothing."""

    def forget_if_changed(self, changed):
        """Forget nothing."""

    def find(self, obj, catalog):
        """Return no values."""
        return {}


class Prepared(object):
    """The values of what is to be indexed."""

    def __init__(self):
        self._processor = CatalogMultiplexProcessor()
        self._values = {}
        #: id of a catalog -> names of what it asks for
        self._names = {}
        #: oids of what they were read from
        self.sources = set()

    def read(self):
        """Read what the catalogs will ask for, of the analyses that wait for
        being indexed."""
        queue = getQueue()
        # Each object once, as the queue itself does before it indexes them
        queue.optimize()
        for operation, obj, _attributes, _metadata in queue.getState():
            if operation in (INDEX, REINDEX) and IAnalysis.providedBy(obj):
                self._remember_sources(obj, obj.getWorksheet())
                self._read_for_all(obj, _read)

    def read_promoted(self, obj):
        """Read what the catalogs will ask for when a sample or worksheet is
        indexed.

        :param obj: sample or worksheet; this transaction has all its analyses
        """
        self._remember_sources(obj)
        self._read_for_all(obj, _read_without_search)

    def _read_for_all(self, obj, read):
        """Read an object for all catalogs that it is in.

        :param read: function(wrapper, name): value
        """
        if not self._processor.supports_multi_catalogs(obj):
            return
        for catalog in self._processor.get_catalogs_for(obj):
            self._read_for(catalog, obj, read)

    def _read_for(self, catalog, obj, read):
        wrapper = queryMultiAdapter((obj, catalog), IIndexableObject)
        if not isinstance(wrapper, IndexableObjectWrapper):
            return
        if catalog.getId() not in self._names:
            self._names[catalog.getId()] = get_names(catalog)
        values = {}
        for name in self._names[catalog.getId()]:
            try:
                value = read(wrapper, name)
            except ConflictError:
                raise
            except Exception:
                # The catalog meets it again, and decides what it means
                continue
            if not safe_callable(value):
                values[name] = value
        # The object is kept as well, so that no other object gets its id
        self._values[_key(obj, catalog)] = obj, values

    def _remember_sources(self, obj, *others):
        involved = list(aq_chain(obj)) + list(others)
        sample = samples.get_sample(obj)
        if sample is not None:
            involved.extend(samples.get_ancestry(sample))
        self.sources.update(getattr(aq_base(obj), "_p_oid", None)
                            for obj in involved)
        # New objects have none, and nobody else can have changed them
        self.sources.discard(None)

    def forget_if_changed(self, changed):
        """Forget all values if any of them may be different by now.

        :param changed: what others have changed, see `turns.take`
        :type changed: dict
        """
        if any(self._depends_on(*item) for item in changed.items()):
            self._values.clear()

    def _depends_on(self, oid, obj):
        if oid in self.sources:
            return True
        if not hasattr(obj, "_p_oid"):
            # A class, or an object that is not in the cache. What is read
            # besides the sources is large folders and setup: it stays there
            return False
        if type(obj).__module__.startswith(PARTS):
            return False
        return not any(kind.providedBy(obj) for kind in CONTENT)

    def find(self, obj, catalog):
        """Return the values of an object for a catalog.

        :rtype: dict from the name of an index or a column to the value
        """
        return self._values.get(_key(obj, catalog), (None, {}))[1]


def _key(obj, catalog):
    return id(aq_base(obj)), catalog.getId()


def _read(wrapper, name):
    value = getattr(wrapper, name)
    return value() if safe_callable(value) else value


def _read_without_search(wrapper, name):
    """Read a value, unless it depends on a catalog.

    :raises LookupError: if it must be read in the turn
    """
    if name in MODIFIED:
        raise LookupError(name)
    with searches_noticed() as noticed:
        value = _read(wrapper, name)
    if noticed:
        # What it has found now is older than what it will find then
        memos.forget_analyses(wrapper)
        raise LookupError(name)
    return value


def get_names(catalog):
    """Return the names of the attributes that a catalog reads of each object,
    and calls if they can be called.

    Indexes of paths read an object in their own way and are left out.
    """
    inner = aq_base(catalog)._catalog
    names = set(inner.names) - CALLED
    for index in inner.indexes.values():
        if isinstance(index, (UnIndex, ZCTextIndex)):
            names.update(index.getIndexSourceNames())
    return names
