# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Set-up and helpers of the contract tests."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from hypothesis import HealthCheck

from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests.tasks import make_task

LEASE = 30
SITE = "/senaite"

#: Health checks of hypothesis that do not apply: databases are slow, and every
#: store runs the same contract (newer releases check for that)
NOT_CHECKED = [getattr(HealthCheck, name)
               for name in ("too_slow", "differing_executors")
               if hasattr(HealthCheck, name)]


class StoreCase(object):
    """An empty store, with a clock that stands still.

    To be mixed with `unittest.TestCase`. Subclasses provide `open_store`,
    which returns stores in the same fresh database.
    """

    def setUp(self):
        self.clock = Clock()
        self.prepare()
        self.store = self.open_store(SITE, self.clock)

    def tearDown(self):
        self.store.close()
        self.clean_up()

    def prepare(self):
        """Create a fresh database."""

    def clean_up(self):
        """Remove the database."""

    def open_store(self, site_id, clock):
        raise AssertionError("The test case of a store must provide this")

    def add(self, number, **kw):
        """Add a task and return it."""
        task = make_task(number, **kw)
        self.assertEqual(self.store.add(task), "added")
        return task

    def pop(self, consumer=ALICE):
        """Return the uid of the task that the consumer gets, or None."""
        task = self.store.pop(consumer, LEASE)
        return None if task is None else task["task_uid"]

    def pop_and_finish(self, consumer=ALICE):
        """Let the consumer get and acknowledge a task; return its uid."""
        uid = self.pop(consumer)
        if uid is not None:
            self.store.acknowledge(uid, consumer)
        return uid

    def drain(self, consumer=ALICE):
        """Return the uids of all tasks that can run now, in that order."""
        return list(iter(lambda: self.pop_and_finish(consumer), None))

    def assertState(self, task, state):
        self.assertEqual(self.store.get(task["task_uid"])["status"], state)
