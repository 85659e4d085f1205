# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The relay with a real store and a real ZODB."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import os
import time

from senaite.queue.client import agent as agents
from senaite.queue.client import passed_over
from senaite.queue.client.passed_over import PassedOver
from senaite.queue.client import relay
from senaite.queue.client import view
from senaite.queue import config
from senaite.queue.errors import ConfigError
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import TransportError
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model import states
from senaite.queue.records import enqueue
from senaite.queue.records import outbox
from senaite.queue.server.attendance import Attendance
from senaite.queue.tests.integration.clientcase import ClusterTestCase
from senaite.queue.tests.tasks import Clock
from senaite.queue.tests import wire
from senaite.queue.tests.zodbsite import eventually
from senaite.queue.tests.zodbsite import make_task


class TestRelay(ClusterTestCase):

    def test_committed_task_arrives(self):
        task = self.click(uids=["item"])
        self.wait_for(task, states.QUEUED)
        self.assertEqual(self.store.get(task.task_uid).uids, ["item"])

    def test_aborted_task_does_not_arrive(self):
        enqueue.add(make_task(), self.jane.begin())
        self.jane.abort()
        self.agent.tick(everything=True)
        self.assertEqual(self.store.count(), 0)

    def test_redelivery_is_idempotent(self):
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        # As if the relay was killed after the server's answer
        outbox.forget(self.jane.site, task.task_uid)
        outbox.put(self.jane.site, task)
        self.jane.commit()
        self.agent.tick(everything=True)
        self.assertEqual(self.store.count(), 1)
        self.assertEqual(outbox.pending(self.jane.begin()), [])

    def test_delivery_is_repeated_after_a_lost_answer(self):
        self.server.drop_answers = 1
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        self.assertEqual(self.store.count(), 1)

    def test_tasks_are_kept_during_an_outage(self):
        self.stop_server()
        task = self.click(uids=["item"])
        with self.assertRaises(ServerUnreachable):
            self.agent.tick()
        self.assertTrue(
            view.queued_view(self.jane.begin()).is_queued("item"))
        self.start_server()
        self.wait_for(task, states.QUEUED)

    def test_start_and_end_of_an_outage_are_noticed(self):
        self.stop_server()
        self.agent.wake()
        eventually(lambda: self.agent.outage_seconds() > 0)
        self.start_server()
        eventually(lambda: self.agent.outage_seconds() == 0)

    def test_refusing_server_counts_as_an_outage(self):
        def refuse(payload):
            raise wire.Refused(405, "This is not the queue server")
        self.server.do_diff = refuse
        self.agent.wake()
        eventually(lambda: self.agent.outage_seconds() > 0)

    def test_wrong_configuration_is_an_outage(self):
        """Tasks are kept, and delivered when it is corrected."""
        good = os.environ[config.KEY.variable]
        self.addCleanup(os.environ.pop, config.ROLE.variable, None)
        for variable, wrong in ((config.KEY, "typo-in-the-key"),
                                (config.ROLE, "servre")):
            former = os.environ.get(variable.variable)
            # not in the middle of a round, which might deliver the task
            with self.agent._work_lock:
                os.environ[variable.variable] = wrong
            self.agent.wake()
            eventually(lambda: self.agent.outage_seconds() > 0)
            task = self.click()
            with self.assertRaises(ConfigError):
                self.agent.tick(everything=True)
            self.assertEqual(len(outbox.pending(self.jane.begin())), 1)
            if former is None:
                del os.environ[variable.variable]
            else:
                os.environ[variable.variable] = former
            self.wait_for(task, states.QUEUED)
            eventually(lambda: self.agent.outage_seconds() == 0)
        self.assertEqual(os.environ[config.KEY.variable], good)

    def test_wrong_configuration_is_one_line_in_the_log(self):
        records = []
        handler = logging.Handler()
        handler.emit = records.append
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        os.environ[config.KEY.variable] = "typo-in-the-key"
        self.agent.wake()
        eventually(lambda: records)
        for _number in range(3):
            with self.assertRaises(ConfigError):
                self.agent.tick()
            self.agent.wake()
        line, = records
        self.assertEqual(line.levelname, "ERROR")
        self.assertIn("SENAITE_QUEUE_KEY is", line.getMessage())
        self.assertIsNone(line.exc_info or None)

    def set_clock(self, seconds):
        """Set the time of day that this process sees, against the real one."""
        self.addCleanup(setattr, clock, "now", time.time)
        clock.now = lambda: time.time() + seconds

    def relay_for(self, seconds):
        """Relay twice, with some time in between; return the counts of the
        second run."""
        elapsed = Clock()
        seen = relay.Sightings(elapsed)
        relay.run(self.site, self.agent.transport, seen)
        elapsed.forward(seconds)
        return relay.run(self.site, self.agent.transport, seen)

    def test_another_client_delivers_abandoned_tasks(self):
        task = make_task()
        outbox.put(self.jane.begin(), task)  # and killed: nobody is woken
        self.jane.commit()
        other = agents.Agent(self.site)
        other.configure()
        elapsed = Clock()
        seen = relay.Sightings(elapsed)
        counts = relay.run(self.site, other.transport, seen, own=())
        self.assertEqual(counts["left"] + counts["delivered"], 1)
        elapsed.forward(3)
        relay.run(self.site, other.transport, seen, own=())
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
        self.relay_for(60)
        self.assertIsNone(outbox.get(self.jane.begin(), task.task_uid))
        self.agent.refresh()
        self.assertTrue(view.queued_view(self.jane.site).is_queued("c" * 32))

    def test_entries_stay_whatever_the_clocks_of_others_say(self):
        # Delivered by a client whose clock is slow, pruned by one of which it
        # is fast: a third one may not know the task yet
        self.set_clock(-30)
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        self.set_clock(30)
        self.assertEqual(self.relay_for(9)["removed"], 0)
        self.assertIsNotNone(outbox.get(self.jane.begin(), task.task_uid))

    def test_abandoned_tasks_do_not_wait_for_a_fast_clock(self):
        self.set_clock(3600)
        task = make_task()
        outbox.put(self.jane.begin(), task)  # and killed: nobody is woken
        self.jane.commit()
        self.set_clock(0)
        other = agents.Agent(self.site)
        other.configure()
        elapsed = Clock()
        seen = relay.Sightings(elapsed)
        relay.run(self.site, other.transport, seen, own=())
        elapsed.forward(3)
        relay.run(self.site, other.transport, seen, own=())
        self.assertEqual(self.status(task), states.QUEUED)

    def test_snapshot_that_lacks_removed_entries_is_refreshed(self):
        task = self.click()
        self.wait_for(task, states.QUEUED)
        eventually(lambda: not outbox.pending(self.jane.begin()))
        self.relay_for(60)
        agents.stop_all()
        # A client that has just been started
        self.assertTrue(
            view.queued_view(self.jane.begin()).is_queued("c" * 32))


