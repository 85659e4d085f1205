# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What people see of the queue on SENAITE's pages: how far it is, and a script
that keeps the pages true.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from plone.app.layout.viewlets import ViewletBase
from Products.Five.browser import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue.integration import marks
from senaite.queue.integration.progress import get_progress
from senaite.queue.integration.progress import NOTHING
from senaite.queue.integration.progress import tell_who
from senaite.queue import is_installed
from senaite.queue.permissions import ManageQueue
from senaite.queue.permissions import ViewQueue

#: How many rows of a page are looked after
MOST_MARKS = 2000


def may(permission, context):
    """Tell whether the current user has a permission."""
    return bool(getSecurityManager().checkPermission(permission, context))


def look_at(context):
    """Return the progress of an object, with `who` for those who may see the
    queue: the others' names are none of a client's business."""
    progress = get_progress(context) if is_installed() else dict(NOTHING)
    progress["who"] = u""
    if progress["left"] and may(ViewQueue, context):
        progress["who"] = tell_who(context, progress)
    return progress


class ProgressViewlet(ViewletBase):
    """Shown above a worksheet or sample while something of it is queued.

    It is always on the page, hidden: a selection may be queued through the
    ajax channel, without a new page. The script shows it then, brings the
    figures up to date, and takes it away in the end.
    """

    index = ViewPageTemplateFile("templates/progress.pt")

    def update(self):
        super(ProgressViewlet, self).update()
        self.progress = look_at(self.context)

    def available(self):
        """Tell whether there is something to show."""
        return bool(self.progress["left"])

    @property
    def done(self):
        """How many items are finished."""
        return self.progress["total"] - self.progress["left"]

    @property
    def percent(self):
        """How much is finished, in percent."""
        return 100 * self.done // max(self.progress["total"], 1)

    @property
    def url(self):
        """Where the script asks for the figures."""
        return "{}/queue_progress".format(senaite_api.get_url(self.context))

    @property
    def monitor_url(self):
        """Where managers see what failed, and can try it again; empty for
        those who can't."""
        if not may(ManageQueue, self.context):
            return ""
        return "{}/@@queue_tasks".format(
            senaite_api.get_url(senaite_api.get_portal()))


class JSONView(BrowserView):
    """Answers the script."""

    def __call__(self):
        response = self.request.response
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store")
        return json.dumps(self.get_answer())


class ProgressView(JSONView):
    """The figures of a worksheet or sample."""

    def get_answer(self):
        progress = look_at(self.context)
        return dict((key, progress[key]) for key in (
            "tasks", "left", "total", "failed", "who"))


class MarksView(JSONView):
    """Which of the marked rows of a page are still queued.

    Request: `uids`, separated by commas.
    """

    def get_answer(self):
        uids = self.request.form.get("uids") or ""
        uids = uids.split(",") if isinstance(uids, str) else []
        return {"queued": [
            uid for uid in uids[:MOST_MARKS]
            if is_installed() and senaite_api.is_uid(uid)
            and marks.is_sample_queued(uid)]}


class ScriptViewlet(ViewletBase):
    """The script, for everybody who is logged in."""

    index = ViewPageTemplateFile("templates/script.pt")

    @property
    def portal_url(self):
        return senaite_api.get_url(senaite_api.get_portal())

    def available(self):
        """Tell whether the script has something to do."""
        return is_installed() and not \
            self.portal_state.anonymous()
