# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A copy of the database beside the original: the usual test server.

And a server at the address of the queue server that does not have the key.
"""

import http.server
import json
import tempfile
import threading
import time

import pytest
import requests
from harness.copied import CopiedCluster
from harness.counting import Counter
from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually

pytestmark = pytest.mark.long

TASKS = 30


@pytest.fixture
def copy(cluster, counter):
    counter.add(tasks=1)
    counter.await_idle()
    shared = tempfile.mkdtemp(prefix="queuetest-")
    with CopiedCluster(cluster, env={"QUEUETEST_DIR": shared}) as copied:
        yield copied


def test_copy_takes_and_gives_no_task(cluster, counter, copy):
    """The original does its work once; the copy's clicks run at once."""
    consumer = copy.consumer
    eventually(lambda: copy.said(consumer, "database_refused"),
               "the copy's consumer to be refused")
    eventually(lambda: copy.said(copy.web, "database_refused"),
               "the copy's web client to be refused")
    with open(cluster.server.log, errors="replace") as log:
        assert "event=other_database" in log.read()

    items = counter.items(counter.add(tasks=TASKS, items=2, seconds=0.05))
    counter.await_once(items)
    counter.await_idle()
    assert Counter(copy).journal() == []

    lims = Lims(copy.web.url, "labman1", copy.secrets["labman1"])
    lab = Lab(lims)
    path = lims.create_worksheet("analyst1")
    listing, uids = lab.open_for(path, lab.create_samples(1))
    listing.press("assign", uids)
    # no consumer does anything in the copy: the click has done it
    assert lab.states(path) == {"assigned": len(uids)}
    client = lims.session.get(copy.web.url + "/clients", timeout=120).text
    assert "does not see the database of this site" in client

    # its own queue server is given the original's store by mistake
    url = copy.give_server("sqlite:///" + cluster.path("queue.db"))
    requests.get(
        copy.web.url + "/queuetest_setting", timeout=120,
        auth=("admin", copy.secrets["admin"]),
        params={"name": "server", "value": url}).raise_for_status()
    eventually(lambda: copy.said(copy.server, "foreign_store"),
               "the copy's server to refuse the store", seconds=90)
    items = counter.items(counter.add(tasks=TASKS, items=2, seconds=0.05))
    counter.await_once(items)
    counter.await_idle()
    copied = Counter(copy)
    assert copied.journal() == []
    with open(cluster.server.log, errors="replace") as log:
        assert "event=held" not in log.read()

    # with a store of its own, it has a queue of its own
    copy.server.stop()
    copy.give_server("sqlite:///" + copy.path("queue.db"))
    eventually(lambda: copy.said(copy.server, "held older=lost"),
               "the copy's server to see that this store is another one",
               seconds=90)
    copy.reconcile()
    items = copied.items(copied.add(tasks=3, items=2))
    copied.await_once(items)
    assert counter.counts(items) == [0] * len(items)


class Forger(http.server.BaseHTTPRequestHandler):
    """Hands out a task in the name of admin to whoever asks."""

    seen = []

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        Forger.seen.append((self.path.rpartition("/v1/")[2], body))
        answer = {"success": True, "task": Forger.task, "next_due": None,
                  "version": "x:1", "requeued": [], "held": True,
                  "results": {}}
        raw = json.dumps(answer).encode("utf-8")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST

    def log_message(self, *args):
        """Log nothing."""


def test_forged_server_gets_nothing_and_starts_nothing(cluster, counter):
    """It listens where the queue server was."""
    port = cluster.server.port
    item = "f" * 32
    Forger.task = {
        "task_uid": "a" * 32, "name": "queuetest_count", "status": "running",
        "context_uid": "0", "context_path": "/senaite", "username": "admin",
        "uids": [item], "created": time.time(), "priority": 10, "retries": 3,
        "consumer_id": "x:1/00000000", "max_seconds": 120, "chunk_size": 0}
    del Forger.seen[:]
    cluster.server.stop()
    forger = http.server.ThreadingHTTPServer(("127.0.0.1", port), Forger)
    thread = threading.Thread(target=forger.serve_forever)
    thread.start()
    try:
        eventually(lambda: len(Forger.seen) >= 5, "the processes to ask")
        added = counter.add(tasks=2, items=2)
        before = len(Forger.seen)
        eventually(lambda: len(Forger.seen) >= before + 3,
                   "the processes to ask again", seconds=60)
        # nothing but the question that a server has to answer first, and what
        # a process may have asked before it noticed: nothing of a task
        assert ("queue_server/join", b"{}") in Forger.seen
        assert {body for _route, body in Forger.seen} <= {b"", b"{}"}
        assert counter.journal("a" * 32) == []
    finally:
        forger.shutdown()
        forger.server_close()
        thread.join()
        cluster.server.restart()
    counter.await_once(counter.items(added))
    assert counter.counts([item]) == [0]
    counter.await_idle()