class TestFaultyAnswers(ClusterTestCase):
    """The server works, but does not take what it is sent."""

    def setUp(self):
        super(TestFaultyAnswers, self).setUp()
        agents.stop_all()
        self.agent = agents.Agent(self.site)
        self.agent.configure()
        #: What a clock shows that nobody can set
        self.elapsed = 1000.0
        self.passed_over = PassedOver(lambda: self.elapsed)
        self.add = self.server.do_add

    def put(self, count, **values):
        """Write tasks to the outbox; return their uids, in order."""
        site = self.jane.begin()
        tasks = [make_task(created=1000.0 + number, **values)
                 for number in range(count)]
        for task in tasks:
            outbox.put(site, task)
        self.jane.commit()
        return [task.task_uid for task in tasks]

    def relay(self, later=0):
        """Deliver all, some seconds later."""
        self.elapsed += later
        return relay.run(self.site, self.agent.transport, relay.Sightings(),
                         passed_over=self.passed_over)

    def pending(self):
        return set(task["task_uid"] for task, _at
                   in outbox.pending(self.jane.begin()))

    def rejected(self, task_uid):
        return outbox.get(self.jane.begin(), task_uid)["rejected"]

    def poison(self, task_uid, error):
        def answer(payload):
            if any(task["task_uid"] == task_uid
                   for task in payload["tasks"]):
                raise error
            return self.add(payload)
        self.server.do_add = answer

    def test_batches_stay_below_the_usual_limit_of_proxies(self):
        self.server.most_bytes = 1000 * 1000
        self.put(60, text="x" * 30000)
        counts = self.relay()
        self.assertEqual((counts["delivered"], counts["left"]), (60, 0))
        self.assertEqual(self.store.count(), 60)

    def test_batch_too_large_for_a_proxy_is_split(self):
        self.server.most_bytes = 20000
        self.put(40, text="x" * 2000)
        self.assertEqual(self.relay()["delivered"], 40)
        self.assertEqual(self.pending(), set())

    def test_task_too_large_for_a_proxy_is_refused_with_the_reason(self):
        self.server.most_bytes = 20000
        self.put(3)
        large, = self.put(1, text="x" * 30000)
        self.put(3)
        counts = self.relay()
        self.assertEqual((counts["delivered"], counts["refused"]), (6, 1))
        self.assertIn("too large", self.rejected(large))
        self.server.most_bytes = None
        self.assertTrue(outbox.offer_again(self.jane.begin(), large))
        self.assertEqual([task["task_uid"] for task, _at in outbox.pending(
            self.jane.site)], [large])
        self.jane.commit()
        self.assertFalse(outbox.offer_again(self.jane.begin(), large))
        self.assertEqual(self.relay()["delivered"], 1)

    def test_task_that_makes_the_server_fail_does_not_block_others(self):
        for error in (wire.Refused(500, "Internal error"),
                      wire.NotJSON(500), wire.NotJSON(403),
                      wire.NotJSON(200)):
            uids = self.put(9)
            self.poison(uids[4], error)
            self.assertEqual(self.relay()["delivered"], 8)
            self.assertEqual(self.pending(), {uids[4]})
            # Not at once again, but it is tried later
            calls = len(self.server.calls)
            self.relay(later=1)
            self.assertEqual(len(self.server.calls), calls)
            self.server.do_add = self.add
            self.assertEqual(self.relay(later=60)["delivered"], 1)

    def test_task_that_always_fails_is_refused_in_the_end(self):
        uid, = self.put(1)
        self.poison(uid, wire.Refused(500, "Internal error"))
        for _number in range(passed_over.MOST_ATTEMPTS):
            self.assertEqual(self.pending(), {uid})
            self.relay(later=3600)
        self.assertEqual(self.pending(), set())
        self.assertIn("Internal error", self.rejected(uid))

    def test_server_that_answers_nothing_useful_keeps_the_outbox(self):
        uids = self.put(3)
        for status in (200, 403, 404, 413, 500, 502, 503):
            def answer(payload, status=status):
                raise wire.NotJSON(status)
            self.server.do_add = answer
            self.server.do_ping = answer
            if status != 413:
                with self.assertRaises(TransportError):
                    self.relay()
                self.assertEqual(self.pending(), set(uids))
        self.server.do_add = self.add
        self.agent.transport._note_success()
        self.assertEqual(self.relay()["delivered"], 3)

    def test_unavailable_store_is_no_fault_of_a_task(self):
        uids = self.put(3)

        def answer(payload):
            raise wire.Refused(503, "The disk is full")
        self.server.do_add = answer
        with self.assertRaises(ServerFailed):
            self.relay()
        self.assertEqual(self.pending(), set(uids))
        self.assertEqual(self.server.routes()[-2:].count("add"), 1)
        self.assertNotIn("ping", self.server.routes())

    def test_failed_delivery_does_not_stop_the_snapshot(self):
        def answer(payload):
            raise wire.Refused(503, "The disk is full")
        self.server.do_add = answer
        self.put(1)
        self.store.add(make_task(uids=["other"]))
        for _number in range(2):
            with self.assertRaises(ServerFailed):
                self.agent.tick(everything=True)
        self.assertIn("other", self.agent.state.objects)
        self.assertGreater(self.agent.outage_seconds(), 0)
        self.assertEqual(self.agent.trouble.answered, 503)
        self.server.do_add = self.add
        self.agent.tick(everything=True)
        self.assertEqual(self.agent.outage_seconds(), 0)
        self.assertIsNone(self.agent.trouble)

    def test_failed_snapshot_does_not_stop_the_delivery(self):
        def answer(payload):
            raise wire.Refused(500, "Internal error")
        self.server.do_diff = answer
        self.put(2)
        with self.assertRaises(ServerFailed):
            self.agent.tick(everything=True)
        self.assertEqual(self.store.count(), 2)
        self.assertGreater(self.agent.outage_seconds(), 0)

    def test_agent_learns_that_no_consumer_asks(self):
        self.store.add(make_task(created=time.time() - 500))
        self.server.attendance = Attendance(self.store)
        self.agent.tick()
        self.assertGreater(self.agent.unattended_seconds, 400)
        self.store.cancel(self.store.find()[0].task_uid)
        self.server.attendance = Attendance(self.store)
        self.agent.tick()
        self.assertEqual(self.agent.unattended_seconds, 0)
