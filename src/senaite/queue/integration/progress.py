# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The progress of the queue with a worksheet or a sample."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims.browser import ulocalized_time
from bika.lims.interfaces import IAnalysisRequest
from bika.lims.interfaces import IWorksheet
from DateTime import DateTime
from senaite.core.catalog import ANALYSIS_CATALOG

from senaite.queue.integration import marks
from senaite.queue.integration import undone
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import to_native
from senaite.queue.model import states
from senaite.queue.site.translation import translate

#: Progress of an object without tasks
NOTHING = {"tasks": 0, "active": [], "left": 0, "total": 0, "skipped": 0,
           "users": [], "since": None, "failed": 0, "failed_users": []}


def has_progress(context):
    """Tell whether the pages of an object show the progress of the queue with
    it."""
    return IWorksheet.providedBy(context) or \
        IAnalysisRequest.providedBy(context)


def get_progress(context):
    """Return the progress of the queue with an object.

    :param context: content object, e.g. a worksheet
    :returns: dict with `tasks` (number that wait or run), `active` (these
        tasks, as dicts of the change feed), `total` and `left` (number of
        items of their jobs), `skipped` (number of items that these jobs have
        skipped so far), `users` (ids of the users who started them), `since`
        (start of the first of them, in epoch seconds, or None), `failed` (number
        of failed jobs whose work is still undone, see
        `senaite.queue.integration.undone`) and `failed_users` (ids of the
        users who started these)
    :rtype: dict
    """
    uid = senaite_api.get_uid(context)
    active = get_tasks(context, uid, states.ACTIVE)
    failed = get_tasks(context, uid, (states.FAILED,))
    if failed:
        known = undone.get_known(senaite_api.get_portal())
        failed = [task for task in failed if known.is_undone(task, uid)]
    if not active and not failed:
        return dict(NOTHING, active=[], users=[], failed_users=[])
    left, total = count_items(context, active)
    created = [task["job_created"] for task in active
               if task.get("job_created")]
    return {
        "tasks": len(active),
        "active": active,
        "left": left,
        "total": total,
        "skipped": count_skipped(context, active, total - left),
        "users": get_users(active),
        "since": min(created) if created else None,
        "failed": len(set(get_job(task) for task in failed)),
        "failed_users": get_users(failed),
    }


def get_users(tasks):
    """Return the ids of the users who started tasks."""
    return sorted(set(to_native(task["username"]) for task in tasks
                      if task.get("username")))


def get_tasks(context, uid, wanted):
    """Return the visible tasks of an object: those that involve it and, for a
    sample, those that involve its analyses.

    :param uid: uid of the object
    :param wanted: states of the tasks
    :rtype: list of dict
    """
    seen = marks.view()
    tasks = list(seen.tasks_for(uid, wanted))
    if IAnalysisRequest.providedBy(context):
        known = set(task["task_uid"] for task in tasks)
        tasks.extend(task for task in seen.tasks_locking(uid, wanted)
                     if task["task_uid"] not in known)
    return [task for task in tasks if not task.get("ghost")]


def count_items(context, tasks):
    """Return the number of items that are left, and that of their jobs.

    For a sample, only its own analyses count.
    """
    if not tasks:
        return 0, 0
    if IAnalysisRequest.providedBy(context):
        return count_own_items(context, tasks)
    left, total = {}, {}
    for task in tasks:
        job = get_job(task)
        left[job] = left.get(job, 0) + (len(task.get("uids") or ()) or 1)
        # Entries of the change feed may lack the total
        total[job] = max(task.get("job_total") or 0, left[job])
    return sum(left.values()), sum(total.values())


def count_skipped(context, tasks, most):
    """Return the number of items that the jobs of tasks have skipped so far.

    For a sample, which of them are its own is not known.

    :param most: number of items that were processed
    """
    if IAnalysisRequest.providedBy(context):
        return 0
    known = marks.view().state.skipped
    return min(most, sum(known.get(job, 0) for job in set(
        get_job(task) for task in tasks)))


def count_own_items(sample, tasks):
    """Return the number of analyses of a sample that are left, twice: their
    number at the start is not known."""
    uid = senaite_api.get_uid(sample)
    own = set(brain.UID for brain in senaite_api.search(
        {"getAncestorsUIDs": uid}, ANALYSIS_CATALOG))
    own.add(uid)
    left = set()
    for task in tasks:
        # A task without items is about its context
        items = task.get("uids") or [task.get("context_uid")]
        left.update(own.intersection(items))
    return len(left), len(left)


def get_job(task):
    """Return the uid of a task's job."""
    return task.get("job_uid") or task["task_uid"]


def tell_who(context, progress):
    """Return who started the jobs and when, as translated text."""
    names = [senaite_api.safe_unicode(
        senaite_api.get_user_fullname(user) or user)
        for user in progress["users"]]
    if not names or not progress["since"]:
        return u""
    since = ulocalized_time(DateTime(progress["since"]), long_format=True,
                            context=context)
    return translate(_(u"Started by ${users}, ${since}", mapping={
        "users": u", ".join(names),
        "since": senaite_api.safe_unicode(since or u"")}))
