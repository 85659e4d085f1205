# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Processes die without warning: nothing is lost, nothing happens twice."""

from harness.waiting import eventually


def test_queue_server_killed_while_tasks_wait(cluster, counter):
    counter.hold()
    added = counter.add(tasks=30, items=3)
    items = counter.items(added)
    eventually(lambda: counter.waiting() == 30, "30 tasks in the queue")
    eventually(lambda: counter.journal(event="begin"), "a task to run")

    cluster.server.kill()
    # What runs meanwhile ends, and cannot be acknowledged
    counter.release()
    cluster.server.restart()

    counter.await_once(items)
    counter.await_idle()


def test_consumer_killed_inside_a_chunk(cluster, counter):
    counter.hold()
    added = counter.add(items=20, chunk_size=5)
    task_uid = added["tasks"][0]["task_uid"]
    first = counter.await_begin(task_uid)

    cluster.consumer.kill()
    counter.release()
    assert counter.counts(counter.items(added)) == [0] * 20
    cluster.consumer.restart()

    counter.await_once(counter.items(added))
    counter.await_idle()
    begun = counter.journal(task_uid, "begin")
    assert len(begun) == 2, "the chunk was not run again: {}".format(begun)
    assert begun[1]["pid"] != first["pid"]


def test_consumer_stopped_inside_a_chunk(cluster, counter):
    """SIGTERM, as at each deploy: ZServer waits for the chunk, though not for
    ever, and what has not ended costs the task nothing."""
    consumer = cluster.consumer
    added = counter.add(items=2, seconds=2.5)
    task_uid = added["tasks"][0]["task_uid"]
    counter.await_begin(task_uid)
    consumer.process.request_stop()
    eventually(lambda: not consumer.process.is_running, "the consumer to end")
    assert counter.outcomes(task_uid) == ["done"]

    counter.hold()
    added = counter.add(items=20, chunk_size=5, retries=0)
    task_uid = added["tasks"][0]["task_uid"]
    for number in (1, 2):
        consumer.restart()
        eventually(lambda: len(counter.journal(task_uid, "begin")) == number,
                   "the chunk to begin")
        consumer.process.request_stop()
        eventually(lambda: not consumer.process.is_running,
                   "the consumer to end")
    counter.release()
    assert counter.outcomes(task_uid) == ["stopped"] * 2
    consumer.restart()
    counter.await_once(counter.items(added))
    counter.await_idle()
    assert counter.outcomes(task_uid) == ["stopped"] * 2 + ["done"]
    with open(consumer.log, errors="replace") as log:
        assert "event=commit_by_adapter" not in log.read()


def test_consumer_killed_between_commit_and_acknowledgement(cluster, counter):
    """The server is away when the chunk ends: nobody hears that it is done,
    and the consumer that could tell dies. The ledger has to know."""
    counter.hold()
    added = counter.add(items=3)
    task_uid = added["tasks"][0]["task_uid"]
    counter.await_begin(task_uid)

    cluster.server.kill()
    counter.release()
    counter.await_once(counter.items(added))
    cluster.consumer.kill()
    cluster.server.restart()
    cluster.consumer.restart()

    counter.await_idle()
    counter.await_once(counter.items(added))
    assert len(counter.journal(task_uid, "begin")) == 1


def test_web_client_killed_between_commit_and_relay(cluster, counter):
    """Its tasks are committed and cannot be relayed; another process has to
    do that."""
    counter.session(cluster.web)
    cluster.server.kill()
    added = counter.add(tasks=5, items=2)
    cluster.web.kill()
    cluster.server.restart()

    items = counter.items(added)
    counter.await_once(items, node=cluster.consumer)
    counter.await_idle()
    cluster.web.restart()
    assert counter.counts(items) == [1] * len(items)


def test_zeo_restarted_while_tasks_run(cluster, counter):
    added = counter.add(tasks=10, items=4, chunk_size=2, seconds=0.1)
    counter.await_begin(added["tasks"][0]["task_uid"])

    cluster.zeo.kill()
    cluster.zeo.restart()

    items = counter.items(added)
    eventually(lambda: _answers(counter), "the web client to be connected")
    counter.await_once(items)
    counter.await_idle()


def _answers(counter):
    """Tell whether the web client reaches its database again."""
    response = counter.session(counter.cluster.web).session.get(
        counter.cluster.web.url + "/queuetest_counts", timeout=60)
    return response.status_code == 200
