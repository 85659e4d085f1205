# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What keeps this process from taking part in the queue although nothing is
down: for notices and for the decision to queue.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.auth import plugin_check
from senaite.queue.client import agent as agents


def is_refused(portal):
    """Tell whether the queue server does not serve this process, because it
    sees another database: that of a copy.

    :param portal: root object of the site
    :rtype: bool
    """
    return agents.get_agent(portal).membership.is_refused


def find_broken_user_folders(portal):
    """Return the user folders without the plugin that logs in the users of
    tasks; see `senaite.queue.auth.plugin_check.find_broken`."""
    return plugin_check.find_broken(portal)
