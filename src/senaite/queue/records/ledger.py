# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The ledger: which tasks have done their work, recorded in the ZODB.

The transaction that does a task's work records the task here. Two attempts at
one task write the same key, a conflict that cannot be resolved: whichever
commits first wins, and the other finds the record when it tries again.

A record holds the number of processed items, the note for users and the items
that were skipped, so that a task that is delivered again can be acknowledged in
the same way.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import binascii
import zlib

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping
from ZODB.POSException import ConflictError
from ZODB.utils import z64

from senaite.queue.model import left_out
from senaite.queue.site import connections

KEY = "senaite.queue.ledger"
SHARDS = 16
SENTINEL = ""

#: Records younger than this are never removed
KEEP_SECONDS = 3600

#: Seconds by which clocks may differ, and after which every process sees a
#: record
SETTLED_SECONDS = 60


def install(portal):
    """Make an empty ledger, unless there is one; returns it."""
    annotations = connections.annotations(portal, create=True)
    root = annotations.get(KEY)
    if root is None:
        shards = PersistentList()
        for number in range(SHARDS):
            tree = OOBTree()
            tree[SENTINEL] = ()
            shards.append(tree)
        root = annotations[KEY] = PersistentMapping({
            "shards": shards, "bell": Length()})
    return root


def uninstall(portal):
    """Remove the ledger."""
    connections.remove_annotation(portal, KEY)


def get_root(portal):
    """Return the ledger, or None when the site has none."""
    return connections.get_annotation(portal, KEY)


def record(portal, task_uid, now, processed=0, note=None, skipped=0,
           skipped_items=None):
    """Record, in the running transaction, that a task's work is done.

    :param now: UTC epoch seconds
    :param processed: number of items
    :param note: note for users, or None
    :param skipped: number of the items that were skipped
    :param skipped_items: some of them, see `senaite.queue.model.left_out`
    :raises ConflictError: when it is recorded already
    """
    root = install(portal)
    shard = _shard(root, task_uid)
    if str(task_uid) in shard:
        # By another attempt, since ours began: see `turns.catch_up`
        raise ConflictError("{} is recorded already".format(task_uid))
    value = (int(now), processed, note)
    if skipped:
        # Older versions read the first three only
        value += (skipped, left_out.to_json(skipped_items))
    shard[str(task_uid)] = value
    root["bell"].change(1)


def get(portal, task_uid):
    """Return the record of a task, or None; see `describe`."""
    root = get_root(portal)
    if root is None or not task_uid:
        return None
    return _shard(root, task_uid).get(str(task_uid))


def describe(value):
    """Return what a record says of a task: the `processed`, the `note`, and the
    `skipped` and `skipped_items` that are reported to the queue server.

    :param value: what `get` returns
    :rtype: dict
    """
    skipped, text = value[3:5] if len(value) > 3 else (0, None)
    return {"processed": value[1], "note": value[2], "skipped": skipped,
            "skipped_items": left_out.from_json(text)}


def has(portal, task_uid):
    """Tell whether a task's work is done."""
    return get(portal, task_uid) is not None


def last_transaction(portal):
    """Return the id of the latest transaction that recorded work.

    An undo of work is a later one. Only a backup that is restored brings an
    earlier one back.

    :returns: 16 hexadecimal digits; None when there is none yet
    :rtype: str
    """
    root = get_root(portal)
    if root is None:
        return None
    bell = root["bell"]
    # Reading the value loads the object that has the serial
    if not bell.value or bell._p_serial in (None, z64):
        return None
    return binascii.hexlify(bell._p_serial).decode("ascii")


def was_undone(portal, task_uid, ended, now):
    """Tell whether the work of a task that is done was undone in the database.

    :param portal: the site
    :param task_uid: uid of a task that is done
    :param ended: when its end was reported (UTC epoch seconds)
    :param now: UTC epoch seconds
    :returns: False, too, when the ledger may not have the record yet, or not
        any more
    """
    return SETTLED_SECONDS < now - ended < KEEP_SECONDS - SETTLED_SECONDS \
        and not has(portal, task_uid)


def old(portal, now, limit, keep=KEEP_SECONDS):
    """Return uids of tasks whose records are old enough to be removed.

    :param now: UTC epoch seconds
    :param limit: maximum number of uids
    """
    found = []
    root = get_root(portal)
    for tree in (root["shards"] if root is not None else ()):
        for task_uid, value in tree.items():
            if task_uid != SENTINEL and now - value[0] >= keep:
                found.append(task_uid)
                if len(found) >= limit:
                    return found
    return found


def remove(portal, task_uids):
    """Remove records. Only those of tasks that cannot be delivered again."""
    root = get_root(portal)
    for task_uid in (task_uids if root is not None else ()):
        _shard(root, task_uid).pop(str(task_uid), None)


def _shard(root, task_uid):
    """Return the tree of a task: the same in every process."""
    number = zlib.crc32(str(task_uid).encode("ascii")) % SHARDS
    return root["shards"][number]
