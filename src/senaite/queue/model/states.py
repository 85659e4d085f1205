# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The states of a task and the transitions between them: the only list.

All other modules, the monitor and the tests read this table. States are
stored and transmitted as the plain strings given here.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six

from senaite.queue.errors import TransitionNotAllowed

QUEUED = "queued"
RUNNING = "running"
FAILED = "failed"
DONE = "done"
CANCELLED = "cancelled"

#: All states, most interesting first
STATES = (QUEUED, RUNNING, FAILED, DONE, CANCELLED)

#: States of unfinished work
ACTIVE = (QUEUED, RUNNING)

#: Final states; kept as history and pruned after the retention time
FINISHED = (DONE, CANCELLED)

#: Kind of queued tasks whose time has not come yet
SCHEDULED = "scheduled"

#: Kinds of tasks in listings, most interesting first; here "queued" excludes
#: scheduled tasks
KINDS = (RUNNING, QUEUED, SCHEDULED, FAILED, DONE, CANCELLED)

#: (state, event) -> new state. An event that is not listed for a state does
#: not apply to it, and changes nothing.
TRANSITIONS = {
    (QUEUED, "claim"): RUNNING,
    (QUEUED, "cancel"): CANCELLED,
    (QUEUED, "give_up"): FAILED,
    (RUNNING, "acknowledge"): DONE,
    (RUNNING, "retry"): QUEUED,
    (RUNNING, "lease_lost"): QUEUED,
    (RUNNING, "hand_back"): QUEUED,
    (RUNNING, "give_up"): FAILED,
    (RUNNING, "cancel"): CANCELLED,
    (FAILED, "requeue"): QUEUED,
    (FAILED, "cancel"): CANCELLED,
    # The database was restored, and their work was lost with it
    (DONE, "put_back"): QUEUED,
    (DONE, "disown"): FAILED,
    (QUEUED, "supersede"): CANCELLED,
    (FAILED, "supersede"): CANCELLED,
    (DONE, "supersede"): CANCELLED,
}


def next_state(state, event):
    """Return the state after an event.

    :param state: one of `STATES`
    :type state: str
    :param event: name of the event, e.g. "claim"
    :type event: str
    :returns: one of `STATES`
    :rtype: str
    :raises TransitionNotAllowed: when the event does not apply to the state
    """
    try:
        return TRANSITIONS[(state, event)]
    except KeyError:
        raise TransitionNotAllowed(
            "'{}' does not apply to a task that is {}".format(event, state))


def sources(event):
    """Return the states to which an event applies.

    :param event: name of the event
    :type event: str
    :returns: states, in the order of `STATES`
    :rtype: tuple of str
    """
    return tuple(s for s in STATES if (s, event) in TRANSITIONS)


def to_states(status):
    """Return the states meant by the `status` argument of the reads.

    :param status: a state or several; None or an empty list: queued and
        running
    :rtype: tuple of str
    :raises ValueError: when there is no such state
    """
    if not status:
        return ACTIVE
    found = (status,) if isinstance(status, six.string_types) \
        else tuple(status)
    for state in found:
        if state not in STATES:
            raise ValueError("Not a status: {!r}".format(state))
    return found
