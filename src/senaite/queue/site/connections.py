# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Ways to a site from threads of our own.

A thread never uses an object of a request's connection: it opens its own for a
short piece of work, sets the site, and gives both back. Because no connection
outlives a piece of work that failed, a lost ZEO server or a closed database
costs a thread one exception, and the next piece of work starts afresh.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import random
import time

import six
import transaction
from ZODB.POSException import ConflictError
from ZODB.POSException import POSKeyError

from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import SiteGone

try:
    from Acquisition import aq_base
except ImportError:
    def aq_base(obj):
        """Return the object: nothing is wrapped without Zope."""
        return obj


def annotations(portal, create=False):
    """Return the site's annotations as stored.

    `zope.annotation` keeps them in this very attribute. It is read directly
    because guards come here for each row of each listing.

    :param create: make them when there are none
    :type create: bool
    :returns: a mapping, or None
    """
    base = aq_base(portal)
    found = getattr(base, "__annotations__", None)
    if found is None and create:
        from BTrees.OOBTree import OOBTree
        found = base.__annotations__ = OOBTree()
    return found


def get_annotation(portal, key):
    """Return one of the site's annotations, or None."""
    found = annotations(portal)
    return found.get(key) if found is not None else None


def remove_annotation(portal, key):
    """Remove one of the site's annotations, if it is there."""
    found = annotations(portal)
    if found is not None and key in found:
        del found[key]


def is_open(db):
    """Tell whether a database is still open.

    Closing takes the storage from the instance; the class has an attribute
    of that name, too (ZODB 5.8).
    """
    return "storage" in vars(db)


def is_connected(db):
    """Tell whether a database can be read: False while ZEO is away."""
    storage_connected = getattr(db.storage, "is_connected", None)
    return storage_connected is None or bool(storage_connected())


class Site(object):
    """The address of a site: a database and a path in it."""

    def __init__(self, db, path):
        """
        :param db: ZODB.DB.DB
        :param path: physical path of the site, e.g. ("", "senaite")
        :type path: sequence of str
        """
        self.db = db
        self.path = tuple(path)
        self._keeps = False
        #: (connection, manager) that waits for the next piece of work
        self._kept = []

    @classmethod
    def of(cls, portal):
        """Return the address of the site with this root object."""
        return cls(portal._p_jar.db(), portal.getPhysicalPath())

    @property
    def key(self):
        """The key that tells this site from others in the process."""
        return (id(self.db), self.path)

    def find(self, root):
        """Return the root object of the site.

        :param root: the root mapping of an own connection
        :raises SiteGone: when it is not there
        """
        app = root["Application"]
        if len(self.path) < 2:
            return app
        try:
            return app.unrestrictedTraverse("/".join(self.path))
        except (ConflictError, POSKeyError):
            # an object that cannot be loaded now is not gone: ZEO may come back
            raise
        except (AttributeError, KeyError):
            raise SiteGone("No site at {}".format("/".join(self.path)))

    def write(self, change, note, attempts=8):
        """Change the site in a transaction of its own, tried again on
        conflicts.

        :param change: function(portal)
        :param note: what the transaction is about, for the undo log
        :param attempts: how often to try
        :returns: what the function returned
        :raises ConflictError: when the last attempt met one, too
        """
        for attempt in range(1, attempts + 1):
            try:
                with self.opened() as (portal, manager):
                    result = change(portal)
                    manager.get().note(six.text_type(note))
                    manager.commit()
                    return result
            except ConflictError:
                if attempt == attempts:
                    raise
            # outside of the transaction: one that sleeps meets conflicts
            time.sleep(random.uniform(0, 0.02 * 2 ** attempt))

    @contextlib.contextmanager
    def opened(self):
        """Open an own connection and set the site; yield (portal, manager).

        Whatever was not committed with the transaction manager is aborted,
        whatever happens, and the connection goes back to the pool, or is kept
        for the next piece of work (`keep_connection`).

        :raises DatabaseClosed: when the database is closed
        """
        if not is_open(self.db):
            raise DatabaseClosed()
        connection, manager = self._take()
        is_kept = False
        try:
            manager.begin()
            with _site_set(self.find(connection.root())) as portal:
                yield portal, manager
            if self._keeps and not self._kept:
                manager.abort()
                self._kept.append((connection, manager))
                is_kept = True
        finally:
            if not is_kept:
                _give_back(self.db, connection, manager)

    def keep_connection(self):
        """Keep one connection between pieces of work, for frequent use.

        The pool gives out the connection with the fullest cache. A thread
        that takes it every second leaves the next best to requests. In time
        all caches are filled, and requests change between connections, which
        costs them the processor's caches.
        """
        self._keeps = True

    def release_connection(self):
        """Give the kept connection back, and keep none from now on."""
        self._keeps = False
        while self._kept:
            _give_back(self.db, *self._kept.pop())

    def _take(self):
        try:
            return self._kept.pop()
        except IndexError:
            manager = transaction.TransactionManager()
            return self.db.open(transaction_manager=manager), manager


@contextlib.contextmanager
def _site_set(portal):
    """Make the portal the current site of this thread for a while."""
    try:
        from zope.component.hooks import getSite
        from zope.component.hooks import setSite
    except ImportError:
        yield portal
        return
    former = getSite()
    if hasattr(portal, "getSiteManager"):
        setSite(portal)
    try:
        yield portal
    finally:
        setSite(former)


def _give_back(db, connection, manager):
    """Abort and close, also when ZEO went away in the middle of it."""
    try:
        manager.abort()
    finally:
        if is_open(db):
            connection.close()
