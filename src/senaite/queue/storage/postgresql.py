# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""PostgreSQL: the store of sites that have outgrown one machine.

Any number of queue servers share one database. Writers of one site take
turns: each locks the site's row before it reads anything else, and keeps the
lock until it commits. The feed needs these turns for its versions anyway, and
a turn takes a millisecond or two. Reads and writes of lanes and locks are
therefore as safe as in a file with a single writer. Sites do not wait for
each other, and readers wait for nobody: they see a snapshot.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.pool import QueuePool

from senaite.queue.errors import StoreUnavailable
from senaite.queue.storage import plain_words

#: Maximum seconds for opening a connection, and for a writer's turn to come
CONNECT_SECONDS = 5
TURN_SECONDS = 5

#: Seconds after which a server that was cut off loses its turn
IDLE_SECONDS = 15

#: Maximum seconds for one statement; no method takes this long
STATEMENT_SECONDS = 60

#: Arbitrary lock id: servers that start together create the tables in turn
_MIGRATION_LOCK = 7265736

#: SQLSTATEs of "permission denied" and of a missing table, which the driver
#: reports as programming errors
_UNAVAILABLE = ("42501", "42P01")

_SETTINGS = (
    # What a method has done is on disk when it returns
    ("synchronous_commit", "on"),
    ("lock_timeout", TURN_SECONDS * 1000),
    ("idle_in_transaction_session_timeout", IDLE_SECONDS * 1000),
    ("statement_timeout", STATEMENT_SECONDS * 1000),
)

#: Part of PostgreSQL's message -> explanation and remedy
EXPLANATIONS = (
    ("lock timeout", "another queue server keeps the site's tasks locked for "
                     "more than {} seconds. Look for one that hangs, or for "
                     "a tool that has a transaction open"
     .format(TURN_SECONDS)),
    ("password authentication failed", "it refuses the user or the password. "
                                       "Check both in the store's URL"),
    ("could not connect", "it cannot be reached. Check that it runs, and the "
                          "host and the port in the store's URL"),
    ("connection refused", "it cannot be reached. Check that it runs, and "
                           "the host and the port in the store's URL"),
    ("relation", "its tables are gone: the tasks were moved to another store, "
                 "or somebody removed them"),
    ("does not exist", "the database or the user is missing. Create both: "
                       "createuser NAME; createdb -O NAME NAME"),
    ("too many", "it has no connection left. Raise its max_connections"),
    ("no space left", "its disk is full. Make room; nothing needs to be "
                      "restarted"),
    ("read-only", "it is read-only: a standby, or one that was told to. "
                  "Name the primary in the store's URL"),
    ("permission denied", "its user may not use the tables. The user of the "
                          "store's URL has to own the database"),
)


def explain(error):
    """Return an explanation of a database error, for a message.

    :param error: exception of the driver
    :rtype: str
    """
    return plain_words.explain(error, EXPLANATIONS)


def is_unavailable(error):
    """Tell whether an error means that the database cannot be used.

    :param error: exception of the driver, of a class that does not always
        mean so
    """
    return getattr(error, "pgcode", None) in _UNAVAILABLE


def outlives_its_cause(error):
    """Tell whether an open connection keeps failing when the cause is gone.

    :param error: exception of the driver
    """
    return False


def make_engine(url):
    """Return an engine for a database.

    :param url: `sqlalchemy.engine.URL`
    :raises StoreUnavailable: when the driver is not installed
    """
    options = " ".join("-c {}={}".format(*item) for item in _SETTINGS)
    given = url.query.get("options")
    arguments = {
        "connect_timeout": CONNECT_SECONDS,
        # A server that lost its network is detected within half a minute
        "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5,
        "keepalives_count": 3,
        "application_name": "senaite.queue",
        "options": "{} {}".format(options, given) if given else options,
    }
    try:
        # A connection that died while idle is replaced without an error
        engine = sa.create_engine(
            url, future=True, poolclass=QueuePool, pool_size=4,
            max_overflow=28, pool_timeout=CONNECT_SECONDS,
            pool_pre_ping=True, isolation_level="READ COMMITTED",
            connect_args=arguments)
    except ImportError as error:
        raise StoreUnavailable(
            "The task store {!r} needs the driver of PostgreSQL: install "
            "senaite.queue[postgresql] ({})".format(url, error))
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_begin(connection):
    # A reader sees one snapshot from its first statement to its last; a
    # writer sees everything committed before its turn
    if not connection.get_execution_options().get("queue_writes"):
        connection.exec_driver_sql(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def hold(url):
    """Mark the database as used by this process.

    :returns: None, because the database itself knows its connections, and
        none of our commands replaces one
    """
    return None


def table_names(url):
    """Return the names of the tables that the user of the URL can see.

    :raises sqlalchemy.exc.DBAPIError: when the database cannot be used
    """
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return sa.inspect(connection).get_table_names()
    finally:
        engine.dispose()


def check(connection):
    """Wait until no other queue server creates or changes the tables."""
    connection.exec_driver_sql(
        "SELECT pg_advisory_xact_lock({})".format(_MIGRATION_LOCK))


def check_room(url):
    """Check that the disk is not full: each write does."""


def fingerprint(url):
    """Return an identifier of the database, to detect a replaced one.

    The name is enough: replacing a server closes all its connections.
    """
    return url.database


def take_turn(unit):
    """Wait until no other writer is working on the site's tasks."""
    unit.site_row()


def now(connection):
    """Return the time of day that all queue servers share (epoch seconds)."""
    return connection.exec_driver_sql(
        "SELECT extract(epoch FROM clock_timestamp())::float8").scalar()


def lock_rows(statement):
    """Return a SELECT that locks the rows it finds for this transaction."""
    return statement.with_for_update()


def insert_if_missing(table):
    """Return an INSERT that ignores rows that already exist, even in a
    transaction that has not been committed yet."""
    return insert(table).on_conflict_do_nothing()
