# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What work that has not started waits for: a decision of an administrator, the
queue server, a pause, a consumer, or the jobs before it.

For the people who wait. This process knows all of it already, see
`senaite.queue.client.view`. Of other people's work only numbers are told, and
nothing where it is not known.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims.browser import ulocalized_time
from DateTime import DateTime

from senaite.queue.client import view
from senaite.queue.integration import who
from senaite.queue import messageFactory as _
from senaite.queue.model import states
from senaite.queue.site.translation import translate

MINUTE, HOUR = 60, 3600

PAUSED, UNATTENDED, HELD = "paused", "unattended", "held"


def tell(portal, tasks):
    """Return what tasks wait for, as translated texts.

    :param portal: root object of the site
    :param tasks: dicts with `status`, `name`, `task_uid` and `job_uid`
    :returns: empty when one of them is running, none is waiting, or nothing is
        known; a text for each pause, or one text. An outage is told of running
        tasks as well, because nobody knows whether they still are
    :rtype: list of six.text_type
    """
    waiting = find_waiting(tasks)
    if waiting and is_held(portal):
        return [translate(_(
            u"The queue is on hold: nothing is started until an administrator "
            u"has decided how it goes on."))]
    if tasks and is_out(portal):
        return [tell_outage(portal)]
    if not waiting:
        return []
    told = find_pauses(portal, waiting)
    if told:
        return [tell_pause(portal, pause) for pause in told]
    return tell_turn(portal, waiting)


def find_waiting(tasks):
    """Return the tasks that wait, as long as none of them is running.

    :param tasks: see `tell`
    """
    if any(task["status"] == states.RUNNING for task in tasks):
        return []
    return [task for task in tasks if task["status"] == states.QUEUED]


def find_pauses(portal, waiting):
    """Return the pauses by which all of these tasks wait.

    :param waiting: dicts with `name`
    :returns: list of pauses, see `ITaskStore.pauses`
    """
    pauses = view.get_line(portal).get("pauses") or ()
    names = set(task["name"] for task in waiting)
    # Of what is paused in part, the rest has its turn
    is_all_paused = names.issubset(pause["name"] for pause in pauses)
    return [pause for pause in pauses if not pause["name"]
            or is_all_paused and pause["name"] in names]


def stopped_by(portal, tasks):
    """Return what keeps tasks from being started: `HELD` (the queue server
    hands out none), `PAUSED`, `UNATTENDED` (no consumer takes tasks), or an
    empty text.

    :param tasks: see `tell`
    :rtype: str
    """
    waiting = find_waiting(tasks)
    if not waiting:
        return ""
    if is_held(portal):
        return HELD
    if find_pauses(portal, waiting):
        return PAUSED
    return UNATTENDED if is_unattended(portal) else ""


def version_of(portal):
    """Return a text that differs whenever what `tell` says of the same tasks
    may have changed. Of the seconds until their turn, only those count that
    make it say something else.

    :param portal: root object of the site
    :rtype: str
    """
    line = view.get_line(portal)
    rest = line.get("rest")
    return repr((
        is_held(portal), is_out(portal), is_unattended(portal),
        line.get("pauses"), rest, line.get("version") if rest else None,
        [(uid, ahead, round_seconds(seconds) if ahead else None)
         for uid, ahead, seconds in line.get("jobs") or ()]))


def tell_turn(portal, tasks):
    """Return how long tasks that wait have to do so, as translated texts: for
    the job whose turn comes first. Nothing of tasks that are paused, nor while
    the queue server hands out no tasks.

    :param portal: root object of the site
    :param tasks: dicts with `name`, `task_uid` and `job_uid`
    :returns: one text, or none
    :rtype: list of six.text_type
    """
    if is_held(portal):
        return []
    line = view.get_line(portal)
    paused = set(pause["name"] for pause in line.get("pauses") or ())
    tasks = [task for task in tasks
             if not paused.intersection(("", task["name"]))]
    if not tasks:
        return []
    missing = tell_missing_consumer(portal)
    if missing:
        return [missing]
    jobs = set(task["job_uid"] for task in tasks)
    for uid, ahead, seconds in line.get("jobs") or ():
        if uid in jobs:
            return [tell_ahead(ahead, seconds)]
    if line.get("rest") and are_behind(portal, line, tasks):
        return [translate(_(u"Jobs ahead: ${count} or more.",
                            mapping={"count": line["rest"]}))]
    return []


