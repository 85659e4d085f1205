# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The dashboard above the listing of the monitor: warnings, numbers, charts,
consumers, pauses. It is rendered with the page, and again every few seconds.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import datetime

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from plone.app.layout.viewlets import ViewletBase
from Products.Five.browser import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from Products.statusmessages.interfaces import IStatusMessage

from senaite.queue import api
from senaite.queue.browser import html
from senaite.queue.browser.monitor import attention
from senaite.queue.browser.monitor import charts
from senaite.queue.browser.monitor import removal
from senaite.queue.browser import words
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import states
from senaite.queue.permissions import ManageQueue
from senaite.queue.records import outbox
from senaite.queue.server.attendance import is_alive

#: Level of a status message -> level of the listing's own messages
LEVELS = {"info": "success", "warning": "warning", "error": "danger"}

#: Number at the top -> tab of the listing with the tasks that it counts
TAB_OF = {"queued": states.QUEUED, "running": states.RUNNING,
          "failed": states.FAILED, "scheduled": states.SCHEDULED,
          "hidden": "all"}


class Dashboard(BrowserView):
    """Shows the state of the queue."""

    template = ViewPageTemplateFile("templates/dashboard.pt")

    figures = None

    def __call__(self):
        try:
            self.figures = api.get_queue().get_figures()
        except Exception:
            logger.warning("event=monitor_failed", exc_info=True)
        return self.template()

    def pop_messages(self):
        """Return the status messages for the user, and forget them."""
        return [{"text": message.message,
                 "level": LEVELS.get(message.type, "info")}
                for message in IStatusMessage(self.request).show()]

    # -- for the template

    def warnings(self):
        """Return the warnings: dicts with `level`, `text` and `tab`, the tab
        that shows the tasks that it is about, or None."""
        if self.figures is None:
            return [{"level": "danger", "tab": None, "text": words.say(_(
                u"The queue server does not answer: its tasks are not shown. "
                u"Nothing is lost: tasks are kept until it is back."))}]
        return [{"level": level, "text": words.say(message), "tab": tab}
                for level, message, tab in attention.find(self.figures)]

    def on_their_way(self):
        """Return the number of tasks in the outbox, not yet delivered."""
        try:
            return len(outbox.pending(senaite_api.get_portal()))
        except Exception:
            logger.warning("event=outbox_unreadable", exc_info=True)
            return 0

    def is_empty(self):
        """Tell whether nothing waits, runs or has failed."""
        return not any(self.figures[state] for state in (
            states.QUEUED, states.RUNNING, states.FAILED)) \
            and not self.on_their_way()

    def numbers(self):
        """Return the numbers at the top: dicts with id, label, value, class
        and tab, the one that shows the tasks that are counted, or None."""
        figures, shown = self.figures, self.count_shown()
        hidden = figures["queued"] + figures["running"] - sum(shown.values())
        waits = figures["oldest_due"]
        found = [
            ("queued", _(u"Queued"), shown[states.QUEUED], ""),
            ("running", _(u"Running"), shown[states.RUNNING], ""),
        ]
        found += [row for row in (
            ("scheduled", _(u"Scheduled"), shown[states.SCHEDULED], ""),
            ("hidden", _(u"Hidden"), hidden, "")) if row[2] > 0]
        found += [
            ("failed", _(u"Failed"), figures["failed"],
             "text-danger" if figures["failed"] else ""),
            ("finished", _(u"Finished in the last hour"),
             figures["last_hour"]["done"], ""),
            ("skipped", _(u"Skipped in the last hour"),
             figures["last_hour"].get("skipped") or 0,
             "queue-warns" if figures["last_hour"].get("skipped") else ""),
            ("oldest", _(u"Longest wait"),
             words.duration(figures["now"] - waits) if waits else u"-", ""),
            ("wait", _(u"Median wait, last hour"),
             words.duration(figures["last_hour"]["wait_median"]) or u"-", ""),
            ("run", _(u"Median run time, last hour"),
             words.duration(figures["last_hour"]["run_median"]) or u"-", ""),
        ]
        return [{"id": "queue-number-" + key, "label": label, "value": value,
                 "class": css, "tab": TAB_OF.get(key) if value else None}
                for key, label, value, css in found]

    def count_shown(self):
        """Return the numbers of tasks that the tabs show: dict of state ->
        number."""
        figures = self.figures
        # Queue servers of older releases do not tell
        return figures.get("shown") or {
            states.QUEUED: figures["queued"] - figures["scheduled"],
            states.SCHEDULED: figures["scheduled"],
            states.RUNNING: figures["running"]}

    def tab_url(self, tab):
        """Return the address of the monitor with a tab."""
        return "{}/@@queue_tasks?queue_tasks_review_state={}".format(
            self.portal_url(), tab)

    def charts(self):
        """Return the charts: dicts with `title` and `svg`."""
        found = []
        for key, throughput, wait, run in (
                ("hour", _(u"Tasks done, last hour"),
                 _(u"Median wait, last hour"),
                 _(u"Median run time, last hour")),
                ("day", _(u"Tasks done, last day"),
                 _(u"Median wait, last day"),
                 _(u"Median run time, last day"))):
            for title, field, label in (
                    (throughput, "done", None),
                    (wait, "wait_median", words.duration),
                    (run, "run_median", words.duration)):
                title = words.say(title)
                spans = [(clock(span["start"]), span[field])
                         for span in self.figures[key]]
                found.append({
                    "title": title,
                    "most": self.most(spans, label),
                    "svg": charts.bars(spans, title, label=label)})
        return found

    def most(self, spans, label):
        """Return the largest value of a chart as text, or None without values.

        :param spans: (name, value): a number of tasks, where 0 does not count,
            or seconds, where it does
        :param label: function that formats seconds as text; None for numbers
            of tasks
        """
        values = [value for _name, value in spans
                  if (value is not None if label else value)]
        if not values:
            return None
        return label(max(values)) if label else u"{}".format(max(values))

    def consumers(self):
        """Return the consumers, ready for the template."""
        return describe_consumers(self.figures)

    def pauses(self):
        """Return the pauses: dicts with name and label."""
        return [{"name": pause["name"], "label": words.name_of(pause["name"])
                 if pause["name"] else words.say(_(u"The whole queue"))}
                for pause in self.figures["pauses"]]

    def pausable(self):
        """Return what can be paused: (name, label), the whole queue first."""
        paused = set(pause["name"] for pause in self.figures["pauses"])
        found = [("", words.say(_(u"The whole queue")))]
        found.extend(sorted(((name, words.name_of(name))
                             for name in words.known_names()),
                            key=lambda pair: pair[1]))
        return [pair for pair in found if pair[0] not in paused]

    def can_manage(self):
        """Tell whether the user may pause and resume."""
        return bool(getSecurityManager().checkPermission(
            ManageQueue, senaite_api.get_portal()))

    def can_remove_all(self):
        """Tell whether the user may remove everything."""
        return bool(getSecurityManager().checkPermission(
            removal.MANAGE_PORTAL, senaite_api.get_portal()))

    def portal_url(self):
        """Return the address of the site."""
        return senaite_api.get_url(senaite_api.get_portal())


