# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Consumers take turns at the catalogs, so that they do not conflict there.

Whatever a chunk does, it ends with writing to the same few trees of the same
catalogs. Two chunks that overlap conflict in half of the cases, since a bucket
that one of them has split cannot be merged, and the one that commits later has
done all of its work in vain. So a chunk does first what is its own, then waits
for its turn, looks at the database as it is by now, writes to the catalogs,
commits, and lets the next one have its turn.

The turn is a lock on a file in the directory for temporary files: it goes with
the process that holds it, whatever becomes of that. It makes conflicts rare,
and nothing depends on it: consumers on other machines, and people, still
conflict with each other, and do their work again.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import hashlib
import os
import tempfile
import threading
import time

from ZODB.POSException import ConflictError

from senaite.queue import logger

try:
    import fcntl
except ImportError:
    # No turns on Windows
    fcntl = None

#: Seconds that a chunk waits for its turn; then it goes on without
MOST_SECONDS = 10

#: Seconds for which nobody in this process waits again, after that: who has
#: the turn so long is stopped, or hangs
REST_SECONDS = 60

#: Seconds between two looks whether the turn is free
LOOK_SECONDS = 0.005

_local = threading.local()

#: Path of a turn that was waited for in vain -> when to wait for it again
_resting = {}


class Turn(object):
    """The turn of a site: one of all its consumers on this machine has it."""

    def __init__(self, path, seconds=MOST_SECONDS):
        """
        :param path: of the file to lock; it is made when it is not there
        :param seconds: how long to wait at most
        """
        self.path = path
        self.seconds = seconds
        self._file = None

    @property
    def is_ours(self):
        return self._file is not None

    def take(self):
        """Wait for the turn; tells whether we have it."""
        if self.is_ours or fcntl is None:
            return self.is_ours
        try:
            found = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW,
                            0o600)
        except OSError as error:
            logger.debug("event=no_turn reason=%s", error)
            return False
        # No program that the work starts is to have the turn as well
        fcntl.fcntl(found, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        if not self._is_ours_in_time(found):
            os.close(found)
            return False
        self._file = found
        return True

    def _is_ours_in_time(self, number):
        """Wait for the lock; tells whether it came to be ours."""
        began = time.time()
        seconds = self.seconds
        if _resting.get(self.path, 0) > began:
            seconds = 0
        while not _is_locked(number):
            if time.time() >= began + seconds:
                if seconds:
                    _resting[self.path] = time.time() + REST_SECONDS
                    logger.info("event=no_turn reason=another consumer has it "
                                "for longer than %s s", seconds)
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def give(self):
        """Let the next one have it."""
        if self.is_ours:
            os.close(self._file)
            self._file = None


def _is_locked(number):
    """Try to lock an open file; tell whether it is ours."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError):
        return False
    return True


def get_path(connection, site_path):
    """Return the file that consumers of a site lock.

    :param connection: ZODB connection of the site
    :param site_path: physical path of the site
    """
    key = "{} {}".format(connection.db().storage.sortKey(),
                         "/".join(site_path))
    user = getattr(os, "getuid", lambda: 0)()
    return os.path.join(tempfile.gettempdir(), "senaite.queue-{}-{}".format(
        user, hashlib.sha256(key.encode("utf-8")).hexdigest()[:16]))


@contextlib.contextmanager
def offered(portal):
    """Let the work of this block take its turn; it is given back after."""
    former = getattr(_local, "turn", None)
    turn = _local.turn = Turn(get_path(
        portal._p_jar, portal.getPhysicalPath()))
    try:
        yield turn
    finally:
        _local.turn = former
        turn.give()


def take(connection):
    """Wait for the turn and look at the database as it is by now; to be called
    before a chunk writes to the catalogs. Does nothing outside of a task.

    :param connection: ZODB connection whose transaction goes on
    :returns: the objects that we have read, or may have, and others have
        changed since
    :rtype: list of persistent objects
    :raises ConflictError: when somebody has changed what this transaction has
        changed, too, so that it cannot be committed any more
    """
    turn = getattr(_local, "turn", None)
    if turn is not None and not turn.is_ours and turn.take():
        return catch_up(connection)
    return []


def catch_up(connection):
    """Have a transaction that goes on see what others have committed since it
    began.

    ZODB.Connection 5.8: what `newTransaction` does, less what is to be
    written. That is compared with what others wrote when it is stored, as
    ever; what was only read counts as it is now. Does nothing after a
    savepoint, which has stored some of it already.

    :param connection: ZODB connection
    :returns: see `take`
    :raises ConflictError: see `take`
    """
    storage = connection._normal_storage
    if connection._savepoint_storage is not None or \
            getattr(storage, "_invalidations", None) is None:
        return []
    # ZEO tells of a commit a moment after its own client knows of it
    getattr(storage._storage, "ping", lambda: None)()
    changed = storage.poll_invalidations()
    if changed is None:
        changed = list(connection._cache.cache_data)
    ours = dict((obj._p_oid, obj) for obj in connection._registered_objects)
    for oid in changed:
        obj = ours.get(oid)
        if obj is not None and not hasattr(obj, "_p_resolveConflict"):
            raise ConflictError(object=obj)
    theirs = [oid for oid in changed if oid not in ours]
    cached = [connection._cache.get(oid) for oid in theirs]
    # Ghosts were not read; and classes are no objects
    read = [obj for obj in cached if getattr(obj, "_p_state", -1) >= 0]
    connection._cache.invalidate(theirs)
    # We shall most likely read it again, and ask for it at one go
    connection.prefetch(obj._p_oid for obj in read)
    return read
