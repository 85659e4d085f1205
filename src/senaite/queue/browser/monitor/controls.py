# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The views behind the monitor's forms: pause, resume, change priority.

They require the permission to manage the queue and a valid authenticator.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six
from AccessControl import getSecurityManager
from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from Products.statusmessages.interfaces import IStatusMessage
from zope.i18nmessageid import Message

from senaite.queue import api
from senaite.queue.browser.monitor.task_actions import check_manager
from senaite.queue.browser.monitor.task_actions import DONE
from senaite.queue.browser.monitor.task_actions import ERROR
from senaite.queue.browser.monitor.task_actions import NOT_REACHED
from senaite.queue.browser.monitor.task_actions import TOO_LATE
from senaite.queue.browser.monitor.task_actions import try_each
from senaite.queue.browser import words
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import fields

#: Bounds of the priority that users may choose
HIGHEST, LOWEST = 0, 1000

SERVER_AWAY = _(u"The queue server does not answer: nothing was changed.")


class SteeringView(BrowserView):
    """Base of views that change the queue and return to the monitor."""

    def user(self):
        """Return the id of the user."""
        return getSecurityManager().getUser().getId()

    def say(self, message, level="info"):
        """Add a status message for the user."""
        IStatusMessage(self.request).addStatusMessage(message, level)

    def back(self):
        """Redirect to the monitor."""
        return self.request.response.redirect(
            "{}/@@queue_tasks".format(self.context.absolute_url()))


class PauseView(SteeringView):
    """Pauses the tasks of one name (`name` of the request), or all of them."""

    done = _(u"Paused: ${name}. Running tasks finish normally.")
    not_done = _(u"Already paused: ${name}")

    def __call__(self):
        check_manager(self.context, self.request)
        name = self.request.form.get("name") or ""
        if not isinstance(name, six.string_types) or (
                name and not fields.NAME.match(name)):
            self.say(_(u"Not the name of a task"), "error")
            return self.back()
        label = words.name_of(name) if name \
            else words.say(_(u"The whole queue"))
        try:
            changed = self.do(api.get_queue(), name or None)
        except Exception:
            logger.warning("event=action_failed by=%s", self.user(),
                           exc_info=True)
            self.say(SERVER_AWAY, "error")
        else:
            self.say(Message(self.done if changed else self.not_done,
                             mapping={"name": label}),
                     "info" if changed else "warning")
        return self.back()

    def do(self, queue, name):
        """Pause; returns False when it was paused before."""
        return queue.pause(name, username=self.user())


class ResumeView(PauseView):
    """Ends a pause."""

    done = _(u"Resumed: ${name}")
    not_done = _(u"No longer paused: ${name}")

    def do(self, queue, name):
        return queue.resume(name, username=self.user())


class PriorityView(SteeringView):
    """The form that changes priorities, in the modal of the listing.

    The listing passes the tasks as `uids`, separated by commas.
    """

    template = ViewPageTemplateFile("templates/priority.pt")

    highest, lowest = HIGHEST, LOWEST

    def __call__(self):
        if self.request.get("REQUEST_METHOD") != "POST":
            return self.template()
        check_manager(self.context, self.request)
        priority = self.read()
        if priority is None:
            self.say(_(u"'Priority' must be a whole number from ${min} to "
                       u"${max}", mapping={"min": HIGHEST, "max": LOWEST}),
                     "error")
            return ""
        user = self.user()
        counts = try_each(
            self.uids(), lambda queue, task_uid: queue.set_priority(
                task_uid, priority, username=user), user)
        logger.info("event=action action=priority by=%s priority=%s done=%s",
                    user, priority, counts[DONE])
        for message, outcome, level in (
                (_(u"Priority changed: ${count}"), DONE, "info"),
                (_(u"Priority not changed, because the tasks are no longer "
                   u"queued: ${count}"), TOO_LATE, "warning"),
                (NOT_REACHED, ERROR, "error")):
            if counts[outcome]:
                self.say(Message(
                    message, mapping={"count": counts[outcome]}), level)
        # The listing stays open, and fetches its rows again
        return ""

    def uids(self):
        """Return the uids of the tasks, without duplicates."""
        given = self.request.form.get("uids") or ""
        if not isinstance(given, six.string_types):
            given = ",".join(str(uid) for uid in given)
        found = []
        for uid in given.split(","):
            if fields.TASK_UID.match(uid) and uid not in found:
                found.append(uid)
        return found

    def read(self):
        """Return the priority of the form, or None when it is not valid."""
        try:
            value = int(self.request.form.get("priority") or "")
        except (TypeError, ValueError):
            return None
        return value if HIGHEST <= value <= LOWEST else None
