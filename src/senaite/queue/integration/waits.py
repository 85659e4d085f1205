# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What work that has not started waits for: a pause, a consumer, or the jobs
before it.

For the people who wait. This process knows all of it already, see
`senaite.queue.client.view`. Of other people's work only numbers are told, and
nothing where it is not known.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from bika.lims.browser import ulocalized_time
from DateTime import DateTime

from senaite.queue.client import view
from senaite.queue import messageFactory as _
from senaite.queue.model import clock
from senaite.queue.model import states
from senaite.queue.permissions import ViewQueue
from senaite.queue.site.translation import translate

MINUTE, HOUR = 60, 3600


def tell(portal, tasks):
    """Return what tasks wait for, as translated texts.

    :param portal: root object of the site
    :param tasks: dicts with `status`, `name` and `job_uid`
    :returns: empty when one of them is running, none is waiting, or nothing is
        known; a text for each pause, or one text
    :rtype: list of six.text_type
    """
    if any(task["status"] == states.RUNNING for task in tasks):
        return []
    waiting = [task for task in tasks if task["status"] == states.QUEUED]
    if not waiting or view.get_hold(portal) is not None:
        return []
    line = view.get_line(portal)
    names = set(task["name"] for task in waiting)
    pauses = [pause for pause in line.get("pauses") or ()
              if not pause["name"] or names == set([pause["name"]])]
    if pauses:
        return [tell_pause(portal, pause) for pause in pauses]
    return tell_turn(portal, set(task["job_uid"] for task in waiting))


def version_of(portal):
    """Return a text that differs whenever what `tell` says of the same tasks
    may have changed: by more than the seconds until their turn.

    :param portal: root object of the site
    :rtype: str
    """
    line = view.get_line(portal)
    return repr((
        view.get_hold(portal) is None, is_unattended(portal),
        line.get("pauses"), line.get("rest"),
        [(uid, ahead) for uid, ahead, _seconds in line.get("jobs") or ()]))


def tell_turn(portal, jobs):
    """Return how long jobs that are not paused have to wait, as translated
    texts: for the one whose turn comes first.

    :param portal: root object of the site
    :param jobs: uids of jobs that wait
    :returns: one text, or none
    :rtype: list of six.text_type
    """
    missing = tell_missing_consumer(portal)
    if missing:
        return [missing]
    line = view.get_line(portal)
    for uid, ahead, seconds in line.get("jobs") or ():
        if uid in jobs:
            return [tell_ahead(ahead, seconds)]
    rest = line.get("rest")
    if rest:
        return [translate(_(u"Jobs ahead: ${count} or more.",
                            mapping={"count": rest}))]
    return []


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
    if seconds < MINUTE:
        message = _(u"Jobs ahead: ${count}. Its turn is in less than a "
                    u"minute.", mapping={"count": ahead})
    elif seconds < HOUR:
        message = _(u"Jobs ahead: ${count}. Its turn is in about ${minutes} "
                    u"min.", mapping={"count": ahead,
                                      "minutes": int(round(seconds / MINUTE))})
    else:
        message = _(u"Jobs ahead: ${count}. Its turn is in about ${hours} h.",
                    mapping={"count": ahead,
                             "hours": int(round(seconds / HOUR))})
    return translate(message)


def tell_missing_consumer(portal):
    """Return since when no consumer takes tasks, translated; empty when one
    does, or when the queue server does not answer."""
    if not is_unattended(portal):
        return u""
    since = clock.now() - view.unattended_seconds(portal)
    return translate(_(
        u"No consumer is running: nothing has been started since ${time}.",
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
    user_id = pause["username"]
    user = translate(_(u"the laboratory"))
    if getSecurityManager().checkPermission(ViewQueue, portal):
        user = senaite_api.safe_unicode(
            senaite_api.get_user_fullname(user_id) or user_id or u"?")
    values = {"user": user, "time": tell_time(portal, pause["since"])}
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
