# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The PAS plugin, by the name that add-ons know and that sites have stored.

Sites that were installed before the plugin moved to `senaite.queue.auth`
have this dotted name in their database.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import zope.deferredimport

from senaite.queue.auth.pas import manage_addQueueAuthPlugin  # noqa: F401
from senaite.queue.auth.pas import QueueAuth  # noqa: F401
from senaite.queue.auth.pas import QueueAuthPlugin  # noqa: F401

zope.deferredimport.initialize()
zope.deferredimport.deprecated(
    "Use senaite.queue.auth.signing_keys.rotate",
    reset_auth_key="senaite.queue.former_names:reset_auth_key",
)
