# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Move of all tasks from one store to another: `senaite-queue-move OLD NEW`.

All sites move, history included, in one transaction of each store. The new
store is committed first, then the old one closes for good. Its tables are
kept, under other names, until somebody drops them. A queue server that still
runs on the old store answers 503 from then on, so tasks stay in the outboxes
until the server is started on the new store. Work that its consumers finish
in the meantime is recorded in their ledgers and not done again.

A run that was interrupted can be repeated.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import os
import re
import sys

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from senaite.queue.errors import CannotMove
from senaite.queue.errors import StoreError
from senaite.queue.storage import database
from senaite.queue.storage import migrations
from senaite.queue.storage import schema
from senaite.queue.storage import sqlite

#: Number of rows held in memory at a time
BLOCK = 500

_BLANK = re.compile(r"\s")

#: Name of a table of the old store after the move
KEPT = "moved_{}"


def move(old_url, new_url):
    """Move all tasks.

    :param old_url, new_url: URLs of the stores
    :returns: number of rows that were moved, by name of table
    :rtype: dict
    :raises CannotMove: when the new store has tasks of its own
    :raises StoreUnavailable: when there is no old store, or one of the stores
        cannot be used
    """
    if _BLANK.search(new_url):
        raise CannotMove("The URL of the new store contains a blank: {!r}"
                         .format(new_url))
    old, new = database.Database(old_url), database.Database(new_url)
    if _place(old) == _place(new):
        raise CannotMove("Old and new store are the same")
    # Opening it would create it
    old.require()
    try:
        with old.write() as source:
            _take_turns(old, source)
            with new.write() as target:
                counts = _copy(source, target)
            _close(source)
        return counts
    finally:
        old.close()
        new.close()


def _place(base):
    """Return what tells two stores apart."""
    if base.dialect is sqlite and base.url.database:
        return os.path.realpath(base.url.database)
    return base.url


def tables():
    """Return the tables that have contents, sorted by name."""
    return [table for name, table in sorted(schema.metadata.tables.items())
            if table is not schema.schema_version]


def _take_turns(base, connection):
    # No server writes to any of the sites until the move is complete
    connection.execute(base.dialect.lock_rows(sa.select(schema.site))).all()


def _copy(source, target):
    before = _sites(target)
    if before:
        if before != _sites(source):
            raise CannotMove(
                "The new store has tasks of its own, of {}. Name an empty "
                "one.".format(", ".join(sorted(before))))
        # The former run was interrupted between its two commits
        return dict((table.name, _count(target, table)) for table in tables())
    return dict((table.name, _copy_table(source, target, table))
                for table in tables())


def _sites(connection):
    return dict((row.site, (row.epoch, row.counter))
                for row in connection.execute(sa.select(schema.site)))


def _count(connection, table):
    return connection.execute(
        sa.select(sa.func.count()).select_from(table)).scalar()


def _copy_table(source, target, table):
    keys = list(table.primary_key)
    count, last = 0, None
    while True:
        query = sa.select(table).order_by(*keys).limit(BLOCK)
        if last is not None:
            query = query.where(sa.tuple_(*keys) > last)
        found = [dict(row) for row in source.execute(query).mappings()]
        if not found:
            break
        target.execute(sa.insert(table), found)
        count += len(found)
        last = tuple(found[-1][key.name] for key in keys)
    if _count(target, table) != count or _count(source, table) != count:
        raise CannotMove("Not all rows of the table {} have arrived".format(
            table.name))
    return count


def _close(source):
    for table in tables():
        source.execute(sa.text("ALTER TABLE {} RENAME TO {}".format(
            table.name, KEPT.format(table.name))))
    source.execute(sa.update(schema.schema_version).values(
        version=migrations.MOVED))


def main(arguments=None):
    """Run the command and print what was moved; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="senaite-queue-move",
        description="Move all tasks from one store to another. First stop the "
                    "queue server, or switch the queue off (0 items per "
                    "task) and wait until it is empty; then start the queue "
                    "server on the new store.")
    parser.add_argument("old", help="e.g. sqlite:////var/queue/tasks.db")
    parser.add_argument("new", help="e.g. postgresql://queue@db1/queue")
    given = parser.parse_args(arguments)
    try:
        counts = move(given.old, given.new)
    except StoreError as error:
        print("Nothing was moved: {}".format(error), file=sys.stderr)
        return 1
    for name in sorted(counts):
        print("{:>8} {}".format(counts[name], name))
    print("Moved {} tasks of {} sites from {!r} to {!r}. Start the queue "
          "servers with the new URL.".format(
              counts[schema.task.name], counts[schema.site.name],
              # without their passwords
              make_url(given.old), make_url(given.new)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
