# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Finds and removes the data of 1.0.x in the objects of a site.

Any object may have markers and annotations, even one that is in no catalog.
Loading all content of a laboratory would take hours. Instead, the records of
the database are searched as bytes, which takes seconds to minutes, and only
objects that mention this package are loaded.
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

from senaite.queue.auth import process_marks
from senaite.queue.auth import signing_keys
from senaite.queue.interfaces import IQueued
from senaite.queue import logger
from senaite.queue.model.concealment import conceal
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.records import store_mark

PACKAGE = "senaite.queue"
#: Annotations of this version
OURS = (signing_keys.ANNOTATION, signing_keys.ID, process_marks.KEY, outbox.KEY,
        ledger.KEY, store_mark.KEY)

MARK = b"IQueued"
NAME = b"senaite.queue"
ANNOTATED = b"__annotations__"
TREE = b"OOBTree"
#: Where 1.0.0 kept the latest task that was done
PROCESSED = "processed"
MAPPINGS = (TREE, b"OOBucket", b"PersistentMapping", b"PersistentDict")

#: Maximum number of lost tasks that are logged one by one
MOST_LISTED = 100
#: Maximum length of the description of a task, in characters
MOST_TEXT = 400


def remove(portal):
    """Remove all data of 1.0.x from a site, and log the tasks that are lost.

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
                       "version cannot process tasks queued by an older one",
                       len(lost))


# -- markers

def unmark_catalogued(portal):
    """Unmark the objects that catalogs list as marked, and reindex them."""
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
    """Remove the marker from an object, if it has one."""
    if IQueued.providedBy(obj):
        noLongerProvides(obj, IQueued)


# -- annotations

def remove_annotations(obj):
    """Remove annotations of 1.0.x from an object, and return the tasks that
    they contained."""
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
    """Yield mappings that look like tasks in the data of 1.0.x, whose exact
    form is not known.

    :param depth: how deep to search
    """
    state = as_mapping(value)
    if state is not None:
        names = set(str(key) for key in state)
        if "name" in names and names & {
                "task_uid", "context_uid", "context_path", "request",
                "username", "uids", "created"}:
            yield dict(state)
            return
        inner = [item for key, item in state.items() if key != PROCESSED]
    elif isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        inner = list(value)
    else:
        return
    if depth:
        for item in inner:
            for task in tasks_in(item, depth - 1):
                yield task


def as_mapping(value):
    """Return a mapping, or the attributes of an object, as dict; or None."""
    if hasattr(value, "keys") and hasattr(value, "values"):
        return dict((key, value[key]) for key in value.keys())
    state = getattr(aq_base(value), "__dict__", None)
    if is_of_package(value) and state:
        # ZODB keeps the state of an object whose class is missing
        return dict(state.get("__Broken_state__") or state)
    return None


# -- plugins and tools

def is_of_package(obj):
    """Tell whether the class of an object is in this package, even if it no
    longer exists."""
    return type(aq_base(obj)).__module__.startswith(PACKAGE + ".")


def deactivate(acl_users, name):
    """Deactivate a plugin that was removed from a user folder."""
    plugins = acl_users.plugins
    for info in plugins.listPluginTypeInfo():
        if name in plugins.listPluginIds(info["interface"]):
            plugins.deactivatePlugin(info["interface"], name)


# -- the database

Found = collections.namedtuple("Found", ("marked", "annotated"))


def scan(connection):
    """Return the objects of a database that mention this package.

    Only committed data is searched.

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
    """Return the oids of the objects that own annotations.

    :param hits: oids of trees or mappings with our name in them, or of the
        buckets of large trees
    :type hits: set
    """
    owners, larger = owners_of(storage, hits)
    if larger:
        owners += owners_of(storage, larger)[0]
    return owners


def owners_of(storage, wanted):
    """Return the oids of the objects whose annotations are among these records,
    and those of the trees that have these records as buckets."""
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
            # Each record belongs to one object only
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
    """Yield (oid, data) of all records that can be reached from the root, for
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
