# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The categories of work that users switch on and off, and their tasks.

Users think of "verify", which comprises several workflow actions, and of
"anything that other add-ons queue", for which this package has no names.
Pure names: the module needs neither a site nor a task.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.config import OTHER
from senaite.queue.config import PROCESSES

#: Workflow actions and tasks (without prefix) -> category, unless both have
#: the same name
_ALIASES = {
    "apply_worksheet_template": "template",
    "assign_analyses": "assign",
    "multi_verify": "verify",
    "retest": "retract",
    "reindex_object_security": "security",
}

_PREFIXES = ("task_action_", "task_")


def get_process(name_or_action):
    """Return the category of a task or of a workflow action.

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
