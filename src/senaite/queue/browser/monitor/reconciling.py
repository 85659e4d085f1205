# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page that reconciles the database and the task store after a backup of
one of them was restored, after a question.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from plone.protect import CheckAuthenticator
from plone.protect import PostOnly
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from senaite.queue import api
from senaite.queue.browser.monitor.controls import SERVER_AWAY
from senaite.queue.browser.monitor.controls import SteeringView
from senaite.queue.browser import words
from senaite.queue.integration import notices
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import restores


class ReconcileView(SteeringView):
    """Says what was restored and what would become of the tasks, and goes on.

    A request by POST with `confirmed` is the answer.
    """

    template = ViewPageTemplateFile("templates/reconcile.pt")

    def __call__(self):
        if not self.request.form.get("confirmed"):
            self.hold, self.is_away = self.look()
            return self.template()
        PostOnly(self.request)
        CheckAuthenticator(self.request)
        try:
            counts = api.get_queue().reconcile(username=self.user())
        except Exception:
            logger.warning("event=action_failed by=%s", self.user(),
                           exc_info=True)
            self.say(SERVER_AWAY, "error")
        else:
            self.tell(counts)
        return self.back()

    def look(self):
        """Return why no tasks are handed out, or None, and whether the queue
        server does not answer."""
        try:
            return api.get_queue().get_figures().get("held"), False
        except Exception:
            logger.warning("event=monitor_failed", exc_info=True)
            return None, True

    def what(self):
        """Return what was restored, as text."""
        return words.say(notices.tell_held(self.hold))

    def consequence(self):
        """Return what becomes of the tasks, as text."""
        if self.hold["kind"] == restores.DATABASE:
            return words.say(_(
                u"Tasks whose work the restored database does not contain are "
                u"done again, if they were clicked before the backup. Tasks "
                u"that were clicked afterwards are set to failed, because the "
                u"click is not in the database."))
        if self.hold["kind"] == restores.FOREIGN:
            return words.say(_(
                u"Nothing happens while a queue server of the other database "
                u"works with the store. If there is none, the store belongs to "
                u"this database from now on: do that only if this is not the "
                u"copy."))
        if self.hold["kind"] == restores.LOST:
            return words.say(_(
                u"The site goes on with the empty store. Tasks that waited in "
                u"the other one are not done, unless you stop here and name "
                u"that store again."))
        return words.say(_(
            u"Tasks of the store that were done since are not done again. "
            u"Where nobody can know whether they were, they are set to failed. "
            u"Tasks that reached the former store after the backup are not in "
            u"this one: their actions have to be started again."))

    def tell(self, counts):
        """Say what was done.

        :param counts: see `IQueueUtility.reconcile`
        """
        if counts is None:
            self.say(_(u"There was nothing to reconcile."), "warning")
            return
        self.say(_(
            u"Database and task store are reconciled. Tasks done again: "
            u"${again}, failed: ${failed}, replaced: ${replaced}.",
            mapping={"again": counts[restores.PUT_BACK],
                     "failed": counts[restores.FAIL],
                     "replaced": counts[restores.CANCEL]}))
