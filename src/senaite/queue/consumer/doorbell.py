# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The doorbell: notices new tasks without asking the queue server.

ZEO tells every client which objects have changed. A connection that is synced
a few times a second sees the bells of the outbox move.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction

from senaite.queue.errors import DatabaseClosed
from senaite.queue.errors import SiteGone
from senaite.queue.records import outbox
from senaite.queue.site import connections


class Doorbell(object):
    """Watches the outbox of a site; belongs to one thread."""

    def __init__(self, site):
        """
        :param site: senaite.queue.site.connections.Site
        """
        self.site = site
        self._connection = None
        self._manager = None
        self._bells = None
        self._seen = None

    def rang(self):
        """Tell whether something was queued or delivered since the last call.

        The first call says yes: what happened before is not known.

        :raises DatabaseClosed: when the database is closed
        :raises Exception: whatever ZEO raises while it is away; the next
            call opens a new connection
        """
        try:
            if self._connection is None:
                self._open()
            else:
                self._manager.begin()
            seen = [bell.value for bell in self._bells]
        except Exception:
            self.close()
            raise
        changed = seen != self._seen
        self._seen = seen
        return changed

    def close(self):
        """Give the connection back."""
        connection, self._connection = self._connection, None
        self._bells = self._seen = None
        if connection is None:
            return
        try:
            self._manager.abort()
            if connections.is_open(self.site.db):
                connection.close()
        except Exception:
            # it is broken, and no longer referenced
            pass

    def _open(self):
        if not connections.is_open(self.site.db):
            raise DatabaseClosed()
        self._manager = transaction.TransactionManager()
        self._connection = self.site.db.open(
            transaction_manager=self._manager)
        root = outbox.get_root(self.site.find(self._connection.root()))
        if root is None:
            raise SiteGone("The add-on is not installed")
        self._bells = outbox.bells(root)
