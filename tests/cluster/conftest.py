# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""One cluster for all tests of this directory, whole again before each."""

import os

import pytest
from harness.counting import Counter
from harness.counting import counting_cluster

#: Lines for people, shown after the tests
FIGURES = pytest.StashKey()

#: Characters of each event log that a failed test shows
MOST_OF_A_LOG = 6000


def pytest_configure(config):
    config.stash[FIGURES] = []
    config.addinivalue_line(
        "markers", "long: takes minutes, and has a make target of its own")


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash[FIGURES]:
        terminalreporter.write_line("measured: " + line)


@pytest.fixture
def figures(request):
    """A list of measured things that people want to know."""
    return request.config.stash[FIGURES]


@pytest.fixture(scope="session")
def running_cluster():
    with counting_cluster() as cluster:
        yield cluster


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Have a failed test show what the processes logged while it ran."""
    outcome = yield
    report = outcome.get_result()
    offsets = getattr(item, "log_offsets", None)
    if not report.failed or not offsets:
        return
    for path, offset in offsets.items():
        with open(path, errors="replace") as log:
            log.seek(offset)
            text = log.read()
        if text:
            report.sections.append((
                "logged by " + os.path.basename(path), text[-MOST_OF_A_LOG:]))


@pytest.fixture
def cluster(running_cluster, request):
    """The cluster with all its processes up, and an empty queue."""
    request.node.log_offsets = {
        node.log: os.path.getsize(node.log) for node in running_cluster.zopes}
    nodes = [running_cluster.zeo] + running_cluster.zopes
    for node in nodes:
        if not node.process.is_running:
            node.restart()
    Counter(running_cluster).release()
    return running_cluster


@pytest.fixture
def counter(cluster):
    """Counting tasks; nothing is held when the test is over."""
    counter = Counter(cluster)
    counter.await_idle()
    yield counter
    counter.release()
