# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""From 20603 to 20604: a minimum number of items for each process.

The minimum that a site has, `min_items`, holds for all processes until they
get a number of their own.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.upgrade import to20601


def upgrade(setup):
    """Add the missing records of the settings, see `to20601.upgrade`.

    :param setup: portal_setup
    """
    to20601.upgrade(setup)
