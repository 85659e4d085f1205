# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The PostgreSQL store passes the contract of all stores, and survives the
failures of a server in a network."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading
import time
import unittest

import sqlalchemy as sa

from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import states
from senaite.queue.storage import database
from senaite.queue.storage import open_store
from senaite.queue.storage import postgresql
from senaite.queue.tests import effort
from senaite.queue.tests import postgres
from senaite.queue.tests.storecontract import StoreContract
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import make_task

WHY_NOT = postgres.why_not()
if WHY_NOT:
    print("SKIPPED the PostgreSQL store: " + WHY_NOT)


@unittest.skipIf(WHY_NOT, WHY_NOT)
class TestPostgreSQLStore(StoreContract, unittest.TestCase):

    tasks = effort.choose(100, 1000)

    def prepare(self):
        self.url = postgres.get_server().create_database()

    def open_store(self, site_id, clock):
        return open_store(self.url, site_id, clock, clock.measure)


@unittest.skipIf(WHY_NOT, WHY_NOT)
class TestManyServers(unittest.TestCase):
    """Queue servers are processes that share no locks: here each has an engine
    of its own."""

    def setUp(self):
        self.url = postgres.get_server().create_database()

    def server(self, number, clock=None):
        url = "{}?application_name=server{}".format(self.url, number)
        store = open_store(url, "/senaite", clock)
        self.addCleanup(store.close)
        return store

    def in_servers(self, function, count=4):
        results, errors = [], []

        def work(number):
            try:
                results.append(function(number, self.server(number)))
            except Exception as error:
                errors.append(repr(error))

        threads = [threading.Thread(target=work, args=(number,))
                   for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        return results

    def test_servers_that_start_together_create_one_schema(self):
        versions = self.in_servers(lambda number, store: store.version())
        self.assertEqual(len(set(versions)), 1, versions)

    def test_tasks_sent_to_all_servers_are_added_once(self):
        def add(number, store):
            return [store.add(make_task(n)) for n in range(30)]

        answers = [a for result in self.in_servers(add) for a in result]
        self.assertEqual(answers.count("added"), 30)

    def test_each_task_is_handed_out_once(self):
        self.server(9).add_many([
            make_task(n, context_path="/senaite/worksheets/{}".format(n // 5),
                      locks=["s{}".format(n % 11)]) for n in range(60)])
        finished = []

        def consume(number, store):
            consumer = "c{}/00000000".format(number)
            got = []
            while len(finished) < 60:
                task = store.pop(consumer, 600)
                if task is not None:
                    got.append(task["task_uid"])
                    store.acknowledge(task["task_uid"], consumer)
                    finished.append(task["task_uid"])
            return got

        got = [uid for uids in self.in_servers(consume) for uid in uids]
        self.assertEqual((len(got), len(set(got))), (60, 60))

    def test_claim_is_respected_by_other_servers(self):
        one, other = self.server(1), self.server(2)
        one.add(make_task(1))
        self.assertIsNotNone(one.pop(ALICE, 30))
        self.assertIsNone(other.pop(BOB, 30))
        self.assertTrue(other.acknowledge(make_task(1)["task_uid"], ALICE))

    def test_clock_is_that_of_the_database(self):
        one, other = self.server(1), self.server(2)
        self.assertLess(abs(one.now() - other.now()), 1.0)
        self.assertLess(abs(one.now() - time.time()), 60.0)


@unittest.skipIf(WHY_NOT, WHY_NOT)
class TestFaults(unittest.TestCase):

    def refused(self, verb, *words):
        with self.assertRaises(StoreUnavailable) as caught:
            verb()
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_store_recovers_after_a_killed_server(self):
        server = postgres.Server(durable=True)
        self.addCleanup(server.remove)
        store = open_store(server.create_database(), "/senaite")
        self.addCleanup(store.close)
        store.add_many([make_task(n) for n in range(10)])
        store.pop(ALICE, 600)
        server.kill()
        self.refused(lambda: store.pop(ALICE, 600), "cannot be reached")
        self.refused(store.stats, "cannot be reached")
        server.start()
        self.assertEqual(store.count([states.QUEUED]), 9)
        self.assertEqual(store.count([states.RUNNING]), 1)

    def test_cut_idle_connections_are_replaced(self):
        url = postgres.get_server().create_database()
        store = open_store(url, "/senaite")
        self.addCleanup(store.close)
        store.add(make_task(1))
        self.cut(url)
        self.assertEqual(store.count(), 1)
        self.cut(url)
        self.assertEqual(store.add(make_task(2)), "added")

    def cut(self, url):
        other = sa.create_engine(url, future=True)
        with other.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() "
                "AND datname = current_database()")
        other.dispose()

    def test_interrupted_transaction_changes_nothing(self):
        url = postgres.get_server().create_database()
        store = open_store(url, "/senaite")
        self.addCleanup(store.close)
        store.add(make_task(1))
        with self.assertRaises(StoreUnavailable):
            with store._write() as unit:
                unit.execute(sa.text("DELETE FROM task"))
                self.cut(url)
                unit.execute(sa.text("SELECT 1"))
        self.assertEqual(store.count(), 1)

    def test_hanging_writer_is_reported(self):
        url = postgres.get_server().create_database()
        store = open_store(url, "/senaite")
        self.addCleanup(store.close)
        store.add(make_task(1))
        other = sa.create_engine(url, future=True)
        self.addCleanup(other.dispose)
        with other.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM site FOR UPDATE")
            # Readers do not wait
            self.assertEqual(store.count(), 1)
            with database.get_database(url).read() as reader:
                reader.exec_driver_sql("SELECT 1")
            self.refused(lambda: store.add(make_task(2)), "keeps the site")
        self.assertEqual(store.add(make_task(2)), "added")

    def test_unreachable_server_is_reported(self):
        store = open_store("postgresql://queue:secret@127.0.0.1:1/queue", "/s")
        self.addCleanup(store.close)
        with self.assertRaises(StoreUnavailable) as caught:
            store.count()
        self.assertIn("cannot be reached", str(caught.exception))
        self.assertNotIn("secret", str(caught.exception))

    def test_missing_database_is_reported(self):
        url = postgres.get_server().create_database() + "x"
        store = open_store(url, "/senaite")
        self.addCleanup(store.close)
        self.refused(store.count, "createdb")

    def test_missing_rights_are_reported(self):
        url = postgres.get_server().create_database()
        other = sa.create_engine(url, future=True)
        with other.begin() as connection:
            connection.exec_driver_sql("CREATE ROLE guest LOGIN")
        other.dispose()
        guest = open_store(url.replace("queue@", "guest@"), "/senaite")
        self.addCleanup(guest.close)
        self.refused(guest.count, "own the database")

    def test_unknown_errors_are_passed_on(self):
        self.assertEqual(postgresql.explain(ValueError("what?")), "what?")

    def test_nul_in_a_traceback_is_replaced(self):
        store = open_store(postgres.get_server().create_database(), "/senaite")
        self.addCleanup(store.close)
        store.add(make_task(1))
        uid = store.pop(ALICE, 30)["task_uid"]
        store.fail(uid, ALICE, "error", u"bad \x00 byte", u"line \x00")
        self.assertIn(u"bad", store.get(uid)["error_message"])
