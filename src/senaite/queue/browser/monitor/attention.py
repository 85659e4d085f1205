# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The warnings of the monitor, derived from its figures."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.browser import html
from senaite.queue.browser import words
from senaite.queue.integration import notices
from senaite.queue import messageFactory as _
from senaite.queue.model import states
from senaite.queue.server.attendance import is_alive

#: A task that could run but has waited for this number of seconds is reported
WAITS_LONG = 15 * 60

#: A task that has used this share of its time limit is reported
TIGHT = 1.0


def find(figures):
    """Return the warnings that the figures call for.

    :param figures: see `senaite.queue.server.figures.Figures.collect`
    :returns: list of (level of Bootstrap's alerts, message, state of the tasks
        that it is about, or None)
    """
    now = figures["now"]
    found = []
    held = figures.get("held")
    if held:
        found.append(("danger", notices.tell_held(held), None))
    alive = [c for c in figures["consumers"] if is_alive(c, now)]
    waiting = figures["queued"] - figures["scheduled"]
    paused_all = any(not pause["name"] for pause in figures["pauses"])
    if waiting > 0 and not alive and not held:
        found.append(("danger", _(
            u"No consumer is running: queued tasks are not processed. Check "
            u"that the Zope process of the consumer is running."), None))
    elif waiting > 0 and not held and not paused_all and figures["oldest_due"] \
            and now - figures["oldest_due"] > WAITS_LONG:
        found.append(("warning", _(
            u"A task has been waiting for ${time}. Are there enough consumers?",
            mapping={"time": words.duration(now - figures["oldest_due"])}),
            None))
    if figures["failed"]:
        found.append(("danger", _(
            u"Failed tasks that need a decision: ${count}. Check the reason, "
            u"then requeue or remove them.",
            mapping={"count": figures["failed"]}), states.FAILED))
    for pause in figures["pauses"]:
        found.append(("warning", tell_pause(pause), None))
    for consumer in alive:
        started, limit = consumer["task_started"], consumer["task_max_seconds"]
        if started and limit and now - started > limit * TIGHT:
            found.append(("warning", _(
                u"${consumer} has been working on one task for ${time}, longer "
                u"than the task's time limit.",
                mapping={"consumer": consumer["consumer_id"],
                         "time": words.duration(now - started)}), None))
    return found


def tell_pause(pause, user=None):
    """Return who has paused something, and when.

    :param pause: see `ITaskStore.pauses`
    :param user: what to call the user; the full name by default
    :rtype: zope.i18nmessageid.Message
    """
    values = {"user": user or html.user_name(pause["username"]) or u"?",
              "time": words.moment(pause["since"]),
              "name": words.name_of(pause["name"])}
    if not pause["name"]:
        return _(u"The whole queue has been paused by ${user} since ${time}: "
                 u"no new tasks are started.", mapping=values)
    return _(u"'${name}' has been paused by ${user} since ${time}.",
             mapping=values)
