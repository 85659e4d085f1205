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
import sqlite3
import tempfile
import unittest

import sqlalchemy as sa

from senaite.queue.errors import StoreUnavailable
from senaite.queue.storage import database
from senaite.queue.storage import migrations
from senaite.queue.storage import open_store
from senaite.queue.storage import rows
from senaite.queue.tests.tasks import make_task


def add_column(connection):
    connection.exec_driver_sql("ALTER TABLE job ADD COLUMN colour TEXT")


def add_value(connection):
    connection.exec_driver_sql("UPDATE job SET colour = 'blue'")


def break_down(connection):
    add_value(connection)
    raise RuntimeError("half way")


LATEST = migrations.latest()
STEPS = ((LATEST + 1, "jobs have a colour", add_column),
         (LATEST + 2, "jobs are blue", add_value))

#: The schema of the first version
SCHEMA_1 = os.path.join(os.path.dirname(__file__), "schema_1.sql")


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

    def test_empty_database_has_no_version(self):
        with sa.create_engine("sqlite://", future=True).begin() as empty:
            self.assertIsNone(migrations.current(empty))
            self.assertEqual(migrations.migrate(empty, STEPS), [LATEST + 2])
            self.assertEqual(migrations.migrate(empty, STEPS), [])

    def test_old_database_is_upgraded_by_missing_steps(self):
        store = open_store(self.url, "/senaite")
        store.add(make_task(1))
        self.assertEqual(self.migrate(STEPS[:1]), [LATEST + 1])
        self.assertEqual(self.migrate(STEPS), [LATEST + 2])
        self.assertEqual(self.migrate(STEPS), [])
        with self.base.read() as connection:
            self.assertEqual(connection.exec_driver_sql(
                "SELECT colour FROM job").scalar(), "blue")
        self.assertEqual(store.count(), 1)

    def test_failing_step_changes_nothing(self):
        with self.assertRaises(RuntimeError):
            self.migrate(STEPS[:1] + ((LATEST + 2, "broken", break_down),))
        self.assertEqual(self.version(), LATEST)
        self.assertEqual(self.migrate(STEPS),
                         [LATEST + 1, LATEST + 2])

    def test_newer_database_is_refused(self):
        self.migrate(STEPS)
        self.base.close()
        with self.assertRaises(StoreUnavailable) as caught:
            self.base.read().__enter__()
        self.assertIn("version {}".format(LATEST + 2), str(caught.exception))

    def test_steps_are_numbered_in_order(self):
        numbers = [number for number, _what, _step in migrations.STEPS]
        self.assertEqual(numbers, list(range(2, len(numbers) + 2)))


class TestFirstVersion(unittest.TestCase):
    """Opening a database of the first version, with tasks in it."""

    def setUp(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, "tasks.db")
        self.url = "sqlite:///" + path
        self.addCleanup(database.forget_database, self.url)
        self.connection = sqlite3.connect(path)
        with open(SCHEMA_1) as source:
            self.connection.executescript(source.read())
        self.connection.execute("INSERT INTO schema_version VALUES (1)")
        for number in range(1200):
            self.insert(make_task(number, ghost=number == 7, priority=3,
                                  username=u"\xe4nne"))
        self.connection.commit()
        self.connection.close()

    def insert(self, task):
        row = rows.to_row(task, u"/senaite", task["created"], 0, 2e9)
        for column in rows.for_listings(task):
            del row[column]
        if task["task_uid"].endswith("a"):
            row.update(state=u"failed", error_message=u"Out of ETHER")
        names = sorted(row)
        self.connection.execute("INSERT INTO task ({}) VALUES ({})".format(
            ", ".join(names), ", ".join("?" * len(names))),
            [row[name] for name in names])

    def test_tasks_of_the_first_version_are_listed_and_found(self):
        store = open_store(self.url, "/senaite")
        self.assertEqual(store.page()["total"], 1199)
        self.assertEqual(store.page(ghosts=True)["total"], 1200)
        self.assertEqual(store.page(text=u"\xc4NNE ws-1199")["total"], 1)
        self.assertEqual(store.page(text="ether")["total"],
                         store.page(["failed"])["total"])
        found = store.page(username=u"\xe4nne", sort="place")["tasks"]
        self.assertEqual(found[0]["priority"], 3)
        self.assertEqual(store.pauses(), [])

    def test_upgraded_schema_equals_a_new_one(self):
        open_store(self.url, "/senaite").count()
        new = os.path.join(os.path.dirname(self.url[10:]), "new.db")
        open_store("sqlite:///" + new, "/senaite").count()
        self.addCleanup(database.forget_database, "sqlite:///" + new)
        self.assertEqual(describe(self.url[10:]), describe(new))


def describe(path):
    """Return columns and indexes of a database, in a canonical order."""
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = dict((table, sorted(
        row[1:4] for row in connection.execute(
            "PRAGMA table_info({})".format(table)))) for table in tables)
    for name, sql in connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index'"):
        found[name] = sql
    connection.close()
    return found
