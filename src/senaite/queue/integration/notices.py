# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Notices about the queue for managers, on any page of the site.

This process knows all of it already: no page waits for the queue server to
find out that it is down.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from plone.app.layout.viewlets import ViewletBase
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue.client import diagnosis
from senaite.queue.client import trust
from senaite.queue.client.view import get_hold
from senaite.queue.client.view import OUTAGE_SECONDS
from senaite.queue.client.view import outage_seconds
from senaite.queue.client.view import trouble
from senaite.queue.client.view import UNATTENDED_SECONDS
from senaite.queue.client.view import unattended_seconds
from senaite.queue import config
from senaite.queue.integration import marks
from senaite.queue import is_installed
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import to_text
from senaite.queue.model import restores
from senaite.queue.model import surroundings
from senaite.queue import PAS_PLUGIN_ID


def get_notices():
    """Return the notices for managers.

    :returns: messages, the most urgent first
    :rtype: list of zope.i18nmessageid.Message
    """
    found = [tell_error(error) for error in config.get_errors()]
    settings = surroundings.get()
    if not settings.get_setting("server"):
        return found + [_(
            u"The queue is off, because the setting 'Queue server' is empty: "
            u"all actions run at once, while users wait.")]
    portal = senaite_api.get_portal()
    is_refused = trust.is_refused(portal)
    if is_refused:
        found.append(tell_other_database(settings))
    broken = trust.find_broken_user_folders(portal)
    if broken:
        found.append(tell_broken(broken))
    outage = outage_seconds(portal)
    # nobody asks the server while our own configuration forbids it
    is_outage = not is_refused and not config.get_errors(config.CRITICAL)
    hold = get_hold(portal)
    if hold is not None:
        # the server refuses tasks for this reason
        found.append(tell_held(hold))
    elif is_outage and outage > OUTAGE_SECONDS:
        refusal = diagnosis.describe(
            trouble(portal), "/".join(portal.getPhysicalPath()))
        if refusal is None:
            found.append(tell_outage(outage, settings))
        else:
            found.extend([refusal, tell_refusal(outage, settings)])
    elif unattended_seconds(portal) > UNATTENDED_SECONDS:
        found.append(tell_unattended(unattended_seconds(portal)))
    allowed = settings.get_setting("max_seconds_unlock")
    overtime = marks.view().overtime
    if overtime > allowed:
        found.append(_(
            u"Tasks take longer than the limit of ${allowed} seconds, and are "
            u"retried in vain. The setting 'Maximum time per task' should be "
            u"${needed} seconds or more.",
            mapping={"allowed": allowed, "needed": int(overtime)}))
    return found


def tell_error(error):
    """Return what to say about a wrong configuration of this process.

    :param error: senaite.queue.errors.ConfigError
    """
    return _(u"The configuration of this Zope process is wrong: ${error}",
             mapping={"error": str(error)})


def tell_other_database(settings):
    """Return the notice of a copy of the site.

    :param settings: see `senaite.queue.model.surroundings`
    """
    return _(
        u"The queue server at ${server} does not see the database of this "
        u"site: this is a copy of another site, or the address is wrong. "
        u"Nothing is sent there, and actions run at once, while users wait. "
        u"Enter the address of a queue server of this site as 'Queue server', "
        u"or leave it empty to switch the queue off.",
        mapping={"server": settings.get_setting("server")})


def tell_broken(folders):
    """Return the notice about the missing plugin.

    :param folders: paths of user folders
    """
    return _(
        u"Tasks are waiting, because their users cannot be logged in: the "
        u"plugin '${plugin}' was deleted or switched off in ${folders}. Switch "
        u"it on there for extraction and authentication, or install the add-on "
        u"again.", mapping={"plugin": PAS_PLUGIN_ID,
                            "folders": u", ".join(map(to_text, folders))})


def tell_outage(outage, settings):
    """Return the notice about an outage of the queue server.

    :param outage: duration so far, in seconds
    :param settings: see `senaite.queue.model.surroundings`
    """
    words = {"minutes": int(outage // 60), "seconds": int(outage % 60),
             "server": settings.get_setting("server")}
    if outage > settings.get_setting("outage_seconds"):
        return _(
            u"The queue server at ${server} has not answered for ${minutes} "
            u"min ${seconds} s. Queued tasks are kept, and new actions run at "
            u"once, while users wait.", mapping=words)
    return _(
        u"The queue server at ${server} has not answered for ${minutes} min "
        u"${seconds} s. Queued tasks are kept.", mapping=words)


def tell_refusal(outage, settings):
    """Return the notice about the consequence of a server that answers, but
    refuses to work; see `tell_outage`."""
    words = {"minutes": int(outage // 60), "seconds": int(outage % 60)}
    if outage > settings.get_setting("outage_seconds"):
        return _(
            u"Nothing could be delivered to the queue server for ${minutes} "
            u"min ${seconds} s. Queued tasks are kept, and new actions run at "
            u"once, while users wait.", mapping=words)
    return _(
        u"Nothing could be delivered to the queue server for ${minutes} min "
        u"${seconds} s. Queued tasks are kept.", mapping=words)


def tell_held(hold):
    """Return the notice about a backup that was restored on one side only.

    :param hold: see `ITaskStore.get_hold`
    """
    found = {
        restores.DATABASE: _(
            u"The database was restored from a backup, and the task store is "
            u"newer. No tasks are run or accepted until an administrator "
            u"reconciles them in 'Queue Monitor'; nothing is lost meanwhile."),
        restores.STORE: _(
            u"The task store was restored from a backup, and the database is "
            u"newer. No tasks are run or accepted until an administrator "
            u"reconciles them in 'Queue Monitor'; nothing is done twice meanwhile."),
        restores.OTHER: _(
            u"The task store is not the one that this site has used before. "
            u"No tasks are run or accepted: name the right store, or let an "
            u"administrator reconcile them in 'Queue Monitor'."),
        restores.LOST: _(
            u"The task store is empty, but this site has used another one "
            u"before. No tasks are run or accepted: name the right store, or "
            u"let an administrator reconcile them in 'Queue Monitor'."),
        restores.FOREIGN: _(
            u"A queue server of another database uses the task store of this "
            u"site. No tasks are run or accepted: if this is a copy of a site, "
            u"give its queue server a store of its own."),
    }
    return found[hold["kind"]]


def tell_unattended(seconds):
    """Return the notice about tasks that no consumer asks for.

    :param seconds: since when
    """
    return _(
        u"No consumer is running: a task has been waiting for ${minutes} min. "
        u"Check that the Zope process of the consumer is running, and the "
        u"site, the user and the password of its clock-server.",
        mapping={"minutes": int(seconds // 60)})


class NoticesViewlet(ViewletBase):
    """Shows the notices to users who may manage the queue."""

    index = ViewPageTemplateFile("templates/notices.pt")

    def update(self):
        super(NoticesViewlet, self).update()
        self.notices = get_notices() if is_installed() else []

    @property
    def settings_url(self):
        """URL of the settings."""
        return "{}/@@queue-controlpanel".format(
            senaite_api.get_url(senaite_api.get_portal()))
