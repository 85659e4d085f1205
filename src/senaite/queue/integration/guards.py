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
from zope.interface import implementer

from senaite.queue.integration import marks
from senaite.queue import is_installed
from senaite.queue.model.current import current_task
from senaite.queue.site import samples


@implementer(IGuardAdapter)
class QueueGuard(object):
    """Vetoes the transitions of queued objects.

    The task that is being processed may transition its own objects, with their
    worksheet, their samples and the other analyses of these samples, because
    core cascades transitions to dependent objects. Only the process endpoint
    sets the current task; a request cannot.
    """

    def __init__(self, context):
        self.context = context

    def guard(self, transition):
        """Return False to veto a transition, True otherwise.

        :param transition: id of the transition
        """
        if not is_installed():
            return True
        task = current_task()
        if task is not None and self.is_covered_by(task):
            return True
        return not self.is_queued()

    def is_covered_by(self, task):
        """Tell whether a task may transition the object.

        :param task: the task that is being processed
        :type task: senaite.queue.model.queue_task.QueueTask
        :rtype: bool
        """
        uid = senaite_api.get_uid(self.context)
        return uid == task["context_uid"] or uid in task["locks"] or \
            uid in task["uids"]

    def is_queued(self):
        """Tell whether an unfinished task involves the object."""
        return marks.is_queued(senaite_api.get_uid(self.context))


class AnalysisGuard(QueueGuard):
    """For routine, duplicate and reference analyses."""

    def is_covered_by(self, task):
        if super(AnalysisGuard, self).is_covered_by(task):
            return True
        sample = samples.get_sample(self.context)
        return sample is not None and \
            senaite_api.get_uid(sample) in task["locks"]


class SampleGuard(QueueGuard):
    """For samples: a sample is queued when one of its analyses is."""

    def is_queued(self):
        return marks.is_sample_queued(senaite_api.get_uid(self.context))
