# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The keys that sign the queue's requests, and their rotation.

They are kept in an annotation of the site, because anybody can read the
registry through the JSON API. Annotations cannot be read by any API or by
through-the-web code. A key in the environment wins (see
`senaite.queue.config.KEY`): sites that use it need no key in the database.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


from persistent.mapping import PersistentMapping
from senaite.queue.auth import tokens
from senaite.queue import config
from senaite.queue.model import clock

ANNOTATION = "senaite.queue.key"

#: Seconds for which the former key is still accepted
GRACE_SECONDS = 3600


def get_keys(portal, now=None):
    """Return the keys that are accepted; the first one signs.

    :param portal: the site
    :param now: UTC epoch seconds; the current time by default
    :returns: keys, empty when the site has none
    :rtype: list of str
    :raises senaite.queue.errors.ConfigError: when the environment names
        something that is not a key
    """
    key = config.read(config.KEY)
    if key:
        return [key]
    stored = get_stored(portal)
    if not stored:
        return []
    now = clock.steady() if now is None else now
    keys = [stored.get("current")]
    if now < stored.get("previous_until", 0):
        keys.append(stored.get("previous"))
    return [key for key in keys if key]


def get_key(portal):
    """Return the key that signs.

    :raises ValueError: when the site has none
    """
    keys = get_keys(portal)
    if not keys:
        raise ValueError("This site has no key of the queue")
    return keys[0]


def make_key(portal):
    """Give the site a key, unless it has one."""
    if not get_stored(portal):
        get_annotations(portal)[ANNOTATION] = PersistentMapping({
            "current": tokens.make_key(),
            "previous": None,
            "previous_until": 0,
        })


def rotate(portal, grace_seconds=GRACE_SECONDS):
    """Make a new key; the current one is accepted for a while.

    :param portal: the site
    :param grace_seconds: how long requests signed with the former key are
        accepted; 0 when it has leaked
    """
    make_key(portal)
    stored = get_stored(portal)
    stored["previous"] = stored["current"] if grace_seconds > 0 else None
    stored["previous_until"] = clock.steady() + max(grace_seconds, 0)
    stored["current"] = tokens.make_key()


def remove(portal):
    """Remove all keys."""
    if get_stored(portal) is not None:
        del get_annotations(portal)[ANNOTATION]


def get_stored(portal):
    """Return the site's mapping of keys, or None."""
    return get_annotations(portal).get(ANNOTATION)


def get_annotations(portal):
    """Return the annotations of the site."""
    from zope.annotation.interfaces import IAnnotations
    return IAnnotations(portal)
