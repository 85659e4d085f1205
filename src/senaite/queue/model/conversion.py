# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What callers may give in place of the type of a task's field, as they could
with senaite.queue 1.0.x: numbers and flags as strings, nothing at all for the
default, and items as objects.

Items that are no uids at all, like the data of a form, travel under a key of
their own, `ITEMS`, and the task has no `uids`: nothing that looks for objects
may meet them. They are the task's `uids` while its adapter works.

Only what a caller gives is converted. What comes from the network or from the
store has been checked before, and is refused where its type is wrong.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six

from senaite.queue.model import fields
from senaite.queue.model import surroundings

#: The key of the items of a task that are no uids, as a list of strings
ITEMS = "given_items"

#: Fields whose numbers may come from a form or from the registry
NUMBERS = ("priority", "retries", "min_seconds", "max_seconds", "chunk_size",
           "delay")


#: Fields that have a default which None stands for
OPTIONAL = NUMBERS + ("unique", "ghost")

#: Fields that are either on or off
FLAGS = ("unique", "ghost")

#: What a form or the registry may say instead of True and False
ON = ("1", "true", "yes", "on")
OFF = ("", "0", "false", "no", "off")


def converted(values):
    """Return the values of a new task, those that can be converted as what
    they stand for. All others are left as they are, for the check of the field
    to name them.

    :param values: fields and free keys, by name; is not changed
    :type values: dict
    :rtype: dict
    """
    found = dict((name, value) for name, value in values.items()
                 if value is not None or name not in OPTIONAL)
    for name in NUMBERS:
        if isinstance(found.get(name), six.string_types):
            found[name] = _to_number(found[name])
    for name in FLAGS:
        if name in found:
            found[name] = _to_flag(found[name])
    uids = found.get("uids")
    if isinstance(uids, (list, tuple)):
        found.update(split(uids))
    return found


def split(items):
    """Return the items of a task as the values of `uids` and, if there are
    others than uids, `ITEMS`: all of them as strings, in their order.

    :param items: uids, objects, brains, or anything that 1.0.x could carry:
        dicts, lists, tuples, numbers and other strings
    :rtype: dict
    """
    items = to_uids(items)
    if not any(_is_other(item) for item in items):
        return {"uids": items}
    if not all(_is_uid(item) or _is_other(item) for item in items):
        # The check of the field names what can be neither
        return {"uids": items}
    return {"uids": [], ITEMS: [_to_string(item) for item in items]}


def put_back(task):
    """Make the items of a task that are no uids its `uids`, for its adapter.

    :param task: the task, changed in place
    """
    items = task.pop(ITEMS, None)
    if items:
        dict.__setitem__(task, "uids", [fields.to_native(item)
                                        for item in items])


def count_items(task):
    """Return the number of items of a task; 1 for one without items.

    :param task: a task, or the dict of one
    :rtype: int
    """
    return len(task["uids"]) or len(task.get(ITEMS) or ()) or 1


def to_uids(items):
    """Return items with objects and brains replaced by their uids.

    :param items: the items; those that are neither are left as they are
    :rtype: list
    """
    return [_to_uid(item) for item in items]


def _is_uid(item):
    return isinstance(item, six.string_types) and \
        bool(fields.OBJECT_UID.match(item))


def _is_other(item):
    """Tell whether an item is no uid, but may be carried all the same."""
    if isinstance(item, six.string_types):
        return bool(item) and not _is_uid(item)
    return isinstance(item, (dict, list, tuple)) or fields.is_number(item)


def _to_string(item):
    if isinstance(item, six.string_types):
        return fields.to_native(item)
    return str(item)


def _to_flag(value):
    """Return True or False for what stands for it, anything else as it is."""
    if isinstance(value, six.string_types):
        word = value.strip().lower()
        return True if word in ON else False if word in OFF else value
    return bool(value) if fields.is_number(value) and value in (0, 1) \
        else value


def _to_number(value):
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _to_uid(item):
    if isinstance(item, six.string_types + (dict, list, tuple)) or \
            fields.is_number(item):
        return item
    try:
        return surroundings.get().describe(item)["context_uid"]
    except ValueError:
        return item
