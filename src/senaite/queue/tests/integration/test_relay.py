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
from senaite.queue.client import relay
from senaite.queue.client import view
from senaite.queue import config
from senaite.queue.errors import ConfigError
from senaite.queue.errors import ServerUnreachable
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model import states
from senaite.queue.records import enqueue
from senaite.queue.records import outbox
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
            os.environ[variable.variable] = wrong
            task = self.click()
            eventually(lambda: self.agent.outage_seconds() > 0)
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
