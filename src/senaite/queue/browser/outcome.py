# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What became of the items of a task or job, in the words of a laboratory."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from zope.i18nmessageid import Message

from senaite.queue.browser import html
from senaite.queue.browser.monitor import attention
from senaite.queue.browser import words
from senaite.queue import messageFactory as _
from senaite.queue.model import failures
from senaite.queue.model.fields import to_text
from senaite.queue.model import human_acts
from senaite.queue.model import left_out
from senaite.queue.model import states
from senaite.queue.permissions import ViewQueue
from senaite.queue.site import samples

#: Colours of what was done, but not completely
SKIPPED = "warning"

REASONS = {
    left_out.GONE: _(u"it was removed meanwhile"),
    left_out.ELSEWHERE: _(u"it is on another worksheet: ${where}"),
    left_out.SLOT_TAKEN: _(u"its slot was taken meanwhile"),
    left_out.DONE_BY: _(u"${user} had done it before (${time})"),
    left_out.NOT_PERMITTED: _(u"${owner} may not do this any more"),
    left_out.OWN_RESULTS: _(
        u"own results cannot be verified by the same person"),
    left_out.VERIFIED_BEFORE: _(u"the same person has verified it before"),
    left_out.NOT_ASSIGNED: _(u"it is not assigned to an analyst"),
    left_out.ASSIGNED_TO: _(u"it is assigned to ${user}"),
    left_out.NO_RESULT: _(u"a result is missing"),
    left_out.NO_ATTACHMENT: _(u"a required attachment is missing"),
    left_out.NOT_RECEIVED: _(u"the sample has not been received"),
    left_out.DEPENDENCIES: _(u"analyses that it depends on are not ready"),
    left_out.DEPENDENTS: _(u"analyses that depend on it do not allow this"),
    left_out.VETOED: _(u"an add-on does not allow it (${where})"),
    left_out.NOT_ALLOWED: _(u"it is not possible any more"),
}

#: State of the item -> reason
IN_STATE = {
    "retracted": _(u"it was retracted by ${user} (${time})"),
    "rejected": _(u"it was rejected by ${user} (${time})"),
    "cancelled": _(u"it was cancelled by ${user} (${time})"),
    "to_be_verified": _(u"it was submitted by ${user} (${time})"),
    "verified": _(u"it was verified by ${user} (${time})"),
    "published": _(u"it was published by ${user} (${time})"),
    "unassigned": _(u"it is not on a worksheet (${user}, ${time})"),
}
IN_OTHER_STATE = _(u"its state is '${state}' (${user}, ${time})")

#: Task -> what its user may not do
NOT_ALLOWED = {
    "task_assign_analyses": _(u"${user} may not assign analyses any more."),
    "task_apply_worksheet_template": _(
        u"${user} may not apply worksheet templates any more."),
    "task_action_submit": _(u"${user} may not submit results any more."),
    "task_action_verify": _(u"${user} may not verify results any more."),
    "task_action_multi_verify": _(
        u"${user} may not verify results any more."),
    "task_action_retract": _(u"${user} may not retract results any more."),
    "task_action_retest": _(u"${user} may not retest analyses any more."),
    "task_action_reject": _(u"${user} may not reject analyses any more."),
    "task_action_unassign": _(
        u"${user} may not unassign analyses any more."),
}
NOT_ALLOWED_OTHER = _(u"${user} may not do this any more: ${task}.")

FAILURES = {
    failures.USER_GONE: _(u"The user ${user} does not exist any more."),
    failures.OBJECT_GONE: _(u"${where} does not exist any more."),
    failures.NO_ADAPTER: _(u"Nothing is installed that can do this."),
    failures.CONFLICT: _(
        u"Others have changed the same objects at the same time, repeatedly."),
}

ACTS = {
    human_acts.REMOVED: _(u"Removed by ${user} (${time})"),
    human_acts.REQUEUED: _(u"Queued again by ${user} (${time})"),
    human_acts.PRIORITY: _(
        u"Priority changed to ${priority} by ${user} (${time})"),
}

#: Somebody of whom nothing is known, e.g. a program
SOMEBODY = _(u"unknown")

#: Somebody else, for users who may not see who works in the laboratory
LABORATORY = _(u"the laboratory")

#: The same for reasons that tell where something is
REASONS_WITHOUT_PLACE = {
    left_out.ELSEWHERE: _(u"it is on another worksheet"),
    left_out.VETOED: _(u"an add-on does not allow it"),
}


def say_done(done, skipped):
    """Return the state of what is done, and has skipped items.

    :param done: number of items that are done
    :param skipped: number of those that were skipped
    """
    message = _(u"Done, ${count} skipped") if done \
        else _(u"Not done, ${count} skipped")
    return words.say(Message(message, mapping={"count": skipped}))


def state_of_task(row):
    """Return the title of a task's state, and its colour.

    :param row: task as `ITaskStore.page` returns it
    :rtype: tuple
    """
    if row["status"] == states.DONE and row.get("skipped"):
        done = max(0, (row.get("items") or 1) - row["skipped"])
        return say_done(done, row["skipped"]), SKIPPED
    key = states.SCHEDULED if row.get("scheduled") else row["status"]
    return words.state_of(row), COLOURS.get(key, "light")


COLOURS = {states.QUEUED: "secondary", states.SCHEDULED: "secondary",
           states.RUNNING: "primary", states.FAILED: "danger",
           states.DONE: "success", states.CANCELLED: "dark"}


