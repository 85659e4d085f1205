# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What needs a person: warnings of the monitor, worked out from its figures.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.browser import html
from senaite.queue.browser import words
from senaite.queue import messageFactory as _

#: A consumer asks for work every few seconds, and its heart beats while it
#: works; one that was not heard of for so long is gone (seconds)
SILENT_AFTER = 90

#: A task that might run and waits for so long needs a look (seconds)
WAITS_LONG = 15 * 60

#: Share of the time a task may take from which the limit is too tight
TIGHT = 1.0


def is_alive(consumer, now):
    """Tell whether a consumer was heard of lately."""
    return now - consumer["last_seen"] < SILENT_AFTER


def find(figures):
    """Return what needs a person.

    :param figures: see `senaite.queue.server.figures.Figures.collect`
    :returns: list of (level of Bootstrap's alerts, message)
    """
    now = figures["now"]
    found = []
    alive = [c for c in figures["consumers"] if is_alive(c, now)]
    waiting = figures["queued"] - figures["scheduled"]
    paused_all = any(not pause["name"] for pause in figures["pauses"])
    if waiting > 0 and not alive:
        found.append(("danger", _(
            u"No consumer is at work: nothing that is queued gets done. "
            u"Check that the Zope process of the consumer runs.")))
    elif waiting > 0 and not paused_all and figures["oldest_due"] \
            and now - figures["oldest_due"] > WAITS_LONG:
        found.append(("warning", _(
            u"A task waits since ${time}. Are there enough consumers?",
            mapping={"time": words.duration(now - figures["oldest_due"])})))
    if figures["failed"]:
        found.append(("danger", _(
            u"Tasks that failed and need a decision: ${count}. Look at the "
            u"reason, then requeue or remove them.",
            mapping={"count": figures["failed"]})))
    for pause in figures["pauses"]:
        found.append(("warning", _pause(pause)))
    for consumer in alive:
        started, limit = consumer["task_started"], consumer["task_max_seconds"]
        if started and limit and now - started > limit * TIGHT:
            found.append(("warning", _(
                u"${consumer} is at work on one task for ${time}, longer "
                u"than it may take.",
                mapping={"consumer": consumer["consumer_id"],
                         "time": words.duration(now - started)})))
    return found


def _pause(pause):
    values = {"user": html.user_name(pause["username"]) or u"?",
              "time": words.moment(pause["since"]),
              "name": words.name_of(pause["name"])}
    if not pause["name"]:
        return _(u"The whole queue is paused, by ${user} since ${time}: "
                 u"nothing new is begun.", mapping=values)
    return _(u"'${name}' is paused, by ${user} since ${time}.",
             mapping=values)
