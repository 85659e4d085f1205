# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether a workflow action has been done before, and notes on skipped items.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from bika.lims import api

#: Why an item was skipped
GONE = "removed meanwhile"
DONE_BEFORE = "done already"
ELSEWHERE = "on another worksheet"
NOT_ALLOWED = "not possible any more"
SLOT_TAKEN = "slot taken meanwhile"

#: How many ids of a kind a note shows
MAX_IDS = 10


def is_reached(obj, action):
    """Tell whether an object is in the state that a workflow action leads to.

    The state of an action that leads back to where it starts, such as one of
    several verifications, is never reached: the action can be done again.

    :param obj: content object
    :param action: id of the transition
    :type action: str
    :rtype: bool
    """
    tool = api.get_tool("portal_workflow")
    for workflow in tool.getWorkflowsFor(obj):
        transition = workflow.transitions.get(action)
        if transition is None or not transition.new_state_id:
            continue
        state = workflow._getWorkflowStateOf(obj)
        if state is None or state.getId() != transition.new_state_id:
            continue
        return action not in state.transitions
    return False


class Notes(object):
    """Collects why items were skipped, for the task's note."""

    def __init__(self):
        self.skipped = collections.OrderedDict()

    def skip(self, reason, obj_or_uid):
        """Note that an item was skipped.

        :param reason: one of the constants of this module
        :param obj_or_uid: content object, or uid of one that is gone
        """
        item = obj_or_uid
        if not api.is_uid(item):
            item = api.get_id(item)
        self.skipped.setdefault(reason, []).append(item)

    def text(self):
        """Return the note, e.g. "2 done already: Ca, Mg", or an empty one."""
        return "; ".join(self._line(reason, ids)
                         for reason, ids in self.skipped.items())

    def _line(self, reason, ids):
        shown = ", ".join(ids[:MAX_IDS])
        more = ", ..." if len(ids) > MAX_IDS else ""
        return "{} {}: {}{}".format(len(ids), reason, shown, more)
