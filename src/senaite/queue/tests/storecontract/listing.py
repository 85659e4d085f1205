# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Contract: a page of a listing holds the requested tasks, in order."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import itertools

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from senaite.queue.model import states
from senaite.queue.tests import effort
from senaite.queue.tests.storecontract.base import NOT_CHECKED
from senaite.queue.tests.storecontract.base import StoreCase
from senaite.queue.tests.tasks import ALICE
from senaite.queue.tests.tasks import BOB
from senaite.queue.tests.tasks import START

SCHEDULED = "scheduled"
SORTS = ("name", "place", "username", "order", "created", "since")
FIELDS = {
    "task_uid", "status", "scheduled", "name", "context_uid", "context_path",
    "items", "username", "priority", "ghost", "job_uid", "job_total",
    "job_done", "created", "visible_at", "started", "ended", "retries",
    "attempt", "consumer_id", "lease_until", "max_seconds", "error_message",
    "note", "error_code", "skipped", "skipped_items", "job_skipped",
    "interventions"}

users = st.sampled_from(["ann", "bob", u"\xe4nne", "100%"])
tasks = st.lists(st.tuples(
    st.sampled_from(["task_a", "task_b", "other"]), users,
    st.booleans(), st.sampled_from([0, 0, 500]), st.integers(0, 20),
    st.sampled_from(["keep", "keep", "done", "fail", "cancel"])), max_size=14)


