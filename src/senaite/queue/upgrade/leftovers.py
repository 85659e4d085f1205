# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Finds and removes what 1.0.x wrote into the site's objects.

Markers and annotations may be on any object, also on one that no catalog
knows. Waking up all content of a laboratory would take hours; the records of
the database are looked through as bytes instead, which takes seconds to
minutes, and only objects that mention us are loaded.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from Acquisition import aq_base
from ZODB.serialize import referencesf
from ZODB.utils import load_current
from ZODB.utils import z64
from zope.interface import noLongerProvides

from senaite.queue.auth import signing_keys
from senaite.queue.interfaces import IQueued
from senaite.queue import logger
from senaite.queue.model.concealment import conceal
from senaite.queue.records import ledger
from senaite.queue.records import outbox

PACKAGE = "senaite.queue"
#: Annotations of today
OURS = (signing_keys.ANNOTATION, outbox.KEY, ledger.KEY)

MARK = b"IQueued"
NAME = b"senaite.queue"
ANNOTATED = b"__annotations__"
TREE = b"OOBTree"
MAPPINGS = (TREE, b"OOBucket", b"PersistentMapping", b"PersistentDict")

#: Of so many tasks that are lost the log tells each
MOST_LISTED = 100
#: Longest description of one, in characters
MOST_TEXT = 400


def remove(portal):
    """Remove all leftovers in a site; what was queued is listed in the log.

    :param portal: root object of the site
    """
    unmark_catalogued(portal)
    found = scan(portal._p_jar)
    for obj in found.marked:
        unmark(obj)
    lost = []
    for obj in found.annotated + [portal]:
        lost.extend(remove_annotations(obj))
    for name, obj in list(portal.objectItems()):
        if is_of_package(obj):
            portal._delObject(name, suppress_events=True)
            lost.extend(tasks_in(getattr(aq_base(obj), "__dict__", {})))
    for task in lost[:MOST_LISTED]:
        logger.warning("event=task_lost reason=upgraded task=%s",
                       repr(conceal(task))[:MOST_TEXT])
    if lost:
        logger.warning("event=tasks_lost reason=upgraded count=%s: this "
                       "version cannot process what an older one has queued",
                       len(lost))


# -- markers

def unmark_catalogued(portal):
    """Unmark what catalogs list as marked, and have them forget it."""
    for tool in portal.objectValues():
        indexes = getattr(aq_base(tool), "Indexes", None)
        catalog = getattr(aq_base(tool), "_catalog", None)
        if indexes is None or catalog is None or \
                "object_provides" not in catalog.indexes:
            continue
        for brain in tool.unrestrictedSearchResults(
                object_provides=IQueued.__identifier__):
            obj = brain._unrestrictedGetObject()
            unmark(obj)
            obj.reindexObject(idxs=["object_provides"])


def unmark(obj):
    """Take the marker from an object, if it has it."""
    if IQueued.providedBy(obj):
        noLongerProvides(obj, IQueued)


# -- annotations

def remove_annotations(obj):
    """Remove annotations of 1.0.x from an object; returns the tasks that
    were in them."""
    annotations = getattr(aq_base(obj), "__annotations__", None)
    if annotations is None:
        return []
    lost = []
    for key in [key for key in annotations.keys() if is_old(key)]:
        lost.extend(tasks_in(annotations[key]))
        del annotations[key]
    return lost


def is_old(key):
    """Tell whether this is the key of an annotation of 1.0.x."""
    return str(key).startswith(PACKAGE) and key not in OURS


def tasks_in(value, depth=6):
    """Yield what looks like a task in the data of 1.0.x, whose form is not
    known for certain: mappings with a name, however deep."""
    state = as_mapping(value)
    if state is not None:
        names = set(str(key) for key in state)
        if "name" in names and names & {
                "task_uid", "context_uid", "context_path", "request",
                "username", "uids", "created"}:
            yield dict(state)
            return
        inner = list(state.values())
    elif isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        inner = list(value)
    else:
        return
    if depth:
        for item in inner:
            for task in tasks_in(item, depth - 1):
                yield task


def as_mapping(value):
    """Return a value as mapping: it is one, or an object with attributes."""
    if hasattr(value, "keys") and hasattr(value, "values"):
        return dict((key, value[key]) for key in value.keys())
    state = getattr(aq_base(value), "__dict__", None)
    if is_of_package(value) and state:
        # also of a class that is gone: its state is kept aside
        return dict(state.get("__Broken_state__") or state)
    return None


# -- plugins and tools

def is_of_package(obj):
    """Tell whether an object is of a class of ours, known or gone."""
    return type(aq_base(obj)).__module__.startswith(PACKAGE + ".")


def deactivate(acl_users, name):
    """Have a user folder not ask a plugin any more that is gone."""
    plugins = acl_users.plugins
    for info in plugins.listPluginTypeInfo():
        if name in plugins.listPluginIds(info["interface"]):
            plugins.deactivatePlugin(info["interface"], name)


# -- the database

Found = collections.namedtuple("Found", ("marked", "annotated"))


def scan(connection):
    """Return the objects of a database that mention us.

    Only what is committed is seen.

    :param connection: ZODB.Connection.Connection
    :rtype: Found
    """
    marked, hits = [], set()
    storage = connection.db().storage
    for oid, data in records(storage):
        if MARK in data:
            marked.append(oid)
        if NAME in data and any(kind in data[:200] for kind in MAPPINGS):
            hits.add(oid)
    annotated = find_owners(storage, hits)
    return Found([connection.get(oid) for oid in marked],
                 [connection.get(oid) for oid in annotated])


def find_owners(storage, hits):
    """Return the oids of the objects whose annotations these are.

    :param hits: oids of trees or mappings with our name in them, or of the
        buckets of large trees
    :type hits: set
    """
    owners, larger = owners_of(storage, hits)
    if larger:
        owners += owners_of(storage, larger)[0]
    return owners


def owners_of(storage, wanted):
    """Return the objects whose annotations are among these records, and the
    trees that these are buckets of."""
    owners, trees, left = [], set(), set(wanted)
    for oid, data in records(storage):
        if not left:
            break
        is_object = ANNOTATED in data
        if not is_object and TREE not in data[:200]:
            continue
        owned = left.intersection(referencesf(data))
        if owned and is_object:
            owners.append(oid)
            # each belongs to one object
            left -= owned
        elif owned:
            trees.add(oid)
    return owners, trees


def records(storage):
    """Yield (oid, data) of all current records of a storage."""
    step = getattr(storage, "record_iternext", None)
    if step is None:
        for record in reachable(storage):
            yield record
        return
    following = None
    while True:
        oid, _tid, data, following = step(following)
        yield oid, data
        if following is None:
            return


def reachable(storage):
    """Yield (oid, data) of all that can be reached from the root: for
    storages that cannot list their records."""
    seen, waiting = {z64}, [z64]
    while waiting:
        oid = waiting.pop()
        data = load_current(storage, oid)[0]
        yield oid, data
        for other in referencesf(data):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
