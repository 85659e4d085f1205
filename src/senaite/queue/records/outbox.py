# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The outbox: tasks wait here, in the ZODB, until the queue server has them.

An entry is written in the transaction that causes the task, so that it exists
if and only if that transaction commits. The relay marks it as sent, and
removes it some seconds later, when every client's snapshot knows the task.

Entries are spread over shards, one for each (process, thread), so that users
who work at the same time do not conflict. Where two meet in one shard, BTrees
resolve the conflict. A sentinel keeps the first bucket of each tree from
becoming empty, because an emptied bucket is a conflict that cannot be
resolved; its value is the version up to which entries of the shard were
removed. The `bell` of a shard is a counter that resolves conflicts by adding
up; it moves whenever watchers have to look.

Pickles name library classes only: uninstalling needs none of our code.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import os
import threading

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping

from senaite.queue.model import clock
from senaite.queue.model import states
from senaite.queue.records import outbox_index
from senaite.queue.records.outbox_index import parse
from senaite.queue.records.outbox_index import SENTINEL
from senaite.queue.records import store_mark
from senaite.queue.records.store_mark import split_version
from senaite.queue.site import connections

KEY = "senaite.queue.outbox"
SHARDS = 16

#: Number of seconds for which delivered entries stay: longer than any client
#: goes without refreshing its snapshot (`agent.IDLE_SECONDS`)
KEEP_SECONDS = 10

#: Fields of a delivered task that other clients need
LIGHT_KEYS = ("task_uid", "name", "status", "context_uid", "uids", "username",
              "ghost", "job_uid", "job_total", "job_created", "locks")

_local = threading.local()


def install(portal):
    """Make an empty outbox, unless there is one.

    Called by the profile, so that the first clicks of several users do not
    conflict.

    :returns: the outbox
    """
    annotations = connections.annotations(portal, create=True)
    root = annotations.get(KEY)
    if root is None:
        shards = PersistentList()
        for number in range(SHARDS):
            tree = OOBTree()
            tree[SENTINEL] = ""
            shards.append(PersistentMapping({
                "entries": tree,
                "bell": Length(),
            }))
        root = annotations[KEY] = PersistentMapping({"shards": shards})
    return root


def uninstall(portal):
    """Remove the outbox with all that is in it."""
    connections.remove_annotation(portal, KEY)


def get_root(portal):
    """Return the outbox, or None when the site has none."""
    return connections.get_annotation(portal, KEY)


def bells(root):
    """Return the bells of an outbox; they stay the same objects for as long
    as the connection does."""
    return [shard["bell"] for shard in root["shards"]]


def ring(portal):
    """Have consumers ask for a task: one was handed back."""
    root = get_root(portal)
    if root is not None:
        bells(root)[_shard_number()].change(1)


def put(portal, task):
    """Write a task to the outbox, in the running transaction.

    :param task: a task, or a dict with its fields
    :raises TypeError: for values JSON does not know
    """
    root = install(portal)
    text = json.dumps(
        {"task": dict(task), "at": clock.now(), "sent": None,
         "rejected": None}, sort_keys=True)
    number = _shard_number()
    shard = root["shards"][number]
    index = outbox_index.kept(root)
    was_fresh = index is not None and index.is_fresh(number)
    shard["entries"][str(task["task_uid"])] = text
    shard["bell"].change(1)
    if index is not None:
        index.note_put(number, str(task["task_uid"]), text, was_fresh)


def has(root, task_uid):
    """Tell whether an outbox has an entry of a task."""
    task_uid = str(task_uid)
    return bool(task_uid) and any(
        task_uid in shard["entries"] for shard in root["shards"])


def get(portal, task_uid):
    """Return the entry of a task, or None."""
    root = get_root(portal)
    task_uid = str(task_uid)
    if root is None or not task_uid:
        return None
    for shard in root["shards"]:
        text = shard["entries"].get(task_uid)
        if text is not None:
            return parse(task_uid, text)
    return None


def entries(root):
    """Return (task uid, entry) of an outbox. Entries are not to be changed.

    :rtype: list of tuples
    """
    return list(outbox_index.index_of(
        root, everything=True).entries.items())


def is_pending(entry):
    """Tell whether an entry still has to be delivered."""
    return entry["sent"] is None and entry["rejected"] is None


def undelivered(root):
    """Yield the tasks that the server does not have, complete, as dicts: those
    that still have to be delivered, and, as failed ones, those that the server
    refused."""
    for _uid, entry in entries(root):
        if entry["rejected"]:
            yield as_refused(entry)
        elif is_pending(entry):
            yield entry["task"]


def unknown_task(entry, state):
    """Return the task of an entry, as a dict, if a snapshot of the queue does
    not cover the entry; None if it does.

    :param entry: an entry of the outbox
    :param state: what is known of the queue
    :type state: senaite.queue.client.snapshot.State
    """
    if state.status_of(entry["task"]["task_uid"]) is not None:
        return None
    if entry["rejected"]:
        return as_refused(entry)
    if is_pending(entry) or not _covers(state.version, entry):
        return entry["task"]
    return None


def _covers(version, entry):
    """Tell whether a version is as new as the server's answer for an entry.

    Where the epochs differ the store was replaced in between, and the entry
    counts for the seconds that it stays.
    """
    return entry.get("result") == "duplicate" or \
        _is_covered(version, entry["sent"])


def _is_covered(version, sent):
    epoch, counter = split_version(version)
    sent_epoch, sent_counter = split_version(sent)
    return epoch == sent_epoch and counter >= sent_counter


