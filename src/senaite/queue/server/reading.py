# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What the queue server tells about its tasks: the store and the outbox.

A task that was added but is not in the store yet, because its transaction
has not committed or the relay was not through, is a queued task all the same.
Where both know a task, the store is right.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six
from senaite.queue.model import fields
from senaite.queue.model.queue_task import get_task_uid
from senaite.queue.model.states import ACTIVE
from senaite.queue.model.states import QUEUED
from senaite.queue.model.states import RUNNING
from senaite.queue.model.states import STATES
from senaite.queue.site import surroundings


def get_site_id(portal):
    """Return what keeps the tasks of two sites in one store apart."""
    return "/".join(portal.getPhysicalPath())


def to_states(status):
    """Return the states meant by the `status` argument of the reads.

    :param status: a state or several; None or none of them: queued and
        running
    :rtype: tuple of str
    :raises ValueError: when there is no such state
    """
    if not status:
        return ACTIVE
    found = (status,) if isinstance(status, six.string_types) \
        else tuple(status)
    for state in found:
        if state not in STATES:
            raise ValueError("Not a status: {!r}".format(state))
    return found


def to_object_uid(context_or_uid):
    """Return the uid of a content object, or the uid itself.

    :raises ValueError: for anything else
    """
    if isinstance(context_or_uid, six.string_types):
        if surroundings.get().is_uid(context_or_uid):
            return fields.to_native(context_or_uid)
        raise ValueError("Not a uid: {!r}".format(context_or_uid))
    return surroundings.get().describe(context_or_uid)["context_uid"]


def involves(task, uid):
    """Tell whether an object is the context or an item of a task."""
    return task.context_uid == uid or uid in task.uids


class QueueReader(object):
    """The reads of `IServerQueueUtility`.

    :param store: `ITaskStore` of the site
    :param site_id: see `get_site_id`; without one the outbox is left alone
    """

    def __init__(self, store, site_id=None):
        self.store = store
        self.site_id = site_id

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
        :param limit: number of tasks at most; what is on its way to the store
            comes on top
        :param offset: number of tasks of the store to leave out first
        :rtype: list of QueueTask
        """
        states = to_states(status)
        # Before the store is read: one that is delivered in between is then
        # found twice, and not overlooked
        waiting = self.get_undelivered() \
            if QUEUED in states and not offset else []
        tasks = list(self.store.find(
            states=states, name=name, uid=uid, limit=limit, offset=offset))
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
        return list(uids.union(self.store.uids(states)))

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
        job = self.store.job(job_uid)
        if job is None and waiting:
            first = waiting[0]
            job = dict((field, first[field]) for field in (
                "job_uid", "name", "username", "context_uid", "context_path",
                "created"))
            job.update(total=first.job_total, done=0, cancelled=False,
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
        return self.store.count((RUNNING,)) > 0

    def get_since_time(self):
        """Return when the oldest active task was created, or -1."""
        times = [task.created for task in self.get_undelivered()]
        times.extend(task.created for task in self.store.find((RUNNING,)))
        oldest = self.store.stats().get("oldest_queued")
        if oldest is not None:
            times.append(oldest)
        return min(times) if times else -1

    def __len__(self):
        # In this order, see `get_tasks`
        return len(self.get_undelivered()) + self.store.count(ACTIVE)

    def __bool__(self):
        # an empty queue is a queue all the same
        return True

    __nonzero__ = __bool__

    def get_outbox_tasks(self):
        """Return the tasks in the outbox, as the running transaction sees
        it; some of them may be in the store by now."""
        from senaite.queue.http.routing import get_portal
        portal = get_portal() if self.site_id else None
        if portal is None or get_site_id(portal) != self.site_id:
            return []
        from senaite.queue.records import undelivered
        return undelivered.outbox_tasks(portal)

    def get_undelivered(self):
        """Return the tasks of the outbox that the store does not know."""
        return [task for task in self.get_outbox_tasks()
                if self.store.get(task.task_uid) is None]
