# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Restored backups: what tells that the database or the task store is older
than the other side remembers, and what becomes of the tasks then.

The site records the latest version of the store that it has seen, its *mark*;
the store keeps the latest mark that it has seen. A version is an epoch and a
counter, see `ITaskStore.version`. The mark moves with deliveries only; for the
work of tasks, the store remembers the latest transaction of the database that
recorded any.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import states

#: The database was restored: the site has not seen what it had seen
DATABASE = "database"
#: The store was restored, by other means than our command
STORE = "store"
#: The store is not the one that the site knows, but has tasks
OTHER = "other"
#: The store is empty, and the site had another one
LOST = "lost"
#: A queue server of another database, such as that of a copy, works with the
#: store; it is not kept in the store
FOREIGN = "foreign"
#: This is not known yet; as above
JOINING = "joining"

KINDS = (DATABASE, STORE, OTHER, LOST, FOREIGN)

#: What is logged of each
WORDS = {
    DATABASE: "the database is older than the task store",
    STORE: "the task store is older than the database",
    OTHER: "the task store is not the one that the database knows",
    LOST: "the task store is empty, and the database knows another one",
    FOREIGN: "the task store belongs to another database, of which this one "
             "is a copy, or the other way round",
    JOINING: "another queue server has not confirmed yet that it sees the "
             "same database",
}

PUT_BACK = "put_back"
FAIL = "fail"
CANCEL = "cancel"

#: What becomes of the next chunk of a job whose last one was lost
_KEPT, _REMADE, _UNKNOWN = "kept", "remade", "unknown"


class Known(object):
    """What a store knows of itself and of the site."""

    def __init__(self, epoch, counter, seen=None, formers=None, worked=None):
        """
        :param epoch, counter: its version
        :param seen: the latest mark of the site, (epoch, counter), or None
        :param worked: the latest transaction of the site that is known to have
            recorded work, as in `compare`
        :param formers: former epochs -> the counter up to which their versions
            are those of this store; None: all tasks were removed since
        """
        self.epoch = epoch
        self.counter = counter
        self.seen = seen
        self.formers = formers or {}
        self.worked = worked

    def compare(self, mark, worked=None):
        """Compare with what the site has recorded.

        :param mark: (epoch, counter), or None
        :param worked: id of the latest transaction that recorded work, as
            hexadecimal digits of one length; None: not known
        :returns: one of `KINDS`; None when both belong together
        """
        found = self._compare(mark)
        if found is None and worked and self.worked and worked < self.worked:
            return DATABASE
        return found

    def _compare(self, mark):
        if mark is None:
            # An upgrade, or a new site, has not seen anything yet
            return None if self.seen is None else DATABASE
        epoch, counter = mark
        if epoch == self.epoch and counter > self.counter:
            return STORE
        if epoch != self.epoch and epoch not in self.formers:
            return OTHER if self.counter else LOST
        if self.seen is None:
            return None
        seen_epoch, seen_counter = self.seen
        if seen_epoch == epoch:
            return DATABASE if counter < seen_counter else None
        # it has seen a later epoch before
        return DATABASE if seen_epoch == self.epoch else None

    def counts_from(self, mark):
        """Return the counter of a mark, if it can be compared with the
        versions of tasks; None if not."""
        if mark is None:
            return None
        epoch, counter = mark
        if epoch == self.epoch:
            return counter
        common = self.formers.get(epoch)
        return None if common is None else min(common, counter)


def decide_for_older_database(rows, counter, is_in_outbox, is_recorded):
    """Decide about the tasks that have changed since the database's mark.

    A task that was added up to then, or is in the outbox, was clicked in this
    database. If it is done, and the ledger does not know it, its work was lost,
    and is done again. Other clicks are lost, and so is their work.

    :param rows: what `ITaskStore.changed_since` returns, for `counter`
    :param counter: the counter of the site's mark; None: nothing is known
    :param is_in_outbox: function(task uid)
    :param is_recorded: function(task uid): whether the ledger has it
    :returns: task uid -> PUT_BACK, FAIL or CANCEL; others stay as they are
    :rtype: dict
    """
    found, chains = {}, {}
    for row in sorted(rows, key=lambda row: row["seq"]):
        uid, job = row["task_uid"], row["job_uid"]
        if is_recorded(uid):
            continue
        if is_in_outbox(uid) or (
                counter is not None and row["seq"] <= counter):
            chain = _KEPT
        elif counter is None and row["state"] == states.DONE:
            continue
        else:
            chain = chains.get(job, _UNKNOWN)
        fate = _decide(row, chain)
        if fate is not None:
            found[uid] = fate
        if chain == _KEPT:
            chain = _UNKNOWN if fate == FAIL else \
                _KEPT if row["is_cut"] else _REMADE
        chains[job] = chain
    return found


def _decide(row, chain):
    is_active = row["state"] in states.ACTIVE
    if chain == _KEPT:
        # Its work was lost with the database, or is still to be done
        if row["state"] != states.DONE:
            return None
        return PUT_BACK if row["is_whole"] else FAIL
    if chain == _REMADE:
        # The chunk before it adds it again
        return CANCEL if is_active or row["state"] in (
            states.DONE, states.FAILED) else None
    return FAIL if is_active or row["state"] == states.DONE else None


def decide_for_older_store(rows, is_recorded, is_complete):
    """Decide about the tasks of a store that is older than the database.

    :param rows: the tasks of the store, as above
    :param is_recorded: function(task uid): whether the ledger has it
    :param is_complete: whether the ledger has all that was done since
    :returns: as above. Tasks that the ledger has are acknowledged when they
        are handed out
    """
    if is_complete:
        return {}
    return dict((row["task_uid"], FAIL) for row in rows
                if row["state"] in states.ACTIVE
                and not is_recorded(row["task_uid"]))
