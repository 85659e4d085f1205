# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The monitor's queries and commands in a process that is not the queue
server: the counterpart of `senaite.queue.server.monitor_data`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from senaite.queue.errors import JobNotFound
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import TaskNotFound
from senaite.queue.model.paging import as_row
from senaite.queue.model.paging import with_waiting
from senaite.queue.model import queue_task
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.site.portal import current_portal

#: Keys that all answers have
_ENVELOPE = ("url", "zeo", "success", "_runtime", "message")


class RemoteMonitoring(object):
    """Part of `ClientQueueUtility`."""

    # -- reading

    def get_page(self, kinds, **asked_for):
        """Return a page of a listing; see `ITaskStore.page`. Tasks that wait in the
        outbox are added; `pauses` are those in force.

        :raises TransportError: the server does not answer
        """
        query = dict((key, value) for key, value in asked_for.items()
                     if value not in (None, "", False, {}))
        for key in ("ghosts", "descending"):
            if key in query:
                query[key] = "1"
        if query.get("meanings"):
            query["meanings"] = json.dumps(query["meanings"])
        if kinds:
            query["kinds"] = ",".join(kinds)
        # In this order, see `QueueReader.get_tasks`
        waiting = self._undelivered()
        answer = self._call("page", **query)
        page = {"total": answer.get("total") or 0,
                "tasks": answer.get("items") or []}
        return dict(with_waiting(page, waiting, kinds, asked_for),
                    pauses=answer.get("pauses") or [], now=answer.get("now"))

    def get_figures(self):
        """Return the figures of the monitor.

        :raises TransportError: the server does not answer
        """
        return _content(self._read("stats"))

    def get_history(self, task_uid):
        """Return all that is known of a task, or None.

        :raises TransportError: the server does not answer
        """
        task_uid = queue_task.get_task_uid(task_uid)
        try:
            answer = _content(self._read("history/" + task_uid))
        except TaskNotFound:
            return self._history_in_outbox(task_uid)
        answer["task"] = queue_task.to_task(answer["task"])
        return answer

    def get_job(self, job_uid):
        """Return the progress of a job, or None; see `ITaskStore.job`.

        :raises TransportError: the server does not answer
        """
        try:
            return _content(self._read("jobs/" + job_uid))
        except TaskNotFound:
            return None
        except ServerRefused as refusal:
            if refusal.error_name == JobNotFound.__name__:
                return None
            raise

    def _history_in_outbox(self, task_uid):
        for task in self._undelivered():
            if task["task_uid"] == task_uid:
                row = as_row(task)
                return {"task": queue_task.to_task(dict(task)), "row": row,
                        "attempts": [], "job": None, "chunks": [row]}
        return None

    def _undelivered(self):
        """Return the tasks of the outbox that the server cannot tell of."""
        portal = current_portal()
        root = outbox.get_root(portal)
        return [] if root is None else [
            task for task in outbox.undelivered(root)
            if not ledger.has(portal, task["task_uid"])]

    # -- steering

    def set_priority(self, task, priority, username=None):
        """Change the priority of a queued task; False when it is not queued
        (any more).

        :param username: on whose behalf, for the log
        """
        task_uid = queue_task.get_task_uid(task)
        self._deliver(lambda waiting: waiting["task_uid"] == task_uid)
        answer = self._call("priority", task_uid=task_uid, priority=priority,
                            username=username)
        return bool(answer.get("changed"))

    def cancel_job(self, job_uid, username=None):
        """Cancel what is not finished of a job; returns the uids of the tasks
        that were cancelled."""
        self._deliver(lambda waiting: waiting["job_uid"] == job_uid)
        answer = self._call("cancel_job", job_uid=job_uid, username=username)
        return answer.get("cancelled") or []

    def pause(self, name=None, username=None):
        """Hand out no more tasks of a name, or none at all; False when it was
        paused before."""
        answer = self._call("pause", name=name, username=username)
        return bool(answer.get("changed"))

    def resume(self, name=None, username=None):
        """End a pause; False when there was none."""
        answer = self._call("resume", name=name, username=username)
        return bool(answer.get("changed"))

    def remove_all(self, username=None):
        """Remove all tasks of the store, history included; returns their
        number."""
        answer = self._call("remove_all", username=username)
        return answer.get("removed") or 0

    def reconcile(self, username=None):
        """Decide about the tasks that a restored backup concerns, and hand out
        tasks again; see `senaite.queue.server.agreement`."""
        return self._call("reconcile", username=username).get("reconciled")

    def _deliver(self, is_meant):
        """Hand over what waits in the outbox, so that the server knows it."""
        tasks = [entry["task"] for entry in self._entries()
                 if outbox.is_pending(entry) and is_meant(entry["task"])]
        if tasks:
            self._call("add", tasks=tasks)


def _content(answer):
    return dict((key, value) for key, value in answer.items()
                if key not in _ENVELOPE)
