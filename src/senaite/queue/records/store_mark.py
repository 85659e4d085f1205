# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the site records of the task store: the latest version it has seen.

It is written in transactions that are made anyway: when a delivery is noted,
and when records leave the ledger. The store keeps the latest one that it has
seen of the site. So each side can tell when the other one is older than it was:
a backup was restored (see `senaite.queue.server.agreement`).

Processes write to different slots of one small tree, so that those that
deliver at the same time do not conflict. All slots are of one epoch.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import threading

from BTrees.OOBTree import OOBTree

from senaite.queue.site import connections

#: Annotation of the site
KEY = "senaite.queue.store"

#: Few enough to stay in one bucket: a bucket that is split cannot be merged
SLOTS = 16

#: Key of the site's path: a site that was copied or renamed has a queue of its
#: own
PATH = "path"

#: Key of the version as of which records have left the ledger
PRUNED = "pruned"

#: Key of the epochs that are over, the latest one first: a delivery that was
#: answered before the store began a new one may be noted after it
FORMERS = "formers"

#: Keys that are no slots
OTHER_KEYS = (PATH, PRUNED, FORMERS)

#: Maximum number of epochs that are remembered
MOST_FORMERS = 20


def install(portal):
    """Give the site its record of the store; what is there stays.

    :returns: the record
    """
    annotations = connections.annotations(portal, create=True)
    found = annotations.get(KEY)
    if found is None:
        # All keys at once, because an empty tree cannot be merged
        found = annotations[KEY] = OOBTree()
        _clear(portal, found)
    return found


def uninstall(portal):
    """Remove the record."""
    connections.remove_annotation(portal, KEY)


def note(portal, version):
    """Record, in the running transaction, that the store has reached a
    version.

    :param portal: the site
    :param version: "<epoch>:<counter>" as the queue server answers it; None is
        ignored
    """
    epoch, counter = split_version(version)
    if counter < 0:
        return
    tree = install(portal)
    former = read(portal)
    if former is None:
        _clear(portal, tree)
    elif former[0] != epoch:
        over = tree.get(FORMERS, "").split()
        if epoch in over:
            return
        _clear(portal, tree, [former[0]] + over)
    slot = _slot()
    if counter > split_version(tree[slot])[1]:
        tree[slot] = version


def note_pruned(portal, version):
    """Record that tasks that were over as of a version may be missing in the
    ledger from now on; see `note`."""
    if split_version(version)[1] >= 0:
        note(portal, version)
        install(portal)[PRUNED] = version


def read(portal):
    """Return the latest version that the site has seen.

    :returns: epoch and counter; None when it has seen none
    """
    found = [split_version(version) for slot, version in _items(portal)
             if slot not in OTHER_KEYS and version]
    return max(found, key=lambda pair: pair[1]) if found else None


def read_pruned(portal):
    """Return the version as of which records have left the ledger, like
    `read`."""
    version = dict(_items(portal)).get(PRUNED)
    return split_version(version) if version else None


def split_version(version):
    """Return (epoch, counter) of a version; ("", -1) when there is none."""
    epoch, _colon, counter = (version or "").rpartition(":")
    return epoch, int(counter) if counter.isdigit() else -1


def _items(portal):
    tree = connections.get_annotation(portal, KEY)
    if tree is None or tree.get(PATH) != _path(portal):
        return []
    return list(tree.items())


def _clear(portal, tree, over=()):
    for number in range(SLOTS):
        tree["{:02d}".format(number)] = ""
    tree[PRUNED] = ""
    tree[FORMERS] = " ".join(over[:MOST_FORMERS])
    tree[PATH] = _path(portal)


def _path(portal):
    return "/".join(portal.getPhysicalPath())


def _slot():
    """Return the slot of this thread."""
    ident = threading.current_thread().ident or 0
    # consecutive idents lie a multiple of the stack size apart
    return "{:02d}".format(hash((os.getpid(), ident >> 12)) % SLOTS)
