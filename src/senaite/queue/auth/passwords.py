# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether a request was made with the password of its user.

A cookie, which browsers add by themselves to whatever a page makes them load,
is not enough for routes that a program calls.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


def has_password(request, portal):
    """Tell whether a request carries the login and the password of the user
    that it is made as (HTTP basic authentication).

    :param request: the current request
    :param portal: the current site
    :rtype: bool
    """
    from AccessControl import getSecurityManager
    given = request._authUserPW()
    if not given:
        return False
    user_id = getSecurityManager().getUser().getId()
    for folder in (portal.acl_users,
                   getattr(portal.getPhysicalRoot(), "acl_users", None)):
        if not hasattr(folder, "authenticate"):
            continue
        found = folder.authenticate(given[0], given[1], request)
        if found is not None and found.getId() == user_id:
            return True
    return False
