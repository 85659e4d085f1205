# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether speedups are switched on: an environment variable and a setting.

The environment variable wins over the setting of the site. Administrators use
it to rule out speedups as the cause of a problem, and the tests are run with
it.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

from senaite.queue.site import surroundings

#: Environment variable with one of `ALLOWED`
ENVIRONMENT = "SENAITE_QUEUE_SPEEDUPS"

ON = "on"
OFF = "off"
ALLOWED = (ON, OFF)

#: Name of the setting, a boolean
SETTING = "speedups"


def get_from_environment():
    """Return what the environment variable says, or None if it is not set.

    :rtype: bool
    :raises ValueError: if it has a value that is not allowed
    """
    value = os.environ.get(ENVIRONMENT)
    if not value:
        return None
    if value not in ALLOWED:
        raise ValueError(
            "{} is {!r}, but must be one of: {}".format(
                ENVIRONMENT, value, ", ".join(ALLOWED)))
    return value == ON


def is_on():
    """Tell whether speedups are switched on.

    :raises ValueError: if the environment variable has a value that is not
        allowed
    """
    found = get_from_environment()
    if found is None:
        found = surroundings.get().get_setting(SETTING)
    return bool(found)
