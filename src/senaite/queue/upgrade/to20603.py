# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""From 20602 to 20603: the key leaves the site, processes have to show which
database they see, and administrators alone decide who is trusted.

Run it when all processes run this version: older ones do not find the key.
From then on, queue servers have to sign their answers, see
`senaite.queue.auth.signing_keys.is_legacy`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.auth import process_marks
from senaite.queue.auth import signing_keys
from senaite.queue import logger
from senaite.queue.permissions import AdministerQueue
from senaite.queue.permissions import ADMINISTRATORS
from senaite.queue import setuphandlers


def upgrade(setup):
    """Move the key, and set the new permission. May be repeated.

    :param setup: portal_setup
    """
    portal = setuphandlers.get_site(setup)
    signing_keys.move(portal)
    process_marks.install(portal)
    portal.manage_permission(AdministerQueue, ADMINISTRATORS, acquire=0)
    logger.info("event=key_moved site=%s", "/".join(portal.getPhysicalPath()))
