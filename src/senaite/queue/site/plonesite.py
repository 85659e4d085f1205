# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Answers of a Plone site for the modules that do not know Plone.

Guards and listings ask once for each row, so every answer is a look-up in what
Zope and the registry have in memory. Nothing is cached, and nothing can be out
of date.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six
from AccessControl import getSecurityManager
from bika.lims import api
from plone.registry.interfaces import IRegistry
from zope.component import queryUtility
from zope.globalrequest import getRequest
from zope.interface import Interface
from zope.interface import implementer

from senaite.queue import config
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue import logger
from senaite.queue.model.fields import show
from senaite.queue.model.fields import to_native
from senaite.queue.model import surroundings
from senaite.queue.site import click_origin
from senaite.queue.site import objects
from senaite.queue.site.portal import get_portal

#: Prefix of the settings in plone.app.registry
PREFIX = config.PREFIX

#: Wrong values that are remembered, so that each is logged once
MOST_COMPLAINTS = 100

_complaints = set()

PROFILE = "senaite.queue:default"


class ISurroundings(Interface):
    """Marks the surroundings; look them up with `surroundings.get()`."""


@implementer(ISurroundings)
class PloneSurroundings(surroundings.Surroundings):
    """Answers of the current site; the defaults where there is none."""

    def get_setting(self, name):
        """Return the value of a setting of the current site.

        :param name: a key of `surroundings.DEFAULTS`
        :type name: str
        :returns: the value of the record; the default when the site does not
            have the record; the nearest bound or the default when its value is
            not allowed
        :raises KeyError: for an unknown name
        """
        setting = config.SETTINGS[name]
        registry = queryUtility(IRegistry)
        if registry is None:
            return setting.default
        value = registry.get("{}.{}".format(PREFIX, name), setting.default)
        clean, problem = setting.clean(value)
        if problem:
            complain(name, value, problem, clean)
        if isinstance(clean, tuple):
            return tuple(to_native(item) for item in clean)
        return to_native(clean)

    def describe(self, context):
        """Return uid and physical path of a content object.

        :param context: content object, catalog brain or uid
        :rtype: dict
        :raises ValueError: when it is neither
        """
        try:
            if isinstance(context, six.string_types):
                context = api.get_object_by_uid(context)
            return {
                "context_uid": to_native(api.get_uid(context)),
                "context_path": to_native(api.get_path(context)),
            }
        except api.APIError:
            raise ValueError("Not an object, a brain or the uid of an object:"
                             " {!r}".format(context))

    def is_uid(self, value):
        """Tell whether a string can be the uid of an object: those of SENAITE
        are 32 hexadecimal digits, and that of the site is "0"."""
        return bool(api.is_uid(value))

    def resolve(self, uid, path):
        """Return the content object of a task.

        The path is tried first: it needs no catalog, which is behind while a
        transaction runs. An object with another uid is another object.

        :param uid: uid of the object
        :param path: its physical path when the task was made
        :returns: the object, or None if it is gone
        :raises Exception: see `objects.get_object`
        """
        found = self._traverse(path)
        if found is not None and self._has_uid(found, uid):
            return found
        return objects.get_object(to_native(uid))

    def has_own_database(self):
        """Tell whether no other process can open the site's database: it is
        a file that this process holds the lock of."""
        portal = get_portal()
        connection = getattr(portal, "_p_jar", None)
        storage = getattr(connection.db(), "storage", None) \
            if connection is not None else None
        # a storage that compresses, say, has the file's storage as its base
        while storage is not None:
            if getattr(storage, "_lock_file", None) is not None:
                return True
            storage = getattr(storage, "base", None)
        return False

    def get_username(self):
        """Return the id of the current user; None for an anonymous one."""
        return getSecurityManager().getUser().getId()

    def get_click_origin(self):
        """Return what the current request sees of the site; None outside of a
        request. See `senaite.queue.site.click_origin`."""
        return click_origin.collect(getRequest())

    def _traverse(self, path):
        portal = get_portal()
        base = "/".join(portal.getPhysicalPath()) if portal is not None else ""
        path = to_native(path or "")
        if path == base and path:
            return portal
        if not path.startswith(base + "/"):
            return None
        return objects.traverse(portal, path[len(base) + 1:])

    def _has_uid(self, obj, uid):
        try:
            return api.get_uid(obj) == uid
        except api.APIError:
            return False


def complain(name, value, problem, used):
    """Log once that the registry has a value that is not allowed."""
    seen = (name, repr(value))
    if seen in _complaints:
        return
    if len(_complaints) >= MOST_COMPLAINTS:
        _complaints.clear()
    _complaints.add(seen)
    logger.error(
        "event=wrong_setting The setting %s.%s is %s, but %s. %r is used; "
        "correct it on the settings page.",
        PREFIX, name, show(value), problem, used)


def provide_surroundings():
    """Put the answers of Plone sites in force, and return them."""
    plone = PloneSurroundings()
    surroundings.provide(plone)
    return plone


def is_installed():
    """Tell whether the add-on is installed in the current site.

    :returns: True when the current request carries the browser layer, or else
        when the profile of the current site is installed (threads without a
        request, requests that did not traverse the site)
    :rtype: bool
    """
    if ISenaiteQueueLayer.providedBy(getRequest()):
        return True
    portal = get_portal()
    return portal is not None and has_profile(portal)


def has_profile(portal):
    """Tell whether the add-on's profile is installed in a site.

    :param portal: root object of the site
    :rtype: bool
    """
    setup = getattr(portal, "portal_setup", None)
    if setup is None:
        return False
    return setup.getLastVersionForProfile(PROFILE) != "unknown"
