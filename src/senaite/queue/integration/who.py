# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the people of the laboratory are called, for those who wait."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api

from senaite.queue import messageFactory as _
from senaite.queue.permissions import ViewQueue
from senaite.queue.site.translation import translate

#: Somebody, for users who may not see who works in the laboratory
LABORATORY = _(u"the laboratory")


def find_name(user_id):
    """Return the name of a user; empty if the current user may not know it.

    :rtype: six.text_type
    """
    if not user_id or not getSecurityManager().checkPermission(
            ViewQueue, senaite_api.get_portal()):
        return u""
    return senaite_api.safe_unicode(
        senaite_api.get_user_fullname(user_id) or user_id)


def name(user_id):
    """Return the name of a user, or what to say in place of it.

    :rtype: six.text_type
    """
    return find_name(user_id) or translate(LABORATORY)
