# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue on SENAITE's pages: its progress, and a script that keeps the
pages up to date.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from bika.lims.interfaces import IAnalysisRequest
from plone.app.layout.viewlets import ViewletBase
from Products.Five.browser import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue.integration.progress import get_progress
from senaite.queue.integration.progress import NOTHING
from senaite.queue.integration.progress import tell_who
from senaite.queue.integration import row_marks
from senaite.queue.integration import waits
from senaite.queue import is_installed
from senaite.queue.permissions import ViewQueue

#: Maximum number of rows of a page that are kept up to date
MOST_MARKS = 2000


def may(permission, context):
    """Tell whether the current user has a permission."""
    return bool(getSecurityManager().checkPermission(permission, context))


def look_at(context):
    """Return the progress of an object.

    `who` tells who started the jobs, to users who may view the queue; it is
    empty for others, such as clients. `waits` tells everybody what the work
    waits for before it starts. `mine` tells whether a failed job is one of the
    current user. `state` is the id of the object's own state.
    """
    progress = get_progress(context) if is_installed() else dict(NOTHING)
    user_id = getSecurityManager().getUser().getId()
    progress["mine"] = user_id in progress["failed_users"]
    progress["state"] = senaite_api.get_workflow_status_of(context)
    progress["who"] = progress["waits"] = u""
    if not progress["left"]:
        return progress
    if may(ViewQueue, context):
        progress["who"] = tell_who(context, progress)
    progress["waits"] = u" ".join(waits.tell(
        senaite_api.get_portal(), progress["active"]))
    return progress


class ProgressViewlet(ViewletBase):
    """The progress above a worksheet or sample while its jobs are in progress.

    It is always part of the page, but hidden: a selection may be queued
    through the ajax channel, without a new page. The script then shows it,
    updates the numbers, and hides it at the end.
    """

    index = ViewPageTemplateFile("templates/progress.pt")

    def update(self):
        super(ProgressViewlet, self).update()
        self.progress = look_at(self.context)

    def available(self):
        """Tell whether there is something to show."""
        return bool(self.progress["left"])

    @property
    def counts_done(self):
        """Tell whether it is known how many items are done. Of a sample's own
        ones, only those that are left are known: others may be done or
        skipped."""
        return not IAnalysisRequest.providedBy(self.context)

    @property
    def done(self):
        """Number of items that are done."""
        return self.progress["total"] - self.progress["left"] - \
            self.progress["skipped"]

    @property
    def percent(self):
        """Share of the items that are done, in percent."""
        return self.share(self.done)

    @property
    def skipped_percent(self):
        """Share of the skipped items, in percent."""
        return self.share(self.progress["skipped"])

    def share(self, count):
        """Return a number of items in percent of all."""
        return 100 * count // max(self.progress["total"], 1)

    @property
    def menu_url(self):
        """URL from which the script fetches the menu with the state of the
        object. A whole page would use up messages for the user."""
        return "{}/menu/workflow_menu".format(
            senaite_api.get_url(self.context))

    @property
    def my_tasks_url(self):
        """URL of the page that tells users why their own tasks have failed."""
        return "{}/@@queue_my_tasks".format(
            senaite_api.get_url(senaite_api.get_portal()))

    @property
    def monitor_url(self):
        """URL of the monitor, which tells why tasks have failed; empty for
        users who may not view it."""
        portal = senaite_api.get_portal()
        if not may(ViewQueue, portal):
            return ""
        return "{}/@@queue_tasks".format(senaite_api.get_url(portal))


class JSONView(BrowserView):
    """Base of views that answer the script with JSON."""

    def __call__(self):
        response = self.request.response
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store")
        return json.dumps(self.get_answer())


class ProgressView(JSONView):
    """The progress of a worksheet or sample."""

    def get_answer(self):
        progress = look_at(self.context)
        return dict((key, progress[key]) for key in (
            "tasks", "left", "total", "skipped", "failed", "mine", "who",
            "waits", "state"))


class MarksView(JSONView):
    """Tells what the queue does with the objects of a page's rows.

    Request: `uids`, separated by commas. Answer: see `row_marks.Kinds`.
    """

    def get_answer(self):
        uids = self.request.form.get("uids") or ""
        uids = uids.split(",") if isinstance(uids, str) else []
        if not uids or not is_installed():
            return {"queued": [], "marks": []}
        return row_marks.Kinds(senaite_api.get_portal()).describe(
            uid for uid in uids[:MOST_MARKS] if senaite_api.is_uid(uid))


class ScriptViewlet(ViewletBase):
    """Adds the script for users who are logged in."""

    index = ViewPageTemplateFile("templates/script.pt")

    @property
    def portal_url(self):
        return senaite_api.get_url(senaite_api.get_portal())

    def available(self):
        """Tell whether the page needs the script."""
        return is_installed() and not \
            self.portal_state.anonymous()
