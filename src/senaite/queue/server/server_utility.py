# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The queue as seen in the queue server: a utility over the task store.

Changes of a task happen at once and are durable when a method returns, with
one exception: `add` joins the running transaction, like anywhere else in the
cluster. Tasks that a transaction has added are seen by the reads of its own
thread before it commits, because they look at the outbox, too.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import atexit
import os
import threading

from senaite.queue.errors import ConfigError
from senaite.queue.errors import QueueHeld
from senaite.queue.errors import StoreUnavailable
from senaite.queue.errors import TaskNotFound
from senaite.queue.interfaces import IServerQueueUtility
from senaite.queue.model import fields
from senaite.queue.model.queue_task import get_task_uid
from senaite.queue.model.queue_task import is_task
from senaite.queue.model import restores
from senaite.queue.model import scheduling
from senaite.queue.model.states import DONE
from senaite.queue.model.states import FAILED
from senaite.queue.model.states import FINISHED
from senaite.queue.model import surroundings
from senaite.queue.server import agreement
from senaite.queue.server.attendance import Attendance
from senaite.queue.server.event_log import log_event
from senaite.queue.server.line_up import LineUp
from senaite.queue.server import maintenance
from senaite.queue.server.monitor_data import Monitoring
from senaite.queue.server.reading import get_site_id
from senaite.queue.server.reading import QueueReader
from senaite.queue.server.upkeep_turn import UpkeepTurn
from senaite.queue.site.portal import current_portal
from senaite.queue.site.portal import get_portal
from senaite.queue.site import store_location
from zope.interface import implementer

#: What readers have seen while the store belongs to another database: the
#: version of no store, so that they start again when it is ours
NOT_OURS = "foreign:0"

_utilities = {}
_lock = threading.Lock()
# The process that signs off when it ends: a fork of it does not
_pid = None


def get_server_utility(portal):
    """Return the queue of a site.

    The store is opened when it is asked for the first time.

    :param portal: the site
    :rtype: ServerQueueUtility
    :raises senaite.queue.errors.StoreUnavailable: when it cannot be
        opened; the next call tries again
    """
    from senaite.queue.storage import open_store
    try:
        key = (store_location.get_store_url(), get_site_id(portal))
    except ConfigError as error:
        raise StoreUnavailable(str(error))
    with _lock:
        if key not in _utilities:
            _utilities[key] = ServerQueueUtility(open_store(*key), key[1])
            _sign_off_at_exit()
        return _utilities[key]


def get_queue():
    """Return the queue of the current site.

    :raises senaite.queue.errors.NoSite: outside of a site
    """
    return get_server_utility(current_portal())


def forget_utilities():
    """Close all stores; they are opened again when they are asked for."""
    with _lock:
        for utility in _utilities.values():
            utility.store.close()
        _utilities.clear()


def _sign_off_at_exit():
    global _pid
    if _pid != os.getpid():
        _pid = os.getpid()
        atexit.register(sign_off, _pid)


def sign_off(pid):
    """Have the next queue servers of the stores not wait for this process.

    :param pid: id of the process that has opened the stores; others do nothing
    """
    if os.getpid() != pid:
        return
    for utility in list(_utilities.values()):
        utility.agreement.companions.leave()


