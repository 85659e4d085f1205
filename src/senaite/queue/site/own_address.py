# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Where this process can be reached: the URL of a site in this very process.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue import config
from senaite.queue.site import process_role


def own_url(portal):
    """Return the URL of the site in this very process, or "" while it is not
    known."""
    configured = config.read_or_default(config.CONSUMER_URL)
    if configured:
        return configured
    return process_role.get_site_url(portal)