def tell_reason(item, owner=None):
    """Return why an item was skipped, as text: without names and worksheets
    for users who may not view the queue, such as clients.

    :param item: see `senaite.queue.model.left_out`
    :param owner: id of the user who started the task
    """
    reason = item.get("reason") or left_out.NOT_ALLOWED
    if reason == left_out.IN_STATE:
        message = IN_STATE.get(item.get("state"), IN_OTHER_STATE)
    elif reason in REASONS_WITHOUT_PLACE and not sees_laboratory():
        message = REASONS_WITHOUT_PLACE[reason]
    elif reason in REASONS:
        message = REASONS[reason]
    else:
        # of another add-on, or of a newer version
        return to_text(reason)
    return words.say(Message(message, mapping={
        "user": name_of(item.get("user")), "owner": name_of(owner),
        "time": words.moment(item.get("at")) or u"?",
        "where": item.get("where") or u"?",
        "state": item.get("state") or u"?"}))


def sees_laboratory():
    """Tell whether the current user may see who works in the laboratory."""
    return bool(getSecurityManager().checkPermission(
        ViewQueue, senaite_api.get_portal()))


def name_of(user_id):
    """Return the name of a user, also of one who is not known.

    For users who may not view the queue, others than themselves are "the
    laboratory".
    """
    own_id = getSecurityManager().getUser().getId()
    if user_id and to_text(user_id) != to_text(own_id or u"") \
            and not sees_laboratory():
        return words.say(LABORATORY)
    return html.plain(html.user_name(user_id)) or words.say(SOMEBODY)


def name_item(item):
    """Return what people call an item, as text."""
    name = html.plain(html.cut(
        item.get("item") or item.get("uid") or u"?", 80))
    if not item.get("sample"):
        return name
    return words.say(Message(_(u"${item} of ${sample}"), mapping={
        "item": name, "sample": html.plain(item["sample"])}))


def tell_item(item, owner=None):
    """Return an item with its reason, as text."""
    return u"{}: {}".format(name_item(item), html.plain(
        tell_reason(item, owner)))


def link_item(item, owner=None):
    """Return an item with its reason as HTML. It is linked to its sample, if
    the user may see it."""
    name = html.isolated(name_item(item))
    found = html.find_context({
        "context_uid": item["uid"], "context_path": item.get("path") or ""}
    ) if item.get("uid") else None
    if found is not None:
        name = html.tag("a", name, href=senaite_api.get_url(
            samples.get_sample(found) or found))
    return u"{}: {}".format(name, html.isolated(tell_reason(item, owner)))


def list_items(items, count, owner=None, more_url=None):
    """Return skipped items as an HTML list; empty without any.

    :param items: the items, see `senaite.queue.model.left_out`
    :param count: number of all items that were skipped
    :param owner: id of the user who started the task
    :param more_url: address where more of them are named
    """
    if not count:
        return u""
    lines = [html.tag("li", link_item(item, owner)) for item in items]
    if count > len(items):
        more = words.say(_(u"and ${count} more", mapping={
            "count": count - len(items)}) if items else _(
                u"not named: ${count}", mapping={"count": count}))
        more = html.to_html(more)
        lines.append(html.tag("li", html.tag("a", more, href=more_url)
                              if more_url else more))
    return html.tag("ul", u"".join(lines),
                    class_="queue-skipped list-unstyled mb-0")


def tell_failure(row, portal):
    """Return in plain words why a task has failed, as text; None where only
    its error message tells.

    :param row: a task, or its row in a listing
    :param portal: root object of the site
    """
    code = row.get("error_code")
    if code == failures.NOT_ALLOWED:
        message = NOT_ALLOWED.get(row["name"], NOT_ALLOWED_OTHER)
    else:
        message = FAILURES.get(code)
    if message is None:
        return None
    return words.say(Message(message, mapping={
        "user": name_of(row.get("username")),
        "task": words.name_of(row["name"]),
        "where": html.plain(html.relative(row["context_path"], portal))}))


def tell_act(act):
    """Return what somebody has done to a task, as text; None for what this
    version does not know.

    :param act: see `senaite.queue.model.human_acts`
    """
    message = ACTS.get(act.get("act"))
    if message is None:
        return None
    return words.say(Message(message, mapping={
        "user": name_of(act.get("username")),
        "time": words.moment(act.get("at")) or u"?",
        "priority": act.get("priority")}))


def tell_past_pauses(pauses):
    """Return who has paused and resumed what a task was waiting for, as
    texts.

    :param pauses: see `ITaskStore.past_pauses`
    :rtype: list of six.text_type
    """
    told = []
    for pause in pauses or ():
        message = _(u"'${name}' was paused by ${user} (${since}) and resumed "
                    u"by ${other} (${until}).")
        if not pause["name"]:
            message = _(u"The whole queue was paused by ${user} (${since}) "
                        u"and resumed by ${other} (${until}).")
        told.append(words.say(Message(message, mapping={
            "user": name_of(pause["username"]),
            "other": name_of(pause["resumed_by"]),
            "name": words.name_of(pause["name"]),
            "since": words.moment(pause["since"]),
            "until": words.moment(pause["until"])})))
    return told


def tell_last_act(row):
    """Return what somebody has done last to a task that waits or runs, or who
    has removed it, as text; empty if that is not known.

    :param row: a task, or its row in a listing
    """
    acts = row.get("interventions") or ()
    if not acts or row["status"] not in states.ACTIVE and not (
            row["status"] == states.CANCELLED
            and acts[-1].get("act") == human_acts.REMOVED):
        return u""
    return tell_act(acts[-1]) or u""


def tell_pauses(row, pauses):
    """Return which pauses keep a task from being started, as texts.

    :param row: a task, or its row in a listing
    :param pauses: see `ITaskStore.pauses`
    :rtype: list of six.text_type
    """
    if row["status"] != states.QUEUED:
        return []
    return [words.say(attention.tell_pause(pause, name_of(pause["username"])))
            for pause in pauses or ()
            if pause["name"] in ("", row["name"])]
