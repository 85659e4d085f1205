# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Versions of the schema: a database is brought up to date when it is opened.

A new database gets the schema as it is now. An older one goes through the
numbered steps it lacks, all in one transaction: a step that fails leaves the
database as it was. A newer one is left alone.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa

from senaite.queue.storage import schema
from senaite.queue.storage.errors import StoreUnavailable

#: (version, what the step does, function of a connection); append only
STEPS = ()

FIRST_VERSION = 1


def latest(steps=STEPS):
    """Return the version this release works with."""
    return steps[-1][0] if steps else FIRST_VERSION


def current(connection):
    """Return the version of a database, or None of an empty one."""
    if not sa.inspect(connection).has_table(schema.schema_version.name):
        return None
    return connection.execute(
        sa.select(sa.func.max(schema.schema_version.c.version))).scalar()


def migrate(connection, steps=STEPS):
    """Bring the schema up to date; to be called in a write transaction.

    :param connection: connection in a transaction
    :param steps: the known steps
    :returns: the versions of the steps that were taken
    :rtype: list of int
    :raises StoreUnavailable: when the database is newer than this release
    """
    version = current(connection)
    target = latest(steps)
    if version is None:
        schema.metadata.create_all(connection)
        _stamp(connection, target)
        return [target]
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
