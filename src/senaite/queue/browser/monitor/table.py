# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The rows of the monitor: tasks as HTML."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


from bika.lims import api as senaite_api
from zope.i18nmessageid import Message

from senaite.queue.browser import html
from senaite.queue.browser import outcome
from senaite.queue.browser import words
from senaite.queue import messageFactory as _
from senaite.queue.model import clock
from senaite.queue.model import states

class RowMaker(object):
    """Makes the rows of a page, and looks up each user and object only once.

    :param view: a `ListingView`
    :param now: the store's clock, to which the times of the rows belong. By
        default that of this machine, which may be wrong: queue servers of
        older releases do not tell
    """

    def __init__(self, view, now=None):
        self.view = view
        self.portal = senaite_api.get_portal()
        self.now = clock.now() if now is None else now
        self._names = {}
        self._links = {}

    def item(self, row):
        """Return the row of a task.

        :param row: task as `ITaskStore.page` returns it
        :rtype: dict
        """
        status = row["status"]
        item = self.view.make_empty_folderitem(
            uid=row["task_uid"], id=row["task_uid"], url="",
            title=row["task_uid"][:9],
            state_title=outcome.state_of_task(row)[0],
            state_class="state-{}".format(status), review_state=status)
        item.update({
            "task_short_uid": html.tag(
                "a", html.tag("code", html.to_html(row["task_uid"][:9])),
                href=html.task_url(row["task_uid"], self.portal)),
            "name": self.name(row),
            "context_path": self.where(row),
            "username": self.user(row["username"]),
            "priority": html.to_html(row["priority"]),
            "added": self.time(row["created"]),
            "since": self.since(row),
            "duration": html.to_html(words.duration(duration_of(
                row, self.now))),
            "job_progress": html.progress_bar(
                row["job_done"], row["job_total"], row.get("job_skipped")),
            "retries": html.to_html(row["retries"]),
            "consumer_id": html.isolated(row["consumer_id"], 60),
            "state": self.state(row),
        })
        return item

    def name(self, row):
        """Return the title of a task, with its name as tooltip."""
        shown = html.tag("span", html.isolated(words.name_of(row["name"])),
                         title=row["name"])
        if row.get("ghost"):
            shown += u" " + html.tag("small", html.to_html(
                words.say(_(u"(hidden)"))), class_="text-muted")
        return shown

    def where(self, row):
        """Return a link to the object of a task."""
        key = (row["context_uid"], row["context_path"])
        if key not in self._links:
            self._links[key] = html.context_link(row, self.portal)
        return self._links[key]

    def user(self, user_id):
        """Return the name of a user."""
        if user_id not in self._names:
            name = html.user_name(user_id)
            self._names[user_id] = html.tag(
                "span", html.isolated(name, 60), title=html.cut(user_id))
        return self._names[user_id]

    def time(self, seconds):
        """Return a time."""
        return html.tag("time", html.to_html(words.moment(seconds)),
                        datetime=words.iso(seconds), class_="text-nowrap")

    def since(self, row):
        """Return how long a task has been waiting or running, or when it
        ended."""
        if row["ended"]:
            return self.time(row["ended"])
        if row.get("scheduled"):
            message = _(u"starts in ${time}")
            seconds = row["visible_at"] - self.now
        elif row["status"] == states.RUNNING:
            message = _(u"running for ${time}")
            seconds = self.now - (row["started"] or self.now)
        else:
            message = _(u"waiting for ${time}")
            seconds = self.now - row["visible_at"]
        message = Message(message, mapping={"time": words.duration(seconds)})
        return html.tag("span", html.to_html(words.say(message)),
                        class_="text-nowrap")

    def state(self, row):
        """Return the state of a task as a badge, with its message or note."""
        title, colour = outcome.state_of_task(row)
        shown = html.tag("span", html.to_html(title),
                         class_="badge badge-{}".format(colour))
        if row.get("on_its_way"):
            shown += u" " + html.tag("small", html.to_html(
                words.say(_(u"on its way"))), class_="text-muted")
        if row.get("skipped") and row["status"] in states.FINISHED:
            return shown + html.tag("div", outcome.list_items(
                row.get("skipped_items") or (), row["skipped"],
                row["username"], html.task_url(row["task_uid"], self.portal)),
                class_="small queue-message")
        message = outcome.tell_last_act(row)
        if row["status"] == states.FAILED:
            message = outcome.tell_failure(row, self.portal)
        message = message or row["error_message"] or row["note"]
        if message:
            shown += html.tag(
                "div", html.isolated(message),
                class_="small queue-message" + (
                    " text-danger" if row["status"] == states.FAILED
                    else " text-muted"))
        return shown


def duration_of(row, now):
    """Return for how long a task has run (seconds), or None.

    :param row: task as `ITaskStore.page` returns it
    :param now: UTC epoch seconds
    """
    if not row["started"] or row["status"] == states.QUEUED:
        return None
    return max(0, (row["ended"] or now) - row["started"])
