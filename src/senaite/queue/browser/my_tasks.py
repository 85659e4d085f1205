# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page "My tasks": a user's jobs, their progress and their errors.

Open to every user who is logged in; shows the tasks of this user only.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue import api
from senaite.queue.browser import html
from senaite.queue.browser import indicator
from senaite.queue.browser import outcome
from senaite.queue.browser import words
from senaite.queue.integration import waits
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.permissions import ViewQueue

#: Maximum number of tasks that are fetched; each job is one line
MOST_TASKS = 300
MOST_JOBS = 50

#: Maximum number of skipped items that are named for a job
MOST_ITEMS = 5

#: What sentences end with; in Chinese these are characters of their own
ENDS = u".!?\u2026\u3002\uff01\uff1f"


class MyTasksView(BrowserView):
    """Lists the jobs of the user, the latest first."""

    template = ViewPageTemplateFile("templates/my_tasks.pt")
    part = ViewPageTemplateFile("templates/my_tasks_part.pt")

    is_away = False

    #: Pauses in force, see `ITaskStore.pauses`
    pauses = ()

    def __call__(self):
        self.portal = senaite_api.get_portal()
        self.request.response.setHeader("Cache-Control", "no-store")
        self.user_id = getSecurityManager().getUser().getId()
        if self.user_id is None:
            raise Unauthorized("Log in to see your tasks")
        # The script asks for the part that changes: a whole page would use up
        # messages for the user
        if "part" in self.request.form:
            return html.tag("div", self.part(), id="queue-my-tasks")
        return self.template()

    def tasks(self):
        """Return the user's tasks, the latest first.

        Without an answer of the queue server, return those that this process
        knows.
        """
        try:
            page = api.get_queue().get_page(
                states.KINDS, username=self.user_id, sort="created",
                descending=True, limit=MOST_TASKS)
            self.pauses = page["pauses"]
            return page["tasks"]
        except Exception:
            logger.warning("event=my_tasks_failed", exc_info=True)
            self.is_away = True
        return indicator.known_tasks(self.portal, self.user_id)

    def jobs(self):
        """Return the user's jobs, ready for the template."""
        jobs = collections.OrderedDict()
        for row in self.tasks():
            jobs.setdefault(row["job_uid"], []).append(row)
        return [self.describe(rows)
                for rows in list(jobs.values())[:MOST_JOBS]]

    def describe(self, rows):
        """Return a job, ready for the template.

        :param rows: its tasks, the latest first
        """
        first = rows[-1]
        state = state_of([row["status"] for row in rows])
        failed = [row for row in rows if row["status"] == states.FAILED]
        told = failed or [
            row for row in rows if self.tell_acts(row)] or [
            # The note says of skipped items what is said below
            row for row in rows if row.get("note") and not row.get("skipped")]
        skipped = [row for row in rows if row.get("skipped")]
        # The number for the job also counts chunks that are not among the rows
        count = max(first.get("job_skipped") or 0,
                    sum(row["skipped"] for row in skipped))
        title, colour = words.say(words.STATES[state]), \
            outcome.COLOURS[state]
        if state == states.DONE and count:
            title = outcome.say_done(first.get("job_done"), count)
            colour = outcome.SKIPPED
        url = html.task_url(
            (told or skipped or rows)[0]["task_uid"], self.portal)
        return {
            "uid": first["job_uid"],
            "name": words.name_of(first["name"]),
            "where": html.context_link(first, self.portal),
            "created": words.moment(first.get("created")),
            "progress": html.progress_bar(
                first.get("job_done"), first.get("job_total"), count,
                sum(row.get("items") or 1 for row in failed)),
            "state": title,
            "class": "badge badge-" + colour,
            "message": self.explain(told[0]) if told else u"",
            "waits": self.tell_wait(rows),
            "skipped": self.list_skipped(skipped, count, url),
            "url": url,
        }

    def list_skipped(self, rows, count, url):
        """Return the skipped items of a job, as HTML.

        :param rows: those of its tasks that have skipped items, the latest
            first
        :param count: number of items that the job has skipped
        :param url: where more of them are named
        """
        items = [item for row in reversed(rows)
                 for item in row.get("skipped_items") or ()]
        return outcome.list_items(items[:MOST_ITEMS], count, self.user_id,
                                  url)

    def tell_wait(self, rows):
        """Return what keeps a job that is not paused from being started, as
        text: a hold, no consumer, or the jobs before it; empty for others.

        :param rows: its tasks
        """
        waiting = [row for row in rows if row["status"] == states.QUEUED
                   and not row.get("scheduled")]
        if self.is_away or any(
                row["status"] == states.RUNNING for row in rows) or any(
                outcome.tell_pauses(row, self.pauses) for row in waiting):
            return u""
        return u"\n".join(waits.tell(self.portal, waiting))

    def tell_acts(self, row):
        """Return what people have done to a task, and to the queue while it
        waits, as text."""
        told = [outcome.tell_last_act(row)] + outcome.tell_pauses(
            row, self.pauses)
        return u"\n".join(line for line in told if line)

    def explain(self, row):
        """Return the note of a task, what people did to it or why it failed,
        as text."""
        if row["status"] != states.FAILED:
            return self.tell_acts(row) or row.get("note") or u""
        reason = outcome.tell_failure(row, self.portal) or \
            fields.to_text(row.get("error_message") or u"")
        return words.say(_(
            u"The task failed: ${reason} A laboratory manager can run it "
            u"again.", mapping={"reason": sentence(reason)}))

    def sees_monitor(self):
        """Tell whether the user may see the tasks of others."""
        return bool(getSecurityManager().checkPermission(
            ViewQueue, self.portal))

    def portal_url(self):
        """Return the address of the site."""
        return self.portal.absolute_url()

    def static_url(self):
        """Return the URL of the folder of scripts and styles."""
        return "{}/++plone++senaite.queue.static".format(self.portal_url())


def state_of(found):
    """Return the state of a job.

    :param found: the states of its tasks
    """
    for state in (states.RUNNING, states.QUEUED, states.FAILED,
                  states.CANCELLED):
        if state in found:
            return state
    return states.DONE


def sentence(text):
    """Return the last line of a message, which says what happened, as a
    sentence with a full stop."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = html.cut(html.plain(lines[-1]), 300) if lines else words.say(
        _(u"the reason is unknown"))
    return last if last[-1:] in ENDS else last + u"."
