# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""SQLite: creation of its engine, and explanations of its errors.

Another database needs a module with the same functions, found by
`storage.database.dialect_for`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import sqlite3

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import QueuePool

from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import clock
from senaite.queue.storage import plain_words
from senaite.queue.storage import store_files

#: Seconds that a writer waits for another process that is writing
BUSY_SECONDS = 5

#: Bytes that must be free on the disk: a task may have 1 MB
LEAST_ROOM = 2 * 1024 * 1024

#: Part of SQLite's message -> explanation and remedy
EXPLANATIONS = (
    ("locked", "another process keeps it locked for more than {} seconds. "
               "Only one queue server may use a file; look for a second one, "
               "or for a backup or a tool that has the file open"
     .format(BUSY_SECONDS)),
    ("readonly", "it is read-only. Give the queue server's user the right to "
                 "write the file and its directory"),
    ("read-only", "it is read-only. Give the queue server's user the right "
                  "to write the file and its directory"),
    ("full", "the disk is full. Make room; nothing needs to be restarted"),
    ("unable to open", "it cannot be opened. Check that its directory exists "
                       "and that the queue server's user may write it"),
    ("malformed", "the file is damaged. Stop the queue server, move the file "
                  "away (with its -wal and -shm), restore it from a backup "
                  "or let the server start with a new one"),
    ("not a database", "the file is damaged, or no task store at all. Stop "
                       "the queue server, move the file away (with its -wal "
                       "and -shm), restore it from a backup or let the "
                       "server start with a new one"),
    ("no such table", "its tables are gone: the tasks were moved to another "
                      "store, or somebody removed them"),
    ("disk i/o", "reading or writing the disk failed. Check the disk, and "
                 "that the file is on a local one"),
)


def explain(error):
    """Return an explanation of a database error, for a message.

    :param error: exception of the driver
    :rtype: str
    """
    return plain_words.explain(error, EXPLANATIONS)


def is_unavailable(error):
    """Tell whether an error means that the file cannot be used.

    :param error: exception of the driver, of a class that does not always
        mean so
    """
    # The class raised for a damaged file
    return type(error) is sqlite3.DatabaseError


def outlives_its_cause(error):
    """Tell whether an open connection keeps failing when the cause is gone:
    one that was opened while the disk was read-only stays read-only.

    :param error: exception of the driver, which has no codes on Python 2
    """
    return "readonly" in str(error)


def make_engine(url):
    """Return an engine for a file; create it and its directory if necessary.

    :param url: `sqlalchemy.engine.URL`
    :raises StoreUnavailable: when the directory cannot be created
    """
    if not url.database or url.database == ":memory:":
        raise StoreUnavailable(
            "A task store in memory would lose tasks: give the path of a "
            "file, e.g. sqlite:////var/queue/tasks.db")
    store_files.make_directory(
        os.path.dirname(os.path.abspath(url.database)))
    store_files.make_private(url.database)
    # One connection per working thread, returned when the thread is done
    engine = sa.create_engine(
        url, future=True, poolclass=QueuePool, pool_size=8, max_overflow=64,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection, record):
    # Disables the driver's implicit BEGIN; see _on_begin
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers do not block the writer, nor the writer readers
    cursor.execute("PRAGMA journal_mode=WAL")
    # What a method has done is on disk when it returns
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout={}".format(BUSY_SECONDS * 1000))
    cursor.close()


def _on_begin(connection):
    # A writer takes the write lock before it reads: a transaction that reads
    # first and writes later cannot wait for the lock; it fails
    writes = connection.get_execution_options().get("queue_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def hold(url):
    """Mark the file as used by this process.

    :returns: the mark, to be closed when the process is done with the file, or
        None
    :raises StoreUnavailable: while the file is being replaced
    """
    return store_files.hold(url.database)


def table_names(url):
    """Return the names of a file's tables, without changing it.

    :raises StoreUnavailable: when there is no such file, or it is no database
    """
    path = url.database
    if not path or not os.path.isfile(path):
        raise StoreUnavailable("There is no task store {}".format(path))
    # Not an engine's connection, which switches the file to another mode
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        return [row[0] for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]
    except sqlite3.Error as error:
        raise StoreUnavailable("{} is not a task store: {}".format(
            path, explain(error)))
    finally:
        connection.close()


def check(connection):
    """Check the integrity of the file.

    :raises StoreUnavailable: when it is damaged
    """
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise StoreUnavailable("The task store is damaged: {}".format(
            explain("malformed: " + str(found))))


def check_room(url):
    """Check that the disk is not full. A small write may find room in what the
    file has reserved, where a task would not.

    :raises StoreUnavailable: when less than `LEAST_ROOM` is free
    """
    if not hasattr(os, "statvfs"):
        return
    found = os.statvfs(os.path.dirname(os.path.abspath(url.database)))
    if found.f_bavail * found.f_frsize < LEAST_ROOM:
        raise StoreUnavailable("The task store {!r} is unavailable: {}".format(
            url, explain("less than {} bytes are free, full".format(
                LEAST_ROOM))))


def fingerprint(url):
    """Return an identifier of the file, to detect a replaced one.

    :returns: device and inode, or None when there is no file
    """
    try:
        found = os.stat(url.database)
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def take_turn(unit):
    """Wait until no other writer is working on the site's tasks.

    Does nothing, because BEGIN IMMEDIATE has locked the whole file.
    """


def now(connection):
    """Return the time of day that all users of the file share (epoch
    seconds)."""
    return clock.now()


def lock_rows(statement):
    """Return a SELECT that locks the rows it finds for this transaction.

    Returned unchanged, because BEGIN IMMEDIATE has locked the whole file.
    """
    return statement


def insert_if_missing(table):
    """Return an INSERT that ignores rows that already exist."""
    return insert(table).on_conflict_do_nothing()
