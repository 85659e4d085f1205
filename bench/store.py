# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The store's methods with N queued tasks (Python 2.7, bin/zopepy).

`store.py ours <url> <size>` or `store.py peer <directory> <size>`: prints
medians in milliseconds as JSON. The peer is the server utility of the
published senaite.queue 1.0.3, used in-process without a site: it is given only
a registry with its defaults and a user.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import sys
import time

ROUNDS = 40

#: Number of items per task, and of worksheets that the tasks belong to
ITEMS = 10


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


def timed(function, rounds=ROUNDS):
    """Return the milliseconds that a call takes: the median of the elapsed
    time, and the mean CPU time of this process."""
    spent = []
    cpu = cpu_time()
    for number in range(rounds):
        started = time.time()
        function(number)
        spent.append(time.time() - started)
    return {"ms": round(1000 * median(spent), 4),
            "cpu_ms": round(1000 * (cpu_time() - cpu) / rounds, 4)}


def cpu_time():
    """Return the CPU seconds that this process has used."""
    # Python 2's `clock` is Python 3's `process_time`
    return getattr(time, "process_time", getattr(time, "clock", None))()


def values(number, size, **kw):
    """Return the fields of one of `size` tasks."""
    found = {
        "task_uid": "{:032x}".format(number), "name": "task_action_submit",
        "context_uid": "{:032x}".format(10 ** 12 + number),
        "context_path": "/senaite/worksheets/WS-{}".format(number),
        "uids": ["{:032x}".format(10 ** 15 + ITEMS * number + item)
                 for item in range(ITEMS)],
        "username": "labman1", "priority": 10,
        "created": 1.5e9 + number, "retries": 3,
    }
    found.update(kw)
    return found


def ours(url, size):
    from senaite.queue.client import snapshot
    from senaite.queue.model.queue_task import to_task
    from senaite.queue.storage import open_store
    store = open_store(url, "/senaite")
    for start in range(0, size, 1000):
        store.add_many([to_task(values(number, size)) for number in
                        range(start, min(start + 1000, size))])
    result = {
        "add": timed(lambda n: store.add(
            to_task(values(10 ** 7 + n, size)))),
        "add unique": timed(lambda n: store.add(
            to_task(values(2 * 10 ** 7 + n, size, unique=True)))),
        "stats": timed(lambda n: store.stats(), 10),
        "page": timed(lambda n: store.page(
            ["queued", "running", "failed"], limit=50), 10),
    }

    def work(number):
        task = store.pop("c1/00000000", 60)
        store.acknowledge(task["task_uid"], "c1/00000000")
    result["pop+ack"] = timed(work)
    result["is_queued us"] = is_queued(snapshot, store, size)
    result["blocked pop+ack"] = blocked(store, to_task, size)
    store.close()
    return result


def is_queued(snapshot, store, size):
    """Return the microseconds of a lookup in a client's snapshot."""
    state = snapshot.State()
    more = True
    while more:
        feed = store.changes(state.version, 10000)
        state = snapshot.apply_feed(state, feed)
        more = feed["more"]
    from senaite.queue.client.view import QueuedView
    from senaite.queue.records import outbox_index
    view = QueuedView(state, outbox_index.EMPTY, lambda uid: False)
    uids = ["{:032x}".format(10 ** 15 + ITEMS * (size // 2) + item)
            for item in range(ITEMS)] + ["f" * 32] * ITEMS
    started = time.time()
    for _number in range(500):
        for uid in uids:
            view.is_queued(uid)
    return round(1e6 * (time.time() - started) / (500 * len(uids)), 2)


def blocked(store, to_task, size):
    """Return the cost of pop and acknowledge while a running task blocks all
    but the last tasks."""
    store.purge()
    path = "/senaite/worksheets/WS-1"
    store.add(to_task(values(0, size, context_path=path)))
    store.pop("c2/00000000", 3600)
    for start in range(1, size, 1000):
        store.add_many([
            to_task(values(number, size, context_path=path))
            for number in range(start, min(start + 1000, size))])

    def work(number):
        task = store.pop("c1/00000000", 60)
        assert task["context_path"] != path, "not blocked"
        store.acknowledge(task["task_uid"], "c1/00000000")
    store.add_many([to_task(values(3 * 10 ** 7 + number, size))
                    for number in range(ROUNDS)])
    return timed(work)


def load_peer(directory):
    """Import 1.0.3 instead of our own package."""
    sys.path[:] = [directory] + [
        path for path in sys.path
        if path.rstrip("/").split("/")[-1] != "src"]
    import senaite
    senaite.__path__ = [directory + "/senaite"] + [
        path for path in senaite.__path__
        if path.split("/")[-2] != "src"]
    from plone.registry import Record
    from plone.registry import Registry
    from plone.registry import field
    from plone.registry.interfaces import IRegistry
    from zope.component import provideUtility
    registry = Registry()
    for name, value in (("default", 10), ("min_seconds_task", 3),
                        ("max_seconds_unlock", 120), ("max_retries", 3)):
        registry.records["senaite.queue." + name] = Record(
            field.Int(title=u""), value)
    registry.records["senaite.queue.top_priority_tasks"] = Record(
        field.List(title=u"", value_type=field.TextLine(title=u"")), [])
    registry.records["senaite.queue.server"] = Record(
        field.TextLine(title=u""), u"http://localhost:8090/senaite")
    provideUtility(registry, IRegistry)
    from bika.lims import api

    class User(object):
        id = "labman1"

        def getId(self):
            return self.id
    api.get_current_user = User
    api.get_request = dict
    from senaite.queue.model import queue_task as queue
    from senaite.queue.server import server_utility as utility
    assert directory in queue.__file__, queue.__file__
    return queue, utility.ServerQueueUtility()


def peer(directory, size):
    queue, utility = load_peer(directory)

    def task(number, **kw):
        return queue.to_task(values(number, size, min_seconds=0,
                                    max_seconds=120, chunk_size=10, **kw))
    for number in range(size):
        utility.add(task(number))
    result = {
        "add": timed(lambda n: utility.add(task(10 ** 7 + n))),
        "add unique": timed(lambda n: utility.add(
            task(2 * 10 ** 7 + n, unique=True))),
        "stats": timed(lambda n: utility.get_tasks(
            status=["queued", "running", "failed"]), 10),
    }
    if hasattr(utility, "get_uids"):
        result["uids"] = timed(lambda n: utility.get_uids(), 5)
    uid = "{:032x}".format(10 ** 15 + ITEMS * (size // 2))
    result["is_queued us"] = round(1000 * timed(
        lambda n: utility.has_tasks_for(uid), 10)["ms"], 1)

    def work(number):
        found = utility.pop("http://localhost:{}/senaite".format(
            20000 + number))
        utility.done(found)
    result["pop+ack"] = timed(work)
    return result


def main(kind, place, size):
    result = (ours if kind == "ours" else peer)(place, int(size))
    print(json.dumps(result, sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
