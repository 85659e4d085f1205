# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The store and the site compare what they have seen of each other."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model import peers
from senaite.queue.model import restores
from senaite.queue.model import states
from senaite.queue.storage import meeting
from senaite.queue.tests.storecontract.base import StoreCase

REASONS = {restores.PUT_BACK: u"again", restores.FAIL: u"unknown",
           restores.CANCEL: u"replaced"}


class RestoreContract(StoreCase):

    def get_version(self):
        epoch, counter = self.store.version().split(":")
        return epoch, int(counter)

    def kind(self, mark):
        return self.store.meet(mark)["kind"]

    def test_marks_are_compared(self):
        self.assertIsNone(self.kind(None))
        self.assertEqual(self.kind(("another", 3)), restores.LOST)
        self.add(1)
        self.add(2)
        epoch, counter = self.get_version()
        self.assertEqual(self.kind(("another", 3)), restores.OTHER)
        self.assertEqual(self.kind((epoch, counter + 1)), restores.STORE)
        self.assertTrue(self.store.meet((epoch, counter))["is_new"])
        self.store.note_mark((epoch, counter))
        self.store.note_mark((epoch, counter - 1))
        self.assertEqual(self.store.meet((epoch, counter)), {
            "hold": None, "kind": None, "is_new": False})
        self.assertEqual(self.kind((epoch, counter - 1)), restores.DATABASE)
        self.assertEqual(self.kind(None), restores.DATABASE)

    def test_work_that_the_site_has_recorded_is_compared(self):
        self.add(1)
        mark = self.get_version()
        self.assertIsNone(self.store.meet(mark, u"03ff")["kind"])
        self.assertTrue(self.store.meet(mark, u"03ff")["is_new"])
        self.store.note_mark(mark, u"03ff")
        self.assertFalse(self.store.meet(mark, u"03ff")["is_new"])
        self.store.note_mark(mark, u"03fe")
        self.store.note_mark(mark, None)
        self.assertFalse(self.store.meet(mark, None)["is_new"])
        for worked, kind in ((None, None), (u"03ff", None), (u"0400", None),
                             (u"03fe", restores.DATABASE)):
            self.assertEqual(self.store.meet(mark, worked)["kind"], kind)
        self.store.hold(restores.DATABASE, mark)
        self.store.reconcile(restores.DATABASE, mark, {}, REASONS)
        self.assertIsNone(self.store.meet(mark, u"03fe")["kind"])

    def test_hold_lasts_until_it_is_reconciled(self):
        self.assertIsNone(self.store.get_hold())
        self.add(1)
        epoch, counter = self.get_version()
        mark = (epoch, counter + 7)
        hold, is_first = self.store.hold(restores.STORE, mark)
        self.assertTrue(is_first)
        self.assertEqual(hold["kind"], restores.STORE)
        self.assertEqual(hold["mark"], list(mark))
        again, is_first = self.store.hold(restores.OTHER, None)
        self.assertFalse(is_first)
        self.assertEqual(again["kind"], restores.STORE)
        self.store.reconcile(restores.STORE, mark, {}, REASONS)
        self.assertIsNone(self.store.get_hold())
        # The store has begun a new epoch, which the site does not know yet
        self.assertNotEqual(self.get_version()[0], epoch)
        self.assertIsNone(self.kind(mark))

    def test_decisions_are_applied(self):
        done = [self.add(number)["task_uid"] for number in (1, 2, 3)]
        self.drain()
        running = self.add(4)["task_uid"]
        self.assertEqual(self.pop(), running)
        waiting = self.add(5)["task_uid"]
        mark = self.get_version()
        self.store.hold(restores.DATABASE, mark)
        counts = self.store.reconcile(restores.DATABASE, mark, {
            done[0]: restores.PUT_BACK, done[1]: restores.FAIL,
            done[2]: restores.CANCEL, running: restores.FAIL,
            waiting: restores.CANCEL}, REASONS)
        self.assertEqual(counts, {
            restores.PUT_BACK: 1, restores.FAIL: 2, restores.CANCEL: 2})
        for uid, state in zip(done + [running, waiting], (
                states.QUEUED, states.FAILED, states.CANCELLED,
                states.FAILED, states.CANCELLED)):
            self.assertState({"task_uid": uid}, state)
        self.assertEqual(self.store.get(running).error_message, "unknown")
        self.assertEqual(self.drain(), [done[0]])

    def test_hold_of_another_database_is_lifted(self):
        self.add(1)
        hold, _is_first = self.store.hold(
            restores.DATABASE, self.get_version(), "a" * 32)
        self.assertEqual(hold["by"], "a" * 32)
        self.assertFalse(self.store.lift("b" * 32))
        self.assertEqual(self.store.get_hold()["by"], "a" * 32)
        self.assertTrue(self.store.lift("a" * 32))
        self.assertIsNone(self.store.get_hold())
        self.assertFalse(self.store.lift("a" * 32))

    def test_queue_servers_report(self):
        self.assertEqual(self.store.servers(), [])
        first, second = [{"id": name, "mark": name * 32,
                          "place": "{}:1".format(name)} for name in "ab"]
        mine, = self.store.attend(first)
        self.assertEqual(mine["standing"], peers.MEMBER)
        self.assertEqual(mine["mark"], "a" * 32)
        self.assertEqual(mine["seen"], self.store.now())
        other, _mine = self.store.attend(second, has={"a": True})
        self.assertEqual(other["standing"], peers.GUEST)
        self.store.attend(first, has={"b": False})
        found = dict((peer["id"], peer["standing"])
                     for peer in self.store.servers())
        self.assertEqual(found, {"a": peers.MEMBER, "b": peers.STRANGER})
        # A server that ends is forgotten, unless it was refused
        for name in "abc":
            self.store.leave(name)
        self.assertEqual(
            [peer["id"] for peer in self.store.servers()], ["b"])
        self.assertEqual(
            self.store.attend(first)[0]["standing"], peers.MEMBER)
        self.store.forget_strangers()
        self.assertEqual(
            [peer["id"] for peer in self.store.servers()], ["a"])
        # Tasks are none of their business
        self.store.purge()
        self.assertEqual(len(self.store.servers()), 1)

    def test_removing_everything_begins_a_new_epoch(self):
        self.add(1)
        mark = self.get_version()
        self.store.note_mark(mark)
        self.store.purge()
        self.assertIsNone(self.kind(mark))
        self.add(2)
        self.store.note_mark(self.get_version())
        self.assertEqual(self.kind(mark), restores.DATABASE)
        self.assertIsNone(self.store.changed_since(mark)[0])

    def test_site_may_be_many_epochs_behind(self):
        self.add(1)
        mark = self.get_version()
        self.store.note_mark(mark)
        for number in range(3 * meeting.MOST_FORMERS):
            self.add(number)
            self.store.purge()
            self.assertIsNone(self.kind(mark))
            if number % 7 == 0:
                self.store.note_mark(mark)
        between = self.get_version()
        self.store.purge()
        self.assertIsNone(self.kind(between))
        self.assertEqual(self.kind(("another", 3)), restores.LOST)
