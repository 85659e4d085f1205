# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The monitor's queries and commands in the queue server: pages, figures and
history; pause, resume, priority and cancelling of jobs.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.paging import with_waiting
from senaite.queue.model.queue_task import get_task_uid
from senaite.queue.model import states
from senaite.queue.server.event_log import log_event
from senaite.queue.server.figures import Figures

#: Chunks of a job in the history of a task
MOST_CHUNKS = 50


class Monitoring(object):
    """Part of `ServerQueueUtility`; `self.store` is the `ITaskStore`."""

    _figures = None

    # -- reading

    def get_page(self, kinds, **asked_for):
        """Return a page of a listing; see `ITaskStore.page`. Tasks that are
        not in the store yet are added; `pauses` are those in force, `now` is
        the store's clock, to which all times belong."""
        # In this order, see `QueueReader.get_tasks`
        waiting = self.get_undelivered()
        page = self.store.page(kinds, **asked_for)
        return dict(with_waiting(page, waiting, kinds, asked_for),
                    pauses=self.store.pauses(), now=self.store.now())

    def get_figures(self):
        """Return the figures of the monitor; see `Figures.collect`. `held` says
        why no tasks are handed out, see `ITaskStore.get_hold`."""
        if self._figures is None:
            self._figures = Figures(self.store)
        return dict(self._figures.collect(), held=self.agreement.glance())

    def get_history(self, task_uid):
        """Return everything that is known of a task.

        :returns: dict with `task`, `row` (see `ITaskStore.page`), `attempts`,
            `job` (or None), `chunks` (rows of the tasks of its job, the
            latest ones first), `pauses` (those that concern it, see
            `ITaskStore.pauses`), `past_pauses` (those that have ended, and
            were in force during its life) and `now` (the store's clock, to
            which all times belong); None when the task is not known
        """
        task = self.get_task(get_task_uid(task_uid))
        if task is None:
            return None
        rows = self.store.page(uid=task.task_uid, ghosts=True)["tasks"]
        return {
            "task": task,
            "row": rows[0] if rows else None,
            "attempts": self.store.attempts(task.task_uid),
            "job": self.get_job(task.job_uid),
            "chunks": self.store.page(
                job_uid=task.job_uid, ghosts=True, sort="created",
                descending=True, limit=MOST_CHUNKS)["tasks"],
            "pauses": [pause for pause in self.store.pauses()
                       if pause["name"] in ("", task.name)],
            "past_pauses": self.store.past_pauses(
                task.name, task.created, self._last_moment(rows)),
            "now": self.store.now(),
        }

    def _last_moment(self, rows):
        """Return until when a pause matters to a task: the start of its last
        attempt, or its end without one; now while it waits.

        :param rows: its row on a page, if any
        """
        for row in rows:
            if row["status"] != states.QUEUED:
                return row["started"] or row["ended"] or self.store.now()
        return self.store.now()

    # -- steering

    def set_priority(self, task, priority, username=None):
        """Change the priority of a queued task.

        :param priority: lower first
        :param username: on whose behalf; kept with the task
        :returns: True; False when it is not queued (any more)
        :raises TaskNotFound: no such task
        """
        self.agreement.require_ours()
        task_uid = get_task_uid(task)
        changed = self.store.set_priority(task_uid, priority, username)
        if changed:
            log_event("priority_changed", self.store.get(task_uid),
                      by=username, priority=priority)
        return changed

    def cancel_job(self, job_uid, username=None):
        """Cancel what is not finished of a job.

        :param username: on whose behalf; kept with the tasks
        :returns: uids of the tasks that were cancelled
        :raises TaskNotFound: no such job
        """
        self.agreement.require_ours()
        for task in self.get_undelivered():
            if task.job_uid == job_uid:
                self.store.add(task)
        cancelled = self.store.cancel_job(job_uid, username)
        for task_uid in cancelled:
            log_event("cancelled", self.store.get(task_uid), by=username,
                      job=job_uid)
        return cancelled

    def pause(self, name=None, username=None):
        """Hand out no more tasks of a name, or none at all; False when it was
        paused before."""
        self.agreement.require_ours()
        changed = self.store.pause(name, username)
        if changed:
            log_event("paused", tasks=name or "all", by=username)
        return changed

    def resume(self, name=None, username=None):
        """End a pause; False when there was none."""
        self.agreement.require_ours()
        changed = self.store.resume(name, username)
        if changed:
            log_event("resumed", tasks=name or "all", by=username)
        return changed
