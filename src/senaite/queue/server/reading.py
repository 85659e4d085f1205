# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Queries of the queue server: the store and the outbox together.

A task that was added but is not in the store yet, because its transaction has
not committed or it has not been delivered, is a queued task all the same.
Where both know a task, the store is right.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.queue_task import get_task_uid
from senaite.queue.model.queue_task import involves
from senaite.queue.model.queue_task import to_object_uid
from senaite.queue.model.states import ACTIVE
from senaite.queue.model.states import QUEUED
from senaite.queue.model.states import RUNNING
from senaite.queue.model.states import to_states
from senaite.queue.site.portal import get_portal


def get_site_id(portal):
    """Return the id that keeps the tasks of two sites in one store apart."""
    return "/".join(portal.getPhysicalPath())


class QueueReader(object):
    """The reads of `IServerQueueUtility`.

    :param store: `ITaskStore` of the site
    :param site_id: see `get_site_id`; without one the outbox is left alone
    """

    def __init__(self, store, site_id=None):
        self.store = store
        self.site_id = site_id

    def is_foreign(self):
        """Tell whether the tasks in the store are those of another database,
        such as the original of a copy. They are not this site's then, whose
        objects have the same uids."""
        return False

    def count(self, states):
        """Return the number of tasks of the store in these states."""
        return 0 if self.is_foreign() else self.store.count(states)

    def _find(self, *args, **asked_for):
        """Return tasks of the store; see `ITaskStore.find`."""
        if self.is_foreign():
            return []
        return list(self.store.find(*args, **asked_for))

    def get_task(self, task_uid):
        """Return the task with this uid, or None."""
        task_uid = get_task_uid(task_uid)
        found = self.store.get(task_uid)
        if found is not None:
            return found
        for task in self.get_outbox_tasks():
            if task.task_uid == task_uid:
                return task
        return None

    def get_tasks(self, status=None, name=None, uid=None, limit=None,
                  offset=0):
        """Return tasks, in the order in which they would run.

        :param status: a state, several, or None: queued and running
        :param name: name of the tasks
        :param uid: uid of an object involved
        :param limit: maximum number of tasks of the store; tasks of the outbox
            are added
        :param offset: number of tasks of the store to leave out first
        :rtype: list of QueueTask
        """
        states = to_states(status)
        # Before the store is read: one that is delivered in between is then
        # found twice, and not overlooked
        waiting = self.get_undelivered() \
            if QUEUED in states and not offset else []
        tasks = self._find(
            states=states, name=name, uid=uid, limit=limit, offset=offset)
        found = set(task.task_uid for task in tasks)
        tasks.extend(
            task for task in waiting
            if task.task_uid not in found
            and (name is None or task.name == name)
            and (uid is None or involves(task, uid)))
        return tasks

    def get_uids(self, status=None):
        """Return the uids of the objects of the tasks, each of them once.

        :rtype: list of str
        """
        states = to_states(status)
        uids = set()
        if QUEUED in states:
            for task in self.get_undelivered():
                uids.add(task.context_uid)
                uids.update(task.uids)
        if not self.is_foreign():
            uids.update(self.store.uids(states))
        return list(uids)

    def get_tasks_for(self, context_or_uid, name=None):
        """Return running and queued tasks that involve this object."""
        return self.get_tasks(name=name, uid=to_object_uid(context_or_uid))

    def get_job(self, job_uid):
        """Return the progress of a job, what is on its way included.

        :returns: see `ITaskStore.job`; None when it is not known
        """
        # In this order, see `get_tasks`
        waiting = [task for task in self.get_undelivered()
                   if task.job_uid == job_uid]
        job = None if self.is_foreign() else self.store.job(job_uid)
        if job is None and waiting:
            first = waiting[0]
            job = dict((field, first[field]) for field in (
                "job_uid", "name", "username", "context_uid", "context_path",
                "created"))
            job.update(total=first.job_total, done=0, skipped=0,
                       skipped_items=[], failed_items=0, removed=0,
                       removed_by=None, cancelled=False,
                       queued=0, running=0, failed=0)
        if job is not None:
            job["queued"] += len(waiting)
        return job

    def has_task(self, task):
        """Tell whether a task is queued or running."""
        found = self.get_task(get_task_uid(task))
        return found is not None and found.status in ACTIVE

    def has_tasks_for(self, context_or_uid, name=None):
        """Tell whether running or queued tasks involve this object."""
        uid = to_object_uid(context_or_uid)
        return bool(self.get_tasks(name=name, uid=uid, limit=1))

    def is_empty(self):
        """Tell whether nothing is queued and nothing is running."""
        return len(self) == 0

    def is_busy(self):
        """Tell whether a task is running."""
        return self.count((RUNNING,)) > 0

    def get_since_time(self):
        """Return when the oldest active task was created, or -1."""
        times = [task.created for task in self.get_undelivered()]
        times.extend(task.created for task in self._find((RUNNING,)))
        if not self.is_foreign():
            oldest = self.store.stats().get("oldest_queued")
            if oldest is not None:
                times.append(oldest)
        return min(times) if times else -1

    def __len__(self):
        # In this order, see `get_tasks`
        return len(self.get_undelivered()) + self.count(ACTIVE)

    def __bool__(self):
        # an empty queue is a queue all the same
        return True

    __nonzero__ = __bool__

    def get_outbox_tasks(self):
        """Return the tasks in the outbox, as the running transaction sees it.
        Some of them may be in the store by now."""
        portal = get_portal() if self.site_id else None
        if portal is None or get_site_id(portal) != self.site_id:
            return []
        # Not at import: it needs BTrees
        from senaite.queue.records import undelivered
        return undelivered.outbox_tasks(portal)

    def get_undelivered(self):
        """Return the tasks of the outbox that the store does not know."""
        tasks = self.get_outbox_tasks()
        if self.is_foreign():
            # What the other site has delivered is not what this one has
            return tasks
        return [task for task in tasks
                if self.store.get(task.task_uid) is None]
