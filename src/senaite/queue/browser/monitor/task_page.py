# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page of a task: its details, and its history attempt by attempt.

Users who may view the queue see everything. The user who started the task sees
its object, its progress and its messages, but no internals.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue import api
from senaite.queue.browser import html
from senaite.queue.browser.monitor import overview
from senaite.queue.browser.monitor.table import duration_of
from senaite.queue.browser import outcome
from senaite.queue.browser import words
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import clock
from senaite.queue.model import fields
from senaite.queue.model.queue_task import concealed
from senaite.queue.model.queue_task import GIVEN
from senaite.queue.model import states
from senaite.queue.permissions import ManageQueue
from senaite.queue.permissions import ViewQueue
from senaite.queue.records import ledger

#: Fields that have a line of their own, or that are not shown; all others are
#: shown as the payload
SHOWN_APART = frozenset((
    "task_uid", "task_short_uid", "name", "context_uid", "context_path",
    "username", "priority", "created", "status", "retries", "attempt",
    "started", "consumer_id", "error_message", "error_code", "note", "skipped",
    "skipped_items", "interventions", "ghost", "job_uid",
    "job_total", "job_created", "chunk_size", "min_seconds", "max_seconds", "delay",
    "unique", "uids", "locks", "click_origin", GIVEN))

#: Maximum number of linked items, and of characters of a payload
MOST_ITEMS = 50
MOST_PAYLOAD = 20000


