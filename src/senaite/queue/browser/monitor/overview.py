# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page of the monitor: a listing of the tasks in the queue.

A listing as on other pages of SENAITE, filled page by page by the queue
server. The figures, charts and consumers above it are in `dashboard`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import json

from AccessControl import getSecurityManager
from senaite.app.listing import ListingView

from senaite.queue import api
from senaite.queue.browser.monitor.dashboard import Dashboard
from senaite.queue.browser.monitor import meanings
from senaite.queue.browser.monitor.table import RowMaker
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import to_text
from senaite.queue.model import states
from senaite.queue.model.states import SCHEDULED
from senaite.queue.permissions import ManageQueue

#: Tabs: id -> (title, kinds of tasks for `ITaskStore.page`). Only some of them
#: show hidden tasks (ghosts), see `SHOWS_GHOSTS`.
TABS = collections.OrderedDict((
    ("default", (_(u"Active"), (states.RUNNING, states.QUEUED, SCHEDULED))),
    (states.QUEUED, (_(u"Queued"), (states.QUEUED,))),
    (states.RUNNING, (_(u"Running"), (states.RUNNING,))),
    (states.FAILED, (_(u"Failed"), (states.FAILED,))),
    (SCHEDULED, (_(u"Scheduled"), (SCHEDULED,))),
    (states.DONE, (_(u"Done"), (states.DONE,))),
    (states.CANCELLED, (_(u"Removed"), (states.CANCELLED,))),
    ("all", (_(u"All, including hidden"), states.KINDS)),
))
#: A hidden task that failed needs attention as well
SHOWS_GHOSTS = (states.FAILED, "all")

#: Column -> (title, name of the order for `ITaskStore.page`, or None)
COLUMNS = collections.OrderedDict((
    ("task_short_uid", (_(u"Task"), None)),
    ("name", (_(u"What"), "name")),
    ("context_path", (_(u"Where"), "place")),
    ("state", (_(u"State"), None)),
    ("username", (_(u"User"), "username")),
    ("since", (_(u"Since"), "since")),
    ("duration", (_(u"Duration"), None)),
    ("job_progress", (_(u"Progress"), None)),
    ("priority", (_(u"Priority"), "order")),
    ("added", (_(u"Created"), "created")),
    ("retries", (_(u"Retries left"), None)),
    ("consumer_id", (_(u"Consumer"), None)),
))

#: Maximum number of rows on a page, whatever a request asks for
MOST_ROWS = 500

REQUEUE, REMOVE = "queue_requeue", "queue_remove"
CANCEL_JOB, PRIORITY = "queue_cancel_job", "modal_queue_priority"

ACTIONS = (
    (REQUEUE, _(u"Requeue"), (states.FAILED,),
     _(u"Queue the tasks again, with all retries")),
    (PRIORITY, _(u"Change priority"), (states.QUEUED, SCHEDULED),
     _(u"Run the tasks sooner or later")),
    (CANCEL_JOB, _(u"Cancel job"),
     (states.RUNNING, states.QUEUED, SCHEDULED, states.FAILED),
     _(u"Keep what is done, and cancel the rest of the job")),
    (REMOVE, _(u"Remove"),
     (states.RUNNING, states.QUEUED, SCHEDULED, states.FAILED),
     _(u"Do not run the tasks; they stay in the history")),
)

CONFIRMED = {
    CANCEL_JOB: _(u"Finished work is kept. The rest of the job is cancelled."),
    REMOVE: _(u"Remove these tasks? They will not be done; they stay in the "
              u"history."),
}


class TasksView(ListingView):
    """Lists the tasks of the site, with a tab for each state."""

    def __init__(self, context, request):
        super(TasksView, self).__init__(context, request)
        self.__name__ = "@@queue_tasks"
        # The listing requires a query, although no catalog is searched
        self.contentFilter = {"UID": "0"}
        self.form_id = "queue_tasks"
        self.title = _(u"Queue Monitor")
        self.context_actions = {}
        self.columns = collections.OrderedDict(
            (key, {"title": title, "sortable": sort is not None})
            for key, (title, sort) in COLUMNS.items())
        self.review_states = [self.make_tab(key) for key in TABS]

    def update(self):
        """Add the actions: the user is not known before this point."""
        super(TasksView, self).update()
        self.show_select_column = self.can_manage()
        self.review_states = [
            self.make_tab(key, self.show_select_column) for key in TABS]
        self.pagesize = max(1, min(self.pagesize, MOST_ROWS))
        self.limit_from = max(0, self.limit_from)

    def make_tab(self, key, with_actions=False):
        """Return a tab, with the actions that apply to its tasks."""
        title, kinds = TABS[key]
        actions = []
        for action_id, label, applies_to, help_text in ACTIONS:
            if with_actions and set(kinds) & set(applies_to):
                actions.append({"id": action_id, "title": label,
                                "help": help_text, "url": self.get_url(
                                    action_id)})
        return {
            "id": key,
            "title": title,
            "contentFilter": {},
            "columns": list(self.columns),
            "transitions": [],
            "custom_transitions": actions,
            "confirm_transitions": sorted(CONFIRMED),
            "confirm_messages": dict(CONFIRMED),
        }

    def get_url(self, action_id):
        """Return the URL for an action; empty for the listing's own form."""
        if action_id != PRIORITY:
            return ""
        return "{}/@@queue_priority".format(self.context.absolute_url())

    def can_manage(self):
        """Tell whether the user may requeue and remove tasks."""
        return bool(getSecurityManager().checkPermission(
            ManageQueue, self.context))

    def get_sort_on(self):
        """Return the column to sort by, or an empty text.

        The script of the listing writes the column into the address of the
        page. It would take "null" for a change by the user, and drop the rows
        that "Show more" has added.
        """
        return super(TasksView, self).get_sort_on() or ""

    def folderitems(self):
        """Return the rows of the requested page."""
        key = self.review_state["id"]
        sort = COLUMNS.get(self.get_sort_on(), (None, None))[1]
        text = to_text(self.get_searchterm() or u"")
        try:
            page = api.get_queue().get_page(
                TABS[key][1], text=text, meanings=meanings.find(text),
                ghosts=key in SHOWS_GHOSTS, sort=sort,
                descending=bool(sort)
                and self.get_sort_order() == "descending",
                limit=self.pagesize, offset=self.limit_from)
        except Exception:
            # The dashboard shows a warning
            logger.warning("event=monitor_failed", exc_info=True)
            page = {"total": 0, "tasks": []}
        self.total = page["total"]
        self.show_more = self.limit_from + self.pagesize < self.total
        make = RowMaker(self, page.get("now"))
        return [make.item(task) for task in page["tasks"]]

    def ajax_dashboard(self):
        """Return the dashboard as JSON, for the script."""
        response = self.request.response
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store")
        dashboard = Dashboard(self.context, self.request)
        return json.dumps({"html": dashboard(),
                           "messages": dashboard.pop_messages()})
