# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Which queue servers may work with a store."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import subprocess
import sys
import unittest

from senaite.queue.model import peers
from senaite.queue.server import companions


def peer(name, standing, seen=100, since=50):
    return {"id": name, "mark": name, "place": "", "seen": seen,
            "since": since, "standing": standing}


class TestAttend(unittest.TestCase):
    """The server "me" reports at 100 seconds."""

    def attend(self, *known, **kw):
        found = peers.attend(known, {"id": "me", "mark": "me", "place": ""},
                             100, **kw)
        self.assertEqual(found[0]["id"], "me")
        return dict((one["id"], one["standing"]) for one in found)

    def test_first_one_is_a_member(self):
        self.assertEqual(self.attend(), {"me": peers.MEMBER})

    def test_members_that_stopped_or_ended_do_not_count(self):
        self.assertEqual(self.attend(
            peer("a", peers.MEMBER, seen=100 - peers.SILENT_SECONDS)),
            {"a": peers.MEMBER, "me": peers.MEMBER})
        self.assertEqual(self.attend(
            peer("a", peers.MEMBER), gone=["a"]), {"me": peers.MEMBER})
        # the store was restored
        self.assertEqual(self.attend(
            peer("a", peers.MEMBER, seen=100 + peers.SILENT_SECONDS))["me"],
            peers.MEMBER)

    def test_members_whose_clock_is_a_little_ahead_are_alive(self):
        self.assertEqual(self.attend(
            peer("a", peers.MEMBER, seen=100.02)),
            {"a": peers.MEMBER, "me": peers.GUEST})

    def test_newcomer_does_not_decide(self):
        for has in ({"a": True}, {"a": False}, {}):
            self.assertEqual(
                self.attend(peer("a", peers.MEMBER), has=has),
                {"a": peers.MEMBER, "me": peers.GUEST})

    def test_member_decides_when_it_is_sure(self):
        for has, standing in (({"a": True}, peers.MEMBER), ({}, peers.GUEST),
                              ({"a": False}, peers.STRANGER)):
            self.assertEqual(
                self.attend(peer("me", peers.MEMBER), peer("a", peers.GUEST),
                            has=has),
                {"a": standing, "me": peers.MEMBER})

    def test_of_two_members_the_first_one_stays(self):
        for since, mine, other in ((50, peers.MEMBER, peers.STRANGER),
                                   (70, peers.GUEST, peers.MEMBER)):
            self.assertEqual(
                self.attend(peer("me", peers.MEMBER, since=since),
                            peer("a", peers.MEMBER, since=60),
                            has={"a": False}),
                {"a": other, "me": mine})

    def test_stranger_that_a_member_finds_after_all_is_asked_again(self):
        self.assertEqual(
            self.attend(peer("me", peers.MEMBER), peer("a", peers.STRANGER),
                        has={"a": True}),
            {"a": peers.GUEST, "me": peers.MEMBER})

    def test_next_process_of_a_stranger_is_one(self):
        self.assertEqual(
            self.attend(peer("a", peers.STRANGER, seen=1), has={"a": True}),
            {"a": peers.STRANGER, "me": peers.STRANGER})

    def test_server_that_is_held_steps_back(self):
        self.assertEqual(
            self.attend(peer("me", peers.MEMBER), joins=False),
            {"me": peers.GUEST})

    def test_what_is_remembered_is_bounded(self):
        known = [peer(str(number), standing, seen=1)
                 for standing in (peers.STRANGER, peers.MEMBER)
                 for number in range(100)]
        self.assertLessEqual(
            len(peers.attend(known, peer("me", None), 100)),
            1 + 2 * peers.MOST_REMEMBERED)


class TestProcesses(unittest.TestCase):

    def test_processes_that_run_and_that_have_ended(self):
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        # The first process belongs to root, and may be hidden from us
        for pid, runs in ((os.getpid(), True), (1, True), (ended.pid, False)):
            self.assertEqual(companions._is_running(str(pid)), runs)
