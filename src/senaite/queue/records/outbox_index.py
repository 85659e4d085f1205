# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The entries of an outbox as one thread sees them, by task and by object.

Pages ask for each row what waits in the outbox, and during an outage of the
queue server thousands of entries may wait. The index is therefore kept for
each thread and connection, and follows the bells of the outbox: only shards
that have changed are looked at, in them only the buckets of their trees that
have changed, and only entries that have changed are parsed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import threading
import weakref

from senaite.queue.model.places import PLACE_FIELDS
from senaite.queue.model.places import places

#: First key of each tree of an outbox; not an entry
SENTINEL = ""

#: Outboxes (one for each connection of each site) that a thread remembers
MOST_INDEXES = 8

_local = threading.local()

#: uid of a task -> its entry, for as long as any thread remembers it
_parsed = weakref.WeakValueDictionary()


class Entry(dict):
    """An entry of the outbox; not to be changed, threads share it."""

    __slots__ = ("text", "_places", "__weakref__")

    def __init__(self, content, text):
        super(Entry, self).__init__(content)
        self.text = text
        self._places = None

    @property
    def places(self):
        """The keys under which the task is found; found out once."""
        if self._places is None:
            self._places = places(self["task"])
        return self._places

    def share_places(self, former):
        """Take over the places of a former entry of the task, unless they
        changed. The server's answer, for one, leaves them as they are.

        :type former: Entry
        """
        if former._places is not None and all(
                former["task"].get(key) == self["task"].get(key)
                for key in PLACE_FIELDS):
            self._places = former._places


def parse(task_uid, text):
    """Return the entry in a text; each text is parsed once in the process.

    :param task_uid: uid of the task
    :param text: JSON
    :rtype: Entry
    """
    known = _parsed.get(task_uid)
    if known is not None and known.text == text:
        return known
    entry = Entry(json.loads(text), text)
    if known is not None:
        entry.share_places(known)
    _parsed[task_uid] = entry
    return entry


