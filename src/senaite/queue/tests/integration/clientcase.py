# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A site, a store, a queue server and consumers, for the tests of the client.

The queue server and the process endpoint answer on real sockets (`wire`); a
task writes its items to the site.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import time
import unittest

from ZODB.POSException import ConflictError

from senaite.queue.auth import process_marks
from senaite.queue.client import agent as agents
from senaite.queue.consumer import identity
from senaite.queue.consumer.lease import LeaseRegistry
from senaite.queue.consumer import loop as consumers
from senaite.queue.errors import LeaseLost
from senaite.queue.errors import LeaseNotHeld
from senaite.queue.errors import PluginMissing
from senaite.queue.model import states
from senaite.queue.model import surroundings
from senaite.queue.records import enqueue
from senaite.queue.records import ledger
from senaite.queue.site import connections
from senaite.queue.storage import open_store
from senaite.queue.tests.integration.test_outbox import use_key
from senaite.queue.tests import wire
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import Connected
from senaite.queue.tests.zodbsite import eventually
from senaite.queue.tests.zodbsite import make_task


class Settings(surroundings.Surroundings):
    """Settings with the URL of the test's server."""

    url = "http://127.0.0.1:9/senaite"
    lease_seconds = 30

    def get_setting(self, name):
        if name == "server":
            return self.url
        if name == "lease_seconds":
            return self.lease_seconds
        return surroundings.Surroundings.get_setting(self, name)


class Worker(wire.Wire):
    """The process endpoint of a consumer; it processes tasks with `work`."""

    def __init__(self, test):
        self.test = test
        self.registry = LeaseRegistry()
        self.processed = []
        wire.Wire.__init__(self)

    def answer(self, route, payload, user):
        task_uid = route.split("/")[-1]
        key = connections.Site(self.test.db, zodbsite.PATH).key
        try:
            lease = self.registry.begin(key, task_uid)
        except LeaseNotHeld as error:
            raise wire.Refused(412, str(error), process=identity.TOKEN)
        self.processed.append(task_uid)
        here = Connected(self.test.db)
        try:
            return self.attempt(here, lease)
        finally:
            here.close()
            lease.end_commit()
            self.registry.end(lease)

    def attempt(self, here, lease):
        """Process a task as the real endpoint does."""
        task = lease.task
        for _number in range(3):
            site = here.begin()
            record = ledger.get(site, task.task_uid)
            if record is not None:
                return {"outcome": "already", "processed": record[1],
                        "note": None}
            try:
                self.test.work(site, task)
                ledger.record(site, task.task_uid, time.time(), 1)
                lease.begin_commit()
                self.test.before_commit()
                here.commit()
                return {"outcome": "done", "processed": 1, "note": None}
            except ConflictError:
                here.abort()
            except LeaseLost:
                break
            except PluginMissing as error:
                return {"outcome": "not_ready", "error_message": str(error)}
            except ValueError as error:
                return {"outcome": "failed", "kind": "fatal",
                        "error_message": str(error), "traceback": None}
        return {"outcome": "failed", "kind": "lease_lost",
                "error_message": "lost", "traceback": None}


class ClusterTestCase(unittest.TestCase):
    """A site, a store and a queue server; tests add consumers."""

    lease_seconds = 30

    def setUp(self):
        use_key(self)
        self.settings = Settings()
        self.settings.lease_seconds = self.lease_seconds
        former = surroundings.provide(self.settings)
        self.addCleanup(surroundings.provide, former)
        self.folder = tempfile.mkdtemp(prefix="queue-store-")
        self.addCleanup(shutil.rmtree, self.folder)
        # What a consumer notes when it is stopped
        identity.set_place(os.path.join(self.folder, "consumer"))
        self.addCleanup(lambda: identity._place.__delitem__(slice(None)))
        self.world = self.make_world()
        self.addCleanup(self.world.close)
        self.db = self.world.databases(1)[0]
        self.site = connections.Site(self.db, zodbsite.PATH)
        self.store = open_store(
            "sqlite:///" + os.path.join(self.folder, "queue.db"), "/senaite")
        self.addCleanup(self.store.close)
        self.server = None
        self.start_server()
        self.addCleanup(lambda: self.server and self.server.close())
        self.addCleanup(agents.stop_all)
        self.jane = Connected(self.db)
        self.addCleanup(self.jane.close)
        self.jane.begin()
        self.agent = agents.get_agent(self.jane.site)

    def make_world(self):
        return zodbsite.MemoryStorage()

    def start_server(self):
        port = 0
        if self.settings.url != Settings.url:
            port = int(self.settings.url.split(":")[2].split("/")[0])
        self.server = wire.QueueServer(
            self.store, port, lease_seconds=self.lease_seconds,
            has_mark=self.has_mark)
        self.settings.url = self.server.url

    def has_mark(self, mark):
        """Tell whether the server sees a mark in its database."""
        here = Connected(self.db)
        try:
            return process_marks.has(here.begin(), mark)
        finally:
            here.close()

    def stop_server(self):
        self.server.close()
        self.server = None

    def add_consumer(self):
        """Start a consumer; return it and its worker."""
        worker = Worker(self)
        self.addCleanup(worker.close)
        consumer = consumers.Consumer(
            self.site, self.agent, worker.registry,
            find_url=lambda portal: worker.url)
        consumer.start()
        self.addCleanup(consumer.stop, 10)
        eventually(lambda: consumer.consumer_id)
        return consumer, worker

    def work(self, site, task):
        """Count how many times each item is processed."""
        for uid in task.uids:
            site.done[uid] = site.done.get(uid, 0) + 1

    def before_commit(self):
        """Called when the commit of a chunk is under way."""

    def click(self, **values):
        """Add a task and commit; return the task."""
        task = make_task(**values)
        enqueue.add(task, self.jane.begin())
        self.jane.commit()
        return task

    def status(self, task):
        found = self.store.get(task.task_uid)
        return found.status if found is not None else None

    def wait_for(self, task, status=states.DONE):
        eventually(lambda: self.status(task) == status)

    def done(self):
        return dict(self.jane.begin().done)