class ListingContract(StoreCase):

    def uids(self, *args, **kw):
        return [task["task_uid"]
                for task in self.store.page(*args, **kw)["tasks"]]

    def add_one_of_each(self):
        """Add a task of each kind; return kind -> uid."""
        self.clock.forward(50)
        made = {SCHEDULED: self.add(1, delay=1000)["task_uid"]}
        for number, kind in enumerate((states.DONE, states.FAILED), 2):
            made[kind] = self.add(number)["task_uid"]
            self.pop()
            if kind == states.DONE:
                self.store.acknowledge(made[kind], ALICE, note=u"fine")
            else:
                self.store.fail(made[kind], ALICE, "fatal", u"Out of \xe4ther")
        made[states.CANCELLED] = self.add(4)["task_uid"]
        self.store.cancel(made[states.CANCELLED])
        made[states.RUNNING] = self.add(5)["task_uid"]
        self.pop(BOB)
        made[states.QUEUED] = self.add(6)["task_uid"]
        return made

    def test_each_kind_is_listed_separately(self):
        made = self.add_one_of_each()
        for kind, uid in made.items():
            self.assertEqual(self.store.page([kind])["total"], 1, kind)
            self.assertEqual(self.uids([kind]), [uid])
            for sort in SORTS:
                self.assertEqual(self.uids([kind], sort=sort), [uid])
        self.assertEqual(self.uids(), [made[kind] for kind in (
            states.RUNNING, states.QUEUED, SCHEDULED, states.FAILED,
            states.DONE, states.CANCELLED)])

    def test_scheduled_tasks_are_queued_when_their_time_comes(self):
        uid = self.add_one_of_each()[SCHEDULED]
        self.clock.forward(1000)
        self.assertEqual(self.uids([SCHEDULED]), [])
        self.assertIn(uid, self.uids([states.QUEUED]))

    def test_listing_describes_a_task(self):
        made = self.add_one_of_each()
        found = dict((task["task_uid"], task)
                     for task in self.store.page()["tasks"])
        for task in found.values():
            self.assertEqual(set(task), FIELDS)
        failed = found[made[states.FAILED]]
        self.assertEqual(failed["error_message"], u"Out of \xe4ther")
        self.assertEqual(failed["ended"], self.clock.now)
        self.assertEqual(failed["consumer_id"], ALICE)
        done = found[made[states.DONE]]
        self.assertEqual((done["note"], done["job_done"], done["job_total"],
                          done["items"]), (u"fine", 1, 1, 1))
        self.assertTrue(found[made[SCHEDULED]]["scheduled"])
        self.assertFalse(found[made[states.QUEUED]]["scheduled"])
        self.assertEqual(found[made[states.QUEUED]]["username"], "lab")

    def test_long_messages_are_shortened(self):
        self.add(1)
        uid = self.pop()
        self.store.fail(uid, ALICE, "fatal", u"\U0001f600" * 10000)
        self.assertLess(len(self.store.page()["tasks"][0]["error_message"]),
                        1100)
        self.assertEqual(self.store.page(text=u"\U0001f600")["total"], 1)

    def test_ghosts_are_hidden_unless_asked_for(self):
        seen = self.add(1)["task_uid"]
        hidden = self.add(2, ghost=True)["task_uid"]
        self.assertEqual(self.uids(), [seen])
        self.assertEqual(self.store.page()["total"], 1)
        self.assertEqual(self.uids(ghosts=True), [seen, hidden])
        for sort in SORTS:
            self.assertEqual(
                set(self.uids(ghosts=True, sort=sort)), {seen, hidden})

    def test_search_finds_consumers_and_what_words_stand_for(self):
        one = self.add(1, username="jd", name="task_action_submit")
        two = self.add(2, username="ann", name="task_action_submit")
        self.assertEqual(self.pop("node-7:8080/0000000a"), one["task_uid"])
        meanings = {u"jane": [u"jd", u"jdoe"], u"100%": [u"_"]}
        for text, wanted in ((u"NODE-7", [one]), (u"Jane", [one]),
                             (u"jane submit", [one]), (u"jane ann", []),
                             (u"100%", [one, two]), (u"submit", [one, two])):
            self.assertEqual(self.uids(text=text, meanings=meanings),
                             [task["task_uid"] for task in wanted], text)

    def test_search_finds_all_words_in_any_case(self):
        one = self.add(1, name="task_action_submit", username=u"\xc4nne",
                       context_path="/senaite/worksheets/WS-100%_x")
        other = self.add(2, username="Bob'; --")
        failed = self.add(3, created=START - 10 ** 6)["task_uid"]
        self.pop()
        self.store.fail(failed, ALICE, "fatal", "Disk FULL of <b>")
        for text, wanted in (
                (u"SUBMIT", {one["task_uid"]}),
                (u"\xe4nNE ws-100%", {one["task_uid"]}),
                (u"100__x", set()), (u"%", {one["task_uid"]}),
                (u"bob';", {other["task_uid"]}), (u"bob submit", set()),
                (other["task_uid"][:32].upper(), {other["task_uid"]}),
                (u"full disk <b>", {failed}), (u"\\", set()),
                (u"  ", {one["task_uid"], other["task_uid"], failed})):
            for sort in (None,) + SORTS:
                self.assertEqual(set(self.uids(text=text, sort=sort)), wanted,
                                 (text, sort))
            self.assertEqual(self.store.page(text=text)["total"], len(wanted))

    def test_filters_select_by_value(self):
        one = self.add(1, job_uid="f" * 32, username="ann")["task_uid"]
        self.add(2, name="another")
        for kw in ({"job_uid": "f" * 32}, {"username": "ann"}, {"uid": one},
                   {"name": "task_test"}, {"username": "ann", "text": "1"}):
            self.assertEqual(self.uids(**kw), [one], kw)
            self.assertEqual(self.uids(sort="created", **kw), [one], kw)
            self.assertEqual(self.store.page(**kw)["total"], 1)
        self.assertEqual(self.store.page(uid="0" * 32),
                         {"total": 0, "tasks": []})

    def test_sites_do_not_see_each_other(self):
        self.add(1)
        other = self.open_store("/other", self.clock)
        self.assertEqual(other.page(), {"total": 0, "tasks": []})

    @settings(max_examples=effort.choose(25, 200), deadline=None,
              suppress_health_check=NOT_CHECKED)
    @given(tasks, st.sampled_from((None,) + SORTS), st.booleans(),
           st.booleans(), st.integers(1, 5))
    def test_pages_add_up_to_the_whole(self, script, sort, descending, ghosts,
                                       size):
        numbers = self.__dict__.setdefault("_runs", itertools.count())
        self.store = self.open_store("/r{}".format(next(numbers)), self.clock)
        for number, step in enumerate(script):
            self.do(number, *step)
        options = {"sort": sort, "descending": descending, "ghosts": ghosts}
        whole = self.store.page(limit=100, **options)
        pages = [self.store.page(limit=size, offset=start, **options)
                 for start in range(0, len(script) + size, size)]
        self.assertEqual(whole["tasks"],
                         [task for page in pages for task in page["tasks"]])
        wanted = [step for step in script if ghosts or not step[2]]
        self.assertEqual(whole["total"], len(wanted))
        self.assertEqual(len(whole["tasks"]), len(wanted))
        if sort in ("username", "created"):
            keys = [task[sort] for task in whole["tasks"]]
            if all(key.isalpha() for key in keys if sort == "username"):
                self.check_order(keys, descending)

    def check_order(self, keys, descending):
        # Databases sort letters beyond ASCII differently
        if not all(isinstance(key, float) or key in ("ann", "bob")
                   for key in keys):
            return
        self.assertEqual(keys, sorted(keys, reverse=descending))

    def do(self, number, name, username, ghost, delay, age, fate):
        uid = self.add(number, name=name, username=username, ghost=ghost,
                       delay=delay, created=self.clock.now - age)["task_uid"]
        if fate == "cancel":
            self.store.cancel(uid)
        elif fate in ("done", "fail"):
            got = self.pop()
            if got and fate == "done":
                self.store.acknowledge(got, ALICE)
            elif got:
                self.store.fail(got, ALICE, "fatal", "no")
