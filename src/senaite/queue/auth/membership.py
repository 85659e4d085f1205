# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a process has to show before a queue server serves it: that it sees the
same database (see `senaite.queue.auth.process_marks`).

One for each process and site. Its mark is made when it is needed for the first
time, on the thread that needs it, with a connection and a transaction of its
own.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import binascii
import os
import threading

from ZODB.POSException import ReadOnlyError

from senaite.queue.auth import process_marks
from senaite.queue.auth import signing_keys
from senaite.queue.errors import DatabaseRefused
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model.fields import to_native
from senaite.queue.site import connections

#: Seconds for which a mark is used. A machine that was duplicated while it ran
#: has the marks of the original until then
MARK_SECONDS = 24 * 3600

#: Seconds until a process that was refused asks again
ASK_AGAIN_SECONDS = 30

_memberships = {}


class Membership(object):
    """Of this process, in the queue of a site."""

    def __init__(self, site, clock=clock.steady):
        """
        :param site: senaite.queue.site.connections.Site
        :param clock: function that returns seconds
        """
        self.site = site
        #: the queue server says that this process sees another database
        self.is_refused = False
        self._clock = clock
        self._lock = threading.Lock()
        self._is_strict = True
        self._mark = None
        self._made_at = 0
        self._pid = None
        self._refused_at = 0

    def configure(self, portal):
        """Read what the site asks for.

        :param portal: root object of the site
        """
        self._is_strict = not signing_keys.is_legacy(portal)

    def insists(self):
        """Tell whether queue servers have to prove that they have the key,
        and to be shown a mark."""
        return self._is_strict

    def get_mark(self):
        """Return the mark of this process; it is made when there is none.

        :returns: 32 hexadecimal digits; "" when none is needed, or this
            process must not write to the database
        :rtype: str
        """
        if not self._is_strict:
            return ""
        with self._lock:
            age = self._clock() - self._made_at
            if self._mark is None or self._pid != os.getpid() or \
                    not 0 <= age < MARK_SECONDS:
                self._mark = self._make()
                self._made_at = self._clock()
                self._pid = os.getpid()
            return self._mark

    def _make(self):
        mark = to_native(binascii.hexlify(os.urandom(16)))
        try:
            self.site.write(
                lambda portal: process_marks.add(portal, mark, self._clock()),
                "senaite.queue: a process shows which database it sees")
        except ReadOnlyError:
            logger.error("event=no_mark site=%s reason=the database is "
                         "read-only: no queue server will serve this process",
                         "/".join(self.site.path))
            return ""
        return mark

    def require_patience(self):
        """Do not ask again right after a refusal.

        :raises DatabaseRefused: while it is too early
        """
        waited = self._clock() - self._refused_at
        if self.is_refused and 0 <= waited < ASK_AGAIN_SECONDS:
            raise DatabaseRefused()

    def note_accepted(self):
        """Note that a queue server serves this process."""
        if self.is_refused:
            logger.info("event=database_accepted site=%s",
                        "/".join(self.site.path))
        self.is_refused = False

    def note_refused(self):
        """Note that a queue server does not.

        :raises DatabaseRefused: always
        """
        if not self.is_refused:
            logger.warning(
                "event=database_refused site=%s mark=%s: the queue server "
                "does not see the database of this process. If this is a copy "
                "of the site, give it a queue server of its own, or empty the "
                "setting 'Queue server'", "/".join(self.site.path),
                self._mark)
        self.is_refused = True
        self._refused_at = self._clock()
        raise DatabaseRefused()

    def check_mark(self):
        """Make a new mark next time, if the present one was removed from the
        database: it would never be found."""
        with self.site.opened() as (portal, _manager):
            if not process_marks.has(portal, self._mark):
                self._mark = None


def get_membership(portal):
    """Return the membership of this process that requests of other add-ons
    use (`senaite.queue.pasplugin.QueueAuth`).

    :param portal: root object of the current site
    :rtype: Membership
    """
    site = connections.Site.of(portal)
    found = _memberships.get(site.key)
    if found is None or found.site.db is not site.db:
        found = _memberships[site.key] = Membership(site)
    found.configure(portal)
    return found
