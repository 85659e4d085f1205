# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Adding N tasks in one transaction, and what a page pays while N entries wait
in the outbox (Python 2.7, bin/zopepy).

`outbox.py <size>`: prints figures as JSON. The database is in memory, and no
queue server takes anything: as after an outage of many hours. Where the figures
of many tasks are above those of few, the collector of garbage, which goes
through all that is in memory, has run more often in between.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import sys
import time

import transaction
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage

#: Number of items per task, and of pages that are measured
ITEMS = 20
ROUNDS = 15

#: Number of tasks that a click adds while others wait, and of clicks that are
#: measured
CLICK = 100
CLICKS = 7


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


def make_tasks(start, count):
    """Return tasks, each of a worksheet of its own."""
    from senaite.queue.model.queue_task import to_task
    return [to_task({
        "task_uid": "{:032x}".format(number), "name": "task_action_submit",
        "context_uid": "{:032x}".format(10 ** 12 + number),
        "context_path": "/senaite/worksheets/WS-{}".format(number),
        "uids": ["{:032x}".format(10 ** 15 + ITEMS * number + item)
                 for item in range(ITEMS)],
        "username": "labman1", "priority": 10, "created": time.time(),
        "retries": 3}) for number in range(start, start + count)]


class Client(object):
    """A client of the site, with its own connection and transactions."""

    def __init__(self, db):
        self.manager = transaction.TransactionManager()
        self.connection = db.open(transaction_manager=self.manager)

    def begin(self):
        self.manager.begin()
        return self.connection.root()["Application"]["senaite"]

    def commit(self):
        self.manager.commit()


def timed(function, *args):
    """Return the seconds that a call takes."""
    started = time.time()
    function(*args)
    return time.time() - started


def add(site, tasks):
    from senaite.queue.records import enqueue
    for task in tasks:
        enqueue.add(task, site)


def measure(size):
    """Return the figures of an outbox with `size` entries."""
    from senaite.queue.client import agent as agents
    from senaite.queue.client import view
    from senaite.queue.records import enqueue
    from senaite.queue.tests.zodbsite import make_site
    # No thread beside what a request does itself, and no waiting for one
    agents.Agent.ensure = agents.Agent.catch_up = lambda self: None
    enqueue.use_agents(agents.get_agent)
    # As many objects in the cache as the outbox has: Zope keeps 30,000
    db = DB(DemoStorage(), cache_size=30000)
    make_site(db)
    jane, john = Client(db), Client(db)
    tasks = make_tasks(0, size)
    seconds = timed(add, jane.begin(), tasks)
    result = {"add ms each": round(1000 * seconds / size, 3),
              "commit ms each": round(1000 * timed(jane.commit) / size, 3)}
    # A page is shown by a client that has seen the outbox before, after
    # somebody else has added a task
    unchanged, changed = [], []
    uids = ["{:032x}".format(10 ** 15 + number) for number in range(50)]

    def page():
        queued = view.queued_view(john.begin())
        for uid in uids:
            queued.is_queued(uid)
    page()
    for number in range(ROUNDS):
        unchanged.append(timed(page))
        add(jane.begin(), make_tasks(10 ** 6 + number, 1))
        jane.commit()
        changed.append(timed(page))
    result["page ms"] = round(1000 * median(unchanged), 3)
    result["page after a change ms"] = round(1000 * median(changed), 3)
    clicks = []
    for number in range(CLICKS):
        tasks = make_tasks(2 * 10 ** 6 + number * CLICK, CLICK)
        page()
        clicks.append(timed(add, john.begin(), tasks))
        john.manager.abort()
    result["add ms each, with these waiting"] = round(
        1000 * median(clicks) / CLICK, 3)
    return result


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
