# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""From 20600 to 20601: settings that came later get their records."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from plone.registry.interfaces import IRegistry
from zope.component import getUtility

from senaite.queue.browser.settings.settings_schema import IQueueSettings
from senaite.queue.site.plonesite import PREFIX
from senaite.queue.upgrade.to20600 import write_settings


def upgrade(setup):
    """Add the missing records of the settings; those that are there keep their
    values.

    :param setup: portal_setup
    """
    registry = getUtility(IRegistry)
    server = registry.get(PREFIX + ".server")
    registry.registerInterface(IQueueSettings, prefix=PREFIX)
    # The record was one of bytes in Python 2. The registry gives a record of
    # another type its default.
    write_settings({"server": server})
