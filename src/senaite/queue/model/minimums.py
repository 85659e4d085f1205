# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""From how many items on a process is queued."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue import config
from senaite.queue.model.categories import get_process
from senaite.queue.model import surroundings


def get_minimum(name_or_action):
    """Return the number of items from which on work is queued.

    :param name_or_action: name of a task, or id of a workflow action
    :type name_or_action: str
    :returns: the minimum of its process; that of all processes where the
        process has none of its own
    :rtype: int
    """
    settings = surroundings.get()
    own = settings.get_setting(
        config.get_minimum_name(get_process(name_or_action)))
    if own is not None:
        return own
    return settings.get_setting(config.MIN_ITEMS)
