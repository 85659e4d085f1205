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

import os

from senaite.queue.site import process_role

#: URL of the site at which this very process can be reached, where it cannot
#: find out by itself
ENVIRONMENT = "SENAITE_QUEUE_CONSUMER_URL"


def own_url(portal):
    """Return the URL of the site in this very process, or "" while it is not
    known."""
    configured = os.environ.get(ENVIRONMENT)
    if configured:
        return configured.rstrip("/")
    return process_role.get_site_url(portal)
