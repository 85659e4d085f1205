# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""From senaite.queue 1.0.x (profile versions 1000 to 10301).

The queue of 1.0.x was in annotations of the site (1.0.0, 1.0.1) or in the
memory of a process. Its tasks cannot be migrated: those that are found are
logged and removed. Marker interfaces, registry records, the authentication
plugin, configlets and the utility of 1.0.0 are removed as well. Settings are
kept, and so is what other add-ons keep in the registry below our prefix. The
step can be repeated.

The profile version is 20600, because it has to be higher than the last one of
1.0.x, 10301.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from plone.browserlayer.interfaces import ILocalBrowserLayerType
from plone.registry.interfaces import IRegistry
from Products.PluggableAuthService.interfaces.authservice import \
    IPluggableAuthService
from zope.component import getSiteManager
from zope.component import getUtility
from zope.interface import Invalid

from senaite.queue.auth.pas import QueueAuthPlugin
from senaite.queue.browser.settings.settings_schema import IQueueSettings
from senaite.queue.interfaces import IQueueDispatcher
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue import logger
from senaite.queue.model.fields import to_text
from senaite.queue.model.surroundings import DEFAULTS
from senaite.queue import setuphandlers
from senaite.queue.site import plonesite
from senaite.queue.upgrade import leftovers

PACKAGE = "senaite.queue"
CONFIGLETS = ("senaite.queue", "senaite.queue.tasks")
VIEWS = ("queue-controlpanel", "queue_tasks")

#: Names of the records of 1.0.x, including those without a setting of ours
OLD_RECORDS = (
    "auth_key",
    "default",
    "max_retries",
    "max_seconds_unlock",
    "min_seconds_task",
    "server",
    "task_action_reject",
    "task_action_retract",
    "task_action_submit",
    "task_action_unassign",
    "task_action_verify",
    "task_assign_analyses",
    "task_generic_action",
    "task_reindex_object_security",
    "top_priority_tasks",
)

#: Users that the manuals of 1.0.x asked to add, the first one with a password
#: that is published there
OLD_USERS = ("queue_daemon", "queue_consumer")


def upgrade(setup):
    """Remove all data of 1.0.x from a site, except the settings.

    :param setup: portal_setup
    """
    portal = setuphandlers.get_site(setup)
    logger.info("event=upgrade_started site=%s from=%s", site_path(portal),
                ".".join(setup.getLastVersionForProfile(plonesite.PROFILE)))
    settings = read_settings()
    leftovers.remove(portal)
    remove_records()
    remove_configlets(portal)
    remove_plugins(portal)
    remove_layers()
    remove_utilities()
    setup.runAllImportStepsFromProfile(
        "profile-" + plonesite.PROFILE, ignore_dependencies=True)
    write_settings(settings)
    report_users(portal)
    logger.info("event=upgraded site=%s", site_path(portal))


def site_path(portal):
    return "/".join(portal.getPhysicalPath())


def read_settings():
    """Return the values of the settings that still exist, by name."""
    records = getUtility(IRegistry).records
    return dict(
        (name, records[key].value) for name, key in
        ((name, "{}.{}".format(PACKAGE, name)) for name in DEFAULTS)
        if key in records)


def remove_records():
    """Remove the records of 1.0.x, including that of the key: many users could
    read it. The installation makes a new key.

    Records of other add-ons below our prefix stay.
    """
    records = getUtility(IRegistry).records
    for key in list(records.keys()):
        if not key.startswith(PACKAGE + "."):
            continue
        schema_name = records[key].interfaceName or ""
        if key[len(PACKAGE) + 1:] in OLD_RECORDS or \
                schema_name.startswith(PACKAGE + "."):
            del records[key]


def write_settings(settings):
    """Write the old values into the new records, where they are valid.

    Without a valid server the queue is off: the default is the address of
    another process than the one the site used. An empty one is how people
    switched off the queue of 1.0.x.
    """
    registry = getUtility(IRegistry)
    for name, value in sorted(settings.items()):
        if value is None and name != "server":
            continue
        if isinstance(value, (list, tuple)):
            value = tuple(to_text(item) for item in value)
        elif value is not None:
            value = to_text(value)
        try:
            IQueueSettings[name].validate(value)
        except Invalid as error:
            logger.warning("event=setting_not_kept name=%s value=%r reason=%s",
                           name, value, type(error).__name__)
            if name != "server":
                continue
            value = None
        registry["{}.{}".format(PACKAGE, name)] = value


def remove_configlets(portal):
    """Remove configlets that link to our pages, except those of this version."""
    tool = portal.portal_controlpanel
    for action in list(tool._actions):
        leads_here = action.appId == PACKAGE or any(
            view in action.getActionExpression() for view in VIEWS)
        if leads_here and action.id not in CONFIGLETS:
            tool.unregisterConfiglet(action.id)
    remove_actions(portal.portal_actions)


def remove_actions(folder):
    """Remove actions that link to our pages, from all categories."""
    for name, item in list(folder.objectItems()):
        if hasattr(item, "objectItems"):
            remove_actions(item)
        elif any(view in (getattr(item, "url_expr", "") or "")
                 for view in VIEWS):
            folder._delObject(name)


def remove_plugins(portal):
    """Remove authentication plugins of this package that are of an old class."""
    root_users = setuphandlers.get_root_users(portal)
    for acl_users in (portal.acl_users, root_users):
        if not IPluggableAuthService.providedBy(acl_users):
            continue
        for name, plugin in list(acl_users.objectItems()):
            if leftovers.is_of_package(plugin) and \
                    not isinstance(plugin, QueueAuthPlugin):
                acl_users._delObject(name)
                leftovers.deactivate(acl_users, name)


def remove_layers():
    """Remove registrations of the browser layer under other names."""
    manager = getSiteManager()
    for item in list(manager.registeredUtilities()):
        if item.provided is ILocalBrowserLayerType and \
                item.component is ISenaiteQueueLayer and item.name != PACKAGE:
            manager.unregisterUtility(
                item.component, item.provided, name=item.name)


def remove_utilities():
    """Remove the utility that the profile of 1.0.0 has registered; its class
    is gone."""
    manager = getSiteManager()
    for item in list(manager.registeredUtilities()):
        if item.provided is IQueueDispatcher:
            manager.unregisterUtility(
                item.component, item.provided, name=item.name)
            # Two records hold the utility of 1.0.0, each a copy of its own:
            # the one among the subscribers does not equal the component
            manager.utilities.unsubscribe((), IQueueDispatcher)
    # The profile's import has put it among the objects of the manager, too
    name = IQueueDispatcher.__identifier__
    if name in manager.objectIds():
        manager._delObject(name, suppress_events=True)


def report_users(portal):
    """Log which users from the manuals of 1.0.x a manager should check."""
    for user_id in OLD_USERS:
        user = portal.acl_users.getUserById(user_id)
        if user is None:
            continue
        logger.warning(
            "event=look_at_user user=%s roles=%s: change the password unless "
            "you have done so; a consumer needs no other role than "
            "QueueConsumer", user_id, ",".join(sorted(user.getRoles())))
