# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether the PAS plugin is where it is needed: without it, tasks cannot run as
their users.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from Products.PluggableAuthService.interfaces.authservice import \
    IPluggableAuthService
from Products.PluggableAuthService.interfaces.plugins import \
    IAuthenticationPlugin
from Products.PluggableAuthService.interfaces.plugins import IExtractionPlugin

from senaite.queue import PAS_PLUGIN_ID


def get_user_folders(portal):
    """Return the user folders that may know the user of a task: those of the
    site and of Zope's root."""
    found = [portal.acl_users,
             getattr(portal.getPhysicalRoot(), "acl_users", None)]
    return [folder for folder in found
            if IPluggableAuthService.providedBy(folder)]


def find_broken(portal):
    """Return the user folders in which the plugin was deleted or switched
    off.

    :param portal: root object of the site
    :returns: paths, e.g. ["/senaite/acl_users"]
    :rtype: list of str
    """
    return ["/".join(folder.getPhysicalPath())
            for folder in get_user_folders(portal) if not is_active(folder)]


def is_active(folder):
    """Tell whether the plugin of a user folder is there and switched on."""
    if PAS_PLUGIN_ID not in folder.objectIds():
        return False
    return all(PAS_PLUGIN_ID in folder.plugins.listPluginIds(interface)
               for interface in (IExtractionPlugin, IAuthenticationPlugin))


def has_user(portal, user_id):
    """Tell whether a user exists in one of the user folders."""
    return any(folder.getUserById(user_id) is not None
               for folder in get_user_folders(portal))
