# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Which items of a task were skipped and why, and which were done before."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from bika.lims import api

from senaite.queue.adapters import reasons
from senaite.queue.model import left_out
from senaite.queue.model.fields import to_text
from senaite.queue.site import samples

#: Why an item was skipped; `Notes.refuse` finds out more
GONE = left_out.GONE
ELSEWHERE = left_out.ELSEWHERE
NOT_ALLOWED = left_out.NOT_ALLOWED
SLOT_TAKEN = left_out.SLOT_TAKEN

#: Reasons in notes. Notes are for programs and logs; pages tell the reasons
#: of each item in the language of the reader
PHRASES = {
    GONE: u"removed meanwhile",
    ELSEWHERE: u"on another worksheet",
    SLOT_TAKEN: u"slot taken meanwhile",
    left_out.DONE_BY: u"done by somebody else",
}
NOT_POSSIBLE = u"not possible any more"
DONE_BEFORE = u"done already"

#: How many ids of a kind a note shows
MAX_IDS = 10


def is_reached(obj, action):
    """Tell whether an object is in its state because of a workflow action.

    The state of an action that leads back to where it starts, such as one of
    several verifications, is never reached: the action can be done again. Nor
    is one that another action has led to: a verified analysis was not retested.

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
        return action not in state.transitions and \
            reasons.find_entry(obj, action) is not None
    return False


class Notes(object):
    """Collects which items were skipped, and which were done before."""

    def __init__(self):
        #: Number of items that were skipped
        self.count = 0
        #: The first ones of them, see `senaite.queue.model.left_out`
        self.items = []
        self._phrases = collections.OrderedDict()

    def skip(self, reason, obj_or_uid, **values):
        """Note that an item was skipped.

        :param reason: one of `senaite.queue.model.left_out.REASONS`, or a text
            for people
        :param obj_or_uid: content object, or uid of one that is gone
        :param values: what belongs to the reason, see
            `senaite.queue.model.left_out.TEXTS`
        """
        self.count += 1
        if len(self.items) < left_out.MOST_ITEMS:
            self.items.append(dict(describe(obj_or_uid), reason=to_text(
                reason), **values))
        phrase = PHRASES.get(reason) or (
            NOT_POSSIBLE if reason in left_out.REASONS else to_text(reason))
        self._say(phrase, obj_or_uid)

    def refuse(self, obj, action):
        """Note that a transition was refused, and why.

        :param obj: content object
        :param action: id of the transition
        """
        self.skip(obj_or_uid=obj, **reasons.explain(obj, action))

    def done_before(self, obj, entry):
        """Note that an item was in the wanted state already: as it should be,
        if the user of the task has done it, e.g. by another item that it
        depends on; else it was skipped.

        :param obj: content object
        :param entry: entry of the workflow's history, or None
        """
        user_id = api.get_current_user().getId()
        if entry and entry.get("actor") not in (None, user_id):
            self.skip(obj_or_uid=obj, **reasons.tell(left_out.DONE_BY, entry))
        else:
            self._say(DONE_BEFORE, obj)

    def removed_before(self, uid):
        """Note that an item was removed by the work on another one, as it
        should be.

        :param uid: uid of the item
        """
        self._say(PHRASES[GONE], uid)

    def keep(self, task):
        """Write the notes to the task, from where they are reported.

        :param task: the task
        :type task: senaite.queue.model.queue_task.QueueTask
        """
        task["note"] = self.text()
        task["skipped"] = self.count
        task["skipped_items"] = left_out.clean(self.items)

    def text(self):
        """Return the note, e.g. "2 done already: Ca, Mg", or an empty one."""
        return u"; ".join(self._line(phrase, ids)
                          for phrase, ids in self._phrases.items())

    def _say(self, phrase, obj_or_uid):
        item = obj_or_uid
        if not api.is_uid(item):
            item = api.get_id(item)
        self._phrases.setdefault(phrase, []).append(to_text(item))

    def _line(self, phrase, ids):
        shown = u", ".join(ids[:MAX_IDS])
        more = u", ..." if len(ids) > MAX_IDS else u""
        return u"{} {}: {}{}".format(len(ids), phrase, shown, more)


def describe(obj_or_uid):
    """Return by what an item is found: its uid, path and title, and the id of
    its sample.

    :param obj_or_uid: content object, or uid of one that is gone
    :rtype: dict
    """
    if api.is_uid(obj_or_uid):
        return {"uid": to_text(obj_or_uid)}
    found = {"uid": to_text(api.get_uid(obj_or_uid)),
             "path": to_text(api.get_path(obj_or_uid))}
    sample = samples.get_sample(obj_or_uid)
    if sample is None:
        found["item"] = to_text(api.get_id(obj_or_uid))
    else:
        found.update(item=to_text(api.get_title(obj_or_uid)),
                     sample=to_text(api.get_id(sample)))
    return found