class TaskView(BrowserView):
    """Shows the task with the `uid` of the request."""

    template = ViewPageTemplateFile("templates/task.pt")
    part = ViewPageTemplateFile("templates/task_part.pt")

    history = None
    problem = None

    def __call__(self):
        self.portal = senaite_api.get_portal()
        self.request.response.setHeader("Cache-Control", "no-store")
        user_id = getSecurityManager().getUser().getId()
        if user_id is None:
            raise Unauthorized("Log in to see tasks")
        self.sees_all = self.may(ViewQueue)
        self.find(self.request.form.get("uid"))
        # Tasks of other users look like tasks that do not exist
        if self.history is not None and not self.sees_all and \
                fields.to_text(self.task["username"] or "") != \
                fields.to_text(user_id):
            self.history, self.problem = None, NOT_FOUND
        if self.history is None:
            self.request.response.setStatus(
                404 if self.problem is NOT_FOUND else 503)
        # The script asks for the parts that change: a whole page would use up
        # messages for the user
        return self.parts() if "part" in self.request.form \
            else self.template()

    def parts(self):
        """Return the parts of the page that change, as HTML."""
        badge = u"" if self.history is None else html.tag(
            "small", self.badge(), id="queue-task-state")
        return badge + html.tag("div", self.part(), id="queue-task-part")

    def find(self, task_uid):
        """Fetch the task from the queue."""
        if not isinstance(task_uid, str) or \
                not fields.TASK_UID.match(task_uid):
            self.problem = NOT_FOUND
            return
        try:
            self.history = api.get_queue().get_history(task_uid)
        except Exception:
            logger.warning("event=task_page_failed", exc_info=True)
            self.problem = AWAY
            return
        if self.history is None:
            self.problem = NOT_FOUND

    def may(self, permission):
        """Tell whether the user has a permission in the site."""
        return bool(getSecurityManager().checkPermission(
            permission, self.portal))

    # -- for the template

    @property
    def task(self):
        """The task itself."""
        return self.history["task"]

    @property
    def row(self):
        """The task as a row of the monitor."""
        return self.history["row"] or dict(
            self.task, scheduled=False, ended=None,
            visible_at=self.task["created"])

    @property
    def now(self):
        """The store's clock, to which all times of the task belong. Queue
        servers of older releases do not tell."""
        now = self.history.get("now")
        return clock.now() if now is None else now

    def title(self):
        """Return the title of the task."""
        return words.name_of(self.task["name"])

    def badge(self):
        """Return the state of the task, as HTML."""
        title, colour = outcome.state_of_task(self.row)
        return html.tag("span", html.to_html(title),
                        class_="badge badge-" + colour)

    def part_url(self):
        """Return the address of the parts of the page that change."""
        uid = self.request.form.get("uid")
        is_known = isinstance(uid, str) and fields.TASK_UID.match(uid)
        return "{}/@@queue_task?uid={}&part=1".format(
            self.portal.absolute_url(), uid if is_known else "")

    def details(self):
        """Return the details of the task: (label, HTML)."""
        task, row = self.task, self.row
        found = [
            (_(u"Where"), html.context_link(task, self.portal)),
            (_(u"Started by"), html.isolated(
                html.user_name(task["username"]))),
            (_(u"Created"), html.to_html(words.moment(task["created"]))),
        ]
        if row.get("scheduled"):
            found.append((_(u"Not before"), html.to_html(
                words.moment(row["visible_at"]))))
        if task.get("started"):
            found.append((_(u"Last attempt started"), html.to_html(
                words.moment(task["started"]))))
        if row["ended"]:
            found.append((_(u"Ended"), html.to_html(
                words.moment(row["ended"]))))
        seconds = duration_of(row, self.now) if self.history["row"] else None
        if seconds is not None:
            found.append((_(u"Duration"), html.to_html(
                words.duration(seconds))))
        found.extend(self.acts())
        if self.is_undone():
            found.append((_(u"Undone"), html.tag("span", html.to_html(words.say(
                _(u"The work of this task is not in the database any more: it "
                  u"was undone, or a backup was restored."))),
                class_="text-danger")))
        job = self.history["job"]
        if job:
            found.append((_(u"Progress of the job"), html.progress_bar(
                job["done"], job["total"], job.get("skipped"),
                job.get("failed_items"))))
        found.extend(self.skipped())
        if task.get("note") and not task.get("skipped"):
            found.append((_(u"Note"), html.isolated(task["note"], 10000)))
        found.extend(self.failure())
        return found + (self.insides() if self.sees_all else [])

    def acts(self):
        """Return what people have done to the task, and to the queue while it
        was waiting: (label, HTML)."""
        told = [outcome.tell_act(act)
                for act in self.task.get("interventions") or ()]
        told.extend(outcome.tell_past_pauses(
            self.history.get("past_pauses")))
        told.extend(outcome.tell_pauses(
            self.row, self.history.get("pauses")))
        lines = [html.tag("div", html.isolated(line, 1000))
                 for line in told if line]
        return [(_(u"Interventions"), u"".join(lines))] if lines else []

    def skipped(self):
        """Return the items that were skipped by the task, and by others of its
        job: (label, HTML)."""
        task, job = self.task, self.history["job"] or {}
        found = []
        if task.get("skipped"):
            found.append((_(u"Skipped by this task"), outcome.list_items(
                task["skipped_items"], task["skipped"], task["username"])))
        if (job.get("skipped") or 0) > (task.get("skipped") or 0):
            found.append((_(u"Skipped by the job"), outcome.list_items(
                job["skipped_items"], job["skipped"], task["username"])))
        return found

    def failure(self):
        """Return why the task failed: (label, HTML). The error message is for
        users who may view the queue, where words tell the reason."""
        message = self.task.get("error_message")
        # What went wrong before is among the attempts
        if self.task["status"] == states.DONE:
            return []
        told = outcome.tell_failure(self.task, self.portal)
        found = []
        if told:
            found.append((_(u"What went wrong"), html.tag(
                "span", html.isolated(told, 1000), class_="text-danger")))
        if message and (self.sees_all or not told):
            found.append((
                _(u"Error message") if told else _(u"What went wrong"),
                html.tag("span", html.isolated(message, 10000),
                         class_="text-danger")))
        return found

    def is_undone(self):
        """Tell whether the work was done and undone, for as long as that can
        be known."""
        row = self.row
        return row["status"] == states.DONE and bool(row["ended"]) and \
            ledger.was_undone(self.portal, self.task["task_uid"],
                              row["ended"], self.now)

    def insides(self):
        """Return the details for users who may view the queue."""
        task = self.task
        values = (
            (_(u"UID"), task["task_uid"]),
            (_(u"Task name"), task["name"]),
            (_(u"User ID"), task["username"]),
            (_(u"Path"), task["context_path"]),
            (_(u"UID of the object"), task["context_uid"]),
            (_(u"Job"), task["job_uid"]),
            (_(u"Priority (lower first)"), task["priority"]),
            (_(u"Retries left"), task["retries"]),
            (_(u"Attempts"), task["attempt"]),
            (_(u"Consumer"), task["consumer_id"]),
            (_(u"Items per chunk"), task["chunk_size"]),
            (_(u"Time limit (seconds)"), task["max_seconds"]),
            (_(u"Pause between tasks (seconds)"), task["min_seconds"]),
            (_(u"Delay (seconds)"), task["delay"]),
            (_(u"Address of the site"), address_of(task.get("click_origin"))),
            (_(u"Language"), language_of(task.get("click_origin"))),
            (_(u"Unique"), yes_or_no(task["unique"])),
            (_(u"Hidden"), yes_or_no(task["ghost"])),
        )
        return [(label, html.isolated(show(value), 1000))
                for label, value in values if value is not None]

    def items(self):
        """Return links to the items of the task, and how many are left out.

        Objects that the user may not see are shown as uids, without a title.
        """
        uids = self.task["uids"]
        links = []
        for uid in uids[:MOST_ITEMS]:
            found = html.find_context(
                {"context_uid": uid, "context_path": ""})
            if found is None:
                links.append(html.tag("code", html.isolated(uid)))
                continue
            title = senaite_api.get_title(found) or uid
            links.append(html.tag("a", html.isolated(title, 80),
                                  href=senaite_api.get_url(found)))
        return {"links": links, "more": max(0, len(uids) - MOST_ITEMS)}

    def payload(self):
        """Return the other keys of the task as formatted JSON."""
        rest = dict((key, value) for key, value in concealed(self.task).items()
                    if key not in SHOWN_APART)
        for key in ("locks",):
            if self.task.get(key):
                rest[key] = self.task[key]
        if not rest:
            return u""
        text = json.dumps(rest, indent=2, sort_keys=True, ensure_ascii=False,
                          default=repr)
        return html.plain(html.cut(text, MOST_PAYLOAD))

    def attempts(self):
        """Return the attempts, the latest first, ready for the template."""
        found = []
        for number, attempt in enumerate(self.history["attempts"], 1):
            ended = attempt["ended"]
            found.append({
                "number": number,
                "started": words.moment(attempt["started"]),
                "consumer": attempt["consumer_id"],
                "duration": words.duration(
                    (ended or self.now) - attempt["started"]),
                "outcome": words.say(words.OUTCOMES.get(
                    attempt["outcome"], attempt["outcome"] or
                    _(u"In progress"))),
                "good": attempt["outcome"] in (None, "done", "stopped"),
                "error": html.plain(attempt["error_message"]),
                "traceback": html.plain(attempt["traceback"]),
            })
        return found[::-1]

    def chunks(self):
        """Return the other tasks of the job, ready for the template."""
        return [{"url": html.task_url(row["task_uid"], self.portal),
                 "uid": row["task_uid"][:9],
                 "state": outcome.state_of_task(row)[0],
                 "count": row["items"],
                 "created": words.moment(row["created"])}
                for row in self.history["chunks"]
                if row["task_uid"] != self.task["task_uid"]]

    def actions(self):
        """Return the actions of the user: dicts with id, title, question."""
        if not self.may(ManageQueue):
            return []
        kind = states.SCHEDULED if self.row.get("scheduled") \
            else self.row["status"]
        return [{"id": action_id, "title": title,
                 "question": QUESTIONS.get(action_id)}
                for action_id, title, kinds, _help in overview.ACTIONS
                if kind in kinds and action_id != overview.PRIORITY]

    def is_active(self):
        """Tell whether the task waits or runs."""
        return self.row["status"] in states.ACTIVE

    def static_url(self):
        """Return the URL of the style sheet's folder."""
        return "{}/++plone++senaite.queue.static".format(
            self.portal.absolute_url())