class OutboxIndex(object):
    """Follows one outbox, seen through one connection; of one thread."""

    def __init__(self, root):
        """
        :param root: the outbox
        """
        self.root = root
        #: uid of a task -> Entry
        self.entries = {}
        #: moves whenever something may have changed
        self.changes = 0
        self._shards = list(root["shards"])
        self._here = [{} for _shard in self._shards]
        #: for each shard, oid of a bucket of its tree -> (serial, uids of its
        #: tasks), of those that are as they were committed
        self._buckets = [{} for _shard in self._shards]
        #: for each shard, uids of the tasks in other buckets, and of those
        #: that this thread has written since
        self._loose = [set() for _shard in self._shards]
        self._stamps = [None] * len(self._shards)
        self._writes = [0] * len(self._shards)
        self._state = None
        self._places = None

    @property
    def places(self):
        """Key of `model.places` -> set of uids of tasks.

        Made when it is first asked for, and followed from then on: the agent
        needs the entries only, and a task may have thousands of places.
        """
        if self._places is None:
            self._places = {}
            for task_uid, entry in self.entries.items():
                self._link(task_uid, entry)
        return self._places

    def refresh(self, state=None, everything=False):
        """Follow the outbox; returns the index itself.

        :param state: what is known of the queue: with another one, shards
            whose bell has not moved are looked at, too. Entries ring no bell
            when they leave the outbox because that state covers them
        :param everything: look at all shards in any case
        """
        if state is not None and state is not self._state:
            self._state = state
            everything = True
        for number in range(len(self._shards)):
            stamp = self._stamp(number)
            if everything or stamp != self._stamps[number]:
                self._read(number)
                self._stamps[number] = stamp
                self.changes += 1
        return self

    def is_fresh(self, number):
        """Tell whether a shard is known as it is now."""
        return self._stamps[number] == self._stamp(number)

    def note_put(self, number, task_uid, text, was_fresh):
        """Note an entry that this thread has just written.

        :param number: of the shard
        :param was_fresh: what `is_fresh` said before
        """
        self._writes[number] += 1
        self.changes += 1
        self._stamps[number] = None
        self._loose[number].add(task_uid)
        if was_fresh:
            self._put(number, task_uid, parse(task_uid, text))
            self._stamps[number] = self._stamp(number)

    def note_removed(self, number):
        """Note that this thread has removed an entry of a shard."""
        self._writes[number] += 1
        self._stamps[number] = None

    def _stamp(self, number):
        """Return what tells one content of a shard from another.

        Neither value nor serial of a bell alone do: an aborted transaction
        puts back both, and another client's commit may bring the same value.
        Reading the value comes first, it loads the object that has the serial.
        What this thread has written counts, because after an abort the next
        transaction may bring value and serial back with other content.
        """
        bell = self._shards[number]["bell"]
        return bell.value, bell._p_serial, self._writes[number]

    def _read(self, number):
        """Read what has changed of a shard: the buckets of its tree that have
        another serial, and those that this transaction has changed.

        Thousands of tasks are in hundreds of buckets, and each page goes
        through them after each change: the loop calls nothing for a bucket
        that is as it was.
        """
        tree = self._shards[number]["entries"]
        # After a savepoint, what was changed has its old serial
        is_told = getattr(getattr(tree, "_p_jar", None),
                          "_savepoint_storage", tree) is None
        here, known = self._here[number], self._buckets[number]
        loose, self._loose[number] = self._loose[number], set()
        kept, found = {}, {}
        bucket = _first_bucket(tree)
        while bucket is not None:
            if bucket._p_changed is None:
                # Ghosts have no serial
                bucket._p_activate()
            oid = bucket._p_oid
            # The only bucket of a tree is part of it and has no oid
            is_clean = is_told and oid is not None and not bucket._p_changed
            if is_clean and oid in known:
                former = known[oid]
                if former[0] == bucket._p_serial and not (
                        loose and loose & former[1]):
                    kept[oid] = former
                    bucket = bucket._next
                    continue
            content = dict(bucket)
            content.pop(SENTINEL, None)
            found.update(content)
            if is_clean:
                kept[oid] = bucket._p_serial, frozenset(content)
            else:
                self._loose[number].update(content)
            bucket = bucket._next
        gone = set(loose)
        for oid, former in known.items():
            if oid not in kept or kept[oid] is not former:
                gone.update(former[1])
        self._buckets[number] = kept
        for task_uid in gone:
            if task_uid in here and task_uid not in found:
                self._remove(number, task_uid)
        for task_uid, text in found.items():
            entry = here.get(task_uid)
            if entry is None or entry.text != text:
                self._put(number, task_uid, parse(task_uid, text))

    def _put(self, number, task_uid, entry):
        self._here[number][task_uid] = entry
        self._settle(task_uid)

    def _remove(self, number, task_uid):
        del self._here[number][task_uid]
        self._settle(task_uid)

    def _settle(self, task_uid):
        """List the entry of a task, or none.

        Several shards may have an entry of the same task: two transactions
        added a task with a uid that the caller chose.
        """
        found = [here[task_uid] for here in self._here if task_uid in here]
        former = self.entries.pop(task_uid, None)
        entry = min(found, key=_urgency) if found else None
        if entry is not None:
            self.entries[task_uid] = entry
        if self._places is None or (
                former and entry and former.places == entry.places):
            return
        if former is not None:
            self._unlink(task_uid, former)
        if entry is not None:
            self._link(task_uid, entry)

    def _link(self, task_uid, entry):
        for place in entry.places:
            self._places.setdefault(place, set()).add(task_uid)

    def _unlink(self, task_uid, entry):
        for place in entry.places:
            found = self._places[place]
            found.discard(task_uid)
            if not found:
                del self._places[place]


class _Only(dict):
    """A mapping that is a bucket of its own."""

    _p_changed = True
    _p_oid = _next = None


def _first_bucket(tree):
    """Return the first bucket of a tree, or None."""
    if not hasattr(tree, "_firstbucket"):
        return _Only(tree)
    tree._p_activate()
    return tree._firstbucket


def _urgency(entry):
    """Return the sort key of an entry among those of the same task: what
    still has to be delivered, then what was refused, then what was sent."""
    if entry["sent"] is not None:
        return 2
    return 1 if entry["rejected"] is not None else 0


def index_of(root, state=None, everything=False):
    """Return the index of an outbox in this thread, up to date.

    :param root: the outbox
    :param state, everything: see `OutboxIndex.refresh`
    :rtype: OutboxIndex
    """
    index = kept(root)
    if index is None:
        indexes = _local.__dict__.setdefault("indexes", {})
        if len(indexes) >= MOST_INDEXES:
            indexes.clear()
        index = indexes[id(root)] = OutboxIndex(root)
    return index.refresh(state, everything)


def kept(root):
    """Return the index that this thread remembers of an outbox, as it was
    when somebody asked for it; or None."""
    index = _local.__dict__.get("indexes", {}).get(id(root))
    return index if index is not None and index.root is root else None


#: The index of an outbox that does not exist
EMPTY = OutboxIndex({"shards": ()})
