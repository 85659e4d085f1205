# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A process dies at the worst moment, each of them in turn: `make killpoints`."""

import signal

import pytest
from harness.counting import Counter
from harness.killpoints import KillPoints
from harness.lims import LimsError
from harness.waiting import eventually
from requests import RequestException

pytestmark = pytest.mark.long

ITEMS, CHUNK = 6, 3


@pytest.fixture
def points(cluster):
    return KillPoints(cluster)


def node_of(cluster, name):
    """Return a process of the cluster by its name."""
    return [node for node in cluster.zopes if node.name == name][0]


def strike(cluster, points, point, name, click):
    """Have a process die at a point while something is done; start it again.

    :param click: what leads to the point
    :returns: what the click returned, None when it got no answer
    """
    node = node_of(cluster, name)
    points.arm(point, name)
    try:
        answer = click()
    except (LimsError, RequestException):
        answer = None
    try:
        eventually(lambda: points.has_struck(point),
                   "{} to come to {}".format(name, point), pause=0.05)
        eventually(lambda: not node.process.is_running, "it to be dead")
    finally:
        points.disarm(point)
    node.kill()
    node.restart()
    return answer


@pytest.mark.parametrize("point, name, runs", [
    ("before_relay", "web1", 1),
    ("after_relay", "web1", 1),
    ("in_store_write", "server", 1),
    ("after_store_write", "server", 1),
    ("before_commit", "consumer1", 2),
    ("in_commit", "consumer1", 2),
    ("after_commit", "consumer1", 1),
    ("before_acknowledge", "consumer1", 1),
    ("after_acknowledge", "consumer1", 1),
])
def test_killed_at_point(cluster, counter, points, point, name, runs):
    """The work is done once; `runs`: how often its first chunk was begun."""
    known = set(added_tasks(counter))

    strike(cluster, points, point, name, lambda: counter.add(
        items=ITEMS, chunk_size=CHUNK))

    fresh = {uid: found for uid, found in added_tasks(
        Counter(cluster), cluster.consumer).items() if uid not in known}
    assert len(fresh) == 1, "the click was committed, once"
    ((task_uid, (_name, items)),) = fresh.items()
    counter.await_once(items, node=cluster.consumer)
    counter.await_idle()
    assert counter.counts(items, node=cluster.consumer) == [1] * ITEMS
    begun = counter.journal(task_uid, "begin")
    assert len(begun) == runs, "begun: {}".format(begun)


def test_stopped_in_its_commit(cluster, counter, points):
    """ZEO waits for it as long as `transaction-timeout` says, not for good;
    its work is done once all the same."""
    points.arm("in_commit", "consumer1", signal.SIGSTOP)
    try:
        added = [counter.add(items=ITEMS)]
        eventually(lambda: points.has_struck("in_commit"),
                   "consumer1 to stop in its commit", pause=0.05)
        # A click has to be committed as well
        added.append(counter.add(items=ITEMS))
    finally:
        points.disarm("in_commit")
        node_of(cluster, "consumer1").process.signal(signal.SIGCONT)
    items = [item for each in added for item in counter.items(each)]
    counter.await_once(items)
    counter.await_idle()
    assert counter.counts(items) == [1] * len(items)


def test_killed_before_the_click_is_committed(cluster, counter, points):
    """Nothing of it is left, and the user sees that it failed."""
    known = added_tasks(counter)
    answer = strike(cluster, points, "before_click_commit", "web1",
                    lambda: counter.add(items=ITEMS))
    assert answer is None
    fresh = Counter(cluster)
    # A task that is queued after it, and done, would have come later
    later = fresh.add(items=2)
    fresh.await_once(fresh.items(later))
    fresh.await_idle()
    assert set(added_tasks(fresh)) - set(known) == {
        later["tasks"][0]["task_uid"]}
    assert len(added_counts(fresh)) == sum(
        len(items) for _name, items in added_tasks(fresh).values())


def test_the_environment_arms_a_point_as_well(cluster, counter, points):
    """`QUEUETEST_KILL` in the environment of a process: it strikes once."""
    consumer = cluster.consumer
    consumer.kill()
    consumer.process.env["QUEUETEST_KILL"] = "before_commit"
    try:
        consumer.restart()
        added = counter.add(items=2)
        eventually(lambda: not consumer.process.is_running,
                   "the consumer to die of its environment")
        consumer.kill()
        consumer.restart()
    finally:
        del consumer.process.env["QUEUETEST_KILL"]
    counter.await_once(counter.items(added))
    counter.await_idle()
    assert counter.journal(event="struck")[-1]["point"] == "before_commit"


def added_tasks(counter, node=None):
    """Return all tasks that were ever committed: uid -> name, items."""
    node = node or counter.cluster.web
    return counter.session(node).get("queuetest_added").json()


def added_counts(counter):
    return counter.session(counter.cluster.web).get("queuetest_counts").json()