def misses_tasks(root, version):
    """Tell whether a snapshot may lack tasks that have left the outbox.

    :param root: the outbox
    :param version: that of the snapshot, or None
    """
    if version is None:
        return True
    epoch, counter = split_version(version)
    for removed in removed_up_to(root):
        removed_epoch, removed_counter = split_version(removed)
        if removed_epoch == epoch and removed_counter > counter:
            return True
    return False


def as_refused(entry):
    """Return the task of an entry that the server refused."""
    return dict(entry["task"], status=states.FAILED,
                error_message=entry["rejected"])


def pending(portal):
    """Return the tasks that still have to be delivered, oldest first.

    :returns: list of (task dict, when it was put)
    """
    root = get_root(portal)
    if root is None:
        return []
    found = [(entry["task"], entry["at"])
             for _uid, entry in entries(root) if is_pending(entry)]
    return sorted(found, key=lambda pair: pair[1])


def removed_up_to(root):
    """Return the versions up to which entries were removed: texts."""
    marks = (shard["entries"][SENTINEL] for shard in root["shards"])
    return set(mark for mark in marks if mark)


def mark(portal, results, version, now):
    """Record the server's answers in entries, and what the site has seen of
    the store.

    :param results: task uid -> what `queue_server/add` answered for it
    :param version: the server's version, after the addition
    :param now: UTC epoch seconds
    :returns: how many entries were marked
    """
    root = get_root(portal)
    marked = 0
    for shard in (root["shards"] if root is not None else ()):
        tree = shard["entries"]
        here = [uid for uid in map(str, results) if uid and uid in tree]
        for task_uid in here:
            entry = parse(task_uid, tree[task_uid])
            if is_pending(entry):
                tree[task_uid] = _marked(
                    entry, results[task_uid], version, now)
                marked += 1
        if here:
            shard["bell"].change(1)
    if marked:
        store_mark.note(portal, version)
    return marked


def delivered(portal):
    """Return the uids of the tasks that the server has.

    :rtype: list of str
    """
    root = get_root(portal)
    if root is None:
        return []
    return [task_uid for task_uid, entry in entries(root) if entry["sent"]]


def prune(portal, task_uids, known=None):
    """Remove entries of tasks that the server has, and every client knows.

    Mostly nothing changes for pages, and no bell rings. Entries that the
    snapshots do not cover, because the store was emptied or replaced after
    they were delivered, count until they are removed: then pages are told.

    :param task_uids: those that were delivered at least `KEEP_SECONDS` ago;
        entries that were not delivered stay
    :param known: version of the snapshot of this process, or None
    :returns: how many were removed
    """
    task_uids = set(map(str, task_uids))
    root = get_root(portal)
    removed = 0
    for shard in (root["shards"] if root is not None else ()):
        tree = shard["entries"]
        old = [(uid, parse(uid, tree[uid])["sent"])
               for uid in task_uids if uid and uid in tree]
        old = [(uid, version) for uid, version in old if version]
        for task_uid, _version in old:
            del tree[task_uid]
        if old:
            tree[SENTINEL] = latest(
                [tree[SENTINEL]] + [version for _uid, version in old])
        if known and any(not _is_covered(known, version)
                         for _uid, version in old):
            shard["bell"].change(1)
        removed += len(old)
    return removed


def forget(portal, task_uid):
    """Remove the entries of a task, e.g. of one that was cancelled before the
    server knew of it; True when there were any.

    Several shards may have one: two transactions added a task with a uid that
    the caller chose.
    """
    root = get_root(portal)
    task_uid = str(task_uid)
    shards = root["shards"] if root is not None and task_uid else ()
    found = [number for number, shard in enumerate(shards)
             if task_uid in shard["entries"]]
    for number in found:
        del shards[number]["entries"][task_uid]
        shards[number]["bell"].change(1)
        index = outbox_index.kept(root)
        if index is not None:
            index.note_removed(number)
    return bool(found)


def offer_again(portal, task_uid):
    """Have the relay deliver an entry again that the server has refused.

    :returns: True when there was such an entry
    """
    root = get_root(portal)
    task_uid = str(task_uid)
    for number, shard in enumerate(root["shards"] if root is not None else ()):
        text = shard["entries"].get(task_uid) if task_uid else None
        entry = parse(task_uid, text) if text is not None else None
        if entry is None or not entry["rejected"]:
            continue
        shard["entries"][task_uid] = json.dumps(
            dict(entry, rejected=None), sort_keys=True)
        shard["bell"].change(1)
        index = outbox_index.kept(root)
        if index is not None:
            index.note_removed(number)
        return True
    return False


def latest(versions):
    """Return the newest version. Where epochs differ, because the store
    was replaced in between, the later one in the list wins."""
    best = ""
    for version in versions:
        epoch, counter = split_version(version)
        best_epoch, best_counter = split_version(best)
        if version and (epoch != best_epoch or counter >= best_counter):
            best = version
    return best


def _shard_number():
    """Return the shard of this thread."""
    number = getattr(_local, "shard", None)
    if number is None or _local.pid != os.getpid():
        _local.pid = os.getpid()
        # consecutive idents lie a multiple of the stack size apart
        ident = threading.current_thread().ident or 0
        number = _local.shard = hash((_local.pid, ident >> 12)) % SHARDS
    return number


def _marked(entry, result, version, now):
    """Return the text of an entry after the server's answer.

    An entry that the server refuses stays as it is, with the reason: people
    have to see it. Otherwise the payload goes, the server has it.
    """
    changed = dict(entry)
    if result.startswith("invalid"):
        changed["rejected"] = result
    else:
        task = entry["task"]
        changed["task"] = dict(
            (key, task[key]) for key in LIGHT_KEYS if key in task)
        changed["sent"] = version
        changed["sent_at"] = now
        changed["result"] = result
    return json.dumps(changed, sort_keys=True)
