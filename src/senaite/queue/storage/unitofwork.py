# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""One unit of work: a transaction on the tasks of one site at one time.

Every function of this package that changes something gets a `Unit`, and the
store makes one per method. The clock is read once, when the writer's turn has
come.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import uuid

import sqlalchemy as sa

from senaite.queue.storage import schema

#: Maximum values in one IN: SQLite allows 999 variables in a statement
_MANY = 500

_PAUSE = schema.pause
_SITE = schema.site


class Unit(object):
    """Connection, site and time of one method call."""

    def __init__(self, connection, site, dialect, random=None, writes=False):
        self.connection = connection
        self.site = site
        #: UTC epoch seconds
        self.now = None
        #: when this queue server began (epoch seconds), or None
        self.began = None
        self.dialect = dialect
        self.random = random
        self.writes = writes
        self._site_row = None
        self._counter = None
        self._reserved = None
        self._paused = None
        self._clock = None

    def execute(self, statement, values=None):
        """Execute a statement.

        :param values: what to insert or update: a row, or a list of rows.
            Values inside the statement would be many times slower.
        """
        if values is None:
            return self.connection.execute(statement)
        return self.connection.execute(statement, values)

    def rows(self, statement):
        """Return all rows of a SELECT, as mappings."""
        return self.execute(statement).mappings().all()

    def rows_among(self, statement, column, values):
        """Return all rows of a SELECT with one of many values in a column,
        as mappings.

        :param values: set, or dict, of the values
        """
        found = []
        values = sorted(values)
        for start in range(0, len(values), _MANY):
            found.extend(self.rows(statement.where(
                column.in_(values[start:start + _MANY]))))
        return found

    def first(self, statement):
        """Return the first row of a SELECT as a mapping, or None."""
        return self.execute(statement).mappings().first()

    def scalar(self, statement):
        """Return the first value of the first row, or None."""
        return self.execute(statement).scalar()

    def mine(self, table):
        """Return the condition that selects rows of this site."""
        return table.c.site == self.site

    def site_row(self):
        """Return the site's row as it was when the unit began, created for a
        new site."""
        if self._site_row is None:
            self._site_row = self._get_site_row()
        return self._site_row

    def knows_site(self):
        """Tell whether the site has a row."""
        return self.first(sa.select(_SITE.c.epoch).where(
            self.mine(_SITE))) is not None

    def _get_site_row(self):
        query = sa.select(_SITE).where(self.mine(_SITE))
        if self.writes:
            query = self.dialect.lock_rows(query)
        row = self.first(query)
        if row is None:
            self.execute(self.dialect.insert_if_missing(_SITE).values(
                site=self.site, epoch=new_epoch(), counter=0, forgotten=0,
                top_priority=u"[]"))
            row = self.first(query)
        return row

    def next_version(self):
        """Return the next version of the feed.

        Versions become visible in the order of their numbers, because the
        site's row is locked from the first one until the commit: a reader
        of the feed never misses a lower number that appears later.
        """
        if self._counter is None:
            self._counter = self._reserved = self.site_row()["counter"]
        self._counter += 1
        return self._counter

    def kept_clock(self):
        """Return the latest reading of the clock that was kept, and the time of
        day that belongs to it; (None, None) when there is none."""
        row = self.site_row() if self.writes else self.first(
            sa.select(_SITE.c.clock, _SITE.c.clock_wall).where(
                self.mine(_SITE)))
        if row is None or row["clock"] is None:
            return None, None
        return row["clock"], row["clock_wall"]

    def keep_clock(self, reading, wall):
        """Keep a reading of the clock, at the end of the unit."""
        self._clock = {"clock": reading, "clock_wall": wall}

    def paused(self):
        """Return the paused task names, read once per unit; see `pauses`."""
        if self._paused is None:
            self._paused = set(row[0] for row in self.execute(
                sa.select(_PAUSE.c.name).where(self.mine(_PAUSE))))
        return self._paused

    def finish(self):
        """Write the last version, and the clock, to the site's row."""
        changes = dict(self._clock or {})
        if self._counter != self._reserved:
            changes["counter"] = self._counter
        if changes:
            self.execute(sa.update(_SITE).where(
                self.mine(_SITE)).values(**changes))
        self._reserved, self._clock = self._counter, None


def new_epoch():
    """Return the name of a new epoch of the feed (random)."""
    return uuid.uuid4().hex[:12]
