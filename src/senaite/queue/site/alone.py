# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether this process works alone: queue server and consumer at once.

A site without reserved clients has to work out of the box. A process that has
no role, and is the queue server all the same (see `process_role`), may consume
tasks as well. In a cluster, whose processes have roles, none does.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

from senaite.queue import config
from senaite.queue.site import process_role

#: Filled when a real server process starts: tests and scripts stay alone
_processes = []


def allow():
    """Allow it in this process (called when the process starts)."""
    _processes.append(os.getpid())


def is_alone():
    """Tell whether this process is the queue server of the current site
    although it has no role."""
    if os.getpid() not in _processes:
        return False
    return process_role.is_queue_server() and \
        process_role.get_configured_role() is None


def may_volunteer():
    """Tell whether this process may consume the tasks of the current site
    although it has no role."""
    return config.read_or_default(config.STANDALONE) and is_alone()
