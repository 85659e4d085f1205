# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The campaign's own tools do what they say: the proxy, and the audit."""

import collections
import socket
import subprocess
import threading
import time
from types import SimpleNamespace

import pytest
from crash.audit import Audit
from crash.plants import PLANTS
from crash.proxy import CUT
from crash.proxy import DELAY
from crash.proxy import PASS
from crash.proxy import SWALLOW
from crash.proxy import Proxy
from harness import ports
from harness.lims import LimsError
from harness import paths


@pytest.fixture
def proxy():
    """A proxy before a server that says everything again."""
    listener = socket.socket()
    listener.bind((ports.HOST, 0))
    listener.listen(8)

    def echo(connection):
        while True:
            try:
                piece = connection.recv(1000)
            except OSError:
                return
            if not piece:
                return
            connection.sendall(piece)

    def serve():
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(connection,),
                             daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    proxy = Proxy("test", listener.getsockname()[1])
    yield proxy
    proxy.close()
    listener.close()


def connect(proxy):
    connection = socket.create_connection((ports.HOST, proxy.port), 5)
    connection.settimeout(5)
    return connection


def ask(connection, text=b"hello"):
    connection.sendall(text)
    return connection.recv(1000)


def is_cut(connection):
    """Tell whether a connection is of no use any more."""
    try:
        return ask(connection) == b""
    except OSError:
        return True


def test_pass_and_cut(proxy):
    connection = connect(proxy)
    assert ask(connection) == b"hello"
    proxy.behave(CUT)
    assert is_cut(connection)
    assert is_cut(connect(proxy))
    proxy.behave(PASS)
    assert ask(connect(proxy)) == b"hello"


def test_swallow_says_nothing_and_is_cut_afterwards(proxy):
    connection = connect(proxy)
    assert ask(connection) == b"hello"
    proxy.behave(SWALLOW)
    connection.settimeout(0.3)
    with pytest.raises(socket.timeout):
        ask(connection)
    proxy.behave(PASS)
    assert is_cut(connection)


def test_delay(proxy):
    connection = connect(proxy)
    assert ask(connection) == b"hello"
    proxy.behave(DELAY, 0.2)
    began = time.monotonic()
    assert ask(connection) == b"hello"
    assert time.monotonic() - began >= 0.4


class Told(Audit):
    """An audit of answers that the test gives."""

    def __init__(self, added, counts, failed=(), jobs=None, journal=()):
        self.cluster = SimpleNamespace(web="web", server="server")
        self.tasks = self.items = 0
        self.wrong = collections.OrderedDict(
            (name, []) for name in ("lost", "doubled", "stuck",
                                    "ghosts_in_ui"))
        self.given = {"queuetest_added": added, "queuetest_counts": counts}
        self.failed = failed
        jobs = jobs or {}
        self.counter = SimpleNamespace(
            journal=lambda: journal,
            session=lambda node: SimpleNamespace(api=lambda route: {
                "done": jobs.get(route.split("/")[-1], 1)}))

    def ask(self, route, node=None):
        return dict(self.given[route])

    def listed(self, status):
        return [{"task_uid": uid} for uid in self.failed]


@pytest.mark.parametrize("counts, jobs, lost, doubled", [
    ({"a": 1}, {}, 0, 0),
    ({}, {}, 1, 0),
    ({"a": 2}, {}, 0, 1),
    # an effect that nobody has committed
    ({"a": 1, "b": 1}, {}, 0, 1),
    # what people are told about the progress
    ({"a": 1}, {"t": 0}, 1, 0),
    ({"a": 1}, {"t": 2}, 0, 1),
])
def test_audit_of_counts(counts, jobs, lost, doubled):
    audit = Told({"t": ("queuetest_count", ["a"])}, counts, jobs=jobs)
    audit.compare_counts()
    assert (len(audit.wrong["lost"]), len(audit.wrong["doubled"])) == (
        lost, doubled)
    assert audit.is_clean == (not lost and not doubled)


@pytest.mark.parametrize("counts, failed, lost, doubled", [
    ({}, ["t"], 0, 0), ({}, [], 1, 0), ({"a": 1}, ["t"], 0, 1)])
def test_audit_of_poisoned_tasks(counts, failed, lost, doubled):
    audit = Told({"t": ("queuetest_poison", ["a"])}, counts, failed)
    audit.compare_counts()
    assert (len(audit.wrong["lost"]), len(audit.wrong["doubled"])) == (
        lost, doubled)


@pytest.mark.parametrize("second, ended, doubled", [
    (2.0, 3.0, 1),
    # begun after the first one's lease was over: that is what leases are for
    (15.0, 16.0, 0),
    # the first one was dead, or through
    (2.0, None, 0), (2.0, 1.0, 0)])
def test_audit_of_holders(second, ended, doubled):
    journal = [{"event": "begin", "task_uid": "t", "pid": 1, "at": 0.0},
               {"event": "begin", "task_uid": "t", "pid": 2, "at": second}]
    if ended is not None:
        journal.append({"event": "end", "task_uid": "t", "pid": 1,
                        "at": ended})
    audit = Told({}, {}, journal=journal)
    audit.compare_holders()
    assert len(audit.wrong["doubled"]) == doubled


def test_audit_of_holders_whose_attempts_fail():
    """Failed here, failed there, done here: one after the other."""
    journal = [{"event": event, "task_uid": "t", "pid": pid, "at": at}
               for event, pid, at in (("begin", 1, 0.0), ("begin", 2, 2.0),
                                      ("begin", 1, 4.0), ("end", 1, 5.0))]
    audit = Told({}, {}, journal=journal)
    audit.compare_holders()
    assert audit.is_clean


def audit_of_jobs(answer):
    """Return an audit whose queue server answers so when asked for a job."""
    audit = Audit.__new__(Audit)
    audit.wrong = collections.defaultdict(list)
    audit.cluster = SimpleNamespace(server=None)
    audit.counter = SimpleNamespace(
        session=lambda _node: SimpleNamespace(api=answer))
    return audit


def test_audit_of_a_job_that_nobody_knows():
    def refuse(_route):
        raise LimsError("no such job", 404)
    audit = audit_of_jobs(refuse)
    audit.compare_job("a" * 32, 3)
    assert len(audit.wrong["lost"]) == 1


def test_audit_is_not_misled_by_other_errors():
    def refuse(_route):
        raise LimsError("out of order", 503)
    with pytest.raises(LimsError):
        audit_of_jobs(refuse).compare_job("a" * 32, 3)


def test_plants_can_be_planted():
    """They replace functions by their names, which may change."""
    found = subprocess.run([paths.ZOPEPY, "-c", (
        "import sys; sys.path.insert(0, {!r})\n"
        "from queuetest import planted\n"
        "for plant in planted.PLANTS.values(): plant()\n"
        "print(sorted(planted.PLANTS))").format(paths.ADDON)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(sorted(PLANTS))
