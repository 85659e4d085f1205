# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""One database: its engine, its transactions, its errors.

All stores of a process share one database per URL. It is opened by the first
transaction, so a queue server starts, and reports what is wrong, even when
its store cannot be opened.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

from sqlalchemy import exc
from sqlalchemy.engine import make_url

from senaite.queue.errors import StoreUnavailable
from senaite.queue.storage import migrations
from senaite.queue.storage import postgresql
from senaite.queue.storage import schema
from senaite.queue.storage import sqlite

#: Name of a database in its URL -> module that implements it
DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}

#: Errors caused by the database's state; all others are bugs of this package
_UNAVAILABLE = (exc.OperationalError, exc.InternalError, exc.InterfaceError,
                exc.TimeoutError)


def dialect_for(url):
    """Return the module that implements the database of a URL.

    :raises StoreUnavailable: when the database is not supported
    """
    name = url.get_backend_name()
    if name not in DIALECTS:
        raise StoreUnavailable(
            "No task store for '{}' databases; supported: {}".format(
                name, ", ".join(sorted(DIALECTS))))
    return DIALECTS[name]


class Database(object):
    """The engine of one URL, opened on first use."""

    def __init__(self, url):
        try:
            self.url = make_url(url)
        except exc.ArgumentError:
            raise StoreUnavailable(
                "Not the URL of a database: {!r}; expected e.g. "
                "sqlite:////var/queue/tasks.db or "
                "postgresql://queue@localhost/queue".format(url))
        self.dialect = dialect_for(self.url)
        self._engine = None
        self._held = None
        self._fingerprint = None
        self._opening = threading.Lock()
        # Writers of one process take turns here, which is fair and fast; only
        # writers of other processes have to wait for the database's own lock
        self._writing = threading.Lock()

    @contextlib.contextmanager
    def read(self):
        """Context manager: a connection that sees one snapshot of the data."""
        with self._explained():
            with self._open().connect() as connection:
                with connection.begin():
                    yield connection

    @contextlib.contextmanager
    def write(self):
        """Context manager: a connection in a transaction that is committed
        at the end, or rolled back when an exception leaves the block."""
        with self._explained():
            engine = self._open()
            with self._writing:
                with _writer(engine) as connection:
                    yield connection

    def require(self):
        """Raise unless there is a task store at the URL; create nothing.

        :raises StoreUnavailable: when there is none, or it cannot be used
        """
        with self._explained():
            names = self.dialect.table_names(self.url)
        if schema.schema_version.name not in names:
            raise StoreUnavailable(
                "{!r} is not a task store: its tables are missing".format(
                    self.url))

    def close(self):
        """Close all connections; the next transaction opens new ones."""
        with self._opening:
            self._dispose()

    def _dispose(self):
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None
        if self._held is not None:
            self._held.close()
        self._held = None

    def _open(self):
        engine = self._engine
        if engine is not None:
            found = self.dialect.fingerprint(self.url)
            if found == self._fingerprint:
                return engine
        with self._opening:
            if self._engine is not None:
                self._reopen_if_replaced()
            if self._engine is None:
                self._engine = self._prepare()
                self._fingerprint = self.dialect.fingerprint(self.url)
            return self._engine

    def _reopen_if_replaced(self):
        found = self.dialect.fingerprint(self.url)
        if found is None:
            # Open connections would keep writing to the deleted file
            raise StoreUnavailable(
                "The task store {} has been removed while in use. Put it "
                "back, or restart the queue server to begin with an empty "
                "one.".format(self.url.database))
        if found != self._fingerprint:
            self._dispose()

    def _prepare(self):
        engine = self.dialect.make_engine(self.url)
        held = None
        try:
            held = self.dialect.hold(self.url)
            with _writer(engine) as connection:
                self.dialect.check(connection)
                migrations.migrate(connection)
        except Exception:
            engine.dispose()
            if held is not None:
                held.close()
            raise
        self._held = held
        return engine

    @contextlib.contextmanager
    def _explained(self):
        try:
            yield
        except exc.DBAPIError as error:
            if not self._is_unavailable(error):
                raise
            if self.dialect.outlives_its_cause(error.orig):
                self.close()
            raise StoreUnavailable("The task store {!r} is unavailable: {}"
                                   .format(self.url, self.dialect.explain(
                                       error.orig)))
        except exc.TimeoutError as error:
            raise StoreUnavailable("The task store {!r} is unavailable: {}"
                                   .format(self.url, error))

    def _is_unavailable(self, error):
        return (isinstance(error, _UNAVAILABLE)
                or self.dialect.is_unavailable(error.orig))


@contextlib.contextmanager
def _writer(engine):
    with engine.connect() as connection:
        connection = connection.execution_options(queue_writes=True)
        with connection.begin():
            yield connection


_databases = {}
_databases_lock = threading.Lock()


def get_database(url):
    """Return the database of a URL: one object per URL."""
    with _databases_lock:
        if url not in _databases:
            _databases[url] = Database(url)
        return _databases[url]


def forget_database(url):
    """Close the database of a URL."""
    with _databases_lock:
        database = _databases.pop(url, None)
    if database is not None:
        database.close()
