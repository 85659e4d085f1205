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
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue import api
from senaite.queue.browser import outcome
from senaite.queue.browser import words
from senaite.queue.client.snapshot import KEPT
from senaite.queue.client.view import queued_view
from senaite.queue.integration.progress import has_progress
from senaite.queue.integration import waits
from senaite.queue import is_installed
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import fields
from senaite.queue.model import states

#: Maximum number of jobs in an answer
MOST_JOBS = 20

#: Maximum number of skipped items in a message
MOST_ITEMS = 3

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
        row = dict.fromkeys(("created", "job_done", "note", "error_message",
                             "error_code", "skipped"))
        row.update(task)
        rows.append(row)
    return rows


def get_state(portal, user_id):
    """Return the state of a user's jobs.

    :returns: dict with `active`, the number of jobs that wait or run;
        `skipped`, the number of items that these have skipped so far; `waits`,
        what they wait for as long as none of them runs, as text; and `jobs`,
        those that wait, run or have failed: dicts with `uid`,
        `label`, `state` ("active" or "failed") and `skipped`
    """
    active, failed = get_jobs(portal, user_id)
    shown = active[:MOST_JOBS] + failed[:MOST_JOBS]
    skipped = queued_view(portal).state.skipped
    return {
        "active": len(active),
        "skipped": sum(skipped.get(job["uid"], 0) for job in active),
        "waits": u" ".join(waits.tell(
            portal, [task for job in active
                     for task in job["tasks"].values()])),
        "jobs": [{"uid": job["uid"], "label": words.name_of(job["name"]),
                  "state": job["state"],
                  "skipped": skipped.get(job["uid"], 0)} for job in shown]}


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
            "uid": job_uid, "name": task["name"], "state": "failed",
            "tasks": {}})
        if task["status"] in states.ACTIVE:
            job["state"] = "active"
            # One of each kind tells what the job waits for
            job["tasks"][task["name"], task["status"]] = {
                "name": task["name"], "status": task["status"],
                "task_uid": task["task_uid"], "job_uid": job_uid}
    return ([job for job in jobs.values() if job["state"] == "active"],
            [job for job in jobs.values() if job["state"] == "failed"])


def current_state():
    """Return the state of the current user's jobs.

    It is empty for anonymous users, and when the queue cannot be read: no page
    may fail because of the indicator.
    """
    nothing = {"active": 0, "skipped": 0, "waits": u"", "jobs": []}
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

    def title(self):
        """Return what the indicator is about, and what the work waits for."""
        title = words.say(_(u"Your work in the queue"))
        if self.state["waits"]:
            title = u"{}\n{}".format(title, self.state["waits"])
        return title

    def user(self):
        """Return the id of the user, so that the script starts afresh for another
        one."""
        return getSecurityManager().getUser().getId()

    def portal_url(self):
        """Return the address of the site."""
        return senaite_api.get_url(senaite_api.get_portal())

    def asked_url(self):
        """Return the address of the object whose view answers the script: that
        of the page, if it has a progress, or the site."""
        context = self.context if has_progress(self.context) \
            else senaite_api.get_portal()
        return senaite_api.get_url(context)

    def texts(self):
        """Return the texts of the script, translated."""
        return json.dumps({
            "link": words.say(_(u"My tasks")),
            "title": words.say(_(u"Your work in the queue")),
            "close": words.say(_(u"Close")),
            "logged_out": words.say(_(u"You are logged out.")),
        })


def find_ends(asked):
    """Return how jobs of the current user have ended, for those of which the
    queue server says that they have.

    :param asked: uids of jobs that were in progress
    :returns: dict of job uid -> dict with `text` and `level` (of Bootstrap's
        alerts), or None for a job that nobody knows any more; and a list of the
        uids of those that are not in progress any more as far as this process
        knows, but of which the queue server does not say so
    :rtype: tuple
    """
    user_id = getSecurityManager().getUser().getId()
    if not asked or user_id is None or not is_installed():
        return {}, []
    active, failed = get_jobs(senaite_api.get_portal(), user_id)
    active = set(job["uid"] for job in active)
    failed = dict((job["uid"], job) for job in failed)
    over = [uid for uid in asked[:MOST_JOBS]
            if fields.TASK_UID.match(uid) and uid not in active]
    found = {}
    for job_uid in over:
        try:
            job = api.get_queue().get_job(job_uid)
        except Exception:
            # The script asks again: nobody knows yet
            logger.info("event=indicator_waits job=%s", job_uid,
                        exc_info=True)
            break
        if job is None and job_uid in failed:
            # The queue server did not take it
            found[job_uid] = {"level": "danger", "text": say_job(
                _(u"Failed: {job}"),
                words.name_of(failed[job_uid]["name"]))}
        elif job is None or \
                fields.to_native(job["username"]) != user_id:
            found[job_uid] = None
        elif not job["queued"] and not job["running"]:
            found[job_uid] = tell_end(job)
    return found, [uid for uid in over if uid not in found]


def tell_end(job):
    """Return how a job has ended: dict with `text` and `level`.

    :param job: see `ITaskStore.job`
    """
    label = words.name_of(job["name"])
    skipped = job.get("skipped") or 0
    lines = []
    if job["failed"]:
        level, text = "danger", say_job(_(u"Failed: {job}"), label)
    elif job.get("removed") or job["cancelled"]:
        level = "warning"
        text = say_job(_(u"Removed before it was finished: {job}"), label)
        if job.get("removed_by"):
            lines.append(words.say(_(u"Removed by ${user}", mapping={
                "user": outcome.name_of(job["removed_by"])})))
    elif skipped:
        level = outcome.SKIPPED
        text = u"{}: {}".format(
            label, outcome.say_done(job["done"], skipped))
    else:
        level, text = "success", say_job(_(u"Finished: {job}"), label)
    items = (job.get("skipped_items") or ())[:MOST_ITEMS]
    lines.extend(outcome.tell_item(item, job["username"]) for item in items)
    if skipped > len(items):
        lines.append(words.say(_(u"and ${count} more", mapping={
            "count": skipped - len(items)}) if items else _(
                u"${count} skipped", mapping={"count": skipped})))
    return {"level": level, "text": u"\n".join([text] + lines)}


def say_job(message, label):
    """Return a message with the label of a job for "{job}", translated."""
    return words.say(message).replace(u"{job}", label)
