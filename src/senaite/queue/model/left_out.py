# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Items that a task has skipped, each with its reason.

An item is a dict with some of the keys of `TEXTS`, and `at` (UTC epoch
seconds). Its reason is one of `REASONS`, so that readers are told in their own
language; what other add-ons give as a reason is shown as it is.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import re

import six

from senaite.queue.model import fields
from senaite.queue.model.storable import to_storable

#: Maximum number of items that a task names; others are only counted
MOST_ITEMS = 30

#: Maximum number of items that are named for a whole job, and in a row of a
#: listing
MOST_IN_JOB = 100
MOST_IN_LISTING = 3

#: Maximum number of skipped items of a task
MOST_SKIPPED = 10000000

#: Key -> maximum number of characters: uid and path of the object, what people
#: call it, the id of its sample, and the reason with what belongs to it: the
#: user who did something, the worksheet where the item is, its state
TEXTS = {"uid": 64, "path": 1000, "item": 200, "sample": 100, "reason": 200,
         "user": 200, "where": 200, "state": 100}

#: Reasons
GONE = "gone"
ELSEWHERE = "elsewhere"
SLOT_TAKEN = "slot_taken"
DONE_BY = "done_by"
IN_STATE = "in_state"
NOT_PERMITTED = "not_permitted"
OWN_RESULTS = "own_results"
VERIFIED_BEFORE = "verified_before"
NOT_ASSIGNED = "not_assigned"
ASSIGNED_TO = "assigned_to"
NO_RESULT = "no_result"
NO_ATTACHMENT = "no_attachment"
NOT_RECEIVED = "not_received"
DEPENDENCIES = "dependencies"
DEPENDENTS = "dependents"
VETOED = "vetoed"
NOT_ALLOWED = "not_allowed"
REASONS = (GONE, ELSEWHERE, SLOT_TAKEN, DONE_BY, IN_STATE, NOT_PERMITTED,
           OWN_RESULTS, VERIFIED_BEFORE, NOT_ASSIGNED, ASSIGNED_TO, NO_RESULT,
           NO_ATTACHMENT, NOT_RECEIVED, DEPENDENCIES, DEPENDENTS, VETOED,
           NOT_ALLOWED)

_CONTROL = re.compile(u"[\x01-\x1f\x7f-\x9f\u2028\u2029]+")


def clean(items, most=MOST_ITEMS):
    """Return the valid ones among skipped items, with texts of limited length
    and without control characters.

    Never raises: how items are described must not make a report fail.

    :param items: what is said to be a list of items
    :param most: maximum number of items
    :rtype: list of dict
    """
    if not isinstance(items, (list, tuple)):
        return []
    return [item for item in map(_clean_item, items[:most]) if item]


def _clean_item(item):
    if not isinstance(item, dict):
        return {}
    found = {}
    for key, most in TEXTS.items():
        value = item.get(key)
        if value and isinstance(value, (six.text_type, six.binary_type)):
            value = _CONTROL.sub(u" ", to_storable(value))[:most].strip()
            if value:
                found[key] = value
    at = item.get("at")
    if fields.is_number(at) and 0 < at < 1e11:
        found["at"] = at
    return found


def clean_count(count, items):
    """Return the number of skipped items: a valid one, and no smaller than
    that of the items named.

    :param count: what is said to be the number
    :param items: the items, see `clean`
    :rtype: int
    """
    if not fields.is_number(count) or not 0 <= count <= MOST_SKIPPED:
        count = 0
    return max(int(count), len(items))


def to_json(items):
    """Return items as JSON text; None without any.

    :rtype: str
    """
    items = clean(items)
    return json.dumps(items, sort_keys=True) if items else None


def from_json(text, most=MOST_ITEMS):
    """Return the items of a JSON text that `to_json` has made.

    :param text: the text, or None
    :rtype: list of dict
    """
    return json.loads(text)[:most] if text else []
