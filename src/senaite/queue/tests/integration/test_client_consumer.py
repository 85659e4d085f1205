# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Relay, agent and consumer against a real store and a real ZODB.

The queue server and the process endpoint answer on real sockets (`wire`); what
a task does is to write its items to the site.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import threading
import time
import unittest

from ZODB.POSException import ConflictError

from senaite.queue import states
from senaite.queue import surroundings
from senaite.queue.client import agent as agents
from senaite.queue.client import attempt
from senaite.queue.client import consumer as consumers
from senaite.queue.client import enqueue
from senaite.queue.client import identity
from senaite.queue.client import ledger
from senaite.queue.client import outbox
from senaite.queue.client import relay
from senaite.queue.client import sites
from senaite.queue.client import upkeep
from senaite.queue.client import view
from senaite.queue.client.lease import LeaseNotHeld
from senaite.queue.client.lease import LeaseRegistry
from senaite.queue.client.transport import ServerUnreachable
from senaite.queue.storage import open_store
from senaite.queue.tests import wire
from senaite.queue.tests import zodbsite
from senaite.queue.tests.integration.test_client_outbox import use_key
from senaite.queue.tests.zodbsite import Connected
from senaite.queue.tests.zodbsite import eventually
from senaite.queue.tests.zodbsite import make_task


class Settings(surroundings.Surroundings):
    """The server's URL is that of the test's server."""

    url = "http://127.0.0.1:9/senaite"
    lease_seconds = 30

    def get_setting(self, name):
        if name == "server":
            return self.url
        if name == "lease_seconds":
            return self.lease_seconds
        return surroundings.Surroundings.get_setting(self, name)


class Worker(wire.Wire):
    """The process endpoint of a consumer; work is done as `work` says."""

    def __init__(self, test):
        self.test = test
        self.registry = LeaseRegistry()
        self.processed = []
        wire.Wire.__init__(self)

    def answer(self, route, payload, user):
        task_uid = route.split("/")[-1]
        key = sites.Site(self.test.db, zodbsite.PATH).key
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
            self.registry.end(lease)

    def attempt(self, here, lease):
        """Do the work as the real endpoint does."""
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
                if lease.lost:
                    break
                here.commit()
                return {"outcome": "done", "processed": 1, "note": None}
            except ConflictError:
                here.abort()
            except ValueError as error:
                return {"outcome": "failed", "kind": "fatal",
                        "error_message": str(error), "traceback": None}
        return {"outcome": "failed", "kind": "lease_lost",
                "error_message": "lost", "traceback": None}


class ClusterTestCase(unittest.TestCase):
    """A site, a store, a queue server; consumers are added at will."""

    lease_seconds = 30

    def setUp(self):
        use_key(self)
        self.settings = Settings()
        self.settings.lease_seconds = self.lease_seconds
        former = surroundings.provide(self.settings)
        self.addCleanup(surroundings.provide, former)
        self.folder = tempfile.mkdtemp(prefix="queue-store-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.world = self.make_world()
        self.addCleanup(self.world.close)
        self.db = self.world.databases(1)[0]
        self.site = sites.Site(self.db, zodbsite.PATH)
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
            self.store, port, lease_seconds=self.lease_seconds)
        self.settings.url = self.server.url

    def stop_server(self):
        self.server.close()
        self.server = None

    def add_consumer(self):
        """Start a consumer; returns it and its worker."""
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
        """Write down each item once for each time it is done."""
        for uid in task.uids:
            site.done[uid] = site.done.get(uid, 0) + 1

    def click(self, **values):
        """Add a task and commit."""
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


