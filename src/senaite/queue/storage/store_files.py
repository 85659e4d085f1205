# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Access to the files of a SQLite store, and which processes use them.

Tasks name users and samples, and may contain what add-ons keep secret, so only
the user of the queue server may read a file that is made here. A group that
somebody has given access to keeps it.

A process that has a store open holds a shared lock on a file beside it, which
the system releases when the process ends in whatever way. Programs that replace
the store need the lock for themselves.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import errno
import os
import stat

from senaite.queue.errors import StoreUnavailable

try:
    import fcntl
except ImportError:
    # Windows: nothing tells who has a store open
    fcntl = None

#: What the user alone may do
PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700

#: What all users of the machine may do
_OTHERS = 0o007

#: What SQLite appends to a file's name for its own files
COMPANIONS = ("-wal", "-shm")

LOCK_SUFFIX = ".lock"


def make_directory(path):
    """Create a directory that only its user may enter, if it is missing.

    :raises StoreUnavailable: when it cannot be created
    """
    try:
        os.makedirs(path, PRIVATE_DIRECTORY)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise StoreUnavailable(
                "The directory {} of the task store cannot be created: {}"
                .format(path, error.strerror))


def make_private(path):
    """Create an empty file that only its user may read, or take what all users
    of the machine may do from a file that exists.

    SQLite accepts an empty file as a new database, and gives its other files
    the mode of this one. Nothing is raised: opening the store says what is
    wrong.
    """
    try:
        # An existing file must not be opened here: when a process closes it,
        # it loses the locks that SQLite has on it
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY,
                         PRIVATE_FILE))
    except OSError:
        for name in (path,) + tuple(path + each for each in COMPANIONS):
            _take_from_others(name)


def _take_from_others(path):
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if mode & _OTHERS:
            os.chmod(path, mode & PRIVATE_DIRECTORY)
    except OSError:
        # there is none, or it belongs to another user, who decides
        pass


def give_access_like(path, former):
    """Let the user of a former file, or of its directory, use a new file.

    :param path: the new file
    :param former: file that it replaces; may be missing
    """
    exists = os.path.exists(former)
    found = os.stat(former if exists else os.path.dirname(
        os.path.abspath(former)))
    mode = stat.S_IMODE(found.st_mode)
    os.chmod(path, mode if exists and not mode & _OTHERS else PRIVATE_FILE)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.chown(path, found.st_uid, found.st_gid)


class InUse(object):
    """A lock on the store; ends with `close`."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def close(self):
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def hold(path):
    """Mark a store as used by this process.

    :param path: path of the store's file
    :returns: the mark, or None when the directory or the file system allows
        none; the store is used all the same
    :rtype: InUse
    :raises StoreUnavailable: while another program replaces the store
    """
    if fcntl is None:
        return None
    try:
        descriptor = _open_lock(path)
    except OSError:
        return None
    try:
        free = _lock(descriptor, fcntl.LOCK_SH)
    except EnvironmentError:
        # a file system without locks
        os.close(descriptor)
        return None
    if free:
        return InUse(descriptor)
    os.close(descriptor)
    raise StoreUnavailable("The task store {} is being replaced by a backup. "
                           "It can be used when that is done".format(path))


@contextlib.contextmanager
def alone(path):
    """Context manager: no process opens the store meanwhile.

    :param path: path of the store's file, which may be missing
    :raises StoreUnavailable: when a process has it open
    :raises EnvironmentError: when there is no lock to be had
    """
    if fcntl is None:
        yield
        return
    descriptor = _open_lock(path)
    try:
        if not _lock(descriptor, fcntl.LOCK_EX):
            raise StoreUnavailable(
                "A running process uses the task store {}. Stop the queue "
                "server first, then repeat the command".format(path))
        yield
    finally:
        os.close(descriptor)


def _open_lock(path):
    # one store, whatever names lead to it
    name = os.path.realpath(path) + LOCK_SUFFIX
    exists = os.path.exists(name)
    descriptor = os.open(name, os.O_CREAT | os.O_RDONLY, PRIVATE_FILE)
    # A program that this process starts must not keep the lock
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFD)
    fcntl.fcntl(descriptor, fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)
    if not exists:
        give_access_like(name, path)
    return descriptor


def _lock(descriptor, kind):
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except (IOError, OSError) as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True