class DashboardViewlet(ViewletBase):
    """Puts the dashboard above the listing."""

    index = ViewPageTemplateFile("templates/dashboard_viewlet.pt")

    def dashboard(self):
        """Return the HTML of the dashboard."""
        return Dashboard(self.context, self.request)()

    def static_url(self):
        """Return the URL of the folder of scripts and styles."""
        return "{}/++plone++senaite.queue.static".format(
            senaite_api.get_url(senaite_api.get_portal()))

    def url(self):
        """Return the URL from which the script refreshes the dashboard."""
        return "{}/@@queue_tasks/dashboard".format(
            senaite_api.get_url(self.context))


def describe_consumers(figures):
    """Return the consumers, ready for the template.

    :param figures: see `senaite.queue.server.figures.Figures.collect`
    :returns: dicts with name, alive, seen, task (HTML or ""), for (duration)
    """
    portal = senaite_api.get_portal()
    found = []
    for consumer in figures["consumers"]:
        silent = figures["now"] - consumer["last_seen"]
        started = consumer["task_started"]
        task = u""
        if consumer["task_uid"]:
            label = words.name_of(consumer["task_name"]) or \
                consumer["task_uid"][:9]
            task = html.tag("a", html.isolated(label), href=html.task_url(
                consumer["task_uid"], portal))
        found.append({
            "name": consumer["consumer_id"],
            "alive": is_alive(consumer, figures["now"]),
            "seen": words.say(_(u"${time} ago", mapping={
                "time": words.duration(silent)})),
            "task": task,
            "for": words.duration(figures["now"] - started)
            if started else u"",
        })
    return found


def clock(seconds):
    """Return the start of a span of a chart, in the date format of the site."""
    shown = words.moment(seconds)
    return shown or datetime.datetime.utcfromtimestamp(seconds).isoformat()