class TestRelay(ClusterTestCase):

    def test_committed_task_arrives(self):
        task = self.click(uids=["item"])
        self.wait_for(task, states.QUEUED)
        self.assertEqual(self.store.get(task.task_uid).uids, ["item"])

    def test_aborted_task_does_not(self):
        enqueue.add(make_task(), self.jane.begin())
        self.jane.abort()
        self.agent.tick(everything=True)
        self.assertEqual(self.store.count(), 0)

    def test_redelivery_is_idempotent(self):
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        # what a relay that was killed after the server's answer leaves
        outbox.forget(self.jane.site, task.task_uid)
        outbox.put(self.jane.site, task)
        self.jane.commit()
        self.agent.tick(everything=True)
        self.assertEqual(self.store.count(), 1)
        self.assertEqual(outbox.pending(self.jane.begin()), [])

    def test_lost_answer_is_asked_for_again(self):
        self.server.drop_answers = 1
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        self.assertEqual(self.store.count(), 1)

    def test_outage_keeps_tasks(self):
        self.stop_server()
        task = self.click(uids=["item"])
        with self.assertRaises(ServerUnreachable):
            self.agent.tick()
        self.assertTrue(
            view.queued_view(self.jane.begin()).is_queued("item"))
        self.start_server()
        self.wait_for(task, states.QUEUED)

    def test_outage_is_noticed_and_its_end(self):
        self.stop_server()
        self.agent.wake()
        eventually(lambda: self.agent.outage_seconds() > 0)
        self.start_server()
        eventually(lambda: self.agent.outage_seconds() == 0)

    def test_refusing_server_is_an_outage(self):
        def refuse(payload):
            raise wire.Refused(405, "This is not the queue server")
        self.server.do_diff = refuse
        self.agent.wake()
        eventually(lambda: self.agent.outage_seconds() > 0)

    def test_another_client_delivers_what_was_left(self):
        task = make_task()
        outbox.put(self.jane.begin(), task)  # and killed: nobody is woken
        self.jane.commit()
        other = agents.Agent(self.site)
        other.configure()
        now = time.time()
        counts = relay.run(self.site, other.transport, now, own=())
        self.assertEqual(counts["left"] + counts["delivered"], 1)
        relay.run(self.site, other.transport, now + 3, own=())
        self.assertEqual(self.status(task), states.QUEUED)

    def test_refused_task_is_kept_with_the_reason(self):
        task = make_task()
        task["priority"] = "urgent"
        outbox.put(self.jane.begin(), task)
        self.jane.commit()
        self.agent.tick(everything=True)
        self.jane.begin()
        entry = outbox.get(self.jane.site, task.task_uid)
        self.assertIn("priority", entry["rejected"])
        self.assertEqual(outbox.pending(self.jane.site), [])

    def test_delivered_tasks_leave_the_outbox(self):
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        relay.run(self.site, self.agent.transport, time.time() + 60)
        self.assertIsNone(outbox.get(self.jane.begin(), task.task_uid))
        self.agent.refresh()
        self.assertTrue(view.queued_view(self.jane.site).is_queued("c" * 32))

    def test_snapshot_that_lacks_removed_entries_is_refreshed(self):
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        relay.run(self.site, self.agent.transport, time.time() + 60)
        agents.stop_all()
        # a client that has just been started
        self.assertTrue(
            view.queued_view(self.jane.begin()).is_queued("c" * 32))


