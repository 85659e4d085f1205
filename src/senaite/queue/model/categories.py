# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The processes that people switch on and off: which task belongs to which.

Knows nothing but names. People think of "verify", which is several workflow
actions, and of "anything else that add-ons queue", which is none of ours.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.config import OTHER
from senaite.queue.config import PROCESSES

#: Workflow actions, and tasks without the prefixes, of each process that is
#: not of the same name
_ALIASES = {
    "apply_worksheet_template": "template",
    "assign_analyses": "assign",
    "multi_verify": "verify",
    "retest": "retract",
    "reindex_object_security": "security",
}

_PREFIXES = ("task_action_", "task_")


def get_process(name_or_action):
    """Return the process of a task or of a workflow action.

    :param name_or_action: name of a task, or id of a workflow action
    :type name_or_action: str
    :returns: one of `PROCESSES`
    :rtype: str
    """
    name = name_or_action
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            name = name[len(prefix):]
            break
    name = _ALIASES.get(name, name)
    return name if name in PROCESSES else OTHER
