# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Versions of the schema: new, old and too new databases."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import unittest

import sqlalchemy as sa

from senaite.queue.storage import StoreUnavailable
from senaite.queue.storage import database
from senaite.queue.storage import migrations
from senaite.queue.storage import open_store
from senaite.queue.tests.tasks import make_task


def add_column(connection):
    connection.exec_driver_sql("ALTER TABLE job ADD COLUMN colour TEXT")


def add_value(connection):
    connection.exec_driver_sql("UPDATE job SET colour = 'blue'")


def break_down(connection):
    add_value(connection)
    raise RuntimeError("half way")


STEPS = ((2, "jobs have a colour", add_column),
         (3, "jobs are blue", add_value))


class TestMigrations(unittest.TestCase):

    def setUp(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        self.url = "sqlite:///" + os.path.join(directory, "tasks.db")
        self.base = database.get_database(self.url)
        self.addCleanup(database.forget_database, self.url)

    def migrate(self, steps):
        with self.base.write() as connection:
            return migrations.migrate(connection, steps)

    def version(self):
        with self.base.read() as connection:
            return migrations.current(connection)

    def test_new_database_has_the_latest_version(self):
        self.assertEqual(self.version(), migrations.latest())

    def test_empty_database_has_none(self):
        with sa.create_engine("sqlite://", future=True).begin() as empty:
            self.assertIsNone(migrations.current(empty))
            self.assertEqual(migrations.migrate(empty, STEPS), [3])
            self.assertEqual(migrations.migrate(empty, STEPS), [])

    def test_old_database_takes_the_steps_it_lacks(self):
        store = open_store(self.url, "/senaite")
        store.add(make_task(1))
        self.assertEqual(self.migrate(STEPS[:1]), [2])
        self.assertEqual(self.migrate(STEPS), [3])
        self.assertEqual(self.migrate(STEPS), [])
        with self.base.read() as connection:
            self.assertEqual(connection.exec_driver_sql(
                "SELECT colour FROM job").scalar(), "blue")
        self.assertEqual(store.count(), 1)

    def test_step_that_fails_changes_nothing(self):
        with self.assertRaises(RuntimeError):
            self.migrate(STEPS[:1] + ((3, "broken", break_down),))
        self.assertEqual(self.version(), migrations.FIRST_VERSION)
        self.assertEqual(self.migrate(STEPS), [2, 3])

    def test_database_of_a_newer_release_is_left_alone(self):
        self.migrate(STEPS)
        self.base.close()
        with self.assertRaises(StoreUnavailable) as caught:
            self.base.read().__enter__()
        self.assertIn("version 3", str(caught.exception))

    def test_steps_are_numbered_in_order(self):
        numbers = [number for number, _what, _step in migrations.STEPS]
        self.assertEqual(numbers, list(range(2, len(numbers) + 2)))
