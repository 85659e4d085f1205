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

The environment variable wins over the setting of the site. With it, an
administrator rules out speedups as the cause of a problem, and the tests run
without them.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue import config
from senaite.queue.model import surroundings

#: Name of the setting, a boolean
SETTING = "speedups"


def get_from_environment():
    """Return what the environment variable says.

    :returns: None if it is not set. A wrong value counts as not set: it is
        reported when the process starts, see `senaite.queue.config`
    :rtype: bool
    """
    return config.read_or_default(config.SPEEDUPS)


def is_on():
    """Tell whether speedups are switched on.

    :rtype: bool
    """
    found = get_from_environment()
    if found is None:
        found = surroundings.get().get_setting(SETTING)
    return bool(found)
