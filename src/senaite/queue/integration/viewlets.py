# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""How far the queue is with a worksheet: a viewlet, and the figures behind it.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from bika.lims import api as senaite_api
from plone.app.layout.viewlets import ViewletBase
from Products.Five.browser import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue import is_installed
from senaite.queue.integration import marks


def get_progress(context):
    """Return how far the queue is with an object.

    :param context: content object, e.g. a worksheet
    :returns: dict with `tasks` (how many wait or run), `total` and `left`
        (items of their jobs) and `users` (who started them)
    :rtype: dict
    """
    left, total, users = {}, {}, set()
    tasks = marks.view().tasks_for(senaite_api.get_uid(context))
    for task in tasks:
        if task.get("ghost"):
            continue
        job = task.get("job_uid") or task["task_uid"]
        count = len(task.get("uids") or ()) or 1
        left[job] = left.get(job, 0) + count
        # Entries of the change feed may come without the total
        total[job] = max(task.get("job_total") or 0, left[job])
        users.add(task.get("username") or "")
    return {
        "tasks": len(tasks),
        "left": sum(left.values()),
        "total": sum(total.values()),
        "users": sorted(filter(None, users)),
    }


class ProgressViewlet(ViewletBase):
    """Shown above a worksheet while something of it is queued.

    It is always on the page, hidden: a selection may be queued through the
    ajax channel, without a new page. Its script shows it then, brings the
    figures up to date, and takes it away in the end.
    """

    index = ViewPageTemplateFile("templates/progress.pt")

    def update(self):
        super(ProgressViewlet, self).update()
        self.progress = get_progress(self.context) if is_installed() else {}

    def available(self):
        """Tell whether there is something to show."""
        return bool(self.progress.get("left"))

    @property
    def done(self):
        """How many items are finished."""
        return self.progress["total"] - self.progress["left"]

    @property
    def percent(self):
        """How much is finished, in percent."""
        return 100 * self.done // max(self.progress["total"], 1)

    @property
    def users(self):
        """Who started it, for people to read."""
        return u", ".join(map(senaite_api.safe_unicode,
                              self.progress["users"]))

    @property
    def url(self):
        """Where the script asks for the figures."""
        return "{}/queue_progress".format(senaite_api.get_url(self.context))

    @property
    def script_url(self):
        """Where the script is."""
        return "{}/++resource++senaite.queue.integration/progress.js".format(
            senaite_api.get_url(senaite_api.get_portal()))


class ProgressView(BrowserView):
    """The figures as JSON, for the viewlet's script."""

    def __call__(self):
        response = self.request.response
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store")
        progress = get_progress(self.context) if is_installed() else {}
        # Who works on it is on the page already
        progress.pop("users", None)
        return json.dumps(progress)
