# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether the database and the task store belong together.

Where one of them was restored from a backup, nothing is handed out or accepted
until somebody reconciles them: what waited in the outbox of an older database
would be dropped, because the store knows it; what was done since would be done
again by an older store.

* What: compares the site's record of the store (`records.store_mark`) and its
  latest transaction that recorded work (`records.ledger`) with the store's
  record of the site (`storage.meeting`).
* When: before tasks are handed out or accepted, when a consumer starts, and
  every few seconds while clients ask for changes. One read of the store; it is
  written to at most every `NOTE_SECONDS`.
* Limits: ZEO may tell this process of a commit later than another one, so an
  older database is believed when it is seen for `CONFIRM_SECONDS`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading
import time

from senaite.queue.errors import QueueHeld
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model.queue_task import to_task
from senaite.queue.model import restores
from senaite.queue.server.companions import Companions

#: Seconds between two writes of the site's mark, and between two comparisons on
#: behalf of clients
NOTE_SECONDS = 5

#: Seconds for which a database has to be seen as older than the store
CONFIRM_SECONDS = 3

#: What is not kept in the store
NOT_KEPT = (restores.FOREIGN, restores.JOINING)

#: What is said of tasks, in the history and in logs
REASONS = {
    restores.PUT_BACK: u"Done again: the database was restored from a backup "
                       u"that does not contain the work",
    restores.FAIL: u"A backup was restored: whether this was done is not "
                   u"known, or the restored database does not contain the "
                   u"click. Look at the objects: if it was not done, requeue "
                   u"it or start the action again; then remove it",
    restores.CANCEL: u"Replaced: the database was restored from a backup, and "
                     u"the part of the job before this one is done again",
}


