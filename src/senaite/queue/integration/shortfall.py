# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a click takes of a selection, and what it leaves out and why.

A page may be older than what others have done in the meantime. Nothing of a
selection is left out without a word: the reasons are counted, so that a long
selection takes one line.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from zope.i18nmessageid import Message

from senaite.queue.adapters import reasons
from senaite.queue.integration import decisions
from senaite.queue.integration import marks
from senaite.queue.integration import who
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import to_text
from senaite.queue.model import left_out
from senaite.queue.site.translation import translate

#: Reason of its own: a task that has not ended is about the object
QUEUED = "queued"

#: Reasons, each for one object and for several of them
BY_USER = (_(u"${count} is queued by ${user}"),
           _(u"${count} are queued by ${user}"))
REASONS = {
    QUEUED: (_(u"${count} is queued"), _(u"${count} are queued")),
    left_out.GONE: (_(u"${count} was removed"), _(u"${count} were removed")),
    left_out.NOT_PERMITTED: (_(u"you may not do this with ${count}"),) * 2,
    left_out.OWN_RESULTS: (
        _(u"${count} with own results, which others have to verify"),) * 2,
    left_out.VERIFIED_BEFORE: (
        _(u"${count} that you have verified before"),) * 2,
    left_out.NOT_ASSIGNED: (
        _(u"${count} not assigned to an analyst"),) * 2,
    left_out.ASSIGNED_TO: (_(u"${count} assigned to ${user}"),) * 2,
    left_out.NO_RESULT: (_(u"${count} without a result"),) * 2,
    left_out.NO_ATTACHMENT: (
        _(u"${count} without the required attachment"),) * 2,
    left_out.NOT_RECEIVED: (
        _(u"${count} of a sample that was not received"),
        _(u"${count} of samples that were not received")),
    left_out.DEPENDENCIES: (
        _(u"${count} that depends on analyses that are not ready"),
        _(u"${count} that depend on analyses that are not ready")),
    left_out.DEPENDENTS: (
        _(u"${count} with dependent analyses that do not allow this"),) * 2,
    left_out.VETOED: (_(u"${count} that an add-on does not allow"),) * 2,
}
NOT_POSSIBLE = (_(u"not possible for ${count}"),) * 2

#: The same for the state that an object is in
NOT_SUBMITTED = (_(u"${count} is not submitted"),
                 _(u"${count} are not submitted"))
IN_STATE = {
    "assigned": NOT_SUBMITTED,
    "unassigned": NOT_SUBMITTED,
    "to_be_verified": (_(u"${count} is submitted"),
                       _(u"${count} are submitted")),
    "verified": (_(u"${count} is verified"), _(u"${count} are verified")),
    "published": (_(u"${count} is published"), _(u"${count} are published")),
    "retracted": (_(u"${count} is retracted"), _(u"${count} are retracted")),
    "rejected": (_(u"${count} is rejected"), _(u"${count} are rejected")),
    "cancelled": (_(u"${count} is cancelled"), _(u"${count} are cancelled")),
}
#: For actions that are about worksheets
ON_WORKSHEETS = {
    "assigned": (_(u"${count} is on a worksheet"),
                 _(u"${count} are on worksheets")),
    "unassigned": (_(u"${count} is not on a worksheet"),
                   _(u"${count} are not on a worksheet")),
}
ASSIGNING = ("assign", "unassign")
IN_OTHER_STATE = (_(u"${count} is in the state '${state}'"),
                  _(u"${count} are in the state '${state}'"))


def find(objects, action, gone=0):
    """Return why objects are left out of a click of the current user.

    :param objects: content objects for which the action is not possible now
    :param action: id of the transition
    :param gone: number of objects that do not exist any more
    :returns: dicts with `count`, `action`, `reason` and what belongs to it:
        `user`, the id of who has queued the objects or has to do the work, and
        `state` with its `title` in the workflow; the most frequent reason
        first
    :rtype: list of dict
    """
    counts = {}
    for obj in objects:
        reason = tuple(sorted(_find_reason(obj, action).items()))
        counts[reason] = counts.get(reason, 0) + 1
    if gone > 0:
        counts[(("reason", left_out.GONE),)] = gone
    return [dict(reason, count=count, action=action)
            for reason, count in sorted(
                counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def _find_reason(obj, action):
    for task in marks.tasks_of(obj):
        return {"reason": QUEUED, "user": to_text(task.get("username") or u"")}
    found = reasons.explain(obj, action)
    # Who has done it, and when, differs from object to object
    kept = {left_out.IN_STATE: "state", left_out.ASSIGNED_TO: "user"}.get(
        found["reason"])
    told = dict((key, found[key]) for key in ("reason", kept)
                if found.get(key))
    if told.get("state"):
        told["title"] = _find_title(obj, told["state"])
    return told


def _find_title(obj, state):
    """Return the title of a state in the workflow of an object."""
    title = senaite_api.get_tool("portal_workflow").getTitleForStateOnType(
        state, senaite_api.get_portal_type(obj))
    return to_text(title or state)


def tell(groups):
    """Return what was left out as translated text, e.g. "44 left out: 32 are
    queued by Jane Doe, 12 are verified"; empty if nothing was.

    :param groups: see `find`
    :rtype: six.text_type
    """
    if not groups:
        return u""
    return _say(_(u"${count} left out: ${reasons}"), {
        "count": sum(group["count"] for group in groups),
        "reasons": u", ".join(map(tell_group, groups))})


def tell_group(group):
    """Return one reason as translated text. Users who may not view the queue,
    such as clients, do not learn who works in the laboratory."""
    reason, words = group["reason"], {"count": group["count"]}
    user_id = group.get("user")
    if reason == left_out.IN_STATE:
        state = group.get("state")
        words["state"] = translate(group.get("title") or state or u"?")
        texts = IN_STATE.get(state, IN_OTHER_STATE)
        if group.get("action") in ASSIGNING:
            texts = ON_WORKSHEETS.get(state, texts)
    elif reason == QUEUED and who.find_name(user_id):
        texts = BY_USER
    else:
        texts = REASONS.get(reason, NOT_POSSIBLE)
    words["user"] = who.name(user_id)
    return _say(texts[group["count"] != 1], words)


def tell_click(queued, groups):
    """Return what a click has queued and what it has left out, as translated
    text.

    :param queued: number of objects
    :param groups: see `find`
    :rtype: six.text_type
    """
    if not groups:
        return translate(decisions.queued_message(queued))
    return join(Message(_(u"${count} queued."), mapping={"count": queued})
                if queued else _(u"Nothing was queued."), groups)


def join(message, groups):
    """Return a message with what was left out, as translated text.

    :param message: message of a sentence or more
    :param groups: see `find`
    :rtype: six.text_type
    """
    text = translate(message).rstrip()
    return u"{}{} {}".format(
        text, u"" if text.endswith((u".", u"\u3002")) else u".", tell(groups))


def to_answer(queued, groups, job_uid=None):
    """Return what a click has queued and left out, for programs and scripts.

    :param job_uid: uid of the job, if anything was queued
    :returns: dict with `queued` (number), `job` (its uid), `left_out` (dicts
        with `count`, `reason`, `text` and, where it matters, `state`; nobody's
        name is in them but in the text) and `message` (all of it, translated)
    """
    return {
        "queued": queued,
        "job": job_uid,
        "left_out": [dict(
            [(key, group[key]) for key in ("count", "reason", "state")
             if key in group], text=tell_group(group)) for group in groups],
        "message": tell_click(queued, groups),
    }


def _say(message, words):
    return translate(Message(message, mapping=words))
