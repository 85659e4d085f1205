# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Versions of the schema: a database is upgraded when it is opened.

A new database gets the current schema. An older one goes through the numbered
steps that it lacks, all in one transaction: a step that fails leaves the
database unchanged. A newer database is refused.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import sqlalchemy as sa

from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import states
from senaite.queue.storage import rows
from senaite.queue.storage import schema

#: Number of tasks that a step upgrades in one batch
_BLOCK = 500


def _columns_for_listings(connection):
    # Spelled out, because the schema module changes with later releases
    for column in ("ghost BOOLEAN NOT NULL DEFAULT FALSE",
                   "username VARCHAR(200) NOT NULL DEFAULT ''",
                   "priority INTEGER NOT NULL DEFAULT 10",
                   "place VARCHAR(200) NOT NULL DEFAULT ''",
                   "haystack VARCHAR(500) NOT NULL DEFAULT ''"):
        connection.exec_driver_sql("ALTER TABLE task ADD COLUMN " + column)
    _fill_columns_for_listings(connection)
    for name, columns in (("created", "created, seq"),
                          ("user", "username, seq"),
                          ("place", "place, seq"),
                          ("search", "haystack")):
        connection.exec_driver_sql(
            "CREATE INDEX ix_task_{} ON task (site, state, ghost, {})".format(
                name, columns))
    schema.pause.create(connection)


def _fill_columns_for_listings(connection):
    task = schema.task
    last = (u"", u"")
    while True:
        found = connection.execute(sa.select(
            task.c.site, task.c.task_uid, task.c.state, task.c.error_message,
            task.c.payload
        ).where(sa.tuple_(task.c.site, task.c.task_uid) > last).order_by(
            task.c.site, task.c.task_uid).limit(_BLOCK)).mappings().all()
        for row in found:
            values = json.loads(row["payload"])
            message = row["error_message"] \
                if row["state"] == states.FAILED else None
            connection.execute(sa.update(task).where(
                task.c.site == row["site"],
                task.c.task_uid == row["task_uid"]
            ).values(**rows.for_listings(values, message)))
        if len(found) < _BLOCK:
            return
        last = (found[-1]["site"], found[-1]["task_uid"])


def _columns_for_the_clock(connection):
    for name in ("clock", "clock_wall"):
        connection.exec_driver_sql(
            "ALTER TABLE site ADD COLUMN {} FLOAT".format(name))


def _columns_for_backups(connection):
    for column in ("seen VARCHAR(40)", "worked VARCHAR(16)", "formers TEXT",
                   "hold TEXT"):
        connection.exec_driver_sql("ALTER TABLE site ADD COLUMN " + column)
    for name in ("cut", "thin"):
        connection.exec_driver_sql(
            "ALTER TABLE task ADD COLUMN {} BOOLEAN".format(name))
    # What has ended before may have lost its free keys
    connection.exec_driver_sql(
        "UPDATE task SET thin = TRUE WHERE state IN ('done', 'cancelled')")


def _columns_for_backups_and_outcomes(connection):
    _columns_for_backups(connection)
    for column in ("error_code VARCHAR(100)", "skipped INTEGER",
                   "skipped_items TEXT", "interventions TEXT"):
        connection.exec_driver_sql("ALTER TABLE task ADD COLUMN " + column)
    connection.exec_driver_sql(
        "ALTER TABLE job ADD COLUMN skipped BIGINT NOT NULL DEFAULT 0")
    connection.exec_driver_sql(
        "CREATE INDEX ix_task_skipped ON task (site, ended) WHERE skipped > 0")


def _table_of_past_pauses(connection):
    schema.past_pause.create(connection)


def _column_for_servers(connection):
    connection.exec_driver_sql("ALTER TABLE site ADD COLUMN servers TEXT")


#: (version, what the step does, function of a connection); append only
STEPS = (
    (2, "what listings filter, search and sort by", _columns_for_listings),
    (3, "what the store's clock goes on from", _columns_for_the_clock),
    (4, "what tells a restored backup, and what became of items",
     _columns_for_backups_and_outcomes),
    (5, "who has paused and resumed the queue", _table_of_past_pauses),
    (6, "which queue servers work with the store", _column_for_servers),
)

FIRST_VERSION = 1

#: Version of a store whose tasks have been moved to another one
MOVED = 1000000000


def latest(steps=STEPS):
    """Return the version this release works with."""
    return steps[-1][0] if steps else FIRST_VERSION


def current(connection):
    """Return the version of a database, or None if it is empty."""
    if not sa.inspect(connection).has_table(schema.schema_version.name):
        return None
    return connection.execute(
        sa.select(sa.func.max(schema.schema_version.c.version))).scalar()


def migrate(connection, steps=STEPS):
    """Upgrade the schema; must be called in a write transaction.

    :param connection: connection in a transaction
    :param steps: the known steps
    :returns: the versions of the steps that were applied
    :rtype: list of int
    :raises StoreUnavailable: when the database is newer than this release
    """
    version = current(connection)
    target = latest(steps)
    if version is None:
        schema.metadata.create_all(connection)
        _stamp(connection, target)
        return [target]
    if version == MOVED:
        raise StoreUnavailable(
            "The tasks of this store were moved to another one. Name that one "
            "as the store of the queue server (SENAITE_QUEUE_STORE, or "
            "`store` in zope.conf).")
    if version > target:
        raise StoreUnavailable(
            "The task store has schema version {}, this release of "
            "senaite.queue knows up to {}. Install the release that made it, "
            "or a newer one.".format(version, target))
    taken = []
    for number, _what, step in steps:
        if number > version:
            step(connection)
            _stamp(connection, number)
            taken.append(number)
    return taken


def _stamp(connection, version):
    connection.execute(sa.delete(schema.schema_version))
    connection.execute(sa.insert(schema.schema_version).values(
        version=version))
