# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue in plain words: names of tasks, states, times, durations.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import datetime

from bika.lims import api as senaite_api
from DateTime import DateTime
from DateTime.interfaces import DateTimeError
from senaite.core.api import dtime
from zope.component import getGlobalSiteManager

from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import to_native
from senaite.queue.model.fields import to_text
from senaite.queue.model import states
from senaite.queue.site.translation import translate

#: Titles of tasks, by name
NAMES = {
    "task_assign_analyses": _(u"Assign analyses"),
    "task_apply_worksheet_template": _(u"Apply worksheet template"),
    "task_action_submit": _(u"Submit results"),
    "task_action_verify": _(u"Verify results"),
    "task_action_multi_verify": _(u"Verify results (one of several)"),
    "task_action_retract": _(u"Retract results"),
    "task_action_retest": _(u"Retest analyses"),
    "task_action_reject": _(u"Reject analyses"),
    "task_action_unassign": _(u"Unassign analyses"),
    "task_generic_action": _(u"Workflow action"),
    "task_reindex_object_security": _(u"Update permissions"),
}

STATES = {
    states.QUEUED: _(u"Queued"),
    states.RUNNING: _(u"Running"),
    states.FAILED: _(u"Failed"),
    states.DONE: _(u"Done"),
    states.CANCELLED: _(u"Removed"),
    states.SCHEDULED: _(u"Scheduled"),
}

#: Outcomes of attempts
OUTCOMES = {
    "done": _(u"Done"),
    "cancelled": _(u"Removed while running"),
    "conflict": _(u"Conflict with another change"),
    "timeout": _(u"Took too long"),
    "lease_lost": _(u"The consumer stopped responding"),
    "error": _(u"Error"),
    "fatal": _(u"Permanent error"),
    "stopped": _(u"Handed back, because the consumer was stopped"),
}

# Filled by the first call of `known_names`
_registered = []

#: Seconds of a minute, an hour and a day
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600


def say(message):
    """Return a message, translated into the user's language.

    :rtype: six.text_type
    """
    return translate(message)


def name_of(task_name):
    """Return the title of a task in the user's language.

    :param task_name: name of a task, also of another add-on
    :rtype: six.text_type
    """
    known = NAMES.get(task_name)
    if known is not None:
        return say(known)
    words = to_text(task_name or u"")
    for prefix in (u"task_action_", u"task_"):
        if words.startswith(prefix):
            words = words[len(prefix):]
            break
    words = words.replace(u"_", u" ").strip()
    return words[:1].upper() + words[1:] or to_text(task_name or u"")


def known_names():
    """Return the names of all tasks that can be processed here: our own, and
    those of other add-ons."""
    if not _registered:
        # Adapters are registered only while Zope starts, and there are many
        found = set(NAMES)
        for registration in getGlobalSiteManager().registeredAdapters():
            if registration.provided is IQueuedTaskAdapter:
                found.add(to_native(registration.name))
        _registered.extend(sorted(name for name in found if name))
    return _registered


def state_of(row):
    """Return the title of a task's state in the user's language.

    :param row: task as `ITaskStore.page` returns it
    """
    state = states.SCHEDULED if row.get("scheduled") else row["status"]
    return say(STATES.get(state, state))


def duration(seconds):
    """Return a duration as text, in one or two units.

    :param seconds: number of seconds, or None
    """
    if seconds is None:
        return u""
    seconds = max(0, seconds)
    if seconds < 10:
        return say(_(u"${seconds} s",
                     mapping={"seconds": u"{:.1f}".format(seconds)}))
    seconds = int(round(seconds))
    if seconds < MINUTE:
        return say(_(u"${seconds} s", mapping={"seconds": seconds}))
    if seconds < HOUR:
        return say(_(u"${minutes} min ${seconds} s", mapping={
            "minutes": seconds // MINUTE, "seconds": seconds % MINUTE}))
    if seconds < DAY:
        return say(_(u"${hours} h ${minutes} min", mapping={
            "hours": seconds // HOUR, "minutes": seconds % HOUR // MINUTE}))
    return say(_(u"${days} d ${hours} h", mapping={
        "days": seconds // DAY, "hours": seconds % DAY // HOUR}))


def moment(seconds):
    """Return a time in the date format of the site.

    :param seconds: UTC epoch seconds, or None
    """
    if not seconds:
        return u""
    try:
        portal = senaite_api.get_portal()
        return to_text(dtime.to_localized_time(
            DateTime(seconds), long_format=True, context=portal,
            request=portal.REQUEST))
    except (DateTimeError, ValueError, OverflowError):
        # an impossible time, e.g. of a wrong clock, must not break the page
        return to_text(repr(seconds))


def iso(seconds):
    """Return a time in ISO format, e.g. for the attribute `datetime`."""
    try:
        return u"{}Z".format(
            datetime.datetime.utcfromtimestamp(seconds).isoformat())
    except (TypeError, ValueError, OverflowError):
        return u""
