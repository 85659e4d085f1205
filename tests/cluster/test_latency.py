# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A task starts at once: it does not wait for the consumer's clock."""

import statistics

#: Period of the clock-server in seconds, as configured; an idle ZServer even
#: needs up to 30 s from tick to tick
TICK = 5.0


def test_idle_cluster_starts_a_task_without_waiting_for_a_tick(
        counter, figures):
    latencies = []
    for _ in range(20):
        added = counter.add()
        begun = counter.await_begin(added["tasks"][0]["task_uid"])
        latencies.append(begun["at"] - added["at"])
        counter.await_idle()
    median = statistics.median(latencies)
    figures.append("from enqueue to start, idle cluster, 20 tasks: median "
                   "{:.3f} s, slowest {:.3f} s".format(
                       median, max(latencies)))
    # Waiting for ticks would make it half a tick on average
    assert median < TICK / 4


def test_a_backlog_is_drained_between_two_ticks(counter, figures):
    added = counter.add(tasks=20)
    uids = [task["task_uid"] for task in added["tasks"]]
    counter.await_once(counter.items(added))
    ends = [counter.journal(uid, "end")[0]["at"] for uid in uids]
    span = max(ends) - added["at"]
    figures.append("20 tasks of one item, one consumer: {:.2f} s".format(span))
    # One task a tick would take 20 of them
    assert span < 20 * TICK / 2
