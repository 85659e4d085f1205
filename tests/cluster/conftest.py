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

import pytest
from harness import reports
from harness.counting import Counter
from harness.counting import counting_cluster
from harness.reports import pytest_runtest_makereport  # noqa: F401

#: Lines for people, shown after the tests
FIGURES = pytest.StashKey()


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
    # Chunks that are held do not hold up the stop of their process for long
    with counting_cluster(env={"SENAITE_QUEUE_STOP_SECONDS": "4"}) as cluster:
        yield cluster


@pytest.fixture
def cluster(running_cluster, request):
    """The cluster with all its processes up, and an empty queue."""
    reports.watch(request.node, running_cluster)
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
