# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page that removes everything from the queue, after a question.

Only for those who manage the site: lab managers remove tasks one by one.
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
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.records import outbox

#: Permission that the page requires, by title
MANAGE_PORTAL = "Manage portal"


def count_unfinished(portal):
    """Return how many tasks would never be done without the queue.

    :param portal: root object of the site
    :returns: "waiting", "running", "failed" and "all" -> number of tasks; None
        when the queue server does not answer
    :rtype: dict
    """
    try:
        figures = api.get_queue().get_figures()
    except Exception:
        logger.warning("event=monitor_failed", exc_info=True)
        return None
    counts = {"waiting": figures["queued"] + len(outbox.pending(portal)),
              "running": figures["running"], "failed": figures["failed"]}
    counts["all"] = sum(counts.values())
    return counts


class RemoveAllView(SteeringView):
    """Asks whether everything is to be removed, and removes it.

    A request by POST with `confirmed` is the answer.
    """

    template = ViewPageTemplateFile("templates/remove_all.pt")

    def __call__(self):
        if not self.request.form.get("confirmed"):
            return self.template()
        PostOnly(self.request)
        CheckAuthenticator(self.request)
        try:
            count = self.remove()
        except Exception:
            logger.warning("event=action_failed by=%s", self.user(),
                           exc_info=True)
            self.say(SERVER_AWAY, "error")
        else:
            self.say(_(u"Everything was removed from the queue. Tasks: "
                       u"${count}", mapping={"count": count}))
        return self.back()

    def remove(self):
        """Remove the tasks of the store, then those on their way to it.

        :returns: number of tasks, history included
        """
        count = api.get_queue().remove_all(username=self.user())
        waiting = outbox.pending(self.context)
        for task, _at in waiting:
            outbox.forget(self.context, task["task_uid"])
        return count + len(waiting)

    def counts(self):
        """Return how many tasks would be lost; None when it is not known."""
        return count_unfinished(self.context)
