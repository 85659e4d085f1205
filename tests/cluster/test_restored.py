# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A backup of the database, or of the task store, is put back by hand.

The queue is held until `senaite-queue-reconcile` is run, and then does what
was lost, once. With a cluster of their own: one that stays held would be of no
use to other tests.
"""

import glob
import os
import shutil
import subprocess

import pytest
from harness import paths
from harness import reports
from harness.counting import Counter
from harness.counting import counting_cluster
from harness.waiting import eventually

pytestmark = pytest.mark.long

WAITING = 6
LATER = 3


@pytest.fixture(scope="module")
def restored_cluster():
    # Tasks can be done again as long as the history has their data
    with counting_cluster(settings={"payload_hours": 1}) as cluster:
        yield cluster


@pytest.fixture
def backups(restored_cluster, request, tmp_path):
    reports.watch(request.node, restored_cluster)
    backups = Backups(restored_cluster, tmp_path)
    backups.counter.await_idle()
    return backups


class Backups(object):
    """Puts files of a cluster back as they were."""

    def __init__(self, cluster, directory):
        self.cluster = cluster
        self.counter = Counter(cluster)
        self.directory = directory

    def stop(self):
        for node in list(reversed(self.cluster.zopes)) + [self.cluster.zeo]:
            node.stop()

    def start(self):
        for node in [self.cluster.zeo] + self.cluster.zopes:
            node.restart()

    def click_and_back_up(self, pattern):
        """Have tasks that wait in a backup, and others that are clicked after
        it; all of them are done.

        :param pattern: files of the cluster to back up
        :returns: the items of those tasks, and of the later ones
        """
        # The site has seen the store before
        self.counter.await_once(self.counter.items(self.counter.add()))
        self.counter.await_idle()
        self.cluster.consumer.stop()
        items = self.counter.items(self.counter.add(tasks=WAITING))
        eventually(lambda: self.counter.waiting() == WAITING,
                   "the tasks to be delivered")
        self.stop()
        for path in glob.glob(self.cluster.path(pattern)):
            shutil.copy2(path, str(self.directory))
        self.start()
        later = self.counter.items(self.counter.add(tasks=LATER))
        self.counter.await_once(items + later)
        self.counter.await_idle()
        return items, later

    def put_back(self, pattern):
        self.stop()
        for path in glob.glob(self.cluster.path(pattern)):
            os.remove(path)
        target = os.path.dirname(self.cluster.path(pattern))
        for name in os.listdir(str(self.directory)):
            shutil.copy2(str(self.directory / name), target)
        self.start()

    def await_hold(self, older):
        def look():
            with open(self.cluster.server.log, errors="replace") as log:
                return "event=held older=" + older in log.read()
        eventually(look, "the queue to be held", seconds=60)

    def reconcile(self):
        """Run the command; return what it prints."""
        env = dict(os.environ, **self.cluster.web.process.env)
        found = subprocess.run(
            [os.path.join(paths.ROOT, "bin", "senaite-queue-reconcile"), "-C",
             self.cluster.path("web1", "zope.conf")],
            env=env, capture_output=True, text=True, timeout=120)
        assert found.returncode == 0, found.stderr
        return found.stdout


def test_database_is_put_back(backups):
    counter = backups.counter
    items, later = backups.click_and_back_up("filestorage/Data.fs*")
    backups.put_back("filestorage/Data.fs*")
    assert counter.counts(items + later) == [0] * (WAITING + LATER)
    backups.await_hold("database")
    assert counter.counts(items) == [0] * WAITING

    assert backups.reconcile() == (
        "/senaite: the database is older than the task store; tasks done "
        "again: {}, failed: {}, replaced: 0.\n".format(WAITING, LATER))
    counter.await_once(items)
    counter.await_idle()
    assert counter.counts(later) == [0] * LATER
    assert backups.reconcile() == \
        "/senaite: there was nothing to reconcile.\n"


def test_store_is_put_back(backups):
    counter = backups.counter
    items, later = backups.click_and_back_up("queue.db*")
    backups.put_back("queue.db*")
    backups.await_hold("store")
    assert counter.waiting() == WAITING
    new = counter.items(counter.add(tasks=LATER))

    assert backups.reconcile() == (
        "/senaite: the task store is older than the database; tasks done "
        "again: 0, failed: 0, replaced: 0.\n")
    counter.await_once(new)
    counter.await_idle()
    assert counter.counts(items + later) == [1] * (WAITING + LATER)
