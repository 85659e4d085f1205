# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The end of a campaign: drain the queue, and compare item by item."""

import collections
import os
import time

from harness.counting import Counter
from harness.lims import LimsError

from crash.cluster import LEASE
from crash.load import TROUBLE

#: Seconds without any progress after which remaining tasks count as stuck
STANDSTILL = 360

#: Seconds until every process must see that nothing is queued any longer
GHOST_PATIENCE = 40

POISON = "queuetest_poison"

ACTIVE = ("queued", "running")


class Audit(object):
    """All findings of a campaign: numbers, and details of each fault."""

    def __init__(self, cluster, say):
        self.cluster = cluster
        self.say = say
        self.counter = Counter(cluster)
        self.standstill = STANDSTILL
        self.tasks = 0
        self.items = 0
        self.wrong = collections.OrderedDict(
            (name, []) for name in ("lost", "doubled", "stuck",
                                    "ghosts_in_ui"))

    def note(self, name, *proof):
        self.wrong[name].append(proof)

    @property
    def is_clean(self):
        return not any(self.wrong.values())

    # -- draining ------------------------------------------------------------

    def ask(self, route, node=None):
        return self.counter.session(node or self.cluster.server).get(
            route).json()

    def listed(self, status):
        answer = self.counter.session(self.cluster.server).api(
            "queue_server/tasks/" + status, limit=10000, ghost=1)
        return answer["items"]

    def drain(self):
        """Wait until no task is left; failed ones are queued again, as a
        manager would do when everything works again."""
        before, moved = None, time.monotonic()
        while True:
            try:
                left = [task for status in ACTIVE
                        for task in self.listed(status)]
                kept = self.ask("queuetest_kept")
                requeued = self.ask("queuetest_requeue?but=" + POISON)
            except TROUBLE:
                time.sleep(1)
                continue
            if not (left or kept["pending"] or requeued["requeued"]):
                return
            state = sorted((task["task_uid"], task["status"], task["attempt"])
                           for task in left), kept["pending"]
            now = time.monotonic()
            if state != before:
                before, moved = state, now
            elif now - moved > self.standstill:
                for task in left:
                    self.note("stuck", task["task_uid"], task["name"],
                              task["status"], task["error_message"])
                if kept["pending"]:
                    self.note("stuck", "in the outbox", kept)
                return
            time.sleep(0.5)

    # -- comparing -----------------------------------------------------------

    def compare_counts(self):
        """Compare the committed items with the counted ones."""
        added = self.ask("queuetest_added", self.cluster.web)
        counts = self.ask("queuetest_counts", self.cluster.web)
        failed = {task["task_uid"] for task in self.listed("failed")}
        self.tasks += len(added)
        for task_uid, (name, items) in added.items():
            self.items += len(items)
            if name == POISON:
                self.compare_poisoned(task_uid, items, counts, failed)
                continue
            for item in items:
                times = counts.pop(item, 0)
                if times != 1:
                    self.note("doubled" if times > 1 else "lost", task_uid,
                              name, item, "counted {}".format(times))
            self.compare_job(task_uid, len(items))
        for item, times in counts.items():
            # The effect of a task that nobody has committed
            self.note("doubled", "never added", item, times)

    def compare_poisoned(self, task_uid, items, counts, failed):
        """The task must exist, have failed, and have had no effect."""
        if task_uid not in failed:
            self.note("lost", task_uid, "poisoned, and not among the failed")
        for item in items:
            if counts.pop(item, 0):
                self.note("doubled", task_uid, "effect of a failed task", item)

    def compare_job(self, task_uid, total):
        """Compare the progress of a job as users see it."""
        try:
            job = self.counter.session(self.cluster.server).api(
                "queue_server/jobs/" + task_uid)
        except LimsError as error:
            if error.status != 404:
                raise
            self.note("lost", task_uid, "the job is unknown")
            return
        if job["done"] > total:
            self.note("doubled", task_uid, "job counts {} of {}".format(
                job["done"], total))
        elif job["done"] < total:
            self.note("lost", task_uid, "job counts {} of {}".format(
                job["done"], total))

    def compare_holders(self):
        """Check that no two consumers worked on a task within one lease."""
        runs = collections.defaultdict(list)
        for entry in self.counter.journal():
            if entry["event"] in ("begin", "end"):
                runs[entry["task_uid"]].append(entry)
        for task_uid, entries in runs.items():
            begun = [one for one in entries if one["event"] == "begin"]
            for first, second in zip(begun, begun[1:]):
                if first["pid"] == second["pid"] or \
                        second["at"] - first["at"] > LEASE - 1:
                    continue
                # An attempt that fails, or meets a conflict, logs no end of
                # its own: if the same process ends a later attempt, this one
                # was no longer running
                after = [one for one in entries if one["pid"] == first["pid"]
                         and one["at"] > first["at"]]
                if after and after[0]["event"] == "end" and \
                        after[0]["at"] > second["at"]:
                    self.note("doubled", task_uid, "run by two at once")

    def compare_work(self, bench):
        """Compare what users were told with samples and analyses."""
        for work in bench.rounds:
            self.tasks += len({action for action, _uid in work.sure})
            self.items += len(work.sure)
        for kind, action, uid, found in bench.audit():
            self.note(kind, action, uid, found)

    def look_for_ghosts(self):
        """Check that no process shows anything as queued."""
        limit = time.monotonic() + GHOST_PATIENCE
        while True:
            seen = self.seen_as_queued()
            if not seen or time.monotonic() > limit:
                break
            time.sleep(1)
        for proof in seen:
            self.note("ghosts_in_ui", *proof)

    def seen_as_queued(self):
        found = []
        for node in self.cluster.zopes:
            try:
                seen = self.ask("queuetest_seen", node)
            except TROUBLE as error:
                found.append((node.name, str(error)[:200]))
                continue
            found += [(node.name, uid) for uid in seen["uids"]]
        return found

    # -- leftovers -----------------------------------------------------------

    def sizes(self):
        """Return the sizes of database, outbox, ledger and store."""
        found = self.ask("queuetest_kept", self.cluster.web)
        store = self.cluster.path("queue.db")
        found["store"] = sum(
            os.path.getsize(store + suffix) for suffix in ("", "-wal")
            if os.path.exists(store + suffix))
        return found

    def pack(self):
        """Pack the database; return its new size."""
        return self.ask("queuetest_pack", self.cluster.web)["database"]
