# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A laboratory's work while processes are killed: receive, assign, submit."""

import datetime

from harness.lab import Lab

from crash.load import Clicker
from crash.load import wait_for

SAMPLES = 2

#: Seconds for a step of the work; a longer one is left to `finish`
STEP = 60


class Round(object):
    """Some samples on their way through the laboratory.

    `sure` holds what users were told: (action, uid) of every click that was
    answered. A click without an answer may have worked, once.
    """

    def __init__(self):
        self.samples = []
        self.analyses = []
        self.worksheet = None
        self.sure = set()
        self.tried = set()

    def record(self, action, uids, answered):
        for uid in uids:
            (self.sure if answered else self.tried).add((action, uid))


class BenchWorker(Clicker):
    """Processes one round of samples after the other."""

    pause = (0.2, 0.5)

    def __init__(self, cluster, seed):
        super(BenchWorker, self).__init__(cluster, seed)
        self.rounds = []

    def look(self, uids, node=None):
        """Return the state of objects: uid -> dict, see tests/addon."""
        return self.session(node).post_json("queuetest_work", uids)

    def act(self):
        work = Round()
        lab = Lab(self.session())
        work.samples = [
            lab.lims.create_sample(
                lab.client, lab.contact, lab.sample_type, lab.services,
                datetime.date.today().isoformat())["uid"]
            for _ in range(SAMPLES)]
        work.analyses = [item["uid"] for item in lab.analyses_of(work.samples)]
        if len(work.analyses) != SAMPLES * len(lab.services):
            # Not a fault of the queue: the samples were not registered
            return
        self.rounds.append(work)
        for step in (self.receive, self.assign, self.submit):
            step(work)

    def receive(self, work):
        """Queue the generic action, as other add-ons do."""
        if self.is_through(work.samples, self.is_received):
            return
        self.press(work, "receive", work.samples, lambda: self.session(
            ).post_json("queuetest_action",
                        {"uids": work.samples, "action": "receive"}))
        self.await_all(work.samples, self.is_received)

    def assign(self, work):
        if self.is_through(work.analyses, self.is_assigned):
            return
        if work.worksheet is None:
            work.worksheet = self.session().create_worksheet("analyst1")
        listing, rows = self.session().assignable(work.worksheet)
        uids = [row["uid"] for row in rows
                if row["uid"] in work.analyses and not row.get("disabled")]
        if uids:
            self.press(work, "assign", uids,
                       lambda: listing.press("assign", uids))
        self.await_all(work.analyses, self.is_assigned)

    def submit(self, work):
        if self.is_through(work.analyses, self.is_submitted):
            return
        listing, rows = self.session().results(work.worksheet)
        uids = [row["uid"] for row in rows
                if row["uid"] in work.analyses and not row.get("disabled")
                and row["review_state"] == "assigned"]
        if uids:
            listing.set_fields({uid: {"Result": "10"} for uid in uids})
            self.press(work, "submit", uids,
                       lambda: listing.press("submit", uids))
        self.await_all(work.analyses, self.is_submitted)

    def press(self, work, action, uids, button):
        """Press a button and record whether it was answered."""
        work.record(action, uids, answered=False)
        errors = button()
        if not isinstance(errors, dict) or "task_uid" in errors or not errors:
            work.record(action, uids, answered=True)

    def await_all(self, uids, check):
        wait_for(lambda: self.is_through(uids, check), STEP, self.over)

    def is_through(self, uids, check):
        return all(map(check, self.look(uids).values()))

    @staticmethod
    def is_received(found):
        return "receive" in found["events"]

    @staticmethod
    def is_assigned(found):
        return found["worksheet"] is not None

    @staticmethod
    def is_submitted(found):
        return "submit" in found["events"]

    def finish(self):
        """Start no new rounds, and complete the last ones: a user whose click
        was not answered looks again, and clicks again."""
        super(BenchWorker, self).finish()
        self.over.clear()
        for work in self.rounds:
            for step in (self.receive, self.assign, self.submit):
                wait_for(lambda step=step, work=work: self.insist(step, work),
                         STEP * 3)

    def insist(self, step, work):
        """Repeat a step; return True when it is complete."""
        step(work)
        checks = {self.receive: (work.samples, self.is_received),
                  self.assign: (work.analyses, self.is_assigned),
                  self.submit: (work.analyses, self.is_submitted)}
        return self.is_through(*checks[step])

    def audit(self):
        """Compare what users were told with the result.

        :returns: list of (fault, action, uid, what was found); the fault is
            "lost" or "doubled"
        """
        wrong = []
        for work in self.rounds:
            found = self.look(work.samples + work.analyses)
            for action, uid in work.sure | work.tried:
                times = found[uid]["events"].get(action, 0)
                if action == "assign":
                    times = found[uid]["slots"]
                if times > 1:
                    wrong.append(("doubled", action, uid, found[uid]))
                elif times < 1 and (action, uid) in work.sure:
                    wrong.append(("lost", action, uid, found[uid]))
        return wrong
