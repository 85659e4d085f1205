# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Asynchronous tasks for SENAITE LIMS.

This module must import without Zope: the kernel, the stores, the tokens and
the client protocol are used and tested without it, on Python 2.7 and 3.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging

from zope.i18nmessageid import MessageFactory

PRODUCT_NAME = "senaite.queue"

#: The profiles, as `portal_setup` names them
PROFILE_ID = "profile-{}:default".format(PRODUCT_NAME)
UNINSTALL_PROFILE_ID = "profile-{}:uninstall".format(PRODUCT_NAME)

#: Id of the PAS plugin, in the site's and in Zope's root acl_users
PAS_PLUGIN_ID = "senaite_queue_auth"

logger = logging.getLogger(PRODUCT_NAME)
messageFactory = MessageFactory(PRODUCT_NAME)


def is_installed():
    """Tell whether the add-on is installed in the current site.

    :returns: True when the current request carries the add-on's browser layer
        or, without such a request, when the current site has its profile
        installed
    :rtype: bool
    """
    from senaite.queue.site.plonesite import is_installed as site_has_it
    return site_has_it()


def initialize(context):
    """Register the PAS plugin (called by Zope at start-up)."""
    from senaite.queue.auth.pas import register
    register(context)
