# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: concurrent threads never get the same task."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading
import time

from senaite.queue.model import states
from senaite.queue.tests import effort
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import make_task

THREADS = 8

#: Seconds between two looks of a thread that got nothing
PAUSE = 0.002


def in_threads(function):
    """Run a function in many threads; return the list of their results.

    :raises AssertionError: when one of them raised
    """
    results = []
    errors = []
    gate = threading.Event()

    def work(number):
        gate.wait()
        try:
            results.append(function(number))
        except Exception as error:
            errors.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,))
               for number in range(THREADS)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    if errors:
        raise AssertionError("Errors in threads: {}".format(errors))
    return results


class ThreadContract(StoreCase):

    #: Fewer for databases where each call takes a network round trip
    tasks = effort.choose(400, 2000)

    def test_each_task_is_popped_once(self):
        count = self.tasks
        # Half of them in lanes of ten, some with common locks
        self.store.add_many([
            make_task(n, context_path="/senaite/worksheets/{}".format(
                n if n % 2 else n // 20),
                locks=["s{}".format(n % 97)] if n % 5 == 0 else [])
            for n in range(count)])
        finished = []

        def consume(number):
            consumer = "c{}/00000000".format(number)
            got = []
            while len(finished) < count:
                task = self.store.pop(consumer, 600)
                if task is None:
                    # Nothing may be free for now although tasks wait: ask
                    # again, but leave the processor to those that have one
                    time.sleep(PAUSE)
                    continue
                got.append(task["task_uid"])
                self.store.acknowledge(task["task_uid"], consumer)
                finished.append(task["task_uid"])
            return got

        def consume_or_stop_all(number):
            try:
                return consume(number)
            except Exception:
                # The others would wait for its task for good
                finished.extend([None] * count)
                raise

        got = [uid for uids in in_threads(consume_or_stop_all) for uid in uids]
        self.assertEqual(len(got), count)
        self.assertEqual(len(set(got)), count)
        self.assertEqual(self.store.count([states.DONE]), count)

    def test_task_added_by_all_threads_is_added_once(self):
        def add(number):
            return [self.store.add(make_task(n)) for n in range(20)]

        answers = [a for result in in_threads(add) for a in result]
        self.assertEqual(answers.count("added"), 20)
        self.assertEqual(answers.count("known"), 20 * (THREADS - 1))

    def test_unique_tasks_are_unique_across_threads(self):
        def add(number):
            return self.store.add(make_task(
                number, context_uid="ws", unique=True))

        self.assertEqual(sorted(in_threads(add)),
                         ["added"] + ["duplicate"] * (THREADS - 1))

    def test_feed_misses_nothing_while_others_write(self):
        stop = threading.Event()
        seen = {}

        def read():
            version = None
            while True:
                last = stop.is_set()
                news = self.store.changes(version, 50)
                version = news["version"]
                seen.update((task["task_uid"], task["status"])
                            for task in news["tasks"])
                if last and not news["more"]:
                    return

        reader = threading.Thread(target=read)
        reader.start()
        in_threads(lambda number: [
            self.store.add(make_task(1000 * number + n)) for n in range(25)])
        stop.set()
        reader.join()
        self.assertEqual(len(seen), 25 * THREADS)
