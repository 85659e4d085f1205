# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What people have done to a task: who, what and when, kept with the task."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from senaite.queue.model import fields

#: Acts
REMOVED = "removed"
REQUEUED = "requeued"
PRIORITY = "priority"

#: The latest acts are kept, up to this number
MOST_ACTS = 20

#: Maximum number of characters of a user id
MOST_CHARACTERS = 200


def with_act(text, act, username, at, **values):
    """Return the acts on a task with another one, as JSON text.

    :param text: JSON text of the former acts, or None
    :param act: one of the acts above
    :param username: id of the user, or None if it is not known
    :param at: UTC epoch seconds
    :param values: what belongs to the act, e.g. the new `priority`
    :rtype: str
    """
    acts = read(text)
    acts.append(dict(values, act=act, at=at, username=fields.to_text(
        username or u"")[:MOST_CHARACTERS]))
    return json.dumps(acts[-MOST_ACTS:], sort_keys=True)


def read(text):
    """Return acts, the oldest one first: dicts with `act`, `username` ("" if
    it is not known) and `at`.

    :param text: JSON text of the acts, or None
    :rtype: list of dict
    """
    return json.loads(text) if text else []
