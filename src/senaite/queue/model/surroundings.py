# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the model needs to know about the site, and default answers.

The task model needs settings, and the uid and path of content objects, but
knows nothing of Plone. `senaite.queue.site.plonesite` provides the answers of a
Plone site when the package's ZCML is loaded. Tests without Plone use the
defaults.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue import config
from senaite.queue.model import fields

#: Name of each setting -> its default, see `senaite.queue.config`
DEFAULTS = config.DEFAULTS


class Surroundings(object):
    """Answers without a Plone site: defaults, and no content at all."""

    def get_setting(self, name):
        """Return the value of a setting.

        :param name: a key of `DEFAULTS`
        :type name: str
        :raises KeyError: for an unknown name
        """
        return DEFAULTS[name]

    def describe(self, context):
        """Return uid and physical path of a content object or brain.

        :param context: content object, catalog brain or uid
        :returns: dict with the keys `context_uid` and `context_path`
        :raises ValueError: when it is neither
        """
        raise ValueError("Not supported without a site: {!r}".format(context))

    def is_uid(self, value):
        """Tell whether a string can be the uid of an object of the site.

        :rtype: bool
        """
        return bool(fields.OBJECT_UID.match(value))

    def resolve(self, uid, path):
        """Return the content object of a task, or None if it is gone."""
        return None

    def has_own_database(self):
        """Tell whether no other process can open the site's database.

        :rtype: bool
        """
        return False

    def get_username(self):
        """Return the id of the current user, or None."""
        return None

    def get_click_origin(self):
        """Return what the current request sees of the site.

        :returns: the field `click_origin` of a task, see
            `senaite.queue.model.fields.ORIGIN`; None outside of a request
        :rtype: dict
        """
        return None


_current = [Surroundings()]


def get():
    """Return the surroundings in force."""
    return _current[0]


def provide(surroundings):
    """Put other surroundings in force.

    :param surroundings: a `Surroundings`
    :returns: the former ones, so that a test can put them back
    """
    former = _current[0]
    _current[0] = surroundings
    return former
