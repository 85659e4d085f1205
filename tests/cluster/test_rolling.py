# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A rolling restart: processes of the new version beside those of an older one.

One process after the other is stopped and comes back new, in two orders, while
work arrives at both web clients. Then the upgrade steps are run, with an old
web client and an old consumer left. With clusters of their own: a queue server
of the old version could not open the store again.
"""

import pytest
from harness import ports
from harness import reports
from harness.counting import Counter
from harness.counting import counting_cluster
from harness.mixed import MixedCluster
from harness.mixed import NoOldVersion
from harness.waiting import eventually

pytestmark = pytest.mark.long

TASKS = 6
#: Seconds that a chunk takes
SECONDS = 0.3
#: Tasks of one place are done one after the other: consumers share two
PLACES = ("clients", "worksheets")


@pytest.fixture
def cluster(request):
    free = ports.free_ports(4)
    try:
        cluster = counting_cluster(
            kind=MixedCluster, web_ports=free[:2], consumer_ports=free[2:])
    except NoOldVersion as reason:
        pytest.skip("No processes of an older version: {}".format(reason))
    with cluster:
        reports.watch(request.node, cluster)
        yield cluster


class Work(object):
    """Tasks that were added at each web client."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.counter = Counter(cluster)
        self.names = {}
        self._look()
        self.added = [
            self.counter.add(tasks=TASKS, items=2, seconds=SECONDS, node=node,
                             place=place)
            for node, place in zip(cluster.webs, PLACES)]

    def _look(self):
        """Remember who the processes are, those that will be stopped too."""
        self.names.update(
            (node.process.pid, node.name) for node in self.cluster.zopes)

    def workers(self):
        """Return the names of the processes that have begun a part of it."""
        self._look()
        return {self.names[entry["pid"]]
                for added in self.added for task in added["tasks"]
                for entry in self.counter.journal(task["task_uid"], "begin")}

    def await_once(self):
        """Wait until all of it is done, once."""
        for added in self.added:
            self.counter.await_once(self.counter.items(added))
        self.counter.await_idle()


def share(cluster, names):
    """Have work done by these processes, each of them."""
    counter = Counter(cluster)
    counter.hold()
    try:
        work = Work(cluster)
        eventually(lambda: work.workers() == names,
                   "{} to begin".format(" and ".join(sorted(names))))
    finally:
        counter.release()
    work.await_once()


@pytest.mark.parametrize("order", [
    ("consumer1", "web1", "server"),
    ("server", "web1", "consumer1"),
], ids="-".join)
def test_old_and_new_processes_share_the_work(cluster, order):
    nodes = {node.name: node for node in cluster.zopes}
    both = {"consumer1", "consumer2"}
    share(cluster, both)
    for name in order:
        # some of it is under way when the process is stopped
        work = Work(cluster)
        cluster.renew(nodes[name])
        work.await_once()
        share(cluster, both)

    # both consumers are at work
    counter = Counter(cluster)
    counter.hold()
    work = Work(cluster)
    eventually(lambda: work.workers() == both, "both consumers to begin")
    cluster.upgrade(cluster.web)
    counter.release()
    work.await_once()
    # what the old web client adds goes with the deliveries of others, and the
    # old consumer gets nothing
    for _ in range(2):
        work = Work(cluster)
        work.await_once()
        assert work.workers() == {"consumer1"}
    for name in ("web2", "consumer2"):
        cluster.renew(nodes[name])
    share(cluster, both)
