# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What managers should know about the queue, on any page of the site.

All of it is known to this process anyway: no page waits for the queue server
to tell that it is away.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from plone.app.layout.viewlets import ViewletBase
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue.client.view import outage_seconds
from senaite.queue.integration import marks
from senaite.queue import is_installed
from senaite.queue import messageFactory as _
from senaite.queue.model import surroundings

#: Seconds: a restart of the queue server is no news
OUTAGE_SECONDS = 20


def get_notices():
    """Return what a manager should know.

    :returns: messages, the most urgent first
    :rtype: list of zope.i18nmessageid.Message
    """
    settings = surroundings.get()
    if not settings.get_setting("server"):
        return [_(u"The queue is off, because the setting 'Queue server' is "
                  u"empty: everything is done at once, while people wait.")]
    found = []
    outage = outage_seconds(senaite_api.get_portal())
    if outage > OUTAGE_SECONDS:
        found.append(tell_outage(outage, settings))
    allowed = settings.get_setting("max_seconds_unlock")
    overtime = marks.view().overtime
    if overtime > allowed:
        found.append(_(
            u"Tasks take longer than the ${allowed} seconds that they may, "
            u"and are tried again for nothing. The setting 'Longest time of a "
            u"task' should be ${needed} or more.",
            mapping={"allowed": allowed, "needed": int(overtime)}))
    return found


def tell_outage(outage, settings):
    """Return what to say when the queue server is away.

    :param outage: seconds
    """
    words = {"minutes": int(outage // 60), "seconds": int(outage % 60),
             "server": settings.get_setting("server")}
    if outage > settings.get_setting("outage_seconds"):
        return _(
            u"The queue server at ${server} has not answered for ${minutes} "
            u"min ${seconds} s. What is queued is kept for it, new work is "
            u"done at once, while people wait.", mapping=words)
    return _(
        u"The queue server at ${server} has not answered for ${minutes} min "
        u"${seconds} s. What is queued is kept for it.", mapping=words)


class NoticesViewlet(ViewletBase):
    """Shown to those who can do something about it."""

    index = ViewPageTemplateFile("templates/notices.pt")

    def update(self):
        super(NoticesViewlet, self).update()
        self.notices = get_notices() if is_installed() else []

    @property
    def settings_url(self):
        """Where most of it is put right."""
        return "{}/@@queue-controlpanel".format(
            senaite_api.get_url(senaite_api.get_portal()))
