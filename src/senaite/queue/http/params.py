# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Parameters that the routes of the queue server read, and their answers.

Every fault of a request is refused here, with the status of the contract.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import re

import six
from senaite.queue.errors import Refused
from senaite.queue.model.consumer_ids import parse_consumer_id
from senaite.queue.model import fields
from senaite.queue.model.queue_task import concealed
from senaite.queue.model.states import STATES
from senaite.queue.site.portal import get_portal
from senaite.queue.site import process_role


#: Tasks in an answer, unless the request asks for less or more, and at most
DEFAULT_LIMIT = 1000
MAX_LIMIT = 10000

#: Characters of a traceback that are kept
MAX_TRACEBACK = 100000

#: Not isdigit, to which superscripts are digits, too
DIGITS = re.compile(r"^[0-9]{1,20}\Z")

TRUE_VALUES = (True, 1, "1", "true", "True", "yes", "on")


def read_task_uid(params):
    """Return the uid of the task that a request is about.

    :raises Refused: 406 without one, 412 when it is not the uid of a task
    """
    task_uid = params.get("task_uid")
    if not task_uid:
        raise Refused(406, "No task: 'task_uid' is missing")
    if not isinstance(task_uid, six.string_types) \
            or not fields.TASK_UID.match(task_uid):
        raise Refused(412, "Wrong format of 'task_uid': 32 hexadecimal digits "
                           "are expected")
    return fields.to_native(task_uid)


def read_consumer_id(params):
    """Return the id of the consumer that sent a request.

    :raises Refused: 428 without a valid one
    """
    consumer_id = params.get("consumer_id")
    try:
        parse_consumer_id(consumer_id)
    except ValueError as error:
        raise Refused(428, str(error))
    return fields.to_native(consumer_id)


def read_text(params, name, max_length=100000):
    """Return a text, cut to a length; None without one.

    :raises Refused: 400 when it is something else
    """
    value = params.get(name)
    if value is None:
        return None
    if not isinstance(value, six.string_types):
        raise Refused(400, "'{}' must be a text".format(name))
    return fields.to_text(value)[:max_length]


def read_number(params, name, default=None, low=0, high=10000000):
    """Return a whole number, given as such or as its digits.

    :raises Refused: 400 when it is something else or out of bounds
    """
    value = params.get(name)
    if value is None:
        return default
    if isinstance(value, six.string_types) and DIGITS.match(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, six.integer_types) \
            or not low <= value <= high:
        raise Refused(400, "'{}' must be a whole number from {} to {}".format(
            name, low, high))
    return int(value)


def read_states(params, default=None):
    """Return the states that a request asks for, one or several joined with
    "+" or ","; the default without any.

    :raises Refused: 400 for an unknown one
    """
    status = read_text(params, "status")
    if not status:
        return default
    found = tuple(fields.to_native(part) for part
                  in status.replace(" ", "+").replace(",", "+").split("+"))
    for state in found:
        if state not in STATES:
            raise Refused(400, "Unknown status, expected one of {}".format(
                ", ".join(STATES)))
    return found


def read_object_uid(params, name="uid"):
    """Return the uid of an object, or None.

    :raises Refused: 412 when it is not a uid
    """
    uid = params.get(name)
    if not uid:
        return None
    if not isinstance(uid, six.string_types) \
            or not fields.OBJECT_UID.match(uid):
        raise Refused(412, "Wrong format of '{}'".format(name))
    return fields.to_native(uid)


def read_flag(params, name):
    """Tell whether a flag is set."""
    value = params.get(name)
    return isinstance(value, (bool, int, six.string_types)) \
        and value in TRUE_VALUES


def for_reader(request, task):
    """Return what a request may see of a task: only the processes of the
    queue, which process it, see the secrets among its free keys.

    :param task: a task
    :rtype: dict
    """
    from senaite.queue.auth.pas import request_claims
    if request_claims(request) is not None:
        return task
    return concealed(task)


def answer_items(request, items, **details):
    """Return the answer of a route that lists something."""
    items = list(items)
    return answer(request, count=len(items), items=items, **details)


def answer(request, content=None, **details):
    """Return an answer with what all answers have: the URL that was asked, and
    the address of the process that answers.

    :param content: the content of the answer, with any keys
    :type content: dict
    """
    portal = get_portal()
    found = dict(content or {})
    found.update(details)
    found["url"] = request.get("ACTUAL_URL") or request.getURL()
    found["zeo"] = process_role.get_site_url(portal) or portal.absolute_url()
    return found
