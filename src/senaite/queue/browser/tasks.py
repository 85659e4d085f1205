# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The monitor: what is in the queue, for people.

A listing of SENAITE's own kind. Its cells are HTML for the browser, whatever
they hold, therefore each value is escaped here.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
from xml.sax.saxutils import escape
from xml.sax.saxutils import quoteattr

import six
from AccessControl import getSecurityManager
from DateTime import DateTime
from senaite.app.listing import ListingView
from senaite.core.api import dtime
from six.moves.urllib.parse import quote

from senaite.queue import api
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue import states
from senaite.queue.fields import to_text
from senaite.queue.permissions import ManageQueue

#: Tasks asked of the queue at once
BLOCK = 200

#: Characters of an error message in a cell
MOST_CHARACTERS = 200

#: Tabs: id -> (title, states). Tasks that are hidden from people (ghosts) are
#: in the last one only.
TABS = collections.OrderedDict((
    ("default", (_(u"Active"), states.ACTIVE)),
    (states.QUEUED, (_(u"Queued"), (states.QUEUED,))),
    (states.RUNNING, (_(u"Running"), (states.RUNNING,))),
    (states.FAILED, (_(u"Failed"), (states.FAILED,))),
    (states.DONE, (_(u"Done"), (states.DONE,))),
    (states.CANCELLED, (_(u"Removed"), (states.CANCELLED,))),
    ("all", (_(u"All, hidden ones included"), states.STATES)),
))
SHOWS_GHOSTS = "all"

COLUMNS = (
    ("task_short_uid", _(u"Task")),
    ("status", _(u"State")),
    ("name", _(u"Name")),
    ("context_path", _(u"Where")),
    ("items", _(u"Items")),
    ("username", _(u"User")),
    ("priority", _(u"Priority")),
    ("created", _(u"Created")),
    ("started", _(u"Started")),
    ("consumer_id", _(u"Consumer")),
    ("retries", _(u"Retries left")),
    ("error_message", _(u"What happened")),
)

REQUEUE = {"id": "queue_requeue", "title": _(u"Requeue")}
REMOVE = {"id": "queue_remove", "title": _(u"Remove")}


class TasksView(ListingView):
    """Lists the tasks of the site, one tab per state."""

    def __init__(self, context, request):
        super(TasksView, self).__init__(context, request)
        self.__name__ = "@@queue_tasks"
        # nothing is searched for, but the listing wants a query
        self.contentFilter = {"UID": "0"}
        self.form_id = "queue_tasks"
        self.title = _(u"Queue Monitor")
        self.context_actions = {}
        self.show_search = False
        self.columns = collections.OrderedDict(
            (key, {"title": title, "sortable": False})
            for key, title in COLUMNS)
        self.review_states = [self.make_tab(key) for key in TABS]

    def update(self):
        """Offer the actions; who the user is was not known before."""
        super(TasksView, self).update()
        self.show_select_column = self.can_manage()
        self.review_states = [
            self.make_tab(key, self.show_select_column) for key in TABS]

    def make_tab(self, key, with_actions=False):
        """Return a tab, with the actions that make sense in it."""
        title, wanted = TABS[key]
        actions = []
        if with_actions:
            if states.FAILED in wanted:
                actions.append(REQUEUE)
            if set(wanted) & set(states.sources("cancel")):
                actions.append(REMOVE)
        return {
            "id": key,
            "title": title,
            "contentFilter": {},
            "columns": list(self.columns),
            "transitions": [],
            "custom_transitions": actions,
        }

    def can_manage(self):
        """Tell whether the user may requeue and remove tasks."""
        return bool(getSecurityManager().checkPermission(
            ManageQueue, self.context))

    def before_render(self):
        """Say so when the queue cannot be read."""
        super(TasksView, self).before_render()
        try:
            api.get_queue().get_tasks(limit=1)
        except Exception:
            logger.warning("event=monitor_failed", exc_info=True)
            self.description = _(
                u"The queue server does not answer: its tasks are not shown. "
                u"Nothing is lost, tasks are kept until it is back.")

    def folderitems(self):
        """Return the rows of the page that was asked for."""
        wanted = self.limit_from + self.pagesize
        try:
            tasks = self.get_visible_tasks(wanted + 1)
        except Exception:
            # the page says it, see `before_render`
            tasks = []
        self.total = len(tasks)
        self.show_more = len(tasks) > wanted
        return [self.make_item(task)
                for task in tasks[self.limit_from:wanted]]

    def get_visible_tasks(self, count):
        """Return the first tasks of the current tab.

        :param count: how many, at most
        """
        tab = self.review_state["id"]
        queue = api.get_queue()
        found = collections.OrderedDict()
        offset = 0
        while len(found) < count:
            block = queue.get_tasks(
                TABS[tab][1], limit=BLOCK, offset=offset)
            for task in block:
                if not task.ghost or tab == SHOWS_GHOSTS:
                    found[task.task_uid] = task
            # what is on its way to the queue comes on top of a block
            if len(block) < BLOCK:
                break
            offset += BLOCK
        return list(found.values())[:count]

    def make_item(self, task):
        """Return the row of a task."""
        item = self.make_empty_folderitem(
            uid=task.task_uid,
            id=task.task_uid,
            title=task.task_short_uid,
            url="",
            state_title=to_html(task.status),
            state_class="state-{}".format(task.status),
            review_state=task.status)
        item.update({
            "items": to_html(len(task.uids) or 1),
            "created": self.to_time(task.created),
            "started": self.to_time(task.started),
            "context_path": self.to_link(task.context_path),
            "error_message": to_html(
                cut(task.error_message or task.note or u"")),
        })
        for key in ("task_short_uid", "status", "name", "username",
                    "priority", "consumer_id", "retries"):
            item[key] = to_html(task.get(key))
        return item

    def to_time(self, seconds):
        """Return a time as people of the site write it, as HTML.

        :param seconds: UTC epoch seconds, or None
        """
        if not seconds:
            return u""
        return to_html(dtime.to_localized_time(
            DateTime(seconds), long_format=True, context=self.context,
            request=self.request))

    def to_link(self, path):
        """Return a link to an object of the site, as HTML.

        :param path: physical path
        """
        base = "/".join(self.context.getPhysicalPath())
        if not path or not path.startswith(base + "/"):
            return to_html(path)
        relative = path[len(base):]
        return u"<a href={}>{}</a>".format(
            quoteattr(to_text(self.context.absolute_url() + quote(relative))),
            to_html(relative))


def to_html(value):
    """Return a value as HTML that shows it.

    :rtype: six.text_type
    """
    if value is None:
        return u""
    if not isinstance(value, six.string_types):
        value = str(value)
    return escape(to_text(value), {u'"': u"&quot;", u"'": u"&#39;"})


def cut(text):
    """Return a text without what is too long for a cell."""
    text = to_text(text)
    if len(text) <= MOST_CHARACTERS:
        return text
    return text[:MOST_CHARACTERS - 1] + u"\u2026"
