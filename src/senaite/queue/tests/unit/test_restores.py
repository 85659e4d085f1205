# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What becomes of tasks after a backup was restored."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.model import restores
from senaite.queue.model import states


def row(uid, seq, state=states.DONE, job="job", **values):
    """Return a task as `ITaskStore.changed_since` does."""
    return dict({"task_uid": uid, "job_uid": job, "state": state, "seq": seq,
                 "is_cut": False, "is_whole": True}, **values)


class TestOlderDatabase(unittest.TestCase):
    """The site has seen the store up to version 5."""

    def decide(self, *rows, **known):
        return restores.decide_for_older_database(
            rows, known.get("counter", 5), known.get("waiting", ()).__contains__,
            known.get("recorded", ()).__contains__)

    def test_lost_work_is_done_again(self):
        self.assertEqual(self.decide(row("a", 3)), {"a": restores.PUT_BACK})
        self.assertEqual(self.decide(row("a", 9), waiting=["a"]),
                         {"a": restores.PUT_BACK})

    def test_recorded_work_is_left(self):
        self.assertEqual(self.decide(row("a", 3), recorded=["a"]), {})

    def test_what_cannot_run_again_fails(self):
        self.assertEqual(self.decide(row("a", 3, is_whole=False)),
                         {"a": restores.FAIL})

    def test_what_is_to_be_done_is_left(self):
        for state in (states.QUEUED, states.RUNNING, states.FAILED,
                      states.CANCELLED):
            self.assertEqual(self.decide(row("a", 3, state)), {})

    def test_lost_clicks_fail_with_all_their_parts(self):
        self.assertEqual(
            self.decide(row("a", 6), row("b", 7, states.QUEUED)),
            {"a": restores.FAIL, "b": restores.FAIL})

    def test_next_part_is_replaced_if_the_part_before_adds_it_again(self):
        self.assertEqual(
            self.decide(row("a", 3), row("b", 6), row("c", 7, states.QUEUED)),
            {"a": restores.PUT_BACK, "b": restores.CANCEL,
             "c": restores.CANCEL})

    def test_next_part_is_kept_if_the_part_before_lacks_its_items(self):
        """A chunk that is done keeps its own items only."""
        self.assertEqual(
            self.decide(row("a", 3, is_cut=True), row("b", 6, is_cut=True),
                        row("c", 7, states.QUEUED)),
            {"a": restores.PUT_BACK, "b": restores.PUT_BACK})

    def test_without_a_mark_only_the_outbox_counts(self):
        self.assertEqual(
            self.decide(row("a", 3), row("b", 4, job="other"),
                        row("c", 5, states.QUEUED, job="third"),
                        counter=None, waiting=["a"]),
            {"a": restores.PUT_BACK, "c": restores.FAIL})


class TestOlderStore(unittest.TestCase):

    def test_what_nobody_knows_fails(self):
        rows = [row("a", 1, states.QUEUED), row("b", 2, states.RUNNING),
                row("c", 3), row("d", 4, states.QUEUED)]
        self.assertEqual(
            restores.decide_for_older_store(rows, ["d"].__contains__, False),
            {"a": restores.FAIL, "b": restores.FAIL})
        self.assertEqual(restores.decide_for_older_store(
            rows, ["d"].__contains__, True), {})
