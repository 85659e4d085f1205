# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks of all kinds, put straight into the store of a cluster.

What a monitor shows should not depend on how fast the machine works: with the
consumers held, what is put here stays as it is.
"""

import contextlib
import os
import signal
import sys
import time
import uuid

from harness import paths

sys.path.insert(0, os.path.join(paths.ROOT, "src"))

import sqlalchemy as sa  # noqa: E402

from senaite.queue.model import queue_task
from senaite.queue.storage import database  # noqa: E402
from senaite.queue.storage import open_store  # noqa: E402
from senaite.queue.storage import rows  # noqa: E402
from senaite.queue.storage import schema  # noqa: E402

SITE_ID = "/senaite"
CONSUMER = "seeds/0000000a"
LEASE = 3600

#: Shown as text, wherever they turn up
HOSTILE = ("<script>window.hacked=1</script>\"'><img src=x "
           "onerror=window.hacked=1> \u202Egnp.exe \U0001F9EA &amp; ${name}")
LONG = HOSTILE + "x" * 10000


class Seeds(object):
    """Writes to the store of a cluster."""

    def __init__(self, cluster):
        self.store = open_store(
            "sqlite:///" + cluster.path("queue.db"), SITE_ID)

    def add(self, **kw):
        """Queue a task; returns it."""
        values = {
            "task_uid": uuid.uuid4().hex, "name": "task_action_submit",
            "context_uid": uuid.uuid4().hex, "username": "analyst1",
            "context_path": "/senaite/worksheets/WS-" + uuid.uuid4().hex[:6],
            "created": time.time(), "uids": [uuid.uuid4().hex],
            "retries": 0, "max_seconds": 600}
        values.update(kw)
        task = queue_task.to_task(values)
        self.store.add(task)
        return task

    def add_many(self, count, **kw):
        """Queue many tasks; returns nothing."""
        for start in range(0, count, 1000):
            tasks = []
            for number in range(start, min(start + 1000, count)):
                uid = uuid.uuid4().hex
                tasks.append(queue_task.to_task(dict({
                    "task_uid": uid, "name": "task_action_submit",
                    "context_uid": uid, "username": "analyst1",
                    "context_path": "/senaite/worksheets/WS-" + uid[:9],
                    "created": time.time() - number, "uids": [uid]}, **kw)))
            self.store.add_many(tasks)

    def add_history(self, count):
        """Write many tasks that are done, past all that happens when a task
        is really done: that would take hours."""
        base = database.get_database(self.store.url)
        now = time.time()
        for start in range(0, count, 5000):
            with base.write() as connection:
                last = connection.execute(
                    sa.select(sa.func.max(schema.task.c.seq))).scalar() or 0
                connection.execute(sa.insert(schema.task), [
                    self._history_row(number, last + 10 ** 7 + number, now)
                    for number in range(start, min(start + 5000, count))])

    def _history_row(self, number, seq, now):
        uid = uuid.uuid4().hex
        age = 6 * 24 * 3600.0 * (number % 10007) / 10007
        task = queue_task.to_task({
            "task_uid": uid, "name": "task_action_verify",
            "context_uid": uid, "username": "user{}".format(number % 50),
            "context_path": "/senaite/worksheets/WS-" + uid[:9],
            "created": now - age - 60, "uids": [uuid.uuid4().hex] * 20})
        row = rows.to_row(task, SITE_ID, seq, 3, now)
        row.update(state="done", started=now - age - 30, ended=now - age,
                   consumer_id=CONSUMER, attempt=1)
        return row

    def _run(self, consumer, **kw):
        # First in line: whatever else waits
        task = self.add(priority=0, created=time.time() - 60, **kw)
        got = self.store.pop(consumer, LEASE)
        assert got is not None and got["task_uid"] == task["task_uid"]
        return task

    def running(self, number=1, **kw):
        """A task that is at work."""
        return self._run("seeds{}/0000000a".format(number), **kw)

    def done(self, note=None, skipped=(), **kw):
        """A task that is finished.

        :param skipped: the items that it has skipped, see
            `senaite.queue.model.left_out`
        """
        task = self._run(CONSUMER, **kw)
        self.store.acknowledge(
            task["task_uid"], CONSUMER, processed=len(task["uids"]),
            note=note, skipped=len(skipped), skipped_items=list(skipped))
        return task

    def failed(self, message="Worksheet is closed", traceback=None,
               error_code=None, **kw):
        """A task that failed."""
        task = self._run(CONSUMER, **kw)
        self.store.fail(task["task_uid"], CONSUMER, "fatal", message,
                        traceback or "Traceback (most recent call last):\n"
                        "  File \"x.py\", line 1\nValueError: " + message,
                        error_code=error_code)
        return task

    def status(self, task):
        """Return the state of a task."""
        return self.store.get(task["task_uid"])["status"]

    def clear(self):
        """Leave nothing behind."""
        self.store.purge()
        for pause in self.store.pauses():
            self.store.resume(pause["name"])


@contextlib.contextmanager
def held(consumers):
    """Hold consumers: they begin nothing that is queued.

    Let them come to rest before: for one that is held while it commits, all
    others wait until ZEO gives up on it (`transaction-timeout`).

    :param consumers: nodes of a cluster
    """
    for consumer in consumers:
        consumer.process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for consumer in consumers:
            consumer.process.signal(signal.SIGCONT)
