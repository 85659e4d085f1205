# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Fetch objects, and what they are made of, from ZEO in one batch.

An analysis consists of about ten records of the database: itself, its workflow
history, its annotations, its texts, its snapshots. Each record that is not in
a cache is a round trip to ZEO; one after the other, they take a quarter of the
time of a chunk of analyses that the consumer has not seen before. Here they are
requested layer by layer, and have arrived, or are about to, when they are
needed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import itertools

from Acquisition import aq_base
from BTrees.OOBTree import OOBTree
from persistent import GHOST
from persistent import Persistent
from persistent.mapping import PersistentMapping
from Products.CMFCore.CMFCatalogAware import CatalogAware

#: Layers below the objects: their attributes (e.g. annotations), what is in
#: these (references), and what is in that (a list of uids)
LAYERS = 3

#: Largest number of values of a mapping to look at; it may be a large tree
MOST_VALUES = 50

#: Attributes that tell the state of an analysis, and the worksheet it is on
STATUS = ("workflow_history", "__annotations__",
          "bika.lims.browser.fields.uidreferencefield.backreferences",
          "WorksheetAnalysis")


def read_ahead(objects, names=None):
    """Request what is not in the cache of the objects' connection.

    Does nothing after a savepoint. Where the storage cannot prefetch, only the
    objects themselves are read.

    :param objects: content objects of one connection
    :param names: names of attributes, and keys of mappings, that will be
        needed; None for all
    """
    layer = [aq_base(obj) for obj in objects]
    layer = [obj for obj in layer if obj._p_jar is not None]
    if not layer:
        return
    connection = layer[0]._p_jar
    if connection._savepoint_storage is not None:
        # It would find out that this storage cannot prefetch, and never
        # prefetch again
        return
    _ask(connection, layer)
    for _number in range(LAYERS):
        layer = [part for obj in layer for part in _get_parts(obj, names)]
        if not layer:
            return
        _ask(connection, layer)


def _ask(connection, objects):
    oids = [obj._p_oid for obj in objects if obj._p_state == GHOST]
    if oids:
        connection.prefetch(oids)


def _get_parts(obj, names):
    """Return the records that an object is made of, one layer below it."""
    obj._p_activate()
    if isinstance(obj, (OOBTree, PersistentMapping)):
        found = itertools.islice(obj.items(), MOST_VALUES)
    else:
        found = vars(obj).items() if hasattr(obj, "__dict__") else ()
    return [value for name, value in found
            if (names is None or name in names) and _is_part(value, obj)]


def _is_part(value, obj):
    """Tell whether a value is a record of its own, and no other content."""
    return isinstance(value, Persistent) and \
        not isinstance(value, CatalogAware) and \
        value._p_jar is obj._p_jar and value._p_oid is not None
