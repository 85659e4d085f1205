# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What is lost with the add-on, on the page that uninstalls it."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from plone.app.layout.viewlets import ViewletBase
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue.browser.monitor.removal import count_unfinished
from senaite.queue import is_installed
from senaite.queue import messageFactory as _
from senaite.queue.site import process_role


class UninstallNoticeViewlet(ViewletBase):
    """Shown above the list of add-ons while tasks have not finished."""

    index = ViewPageTemplateFile("templates/uninstall_notice.pt")

    def update(self):
        super(UninstallNoticeViewlet, self).update()
        self.notices = self.find() if is_installed() else []

    def find(self):
        """Return what to know before the add-on is uninstalled.

        :rtype: list of zope.i18nmessageid.Message
        """
        counts = count_unfinished(self.context)
        if counts is None:
            return [_(u"The queue server does not answer: how many tasks are "
                      u"lost if you uninstall SENAITE QUEUE is not known.")]
        if not counts["all"]:
            return []
        values = {"count": counts["all"]}
        if not process_role.is_queue_server():
            return [_(
                u"Tasks that have not finished: ${count}. This process is not "
                u"the queue server: if you uninstall SENAITE QUEUE here, their "
                u"work is not done, and they stay in the task store. If the "
                u"add-on is installed again, the queue waits until an "
                u"administrator decides about them. To prevent that, choose "
                u"'Remove everything' in the monitor first.", mapping=values)]
        return [_(u"Tasks that have not finished: ${count}. If you uninstall "
                  u"SENAITE QUEUE now, they are lost and their work is not "
                  u"done. To have it done first, set 'Chunk size' to 0 and "
                  u"wait until nothing is queued.", mapping=values)]

    @property
    def monitor_url(self):
        """URL of the monitor."""
        return "{}/@@queue_tasks".format(self.context.absolute_url())