def are_behind(portal, line, tasks):
    """Tell whether it is known that tasks whose jobs are not among those of
    the line come after these.

    Not known of tasks that were added or have changed since the line was read:
    they may have a higher priority. Tasks for later do not count.

    :param portal: root object of the site
    :param line: see `senaite.queue.client.view.get_line`
    :param tasks: see `tell_turn`
    :rtype: bool
    """
    # Queue servers of older releases do not tell
    under_way = line.get("under_way")
    if under_way is None or any(
            task["job_uid"] in under_way for task in tasks):
        return False
    seen = view.queued_view(portal)
    found = [seen.was_due(task["task_uid"], line["version"], line["read_at"])
             for task in tasks]
    return True in found and None not in found


def tell_ahead(ahead, seconds):
    """Return how many jobs come first, and when the turn is.

    :param ahead: number of jobs
    :param seconds: until the turn, or None if that is not known
    """
    if not ahead:
        return translate(_(u"Next in line."))
    if seconds is None:
        return translate(_(u"Jobs ahead: ${count}.",
                           mapping={"count": ahead}))
    number, unit = round_seconds(seconds)
    if unit is None:
        message = _(u"Jobs ahead: ${count}. Its turn is in less than a "
                    u"minute.", mapping={"count": ahead})
    elif unit == MINUTE:
        message = _(u"Jobs ahead: ${count}. Its turn is in about ${minutes} "
                    u"min.", mapping={"count": ahead, "minutes": number})
    else:
        message = _(u"Jobs ahead: ${count}. Its turn is in about ${hours} h.",
                    mapping={"count": ahead, "hours": number})
    return translate(message)


def round_seconds(seconds):
    """Return seconds as people are told them: a number and its unit, `MINUTE`
    or `HOUR`; no unit for less than a minute.

    :param seconds: number of seconds; None, which is returned, if not known
    :rtype: tuple of two int
    """
    if seconds is None:
        return None
    if seconds < MINUTE:
        return 0, None
    unit = MINUTE if seconds < HOUR else HOUR
    return int(round(seconds / unit)), unit


def tell_missing_consumer(portal):
    """Return since when no consumer takes tasks, translated; empty when one
    does, or when the queue server does not answer."""
    if not is_unattended(portal):
        return u""
    since = view.store_now(portal) - view.unattended_seconds(portal)
    return translate(_(
        u"No consumer is running: nothing has been started since ${time}.",
        mapping={"time": tell_time(portal, since)}))


def is_held(portal):
    """Tell whether it is known that the queue server hands out no tasks."""
    return view.get_hold(portal) is not None


def is_out(portal):
    """Tell whether the queue server has not done its work for so long that
    people are told."""
    return view.outage_seconds(portal) > view.OUTAGE_SECONDS


def tell_outage(portal):
    """Return since when the queue server has not done its work, translated."""
    since = view.store_now(portal) - view.outage_seconds(portal)
    return translate(_(
        u"The queue server has not been available since ${time}. What is "
        u"queued is kept, and goes on as soon as it is available again.",
        mapping={"time": tell_time(portal, since)}))


def is_unattended(portal):
    """Tell whether it is known that no consumer takes tasks."""
    return view.unattended_seconds(portal) > view.UNATTENDED_SECONDS and \
        not view.outage_seconds(portal)


def tell_pause(portal, pause):
    """Return who has paused what waits here, and when, translated. Users who
    may not view the queue do not learn who works in the laboratory.

    :param pause: see `ITaskStore.pauses`
    """
    values = {"user": who.name(pause["username"]),
              "time": tell_time(portal, pause["since"])}
    if pause["name"]:
        return translate(_(u"Work of this kind has been paused by ${user} "
                           u"since ${time}.", mapping=values))
    return translate(_(u"The whole queue has been paused by ${user} since "
                       u"${time}: no new tasks are started.", mapping=values))


def tell_time(portal, seconds):
    """Return a time as people write it; of today, only the time of day.

    :param seconds: UTC epoch seconds
    """
    moment = DateTime(seconds)
    return senaite_api.safe_unicode(ulocalized_time(
        moment, long_format=not moment.isCurrentDay(),
        time_only=moment.isCurrentDay() or None, context=portal,
        request=portal.REQUEST) or u"?")
