# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Guards: queued objects cannot be transitioned until their task is done.

Core calls these adapters before its own guards, for each transition of each
object on a page, in every site of the Zope instance. So they are cheap, and
allow everything where the add-on is not installed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims.interfaces import IGuardAdapter
from zope.globalrequest import getRequest
from zope.interface import implementer

from senaite.queue.auth.pas import is_signed_for_user
from senaite.queue.integration import cascades
from senaite.queue.integration import marks
from senaite.queue import is_installed
from senaite.queue.model.current import current_task


@implementer(IGuardAdapter)
class QueueGuard(object):
    """Vetoes the transitions of queued objects that people ask for.

    A running task may transition anything, also what other tasks are about:
    core cascades transitions to dependent objects, and a click that is not
    queued would have done the same. What core cascades from objects that are
    not queued passes for the same reason, and because nobody would do it
    later: the task may be about something else.
    """

    def __init__(self, context):
        self.context = context

    def guard(self, transition):
        """Return False to veto a transition, True otherwise.

        :param transition: id of the transition
        """
        if not is_installed() or is_work_of_task() or \
                cascades.is_made_by_core(self.context, transition):
            return True
        return not self.is_queued()

    def is_queued(self):
        """Tell whether an unfinished task involves the object."""
        return marks.is_queued(senaite_api.get_uid(self.context))


def is_work_of_task():
    """Tell whether what runs here is the work of a task: of the one that this
    thread processes, or of one that has made the current request.

    Only the process endpoint sets the current task, and only holders of the
    queue's key can sign a request: neither is a matter of what a request says.
    """
    return current_task() is not None or \
        is_signed_for_user(getRequest())


class SampleGuard(QueueGuard):
    """For samples: a sample is queued when one of its analyses is."""

    def is_queued(self):
        return marks.is_sample_queued(senaite_api.get_uid(self.context))
