# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Only administrators change settings that decide which process is trusted.

The address of the queue server decides which process hands out work, so lab
managers must not set it. The settings page shows them the value; this guard
covers every other way into the registry.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from AccessControl import getSecurityManager
from AccessControl.unauthorized import Unauthorized
from zope.globalrequest import getRequest

from senaite.queue import config
from senaite.queue.permissions import AdministerQueue
from senaite.queue.site.portal import get_portal

#: Names of the records
GUARDED = tuple("{}.{}".format(config.PREFIX, name)
                for name, setting in sorted(config.SETTINGS.items())
                if setting.decides_trust)


def may_decide(portal):
    """Tell whether the current user may change such settings.

    :param portal: root object of the site
    :rtype: bool
    """
    return bool(getSecurityManager().checkPermission(AdministerQueue, portal))


def on_record_modified(event):
    """Refuse a change by a user who is not an administrator.

    Scripts, installations and tests have no published request, and pass.

    :param event: plone.registry's IRecordModifiedEvent
    :raises Unauthorized: when the current user may not
    """
    if event.oldValue != event.newValue:
        require(event.record)


def on_record_removed(event):
    """The same for the removal of a record.

    :param event: plone.registry's IRecordRemovedEvent
    :raises Unauthorized: when the current user may not
    """
    require(event.record)


def on_record_added(event):
    """The same for a record that takes the place of another one.

    :param event: plone.registry's IRecordAddedEvent
    :raises Unauthorized: when the current user may not
    """
    if event.record.value != event.record.field.default:
        require(event.record)


def require(record):
    """Refuse a change of a guarded record, unless an administrator makes it.

    :param record: record of the registry
    :raises Unauthorized: when the current user may not
    """
    if record.__name__ not in GUARDED:
        return
    request, portal = getRequest(), get_portal()
    if request is None or portal is None or \
            "PUBLISHED" not in getattr(request, "other", {}):
        return
    if not may_decide(portal):
        raise Unauthorized("Only administrators may change {}".format(
            record.__name__))
