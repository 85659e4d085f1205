# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks that do a workflow action to a list of objects."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims.interfaces import IAnalysis
from bika.lims.interfaces import IWorksheet

from senaite.queue.adapters.items import QueuedUIDsTaskAdapter
from senaite.queue.adapters import reasons
from senaite.queue.adapters import skipped
from senaite.queue.adapters.transitions import do_if_allowed


#: Action that removes objects, and others with them
REMOVING = "unassign"

#: Key of a task: uids of its items that earlier chunks of the job have removed
TAKEN_ALONG = "taken_along"


class QueuedActionTaskAdapter(QueuedUIDsTaskAdapter):
    """Does the workflow action of the task's key `action` to objects."""

    #: Uids of the analyses that a worksheet had before a chunk of `REMOVING`
    members = frozenset()

    def get_held_action(self, task):
        # What is done to samples needs them indexed each time
        on_analyses = IWorksheet.providedBy(self.context) or \
            IAnalysis.providedBy(self.context)
        return task["action"] if on_analyses else None

    def process(self, task):
        if task["action"] == REMOVING and IWorksheet.providedBy(self.context):
            self.members = set(self.context.getRawAnalyses())
        super(QueuedActionTaskAdapter, self).process(task)

    def add_rest(self, task, uids, **values):
        # A duplicate may come in a later chunk than its analysis
        gone = self.members - set(self.context.getRawAnalyses()) \
            if self.members else set()
        gone.update(task.get(TAKEN_ALONG) or ())
        gone.intersection_update(uids)
        if gone or task.get(TAKEN_ALONG):
            values[TAKEN_ALONG] = sorted(gone)
        super(QueuedActionTaskAdapter, self).add_rest(task, uids, **values)

    def miss(self, uid, task, notes):
        if task["action"] == REMOVING and (
                uid in self.taken_along or
                uid in (task.get(TAKEN_ALONG) or ())):
            # A duplicate goes with its analysis: it is off the worksheet
            notes.removed_before(uid)
        else:
            super(QueuedActionTaskAdapter, self).miss(uid, task, notes)

    def process_item(self, obj, task, notes):
        action = task["action"]
        if skipped.is_reached(obj, action):
            # By hand, by a cascade from another item, or by an earlier attempt
            notes.done_before(obj, reasons.find_entry(obj, action))
        elif not do_if_allowed(obj, action):
            notes.refuse(obj, action)
