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

They are kept in the root of the database, outside of the sites: no path leads
there, no API reads it, and an export of a site (`.zexp`) does not contain it.
The record of a site is found by the site's path and by a random id that the
site carries. So a site that was imported, copied or renamed gets a key of its
own, and one that is imported where it was exported finds its own again.

A key in the environment wins (see `senaite.queue.config.KEY`): sites that use
it need no key in the database.

Until version 20603 of the profile the key was in an annotation of the site.
While it is still there, older processes of the queue may be running (see
`is_legacy`).
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import binascii
import os

from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping

from senaite.queue.auth import tokens
from senaite.queue import config
from senaite.queue.model.fields import to_native
from senaite.queue.site import connections
from senaite.queue.model import clock

#: Annotation of the site in which the key used to be
ANNOTATION = "senaite.queue.key"

#: Annotation of the site with its random id
ID = "senaite.queue.id"

#: Key of our records in the root of the database
ROOT = "senaite.queue"

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


def is_legacy(portal):
    """Tell whether the upgrade step of the site that moves its key has not
    been run yet.

    Until then, processes of older versions may be running, which neither sign
    answers nor show which database they see. Afterwards they have no key, so
    that nothing is lost by insisting on both.
    """
    return connections.get_annotation(portal, ANNOTATION) is not None


def make_key(portal):
    """Give the site a key, unless it has one."""
    if not get_stored(portal):
        add_record(portal, tokens.make_key())


def move(portal, grace_seconds=GRACE_SECONDS):
    """Move the key out of the site; may be repeated.

    A new key is made, because exports of the site contain the former one,
    which is accepted for a while.

    :param portal: the site
    :param grace_seconds: see `rotate`
    """
    legacy = connections.get_annotation(portal, ANNOTATION)
    connections.remove_annotation(portal, ANNOTATION)
    make_key(portal)
    if legacy:
        remember(get_stored(portal), legacy.get("current"), grace_seconds)


def rotate(portal, grace_seconds=GRACE_SECONDS):
    """Make a new key; the current one is accepted for a while.

    :param portal: the site
    :param grace_seconds: how long requests signed with the former key are
        accepted; 0 when it has leaked
    """
    make_key(portal)
    stored = get_stored(portal)
    remember(stored, stored["current"], grace_seconds)
    stored["current"] = tokens.make_key()


def remember(stored, key, grace_seconds):
    """Keep a former key in a record, to be accepted for a while."""
    stored["previous"] = key if grace_seconds > 0 else None
    stored["previous_until"] = clock.steady() + max(grace_seconds, 0)


def remove(portal):
    """Remove all keys of the site."""
    records, name = get_records(portal), get_name(portal)
    if records is not None and name in records:
        del records[name]
    if records is not None and not records:
        del get_root(portal)[ROOT]
    connections.remove_annotation(portal, ANNOTATION)
    connections.remove_annotation(portal, ID)


def get_stored(portal):
    """Return the site's record of keys, or None."""
    legacy = connections.get_annotation(portal, ANNOTATION)
    if legacy is not None:
        return legacy
    records = get_records(portal)
    return records.get(get_name(portal)) if records is not None else None


def add_record(portal, key):
    """Add the record of a site that has none, in place of that of a former
    site at its path.

    :param portal: the site
    :param key: its key
    """
    if connections.get_annotation(portal, ID) is None:
        connections.annotations(portal, create=True)[ID] = to_native(
            binascii.hexlify(os.urandom(16)))
    records = get_records(portal)
    if records is None:
        records = get_root(portal)[ROOT] = OOBTree()
    path = get_path(portal)
    for name in list(records):
        if name.partition(" ")[2] == path:
            del records[name]
    records[get_name(portal)] = PersistentMapping({
        "current": key,
        "previous": None,
        "previous_until": 0,
    })


def get_name(portal):
    """Return the name of the site's record."""
    return "{} {}".format(
        connections.get_annotation(portal, ID) or "", get_path(portal))


def get_path(portal):
    """Return the path of the site, as text."""
    return "/".join(portal.getPhysicalPath())


def get_records(portal):
    """Return the records of all sites in the database, or None."""
    return get_root(portal).get(ROOT)


def get_root(portal):
    """Return the root mapping of the database of a site."""
    if portal._p_jar is None:
        # a site that is being made
        import transaction
        transaction.savepoint(optimistic=True)
    return portal._p_jar.root()
