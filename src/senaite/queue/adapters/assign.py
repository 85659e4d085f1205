# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks that assign analyses to a worksheet."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api

from senaite.queue.adapters.items import QueuedUIDsTaskAdapter
from senaite.queue.adapters import reasons
from senaite.queue.adapters import skipped
from senaite.queue.model.fields import to_text
from senaite.queue.model.queue_task import SLOTS_BY_UID


class QueuedAssignAnalysesTaskAdapter(QueuedUIDsTaskAdapter):
    """Assigns analyses to the worksheet that is the context of the task."""

    def get_held_action(self, task):
        return "assign"

    def process_item(self, obj, task, notes):
        assigned_to = obj.getWorksheet()
        if assigned_to:
            if assigned_to == self.context:
                notes.done_before(obj, reasons.find_entry(obj, "assign"))
            else:
                notes.skip(skipped.ELSEWHERE, obj,
                           where=to_text(api.get_id(assigned_to)))
            return
        self.context.addAnalysis(obj, self.get_slot(obj, task))
        if obj.getWorksheet() != self.context:
            notes.refuse(obj, "assign")

    def get_slot(self, analysis, task):
        """Return the slot that the task asks for, for an analysis.

        :returns: number of the slot; None if the task asks for none, or if
            another sample took it in the meantime
        """
        slots = task.get("slots")
        if not isinstance(slots, dict):
            slots = task.get(SLOTS_BY_UID) or {}
        slot = slots.get(api.get_uid(analysis))
        container = self.context.get_container_for(analysis)
        for taken in self.context.getLayout():
            if int(taken["position"]) != slot:
                continue
            if taken["container_uid"] != container:
                return None
        return slot
