# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A task is queued if, and only if, its transaction commits."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.lims import Lims
from harness.lims import LimsError

CLICKS = 8


def names_of(counter):
    """Return the uids of all counting tasks that ever began."""
    return {entry["task_uid"] for entry in counter.journal(event="begin")}


def test_aborted_transaction_leaves_no_task(cluster, counter):
    before = names_of(counter)
    attempts = len(counter.journal(event="attempt"))
    with pytest.raises(LimsError):
        counter.add(tasks=3, then="fail")
    assert len(counter.journal(event="attempt")) > attempts

    # A task that is queued after it, and done, would have come later
    later = counter.add()
    counter.await_once(counter.items(later))
    counter.await_idle()
    assert names_of(counter) - before == {later["tasks"][0]["task_uid"]}


def test_conflicting_and_retried_transactions_leave_one_task(
        cluster, counter):
    before = names_of(counter)
    attempts = len(counter.journal(event="attempt"))
    sessions = [Lims(cluster.web.url, "labman1", cluster.secrets["labman1"])
                for _ in range(2)]

    def click(number):
        try:
            return sessions[number % 2].get(
                "queuetest_add", items=2, then="contend").json()
        except LimsError:
            # Out of retries: nothing may be left of it
            return None

    with ThreadPoolExecutor(2) as pool:
        answers = list(filter(None, pool.map(click, range(CLICKS))))
    attempts = len(counter.journal(event="attempt")) - attempts
    assert attempts > CLICKS, "no request met a conflict"
    assert any(added["retries"] for added in answers)
    # ZServer leaves the former request in force, with what was remembered on
    # it: objects of a connection that another thread may have by now
    assert all(added["is_current"] for added in answers)

    items = [item for added in answers for item in counter.items(added)]
    counter.await_once(items)
    counter.await_idle()
    assert names_of(counter) - before == {
        task["task_uid"] for added in answers for task in added["tasks"]}
