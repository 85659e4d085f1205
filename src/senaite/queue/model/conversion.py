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
with senaite.queue 1.0.x: numbers as strings, and items as objects.

Only what a caller gives is converted. What comes from the network or from the
store has been checked before, and is refused where its type is wrong.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six

from senaite.queue.model import surroundings

#: Fields whose numbers may come from a form or from the registry
NUMBERS = ("priority", "retries", "min_seconds", "max_seconds", "chunk_size",
           "delay")


def converted(values):
    """Return the values of a new task, those that can be converted as what
    they stand for. All others are left as they are, for the check of the field
    to name them.

    :param values: fields and free keys, by name; is not changed
    :type values: dict
    :rtype: dict
    """
    found = dict(values)
    for name in NUMBERS:
        if isinstance(found.get(name), six.string_types):
            found[name] = _to_number(found[name])
    uids = found.get("uids")
    if isinstance(uids, (list, tuple)):
        found["uids"] = [_to_uid(item) for item in uids]
    return found


def _to_number(value):
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _to_uid(item):
    if isinstance(item, six.string_types):
        return item
    try:
        return surroundings.get().describe(item)["context_uid"]
    except ValueError:
        return item
