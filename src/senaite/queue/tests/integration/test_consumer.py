# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Agent and consumer with a real store and a real ZODB."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import gc
import logging
import threading
import time
import unittest

from senaite.queue.client import view
from senaite.queue.consumer import attempt
from senaite.queue.consumer import ledger_upkeep
from senaite.queue.consumer import reporting
from senaite.queue.errors import NotReady
from senaite.queue import logger
from senaite.queue.model.current import working_on
from senaite.queue.model import states
from senaite.queue.records import enqueue
from senaite.queue.records import ledger
from senaite.queue.site import connections
from senaite.queue import speedups
from senaite.queue.speedups import garbage
from senaite.queue.speedups.plain import Plain
from senaite.queue.tests.integration.clientcase import ClusterTestCase
from senaite.queue.tests import wire
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import eventually
from senaite.queue.tests.zodbsite import make_task


class CollectingRarely(Plain):
    """One of the speedups: no garbage is collected between two tasks."""

    def working_off(self):
        return garbage.rarely_collected()


class TestConsumer(ClusterTestCase):

    def test_task_is_processed(self):
        self.add_consumer()
        task = self.click(uids=["a", "b"])
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1, "b": 1})
        self.assertFalse(view.queued_view(self.jane.site).is_queued("a"))

    def test_many_consumers_process_each_task_once(self):
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

    def test_garbage_is_collected_when_idle(self):
        # There is no ZCML in this layer, which provides the speedups
        self.addCleanup(
            speedups.provide, speedups.provide(CollectingRarely()))
        usual = gc.get_threshold()
        self.assertLess(usual[0], garbage.MOST_OBJECTS)
        seen = []
        pop = self.server.do_pop

        def look(payload):
            answer = pop(payload)
            seen.append((gc.get_threshold()[0], bool(answer.get("task"))))
            return answer
        self.server.do_pop = look
        self.work_off("a", "b")
        eventually(lambda: len(seen) > 2)
        self.assertEqual(
            seen[:3], [(garbage.MOST_OBJECTS, True)] * 2 +
            [(garbage.MOST_OBJECTS, False)])
        eventually(lambda: gc.get_threshold() == usual)

    def test_setting_of_the_site_counts_between_tasks(self):
        """No site is set in the thread of the loop."""
        begun, here = [], threading.local()
        opened = vars(connections.Site)["opened"]

        @contextlib.contextmanager
        def noting(site):
            with opened(site) as found:
                here.is_site = True
                try:
                    yield found
                finally:
                    here.is_site = False

        class Noting(Plain):

            def working_off(self):
                begun.append(self)
                return Plain.working_off(self)
        connections.Site.opened = noting
        self.addCleanup(setattr, connections.Site, "opened", opened)
        self.addCleanup(speedups.provide, speedups.provide(Noting()))
        get_setting = self.settings.get_setting
        self.settings.get_setting = lambda name: \
            not getattr(here, "is_site", False) if name == "speedups" \
            else get_setting(name)
        self.work_off("a")
        self.assertEqual(begun, [])

    def queue_up(self, *uids):
        """Add a task for each uid, wait until they are queued; return them."""
        tasks = [self.click(uids=[uid]) for uid in uids]
        for task in tasks:
            self.wait_for(task, states.QUEUED)
        return tasks

    def work_off(self, *uids):
        """Let one consumer process a task for each uid; return the routes by
        which it requested and acknowledged them."""
        tasks = self.queue_up(*uids)
        self.add_consumer()
        for task in tasks:
            self.wait_for(task)
        return [route for route in self.server.routes()
                if route in ("pop", "done")]

    def test_next_task_comes_with_the_answer(self):
        self.assertEqual(self.work_off("a", "b", "c")[:4],
                         ["pop", "done", "done", "done"])

    def test_older_server_is_polled_for_each_task(self):
        done = self.server.do_done
        self.server.do_done = lambda payload: done(dict(payload, next=False))
        self.assertEqual(self.work_off("a", "b")[:4],
                         ["pop", "done", "pop", "done"])

    def test_stopping_consumer_takes_no_further_task(self):
        def work(site, task):
            ClusterTestCase.work(self, site, task)
            consumer.stopping.set()
        self.work = work
        tasks = self.queue_up("a", "b")
        consumer, _worker = self.add_consumer()
        self.wait_for(tasks[0])
        consumer.stop(10)
        self.assertEqual(self.status(tasks[1]), states.QUEUED)
        self.assertEqual(self.done(), {"a": 1})

    def test_min_seconds_of_a_task_are_respected(self):
        tasks = [self.click(uids=["a"], min_seconds=1),
                 self.click(uids=["b"])]
        for task in tasks:
            self.wait_for(task, states.QUEUED)
        self.add_consumer()
        for task in tasks:
            self.wait_for(task)
        first, second = [
            self.store.get(task.task_uid)["started"] for task in tasks]
        self.assertGreaterEqual(second - first, 0.9)

    def test_follow_up_is_kept_while_the_server_is_unavailable(self):
        second = make_task(uids=["b"])
        add = self.server.do_add

        def refuse(payload):
            self.server.do_add = add
            raise wire.Refused(503, "Away")

        def work(site, task):
            ClusterTestCase.work(self, site, task)
            if task.uids == ["a"]:
                with working_on(task):
                    enqueue.add(second, site)
                self.server.do_add = refuse
        self.work = work
        self.add_consumer()
        self.click(uids=["a"])
        self.wait_for(second)
        self.assertEqual(self.done(), {"a": 1, "b": 1})
        # The click, a refused attempt, and a successful one
        self.assertEqual(self.server.routes().count("add"), 3)

    def test_lost_answer_with_the_next_task_repeats_no_work(self):
        done = self.server.do_done
        lost = []

        def lose(payload):
            self.server.do_done = done
            self.server.drop_answers = 1
            lost.append(done(payload).get("task"))
            return {}
        self.server.do_done = lose
        self.assertEqual(self.work_off("a", "b")[:3],
                         ["pop", "done", "done"])
        self.assertEqual(lost[0]["uids"], ["b"])
        self.assertEqual(self.done(), {"a": 1, "b": 1})
        self.assertEqual(len(self.store.attempts(lost[0].task_uid)), 1)

    def test_lost_acknowledgement_repeats_no_work(self):
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

    def test_consumer_killed_after_its_commit_repeats_no_work(self):
        task = self.click(uids=["a"])
        self.wait_for(task, states.QUEUED)
        self.store.pop("gone:1/00000001", 30)
        self.work(self.jane.begin(), task)
        skipped = [{"item": u"Calcium", "reason": u"gone"}]
        ledger.record(self.jane.site, task.task_uid, time.time(), 1,
                      skipped=1, skipped_items=skipped)
        self.jane.commit()
        self.store.hello("gone:1/00000002")
        _consumer, worker = self.add_consumer()
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual(worker.processed, [])
        self.assertEqual(self.store.get(task.task_uid).skipped_items, skipped)
        job = self.store.job(task.job_uid)
        self.assertEqual((job["done"], job["skipped"]), (0, 1))

    def test_failure_is_reported_and_rolled_back(self):
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

    def test_timeout_during_the_commit_of_the_last_attempt(self):
        """The ledger decides what became of the work, not the timeout."""
        self.before_commit = lambda: time.sleep(3)
        self.add_consumer()
        task = self.click(uids=["a"], max_seconds=1, retries=0)
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual([attempt["outcome"] for attempt
                          in self.store.attempts(task.task_uid)], ["done"])

    def test_commit_that_outlasts_the_last_attempt(self):
        """Nobody can know what becomes of it: the reason says so, and to
        requeue the task does nothing twice."""
        self.addCleanup(setattr, attempt, "MOST_COMMIT_SECONDS",
                        attempt.MOST_COMMIT_SECONDS)
        attempt.MOST_COMMIT_SECONDS = 0.2
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.before_commit = lambda: go_on.wait(30)
        _consumer, worker = self.add_consumer()
        task = self.click(uids=["a"], max_seconds=1, retries=0)
        self.wait_for(task, states.FAILED)
        self.assertIn("may have been committed since",
                      self.store.get(task.task_uid).error_message)
        go_on.set()
        eventually(lambda: not worker.registry.strays())
        self.assertEqual(self.done(), {"a": 1})
        self.assertEqual(self.status(task), states.FAILED)
        self.store.requeue(task.task_uid)
        self.wait_for(task)
        self.assertEqual(self.done(), {"a": 1})

    def test_work_survives_a_server_restart(self):
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

    def test_consumer_with_a_wrong_address_takes_no_task(self):
        class Stranger(wire.Wire):
            def answer(self, route, payload, user):
                raise wire.Refused(412, "Not held", process="another")
        stranger = Stranger()
        self.addCleanup(stranger.close)
        consumer, worker = self.add_consumer()
        consumer.loopback.base_url = stranger.url
        with self.assertRaises(NotReady):
            consumer._require_loopback()

    def fail_reports(self, verb, is_taken):
        """Have the server answer reports with 500, and tell of each."""
        for name in ("TELL_FROM", "TELL_UP_TO"):
            self.addCleanup(setattr, reporting, name, getattr(reporting, name))
            setattr(reporting, name, 0.01)
        take = getattr(self.server, "do_" + verb)
        seen = []

        def answer(payload):
            seen.append(payload)
            if not is_taken(payload):
                raise wire.Refused(500, "Internal error")
            return take(payload)
        setattr(self.server, "do_" + verb, answer)
        return seen

    def test_report_that_fails_now_and_then_is_repeated(self):
        seen = self.fail_reports("done", lambda payload: len(seen) > 2)
        self.add_consumer()
        self.wait_for(self.click())
        self.assertEqual(len(seen), 3)
        self.assertEqual(seen[0], seen[2])

    def test_report_that_always_fails_is_replaced_by_a_plain_one(self):
        def work(site, task):
            raise ValueError("what the server stumbles over")
        self.work = work
        seen = self.fail_reports(
            "fail", lambda payload: "stumbles" not in payload["error_message"])
        self.add_consumer()
        task = self.click()
        self.wait_for(task, states.FAILED)
        self.assertEqual(len(seen), reporting.MOST_FAILURES + 1)
        self.assertIn("could not take",
                      self.store.get(task.task_uid).error_message)
        self.assertEqual(seen[-1]["kind"], "fatal")

    def test_report_that_is_never_taken_is_given_up(self):
        stuck = self.click(retries=1, uids=["a"])
        seen = self.fail_reports(
            "done", lambda payload: payload["task_uid"] != stuck.task_uid)
        consumer, _worker = self.add_consumer()
        former = consumer.consumer_id
        other = self.click(context_path="/senaite/worksheets/WS-002")
        self.wait_for(other)
        self.assertEqual(len([
            payload for payload in seen if payload["consumer_id"] == former
            and payload["task_uid"] == stuck.task_uid]),
            2 * reporting.MOST_FAILURES)
        # It is handed out again, and its work not repeated
        self.wait_for(stuck, states.FAILED)
        self.assertEqual(self.done(), {"a": 1})

    def test_retried_attempt_is_not_logged_as_failed(self):
        records = []
        handler = logging.Handler()
        handler.emit = lambda record: records.append(record.getMessage())
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        level = logger.level
        logger.setLevel(logging.INFO)
        self.addCleanup(logger.setLevel, level)
        task = self.click(retries=1)
        consumer, worker = self.add_consumer()
        self.wait_for(task)
        for retries, kind, outcome in ((1, "error", "outcome=retried"),
                                       (1, "fatal", "outcome=failed"),
                                       (0, "error", "outcome=failed")):
            task = make_task(retries=retries)
            self.server.do_pop = lambda payload: {
                "task": None, "next_due": None}
            self.store.add(task)
            self.store.pop(consumer.consumer_id, 30)
            del records[:]
            one = attempt.Attempt(consumer, task)
            one._process = lambda lease: attempt._failure(kind, "why")
            one.run()
            processed, = [line for line in records
                          if line.startswith("event=processed")]
            self.assertIn(outcome, processed)
            self.store.cancel(task.task_uid)

    def test_upkeep_removes_records_of_finished_tasks_only(self):
        finished, failed = self.click(), self.click(context_uid="d" * 32)
        for task in (finished, failed):
            self.wait_for(task, states.QUEUED)
            ledger.record(self.jane.begin(), task.task_uid, 100, 1)
            self.jane.commit()
        self.store.cancel(finished.task_uid)
        counts = ledger_upkeep.run(
            self.site, self.agent.transport, time.time(), "h:1/a", every=0)
        self.assertEqual(counts, {"removed": 1})
        self.assertTrue(ledger.has(self.jane.begin(), failed.task_uid))


    def test_upkeep_asks_once_for_many_records(self):
        self.agent.configure()
        site = self.jane.begin()
        for number in range(300):
            ledger.record(site, "%032x" % number, 100, 1)
        self.jane.commit()
        for consumer_id, removed, asked in (
                ("h:1/a", 200, 1), ("h:2/b", 0, 2), ("h:1/a", 100, 3),
                ("h:1/a", 0, 3)):
            counts = ledger_upkeep.run(
                self.site, self.agent.transport, time.time(), consumer_id,
                limit=200, every=0)
            self.assertEqual(counts, {"removed": removed})
            self.assertEqual(self.server.routes().count("over"), asked)

    def test_upkeep_waits_for_an_older_server(self):
        self.agent.configure()
        def answer(payload):
            raise wire.Refused(404, "No such route", error="NoSuchRoute")
        self.server.do_over = answer
        ledger.record(self.jane.begin(), "a" * 32, 100, 1)
        self.jane.commit()
        self.assertEqual(ledger_upkeep.run(
            self.site, self.agent.transport, time.time(), "h:1/a", every=0),
            {"removed": 0})


class TestHeartbeat(ClusterTestCase):
    lease_seconds = 2

    def test_heartbeats_keep_the_lease_of_long_work(self):
        beats = []
        beat = self.server.do_heartbeat

        def listen(payload):
            beats.append(time.time())
            return beat(payload)
        self.server.do_heartbeat = listen

        def work(site, task):
            # Longer than the lease, as the heartbeats show
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

    def test_threads_survive_a_restart_of_zeo(self):
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

    def test_failure_describes_its_outcome(self):
        failure = attempt._failure("error", "why")
        self.assertEqual(failure["outcome"], attempt.FAILED)
        self.assertEqual(failure["error_message"], "why")