@implementer(IServerQueueUtility)
class ServerQueueUtility(Monitoring, QueueReader):
    """See `IServerQueueUtility`.

    :param store: `ITaskStore` of the site
    :param site_id: see `get_site_id`; without one the outbox is left alone
    """

    def __init__(self, store, site_id=None):
        super(ServerQueueUtility, self).__init__(store, site_id)
        self.pace = maintenance.Pace()
        self.upkeep_turn = UpkeepTurn()
        self.attendance = Attendance(store)
        self.line_up = LineUp(store)
        self.agreement = agreement.Agreement(store, self.find_portal)
        self.top_priority_tasks = None
        # Up to where the free keys of finished tasks were removed
        self.forgotten = None

    # -- adding and running

    def add(self, task):
        """Add a task when the running transaction commits."""
        if not is_task(task):
            raise ValueError("Not a task: {}".format(fields.show(task)))
        # Not at import: it needs the ZODB
        from senaite.queue.records import enqueue
        return enqueue.add(task)

    def accept(self, tasks):
        """Take tasks over from an outbox, at once, in one write.

        :param tasks: the tasks, each within the limits of a payload
        :type tasks: list of QueueTask
        :returns: what became of each, see `ITaskStore.add`
        :rtype: list of str
        :raises QueueHeld: while the database and the store do not belong
            together; the tasks stay in the outbox
        """
        hold = self.agreement.check()
        if hold is not None:
            raise QueueHeld("{}; no tasks are accepted until {}".format(
                restores.WORDS[hold["kind"]],
                "it has" if hold["kind"] == restores.JOINING else
                "this is settled" if hold["kind"] == restores.FOREIGN else
                "somebody reconciles them"))
        results = self.store.add_many(tasks)
        for task, result in zip(tasks, results):
            if result == "added":
                log_event("queued", task, context=task.context_path,
                          items=len(task.uids) or None)
        return results

    def pop(self, consumer_id):
        """Hand out the next task; a lost answer can be asked for again. None
        while the database and the store do not belong together."""
        if self.agreement.check() is not None:
            return None
        self.tick()
        asked_at = self.store.now()
        task = self.store.pop(
            consumer_id, self.get_setting("lease_seconds"),
            self.get_setting("max_consumers"))
        if task is not None and (task.started or 0) >= asked_at:
            log_event("started", task, consumer=consumer_id,
                      waited=asked_at - task.created,
                      items=len(task.uids) or None)
        return task

    def done(self, task, consumer_id=None, processed=None, note=None,
             skipped=0, skipped_items=None):
        """Acknowledge a running task.

        :param consumer_id: by default the one in the task
        :param processed: items of the job finished by it, skipped ones
            included
        :param note: note for users
        :param skipped: number of items that it has skipped
        :param skipped_items: some of them, see
            `senaite.queue.model.left_out`; what is not valid is ignored
        :raises TaskNotFound, NotRunning: see `ITaskStore.acknowledge`
        """
        found = self.known(task)
        result = self.store.acknowledge(
            found.task_uid, self.holder(task, found, consumer_id),
            processed=processed, note=note, skipped=skipped,
            skipped_items=skipped_items)
        if found.status != DONE:
            self.log_end("done", found, processed=processed,
                         skipped=skipped or None, note=note)
        return result

    def fail(self, task, error_message=None, consumer_id=None, kind="error",
             traceback=None, error_code=None):
        """Report that a running task failed.

        :param error_message: for users
        :param consumer_id: by default the one in the task
        :param kind: see `senaite.queue.model.scheduling.after_failure`
        :param traceback: for the task's page
        :param error_code: see `senaite.queue.model.failures`
        :returns: the state that follows
        :raises TaskNotFound, NotRunning: see `ITaskStore.fail`
        """
        found = self.known(task)
        state = self.store.fail(
            found.task_uid, self.holder(task, found, consumer_id), kind,
            error_message, traceback=traceback, error_code=error_code)
        event = "failed" if state == FAILED else "retried"
        if kind == scheduling.STOPPED:
            event = "handed_back"
        self.log_end(event, found, kind=kind, error=error_message)
        return state

    def timeout(self, task, consumer_id=None):
        """Report that a running task took longer than its `max_seconds`."""
        found = self.known(task)
        message = "Took longer than {:g} seconds".format(found.max_seconds)
        return self.fail(task, message, consumer_id, kind="timeout")

    def heartbeat(self, task, consumer_id):
        """Extend a lease; False when the consumer does not hold it."""
        return self.store.heartbeat(
            consumer_id, get_task_uid(task),
            self.get_setting("lease_seconds"))

    def hello(self, consumer_id, stopped=()):
        """Take back what the consumer's former incarnations held; returns
        the uids of those tasks.

        :param stopped: ids of those that were stopped as planned
        """
        # The consumer of another database may have the same name
        self.agreement.check()
        self.agreement.require_ours()
        uids = self.store.hello(consumer_id, stopped)
        self.log_rescued(uids, consumer=consumer_id)
        return uids

    def find_over(self, task_uids, consumer_id):
        """Return which of these tasks cannot be handed out again: those that
        are done, cancelled or not known any more.

        :param task_uids: uids of tasks
        :param consumer_id: the consumer that asks; only the one that has the
            turn gets an answer, see `upkeep_turn`
        :rtype: list of str
        """
        if self.agreement.glance() is not None or \
                not self.upkeep_turn.take(consumer_id, self.store.now()):
            return []
        known = self.store.states_of(task_uids)
        return [task_uid for task_uid in task_uids
                if known.get(task_uid, DONE) in FINISHED]

    def tick(self):
        """Apply the settings and do the maintenance that is due: where the
        store is known to belong to this database."""
        self.agreement.glance()
        if self.agreement.is_refused():
            return
        names = tuple(self.get_setting("top_priority_tasks") or ())
        if names != self.top_priority_tasks:
            self.store.configure(names)
            self.top_priority_tasks = names
        if self.pace.is_due(self.store.now()):
            counts = maintenance.run(
                self.store, self.get_setting("retention_days"),
                self.get_setting("payload_hours"), self.forgotten)
            self.forgotten = counts["forgotten"]
            self.log_rescued(counts["rescued"])
            if counts["pruned"]:
                log_event("pruned", tasks=counts["pruned"])

    def is_foreign(self):
        """See `QueueReader.is_foreign`; as of the last comparison."""
        return self.agreement.is_foreign()

    def get_feed(self, since=None, limit=None):
        """Return what changed after a version, and do the maintenance that is
        due.

        While the store belongs to another database, there is nothing: its
        tasks are about objects with the same uids.

        :param since: the version that the reader knows, or None
        :param limit: maximum number of tasks, see `ITaskStore.changes`
        :returns: what `ITaskStore.changes` returns, with `now` (the store's
            clock), `unattended` (see `Attendance`), `line` (see
            `LineUp.describe`) and `held` (see `Agreement.glance`)
        :rtype: dict
        :raises StoreUnavailable: when the store does not answer
        """
        self.tick()
        held = self.agreement.glance()
        if self.is_foreign():
            return {"version": NOT_OURS, "reset": since != NOT_OURS,
                    "more": False, "tasks": [], "now": self.store.now(),
                    "unattended": 0, "line": {}, "held": held}
        # First, so that the reader knows all tasks that were in line
        line = self.line_up.describe()
        limits = {} if limit is None else {"limit": limit}
        return dict(
            self.store.changes(since, **limits), now=self.store.now(),
            unattended=self.attendance.unattended_seconds(), line=line,
            held=held)

    # -- managing

    def delete(self, task, username=None):
        """Cancel a task, whatever its state.

        :param username: on whose behalf; kept with the task
        :returns: True when that changed anything; False when it did not, or
            when there is no such task
        """
        self.agreement.require_ours()
        task_uid = get_task_uid(task)
        found = self.store.get(task_uid)
        if found is None:
            found = self.get_task(task_uid)
            if found is None:
                return False
            # When the relay delivers it, it is known already, and cancelled
            self.store.add(found)
        changed = self.store.cancel(task_uid, username)
        if changed:
            log_event("cancelled", found, by=username)
        return changed

    def requeue(self, task, username=None):
        """Queue a failed task again.

        :param username: on whose behalf; kept with the task
        :returns: True; False when the task has not failed
        :raises TaskNotFound: no such task
        """
        self.agreement.require_ours()
        task_uid = get_task_uid(task)
        found = self.store.get(task_uid)
        if found is None and self.offer_again(task_uid):
            return True
        found = found or self.known(task)
        changed = self.store.requeue(found.task_uid, username)
        if changed:
            log_event("requeued", found, by=username)
        return changed

    def purge(self):
        """Queue tasks again whose consumers stopped responding. Deletes
        nothing; see `remove_all`.

        :returns: the number of tasks that were freed
        """
        self.agreement.require_ours()
        count = 0
        while True:
            freed = self.store.rescue(limit=maintenance.RESCUE_LIMIT)
            self.log_rescued(freed)
            count += len(freed)
            if not freed:
                return count

    def remove_all(self, username=None):
        """Remove all tasks, history included.

        :param username: on whose behalf, for the log
        :returns: the number of tasks that were removed
        """
        self.agreement.require_ours()
        count = self.store.purge()
        log_event("removed_all", tasks=count, by=username)
        return count

    def reconcile(self, username=None):
        """Decide about the tasks that a restored backup concerns, and hand out
        tasks again.

        :param username: on whose behalf, for the log
        :returns: see `senaite.queue.server.agreement.Agreement.reconcile`
        """
        return self.agreement.reconcile(username)

    # -- helpers

    def find_portal(self):
        """Return the site of this queue, if it is the current one."""
        portal = get_portal() if self.site_id else None
        if portal is None or get_site_id(portal) != self.site_id:
            return None
        return portal

    def offer_again(self, task_uid):
        """Have a task delivered again that was refused; see
        `outbox.offer_again`."""
        portal = self.find_portal()
        if portal is None:
            return False
        # Not at import: it needs BTrees
        from senaite.queue.records import outbox
        return outbox.offer_again(portal, task_uid)

    def known(self, task):
        """Return the task as it is now; TaskNotFound without one."""
        task_uid = get_task_uid(task)
        found = self.get_task(task_uid)
        if found is None:
            raise TaskNotFound(task_uid)
        return found

    def holder(self, task, found, consumer_id):
        """Return the consumer in whose name a task is reported on."""
        if consumer_id:
            return consumer_id
        return (task if is_task(task) else found).get("consumer_id")

    def get_setting(self, name):
        """Return a setting of the control panel."""
        return surroundings.get().get_setting(name)

    def log_end(self, event, task, **fields):
        """Log the end of an attempt."""
        seconds = None
        if task.started:
            seconds = max(0.0, self.store.now() - task.started)
        log_event(event, task, consumer=task.consumer_id, seconds=seconds,
                  **fields)

    def log_rescued(self, task_uids, **fields):
        """Log tasks that were taken back."""
        for task_uid in task_uids:
            log_event("rescued", self.store.get(task_uid), **fields)
