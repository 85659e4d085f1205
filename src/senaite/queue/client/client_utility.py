# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue as seen by a process that is not the queue server.

Adding joins the transaction. What pages ask for each row is answered by the
view of this transaction (snapshot, outbox, ledger). Whole tasks are fetched
from the server, and those that wait in the outbox are added.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope.interface import implementer

from senaite.queue.client import agent as agents
from senaite.queue.client.remote_monitor import RemoteMonitoring
from senaite.queue.client import view
from senaite.queue.errors import ConfigError
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import SiteGone
from senaite.queue.errors import TaskNotFound
from senaite.queue.errors import TransportError
from senaite.queue.interfaces import IClientQueueUtility
from senaite.queue.model import queue_task
from senaite.queue.model.queue_task import involves
from senaite.queue.model.queue_task import to_object_uid
from senaite.queue.model import states
from senaite.queue.model.states import to_states
from senaite.queue.records import enqueue
from senaite.queue.records import outbox
from senaite.queue.records import undelivered
from senaite.queue.site.portal import current_portal

#: Seconds a call in a request waits for the server
READ_SECONDS = 2


@implementer(IClientQueueUtility)
class ClientQueueUtility(RemoteMonitoring):
    """See `IClientQueueUtility`. Has no state of its own; works in the current
    site."""

    # -- adding and running

    def add(self, task):
        """Add a task when the running transaction commits."""
        return enqueue.add(task)

    def pop(self, consumer_id):
        """Return the next task, now running, or None.

        :raises TransportError: the server does not answer, or refuses
        """
        task = self._call("pop", consumer_id=consumer_id).get("task")
        return queue_task.to_task(task) if task else None

    def done(self, task, processed=None, note=None, skipped=0,
             skipped_items=None):
        """Acknowledge a running task; TaskNotFound for an unknown one."""
        self._report("done", task, processed=processed, note=note,
                     skipped=skipped, skipped_items=skipped_items)

    def fail(self, task, error_message=None, kind="error"):
        """Report that a running task failed."""
        self._report("fail", task, error_message=error_message, kind=kind)

    def timeout(self, task):
        """Report that a running task took longer than its `max_seconds`."""
        self._report("timeout", task)

    # -- managing

    def delete(self, task, username=None):
        """Cancel a task, whatever its state.

        One that the server refuses to take is in the outbox only, and is
        removed from there when the transaction commits.

        :param username: on whose behalf, for the log
        :returns: False when that changed nothing, as for an unknown task
        """
        task_uid = queue_task.get_task_uid(task)
        portal = current_portal()
        entry = outbox.get(portal, task_uid)
        if entry is not None and entry["rejected"]:
            return outbox.forget(portal, task_uid)
        if entry is not None and outbox.is_pending(entry):
            # the server has to know it to remember that it is cancelled
            self._call("add", tasks=[entry["task"]])
        try:
            answer = self._call("delete", task_uid=task_uid, username=username)
        except TaskNotFound:
            return False
        return bool(answer.get("changed", True))

    def requeue(self, task, username=None):
        """Queue a failed task again; False when it has not failed.

        One that the server has refused to take is delivered again when the
        transaction commits.

        :param username: on whose behalf, for the log
        """
        if outbox.offer_again(current_portal(), queue_task.get_task_uid(task)):
            return True
        try:
            self._call("requeue", task_uid=queue_task.get_task_uid(task),
                       username=username)
        except ServerRefused as refusal:
            if refusal.status != 412:
                raise
            return False
        return True

    # -- reading

    def get_task(self, task_uid):
        """Return the task with this uid, or None."""
        task_uid = queue_task.get_task_uid(task_uid)
        for task in self._waiting():
            if task.task_uid == task_uid:
                return task
        try:
            answer = self._read(task_uid)
        except TaskNotFound:
            return None
        return _as_task(answer)

    def get_tasks(self, status=None, name=None, uid=None, limit=None,
                  offset=0):
        """Return tasks, in the order in which they would run.

        :param status: a state, several, or None: queued and running
        :param name: name of the tasks
        :param uid: uid of an object involved
        :param limit: number of the server's tasks at most
        :param offset: number of the server's tasks to leave out first
        :rtype: list of QueueTask
        :raises TransportError: the server does not answer
        """
        wanted = to_states(status)
        query = {"status": ",".join(wanted), "ghost": "1", "name": name,
                 "uid": uid, "limit": limit, "offset": offset or None}
        answer = self._read("search", **dict(
            (key, value) for key, value in query.items()
            if value is not None))
        tasks = [_as_task(item) for item in answer.get("items") or ()]
        if states.QUEUED in wanted and not offset:
            known = set(task.task_uid for task in tasks)
            tasks.extend(
                task for task in self._waiting()
                if task.task_uid not in known
                and (name is None or task.name == name)
                and (uid is None or involves(task, uid)))
        return tasks

    def get_uids(self, status=None):
        """Return the uids of the objects of the tasks in these states, each
        of them once.

        :rtype: list of str
        """
        return list(self._view().uids(to_states(status)))

    def get_tasks_for(self, context_or_uid, name=None):
        """Return running and queued tasks that involve this object."""
        return self.get_tasks(uid=to_object_uid(context_or_uid), name=name)

    def has_task(self, task):
        """Tell whether a task is queued or running."""
        known = self._view().get(queue_task.get_task_uid(task))
        return known is not None and known["status"] in states.ACTIVE

    def has_tasks_for(self, context_or_uid, name=None):
        """Tell whether running or queued tasks involve this object."""
        uid = to_object_uid(context_or_uid)
        return any(name is None or task["name"] == name
                   for task in self._view().tasks_for(uid))

    def is_empty(self):
        """Tell whether nothing is queued and nothing is running."""
        return len(self) == 0

    def __len__(self):
        return len(self._view().tasks())

    def __bool__(self):
        # an empty queue is a queue all the same
        return True

    __nonzero__ = __bool__

    # -- the snapshot

    def is_out_of_date(self):
        """Tell whether the snapshot may be older than the queue."""
        agent = self._agent()
        return agent.state.version is None or agent.age() > agents.IDLE_SECONDS

    def sync(self):
        """Refresh the snapshot; True when the server answered."""
        agent = self._agent()
        try:
            agent.configure()
            agent.refresh()
        except (TransportError, SiteGone, ConfigError):
            return False
        return True

    # -- helpers

    def _agent(self):
        return agents.get_agent(current_portal())

    def _view(self):
        return view.queued_view(current_portal())

    def _waiting(self):
        return undelivered.outbox_tasks(current_portal())

    def _entries(self):
        root = outbox.get_root(current_portal())
        return [entry for _uid, entry in outbox.entries(root)] \
            if root is not None else []

    def _ready_agent(self):
        """Return the agent, with the key that signs.

        :raises ServerUnreachable: this process must not take part in the queue
        """
        agent = self._agent()
        if agent.get_key() is None:
            # the thread has not read it yet
            try:
                agent.configure()
            except ConfigError as error:
                raise ServerUnreachable(error.problem)
        return agent

    def _call(self, route, **payload):
        return self._ask(route, payload=payload)

    def _read(self, route, **query):
        return self._ask(route, method="GET", query=query)

    def _ask(self, route, **request):
        """Call a route of the queue server and return its answer.

        :raises TaskNotFound: the server does not know the task
        :raises TransportError: the server does not answer, or refuses
        """
        try:
            return self._ready_agent().transport.call(
                "queue_server/" + route, timeout=READ_SECONDS, **request)
        except ServerRefused as refusal:
            if refusal.error_name == TaskNotFound.__name__ or \
                    refusal.is_nameless:
                raise TaskNotFound(refusal.answer.get("task_uid") or route)
            raise

    def _report(self, route, task, **details):
        """Report on a running task.

        :raises TaskNotFound: when the server does not know it
        """
        task_uid = queue_task.get_task_uid(task)
        if not queue_task.is_task(task):
            task = self.get_task(task_uid)
            if task is None:
                raise TaskNotFound(task_uid)
        self._call(route, task_uid=task_uid,
                   consumer_id=task.get("consumer_id"), **details)


def _as_task(answer):
    """Return the task in an answer of the server, which has further keys."""
    data = dict(answer)
    for key in ("url", "zeo", "success", "_runtime", "message"):
        data.pop(key, None)
    return queue_task.to_task(data)
