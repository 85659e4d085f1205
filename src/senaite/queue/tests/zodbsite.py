# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A site that only holds annotations, in a real ZODB.

It allows tests of the guarantees on real connections, storages and ZEO
servers, without the minute that the set-up of a Plone site takes.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import uuid

import transaction
from persistent import Persistent
from persistent.mapping import PersistentMapping
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage

from senaite.queue.client import agent as agents
from senaite.queue.model.queue_task import to_task
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.tests.tasks import eventually

PATH = ("", "senaite")


class BareSite(Persistent):
    """Stands in for the root object of a site."""

    def getPhysicalPath(self):
        return PATH


class BareApplication(PersistentMapping):
    """Stands in for Zope's root object."""

    def unrestrictedTraverse(self, path):
        return self[path.strip("/")]


def make_site(db):
    """Create a site with an empty outbox and ledger in a database."""
    manager = transaction.TransactionManager()
    connection = db.open(transaction_manager=manager)
    site = BareSite()
    connection.root()["Application"] = BareApplication(senaite=site)
    outbox.install(site)
    ledger.install(site)
    site.done = PersistentMapping()
    manager.commit()
    connection.close()


def make_task(**values):
    """Return a task."""
    values.setdefault("task_uid", uuid.uuid4().hex)
    values.setdefault("name", "task_test")
    values.setdefault("context_uid", "c" * 32)
    values.setdefault("context_path", "/senaite/worksheets/WS-001")
    values.setdefault("created", 1000.0)
    values.setdefault("username", "jane")
    return to_task(values)


class Connected(object):
    """A connection with its own transactions, like that of another client."""

    def __init__(self, db):
        self.manager = transaction.TransactionManager()
        self.connection = db.open(transaction_manager=self.manager)

    @property
    def site(self):
        return self.connection.root()["Application"]["senaite"]

    def begin(self):
        self.manager.begin()
        return self.site

    def commit(self):
        self.manager.commit()

    def abort(self):
        self.manager.abort()

    def close(self):
        self.manager.abort()
        self.connection.close()


class MemoryStorage(object):
    """Databases on one storage in this process."""

    def __init__(self):
        self.db = DB(DemoStorage())
        make_site(self.db)

    def databases(self, count):
        return [self.db] * count

    def close(self):
        self.db.close()


class FileStorages(MemoryStorage):
    """Databases on one storage on disk."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="queue-zodb-")
        self.db = DB(FileStorage(os.path.join(self.folder, "Data.fs")))
        make_site(self.db)

    def close(self):
        self.db.close()
        shutil.rmtree(self.folder)


class ZEOServer(object):
    """A real ZEO server process, and its clients in this process."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="queue-zeo-")
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        self.address = probe.getsockname()
        probe.close()
        self.opened = []
        self.process = None
        self.start()
        make_site(self.databases(1)[0])

    def start(self):
        """Start the server process, and wait until it answers."""
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ZEO.runzeo",
             "-a", "{}:{}".format(*self.address),
             "-f", os.path.join(self.folder, "Data.fs")],
            env=dict(os.environ, PYTHONPATH=paths), cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        eventually(self._answers)

    def kill(self):
        """Kill the server process."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def databases(self, count):
        """Return databases that share nothing but the server."""
        from ZEO import DB as connect
        while len(self.opened) < count:
            self.opened.append(connect(self.address, wait_timeout=10))
        return self.opened[:count]

    def close(self):
        for db in self.opened:
            db.close()
        self.kill()
        shutil.rmtree(self.folder)

    def _answers(self):
        probe = socket.socket()
        try:
            return probe.connect_ex(self.address) == 0
        finally:
            probe.close()


class WorldLayer(object):
    """A layer of zope.testrunner: one storage for all tests of a class."""

    __bases__ = ()

    def __init__(self, make):
        self.make = make
        self.__module__ = __name__
        self.__name__ = make.__name__
        self.world = None

    def setUp(self):
        self.world = self.make()

    def tearDown(self):
        agents.stop_all()
        self.world.close()


#: One instance each for all test modules: the test runner compares names
OVER_ZEO = WorldLayer(ZEOServer)
_WORLDS = (("TestInMemory", WorldLayer(MemoryStorage)),
           ("TestOnDisk", WorldLayer(FileStorages)),
           ("TestOverZEO", OVER_ZEO))


def test_cases(contract):
    """Return test cases that check a contract on each storage: in memory, on
    disk and over ZEO.

    :param contract: class with test methods, which finds databases in its
        layer
    :rtype: list of three classes
    """
    return [type(name, (contract, unittest.TestCase),
                 {"layer": layer, "__module__": contract.__module__})
            for name, layer in _WORLDS]
