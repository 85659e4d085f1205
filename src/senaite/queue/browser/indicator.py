# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The indicator in the toolbar: how many jobs of the user are in progress, and
a message when one of them ends.

It uses what this process already knows of the queue: no page waits for the
queue server.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import json
import threading

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from plone.app.layout.viewlets import ViewletBase
from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue.browser import words
from senaite.queue.client.snapshot import KEPT
from senaite.queue.client.view import queued_view
from senaite.queue import is_installed
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import fields
from senaite.queue.model import states

#: Maximum number of jobs in an answer
MOST_JOBS = 20

#: Per thread: a view of the queue, and the users' jobs according to it
_local = threading.local()

# The snapshot's tasks by user, built again for each new snapshot. One tuple
# that is replaced as a whole, so that threads need no lock
_by_user = (None, {})


def tasks_of(portal, user_id):
    """Return the queued, running and failed tasks of a user that this process
    knows, as dicts of the change feed."""
    global _by_user
    view = queued_view(portal)
    state, index = _by_user
    if state is not view.state:
        index = collections.defaultdict(list)
        for task in view.state.tasks.values():
            index[fields.to_native(task.get("username"))].append(task)
        _by_user = (view.state, index)
    candidates = index.get(user_id) or []
    candidates = candidates + [
        task for task in view.waiting()
        if fields.to_native(task.get("username")) == user_id]
    # The view also knows which of them have ended in the meantime
    return [task for task in candidates
            if view.get(task["task_uid"]) is not None
            and not task.get("ghost") and task["status"] in KEPT]


def known_tasks(portal, user_id):
    """Return the tasks of a user that this process knows, as rows of a page
    (see `ITaskStore.page`)."""
    rows = []
    for task in tasks_of(portal, user_id):
        row = dict.fromkeys(("created", "job_done", "note", "error_message"))
        row.update(task)
        rows.append(row)
    return rows


def get_state(portal, user_id):
    """Return the state of a user's jobs.

    :returns: dict with `active`, the number of jobs that wait or run, and
        `jobs`, those that wait, run or have failed: dicts with `uid`,
        `label`, `state` ("active" or "failed") and `task` (uid of the task
        that waits or runs)
    """
    active, failed = get_jobs(portal, user_id)
    shown = active[:MOST_JOBS] + failed[:MOST_JOBS]
    return {"active": len(active), "jobs": [
        {"uid": job["uid"], "label": words.name_of(job["name"]),
         "state": job["state"], "task": job["task"]} for job in shown]}


def get_jobs(portal, user_id):
    """Return a user's jobs: those that wait or run, and those that failed.

    Every page calls this, and a user may have thousands of jobs: the result is
    cached per thread, until its view of the queue changes.

    :returns: two lists of dicts, which must not be changed
    """
    view = queued_view(portal)
    if getattr(_local, "view", None) is not view:
        _local.view, _local.jobs = view, {}
    if user_id not in _local.jobs:
        _local.jobs[user_id] = _collect_jobs(tasks_of(portal, user_id))
    return _local.jobs[user_id]


def _collect_jobs(tasks):
    jobs = collections.OrderedDict()
    for task in tasks:
        job_uid = task.get("job_uid") or task["task_uid"]
        job = jobs.setdefault(job_uid, {
            "uid": job_uid, "name": task["name"],
            "state": "failed", "task": task["task_uid"]})
        if task["status"] in states.ACTIVE:
            job.update(state="active", task=task["task_uid"])
    return ([job for job in jobs.values() if job["state"] == "active"],
            [job for job in jobs.values() if job["state"] == "failed"])


def current_state():
    """Return the state of the current user's jobs.

    It is empty for anonymous users, and when the queue cannot be read: no page
    may fail because of the indicator.
    """
    nothing = {"active": 0, "jobs": []}
    user_id = getSecurityManager().getUser().getId()
    if user_id is None or not is_installed():
        return nothing
    try:
        return get_state(senaite_api.get_portal(), user_id)
    except Exception:
        logger.warning("event=indicator_failed", exc_info=True)
        return nothing


class IndicatorViewlet(ViewletBase):
    """The indicator in the toolbar of users who are logged in."""

    index = ViewPageTemplateFile("templates/indicator.pt")

    def update(self):
        super(IndicatorViewlet, self).update()
        self.state = current_state()

    def available(self):
        """Tell whether the user is logged in."""
        return getSecurityManager().getUser().getId() is not None \
            and is_installed()

    def json(self):
        """Return the state as JSON, for the script."""
        return json.dumps(self.state)

    def user(self):
        """Return the id of the user, so that the script starts afresh for another
        one."""
        return getSecurityManager().getUser().getId()

    def portal_url(self):
        """Return the address of the site."""
        return senaite_api.get_url(senaite_api.get_portal())

    def texts(self):
        """Return the texts of the script, translated."""
        return json.dumps({
            "done": words.say(_(u"Finished: {job}")),
            "failed": words.say(_(u"Failed: {job}")),
            "removed": words.say(_(u"Removed before it was finished: {job}")),
            "link": words.say(_(u"My tasks")),
            "close": words.say(_(u"Close")),
        })


class MyStateView(BrowserView):
    """Returns the state of the user's jobs as JSON, for the script.

    `ended` of the request lists uids of tasks that were in progress: `removed`
    of the answer lists those that were removed.
    """

    def __call__(self):
        response = self.request.response
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store")
        state = current_state()
        state["removed"] = self.removed()
        return json.dumps(state)

    def removed(self):
        """Return those tasks of `ended` that were cancelled."""
        asked = self.request.form.get("ended") or ""
        if not isinstance(asked, str) or not is_installed():
            return []
        known = queued_view(senaite_api.get_portal()).state
        return [uid for uid in asked.split(",")[:MOST_JOBS]
                if known.status_of(uid) == states.CANCELLED]
