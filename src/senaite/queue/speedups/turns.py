# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Let consumers take turns at the catalogs, so that they do not conflict.

Each chunk ends with writing to the same few trees of the same catalogs. Two
chunks that overlap conflict in half of the cases, since a bucket that one of
them has split cannot be merged, and the one that commits later has done all of
its work in vain. So a chunk first does what concerns only itself, then waits
for its turn, catches up with the database, writes to the catalogs, commits, and
passes the turn on.

The turn is a lock on a file in the directory for temporary files: it vanishes
with the process that holds it, however that ends. It makes conflicts rare, and
nothing depends on it: consumers on other machines, and people, still conflict
with each other, and repeat their work.
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
from senaite.queue.model import clock

try:
    import fcntl
except ImportError:
    # No turns on Windows
    fcntl = None

#: Longest time that a chunk waits for its turn, in seconds; then it goes on
#: without
MOST_SECONDS = 10

#: Seconds after that in which this process does not wait again: a consumer
#: that keeps the turn for so long is stopped, or hangs
REST_SECONDS = 60

#: Seconds between two attempts to take the turn
LOOK_SECONDS = 0.005

#: `_p_state` of an object whose content is not in memory
GHOST = -1

_local = threading.local()

#: Path of a turn that was waited for in vain -> when to wait for it again
#: (seconds of `clock.monotonic`)
_resting = {}


class Turn(object):
    """The turn of a site; one of its consumers on this machine has it."""

    def __init__(self, path, seconds=MOST_SECONDS):
        """
        :param path: path of the file to lock; it is made if it is missing
        :param seconds: longest time to wait
        """
        self.path = path
        self.seconds = seconds
        self._file = None

    @property
    def is_ours(self):
        return self._file is not None

    def take(self):
        """Wait for the turn; tell whether we have it."""
        if self.is_ours or fcntl is None:
            return self.is_ours
        try:
            found = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW,
                            0o600)
        except OSError as error:
            logger.debug("event=no_turn reason=%s", error)
            return False
        # Programs that the work starts must not keep the turn
        fcntl.fcntl(found, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        if not self._is_ours_in_time(found):
            os.close(found)
            return False
        self._file = found
        return True

    def _is_ours_in_time(self, number):
        """Wait for the lock; tell whether we got it."""
        began = clock.monotonic()
        seconds = self.seconds
        if _resting.get(self.path, 0) > began:
            seconds = 0
        while not _is_locked(number):
            if clock.monotonic() >= began + seconds:
                if seconds:
                    _resting[self.path] = clock.monotonic() + REST_SECONDS
                    logger.info("event=no_turn reason=another consumer has "
                                "kept it for more than %s s", seconds)
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def give(self):
        """Pass the turn on."""
        if self.is_ours:
            os.close(self._file)
            self._file = None


def _is_locked(number):
    """Try to lock an open file; tell whether we got the lock."""
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
    """Let the work of this block take its turn, and pass it on afterwards."""
    former = getattr(_local, "turn", None)
    turn = _local.turn = Turn(get_path(
        portal._p_jar, portal.getPhysicalPath()))
    try:
        yield turn
    finally:
        _local.turn = former
        turn.give()


def take(connection):
    """Wait for the turn, and catch up with the database.

    To be called before a chunk writes to the catalogs. Does nothing outside of
    a task.

    :param connection: ZODB connection of the current transaction
    :returns: what others have changed since the transaction began: oid ->
        object, or None if it is not in the cache. We may have read any of
        them: what was read leaves the cache when that is full, and catalogs
        shrink it while they work
    :rtype: dict
    :raises ConflictError: if somebody has changed an object that this
        transaction has changed as well, so that it cannot be committed
    """
    turn = getattr(_local, "turn", None)
    if turn is not None and not turn.is_ours and turn.take():
        return catch_up(connection)
    return {}


def catch_up(connection):
    """Have the current transaction see what others have committed since it
    began.

    Does what `newTransaction` of ZODB.Connection 5.8 does, except to objects
    that are to be written. Those are compared with what others wrote when they
    are stored, as always; objects that were only read count as they are now.
    Does nothing after a savepoint, which has stored some objects already.

    :param connection: ZODB connection
    :returns: see `take`
    :raises ConflictError: see `take`
    """
    storage = connection._normal_storage
    if connection._savepoint_storage is not None or \
            getattr(storage, "_invalidations", None) is None:
        return {}
    # ZEO tells others about a commit a moment after the client that made it
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
    cached = dict((oid, connection._cache.get(oid)) for oid in theirs)
    loaded = [oid for oid, obj in cached.items()
              if getattr(obj, "_p_state", GHOST) > GHOST]
    connection._cache.invalidate(theirs)
    # We shall most likely read these again, so request them in one batch
    connection.prefetch(loaded)
    return cached