class Agreement(object):
    """The comparisons for one store."""

    def __init__(self, store, find_portal, confirm_seconds=None,
                 companions=None):
        """
        :type store: senaite.queue.interfaces.ITaskStore
        :param find_portal: function that returns the root object of the
            store's site as the current transaction sees it, or None
        :param confirm_seconds: `CONFIRM_SECONDS` by default
        :param companions: the other queue servers of the store
        :type companions: senaite.queue.server.companions.Companions
        """
        self.store = store
        self.companions = companions or Companions(store)
        self._find_portal = find_portal
        self._confirm_seconds = CONFIRM_SECONDS \
            if confirm_seconds is None else confirm_seconds
        self._lock = threading.Lock()
        self._noted_at = None
        self._looked_at = None
        self._last = None

    def check(self):
        """Compare the database and the store.

        :returns: why no tasks may be handed out, see `ITaskStore.get_hold`, or
            a dict with only the `kind` when another queue server is the reason;
            None when they belong together
        :raises StoreUnavailable: when the store does not answer
        """
        self._last = self._check()
        self._looked_at = clock.monotonic()
        return self._last

    def glance(self):
        """Return what `check` returns, as of a few seconds ago; None while a
        queue server has just begun and waits for others."""
        looked_at = self._looked_at
        found = self._last
        if looked_at is None or \
                clock.monotonic() - looked_at >= NOTE_SECONDS:
            found = self.check()
        if found is not None and found["kind"] == restores.JOINING:
            return None
        return found

    def require_ours(self):
        """Change nothing in the store of another database.

        :raises QueueHeld: when another database uses the store, or when that
            is not known yet
        :raises StoreUnavailable: when the store does not answer
        """
        self.glance()
        if self.is_refused():
            raise QueueHeld("{}; nothing was changed".format(
                restores.WORDS[self._last["kind"]]))

    def is_refused(self):
        """Tell whether the store may belong to another database, as of the
        last comparison."""
        last = self._last
        return last is not None and last["kind"] in NOT_KEPT

    def is_foreign(self):
        """Tell whether another database uses the store, as of the last
        comparison."""
        last = self._last
        return last is not None and last["kind"] == restores.FOREIGN

    def _check(self):
        portal = self._find_portal()
        if portal is None:
            return self.store.get_hold()
        # Not at import: they need the ZODB
        from senaite.queue.records import ledger
        from senaite.queue.records import store_mark
        last = self._last
        refusal = self.companions.look(
            portal, last is None or last["kind"] in NOT_KEPT)
        if refusal is not None:
            return {"kind": refusal}
        # The site first: the store may go on in between, and is not older
        mark = store_mark.read(portal)
        worked = ledger.last_transaction(portal)
        found = self.store.meet(mark, worked)
        if found["hold"] is not None:
            if found["kind"] is None and self._is_of_others(
                    portal, found["hold"]):
                return None
            self.companions.step_back(portal)
            return found["hold"]
        if found["kind"] is None:
            if found["is_new"] and self._is_due():
                self.store.note_mark(mark, worked)
            return None
        if found["kind"] == restores.DATABASE:
            mark = self._confirm(portal)
            if mark is False:
                return None
        hold, is_first = self.store.hold(
            found["kind"], mark, self.companions.mark)
        self.companions.step_back(portal)
        if is_first:
            logger.error(
                "event=held older=%s site=%s database=%s store=%s:%s: %s. No "
                "tasks are handed out or accepted until somebody reconciles "
                "them, see 'Backups' in the documentation", hold["kind"],
                "/".join(portal.getPhysicalPath()),
                "{}:{}".format(*mark) if mark else None, hold["epoch"],
                hold["counter"], restores.WORDS[hold["kind"]])
        return hold

    def _is_of_others(self, portal, hold):
        """End a hold that another database has caused, such as that of a copy,
        if there is one; tell whether there was."""
        by = hold.get("by")
        if not by or self.companions.is_ours(portal, by) or \
                not self.store.lift(by):
            return False
        logger.warning(
            "event=lifted older=%s site=%s mark=%s: it was another database "
            "that did not belong to this store", hold["kind"],
            "/".join(portal.getPhysicalPath()), by)
        return True

    def _confirm(self, portal):
        """Look again with fresh transactions whether the database is older.

        :returns: the mark of the site; False when it is not, or the database
            cannot be read now
        """
        from senaite.queue.records import ledger
        from senaite.queue.records import store_mark
        from senaite.queue.site import connections
        site = connections.Site.of(portal)
        until = clock.monotonic() + self._confirm_seconds
        while True:
            if not connections.is_connected(site.db):
                return False
            with site.opened() as (fresh, _manager):
                mark = store_mark.read(fresh)
                worked = ledger.last_transaction(fresh)
            if self.store.meet(mark, worked)["kind"] != restores.DATABASE:
                return False
            if clock.monotonic() >= until:
                return mark
            time.sleep(0.2)

    def _require_own_store(self, portal):
        """Have the store belong to this database from now on, unless another
        one uses it."""
        found = self.companions.look(portal, False)
        if found not in NOT_KEPT:
            return
        if self.companions.are_at_work():
            raise QueueHeld(
                "{}. Stop the queue servers of that database first, if the "
                "store is to belong to this one".format(
                    restores.WORDS[found]))
        self.companions.forget_strangers()
        logger.warning("event=store_taken site=%s: the store belongs to this "
                       "database from now on",
                       "/".join(portal.getPhysicalPath()))
        self.check()

    def _is_due(self):
        with self._lock:
            now = clock.monotonic()
            if self._noted_at is not None and \
                    now - self._noted_at < NOTE_SECONDS:
                return False
            self._noted_at = now
            return True

    def reconcile(self, username=None):
        """Decide about the tasks concerned, and hand out tasks again.

        Nothing runs twice: what was done is known by the ledger, and what
        nobody can know is set to failed.

        :param username: on whose behalf, for the log
        :returns: number of tasks by what became of them, see
            `ITaskStore.reconcile`, and `kind`; None when nothing is held
        :raises QueueHeld: when a queue server of another database works with
            the store
        """
        portal = self._find_portal()
        if portal is not None:
            self._require_own_store(portal)
        hold = self.store.get_hold()
        if hold is None or portal is None:
            return None
        from senaite.queue.records import ledger
        from senaite.queue.records import outbox
        from senaite.queue.records import store_mark
        mark = store_mark.read(portal)
        # What waits in the outbox is there as it was added
        waiting = dict((task["task_uid"], to_task(task))
                       for task, _at in outbox.pending(portal))

        def is_recorded(task_uid):
            return ledger.has(portal, task_uid)
        if hold["kind"] == restores.DATABASE:
            counter, rows = self.store.changed_since(mark)
            rows = [dict(row, is_cut=False, is_whole=True)
                    if row["task_uid"] in waiting else row for row in rows]
            decisions = restores.decide_for_older_database(
                rows, counter, lambda task_uid: task_uid in waiting,
                is_recorded)
        else:
            pruned = store_mark.read_pruned(portal)
            is_complete = hold["kind"] == restores.STORE and (
                pruned is None or (pruned[0] == hold["epoch"]
                                   and pruned[1] <= hold["counter"]))
            decisions = restores.decide_for_older_store(
                self.store.changed_since(None)[1], is_recorded, is_complete)
        counts = self.store.reconcile(
            hold["kind"], mark, decisions, REASONS, waiting)
        self._looked_at = self._last = None
        logger.warning(
            "event=reconciled older=%s by=%s put_back=%s failed=%s "
            "cancelled=%s", hold["kind"], username,
            counts[restores.PUT_BACK], counts[restores.FAIL],
            counts[restores.CANCEL])
        return dict(counts, kind=hold["kind"])