#: Questions before actions on the one task
QUESTIONS = {
    overview.CANCEL_JOB: overview.CONFIRMED[overview.CANCEL_JOB],
    overview.REMOVE: _(u"Remove this task? It will not be done; it stays in the "
                       u"history."),
}

NOT_FOUND = _(u"There is no such task, or it is not yours. Finished tasks "
              u"are removed from the history after a while.")
AWAY = _(u"The queue server does not answer: the task cannot be shown now. "
         u"Nothing is lost.")


def yes_or_no(value):
    """Return a flag as "yes" or "no", translated."""
    return words.say(_(u"yes") if value else _(u"no"))


def address_of(origin):
    """Return where the user who started a task saw the site.

    :param origin: the field `click_origin` as it was stored; the store may
        have anything there
    """
    try:
        parts = [origin["server_url"]] + list(origin.get("virtual_root") or [])
        return u"/".join(fields.to_text(part) for part in parts)
    except (AttributeError, KeyError, TypeError):
        return words.say(_(u"Address of the consumer (the task was not added "
                           u"from a page)"))


def language_of(origin):
    """Return the code of the language that a task speaks, or None."""
    languages = origin.get("languages") if isinstance(origin, dict) else None
    return languages[0] if languages and isinstance(languages, list) else None


def show(value):
    """Return a value as text."""
    if isinstance(value, float):
        return u"{:g}".format(value)
    if isinstance(value, (bytes, type(u""))):
        return fields.to_text(value)
    return fields.to_text(str(value))