class TestConsumer(ClusterTestCase):

    def test_task_is_done(self):
        self.add_consumer()
        task = self.click(uids=["a", "b"])
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1, "b": 1})
        self.assertFalse(view.queued_view(self.jane.site).is_queued("a"))

    def test_many_tasks_many_consumers_each_once(self):
        for _number in range(3):
            self.add_consumer()
        tasks = [self.click(
            uids=["item%s" % number], context_uid="c%s" % number,
            context_path="/senaite/worksheets/WS-%s" % number)
            for number in range(20)]
        for task in tasks:
            self.wait_for(task)
        self.assertEqual(set(self.done().values()), set([1]))
        self.assertEqual(len(self.done()), 20)

    def test_lost_acknowledgement_does_nothing_twice(self):
        consumer, worker = self.add_consumer()
        done = self.server.do_done

        def lose(payload):
            done(payload)
            self.server.do_done = done
            self.server.drop_answers = 1
            return {}
        self.server.do_done = lose
        task = self.click(uids=["a"])
        self.wait_for(task)
        again = self.click(uids=["b"])
        self.wait_for(again)
        self.assertEqual(self.done(), {"a": 1, "b": 1})
        self.assertEqual(len(worker.processed), 2)

    def test_consumer_killed_after_its_commit(self):
        task = self.click(uids=["a"])
        self.wait_for(task, states.QUEUED)
        self.store.pop("gone:1/00000001", 30)
        self.work(self.jane.begin(), task)
        ledger.record(self.jane.site, task.task_uid, time.time(), 1)
        self.jane.commit()
        self.store.hello("gone:1/00000002")
        _consumer, worker = self.add_consumer()
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual(worker.processed, [])

    def test_failure_is_reported_and_leaves_nothing(self):
        def work(site, task):
            site.done["half"] = 1
            raise ValueError("It does not work")
        self.work = work
        self.add_consumer()
        task = self.click()
        self.wait_for(task, states.FAILED)
        self.assertEqual(self.done(), {})
        self.assertEqual(self.store.get(task.task_uid).error_message,
                         "It does not work")

    def test_timeout_and_zombie_commit_once(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def work(site, task):
            site.done["a"] = site.done.get("a", 0) + 1
            if not go_on.is_set():
                go_on.wait(20)
        self.work = work
        _consumer, worker = self.add_consumer()
        task = self.click(uids=["a"], max_seconds=1, retries=3)
        eventually(lambda: [a for a in self.store.attempts(task.task_uid)
                            if a["outcome"]])
        self.assertEqual(self.done(), {})
        go_on.set()
        eventually(lambda: not worker.registry.strays())
        self.assertEqual(self.done(), {})
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1})

    def test_server_restart_under_way(self):
        self.add_consumer()
        first = self.click(uids=["a"])
        self.wait_for(first)
        self.stop_server()
        second = self.click(uids=["b"])
        self.start_server()
        self.wait_for(second)
        self.assertEqual(self.done(), {"a": 1, "b": 1})

    def test_follow_up_is_delivered_before_the_acknowledgement(self):
        second = make_task(uids=["b"])

        def work(site, task):
            ClusterTestCase.work(self, site, task)
            if task.uids == ["a"]:
                enqueue.add(second, site)
        self.work = work
        self.add_consumer()
        first = self.click(uids=["a"])
        self.wait_for(second)
        self.assertEqual(self.status(first), states.DONE)
        routes = self.server.routes()
        adds = [n for n, route in enumerate(routes) if route == "add"]
        self.assertLess(adds[1], routes.index("done"))

    def test_wrong_address_takes_no_task(self):
        class Stranger(wire.Wire):
            def answer(self, route, payload, user):
                raise wire.Refused(412, "Not held", process="another")
        stranger = Stranger()
        self.addCleanup(stranger.close)
        consumer, worker = self.add_consumer()
        consumer.loopback.base_url = stranger.url
        with self.assertRaises(consumers.NotReady):
            consumer._require_loopback()

    def test_upkeep_removes_records_of_finished_tasks_only(self):
        finished, failed = self.click(), self.click(context_uid="d" * 32)
        for task in (finished, failed):
            self.wait_for(task, states.QUEUED)
            ledger.record(self.jane.begin(), task.task_uid, 100, 1)
            self.jane.commit()
        self.store.cancel(finished.task_uid)
        counts = upkeep.run(
            self.site, self.agent.transport, time.time(), every=0)
        self.assertEqual(counts, {"removed": 1})
        self.assertTrue(ledger.has(self.jane.begin(), failed.task_uid))


class TestHeartbeat(ClusterTestCase):
    lease_seconds = 2

    def test_long_work_keeps_its_lease(self):
        beats = []
        beat = self.server.do_heartbeat

        def listen(payload):
            beats.append(time.time())
            return beat(payload)
        self.server.do_heartbeat = listen

        def work(site, task):
            # longer than the lease, as the beats tell
            eventually(lambda: len(beats) > 1 and
                       beats[-1] - beats[0] > self.lease_seconds)
            ClusterTestCase.work(self, site, task)
        self.work = work
        self.add_consumer()
        task = self.click(uids=["a"])
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual(len(self.store.attempts(task.task_uid)), 1)


class TestZEORestart(ClusterTestCase):

    def make_world(self):
        return zodbsite.ZEOServer()

    def test_threads_outlive_a_restart(self):
        self.add_consumer()
        first = self.click(uids=["a"])
        self.wait_for(first)
        self.world.kill()
        eventually(lambda: not self.db.storage.is_connected())
        self.world.start()
        eventually(self.db.storage.is_connected)

        def click_again():
            try:
                return self.click(uids=["b"])
            except Exception:
                self.jane.abort()
        second = eventually(click_again)
        self.wait_for(second)
        self.assertEqual(self.done()["b"], 1)


class TestAttempt(unittest.TestCase):

    def test_failure_has_all_that_is_reported(self):
        failure = attempt._failure("error", "why")
        self.assertEqual(failure["outcome"], attempt.FAILED)
        self.assertEqual(failure["error_message"], "why")
