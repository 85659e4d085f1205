# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The test's side of tests/addon/queuetest: tasks whose effects are counted."""

import json
import os
import tempfile

from harness.cluster import Cluster
from harness.lims import Lims
from harness.waiting import eventually

USER = "labman1"


def counting_cluster(say=None, kind=Cluster, env=None, settings=None,
                     **options):
    """Return a cluster, not yet started, with the test add-on loaded.

    :param kind: class of the cluster
    :param env, settings, options: see `Cluster`
    """
    shared = tempfile.mkdtemp(prefix="queuetest-")
    env = dict(env or {}, QUEUETEST_DIR=shared)
    settings = dict(settings or {})
    # small clicks are queued, too
    settings.setdefault("min_items", 1)
    return kind(packages=["queuetest", "queueexample"], env=env,
                settings=settings, say=say, **options)


class Counter(object):
    """Adds counting tasks to a cluster, and reads what they did."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.directory = cluster.env["QUEUETEST_DIR"]
        self._sessions = {}

    def session(self, node):
        """Return a session of the laboratory manager at a process."""
        if node.name not in self._sessions:
            self._sessions[node.name] = Lims(
                node.url, USER, self.cluster.secrets[USER])
        return self._sessions[node.name]

    # -- adding ----------------------------------------------------------------

    def add(self, tasks=1, items=1, node=None, **options):
        """Add tasks in one transaction at a web client.

        :param items: how many items each task has
        :param options: `chunk_size`, `seconds` (that a chunk takes), `then`
            (what happens to the transaction, see tests/addon)
        :returns: dict with `tasks` (each with task_uid and items) and `at`
        """
        session = self.session(node or self.cluster.web)
        return session.get("queuetest_add", tasks=tasks, items=items,
                           **options).json()

    @staticmethod
    def items(added):
        """Return all items of added tasks."""
        return [item for task in added["tasks"] for item in task["items"]]

    # -- holding ---------------------------------------------------------------

    @property
    def _hold(self):
        return os.path.join(self.directory, "hold")

    def hold(self):
        """Keep every chunk from ending, its work done but not committed."""
        open(self._hold, "w").close()

    def release(self):
        """Let chunks end."""
        if os.path.exists(self._hold):
            os.remove(self._hold)

    # -- looking ---------------------------------------------------------------

    def journal(self, task_uid=None, event=None):
        """Return the journal's entries: what chunks began and ended when."""
        path = os.path.join(self.directory, "journal")
        if not os.path.exists(path):
            return []
        with open(path) as source:
            entries = [json.loads(line) for line in source]
        return [entry for entry in entries
                if task_uid in (None, entry.get("task_uid"))
                and event in (None, entry["event"])]

    def counts(self, items, node=None):
        """Return how often each of these items was processed."""
        session = self.session(node or self.cluster.web)
        counts = session.get("queuetest_counts").json()
        return [counts.get(item, 0) for item in items]

    def await_begin(self, task_uid):
        """Wait until a chunk of a task has begun."""
        return eventually(lambda: self.journal(task_uid, "begin"),
                          "task {} to begin".format(task_uid), pause=0.02)[0]

    def await_once(self, items, node=None):
        """Wait until all items are processed; fail when one was twice.

        :raises AssertionError: an item was processed twice, or never
        """
        def look():
            counts = self.counts(items, node)
            assert max(counts) <= 1, "processed twice: {}".format(counts)
            return min(counts) == 1
        eventually(look, "{} items to be processed".format(len(items)),
                   pause=0.3)

    def outcomes(self, task_uid):
        """Return how the attempts at a task ended, oldest first."""
        session = self.session(self.cluster.server)
        found = session.api("queue_server/history/" + task_uid)
        return [attempt["outcome"] for attempt in found["attempts"]]

    def waiting(self):
        """Return how many tasks the queue server has, running ones too."""
        session = self.session(self.cluster.server)
        return session.api("queue_server/tasks")["count"]

    def await_idle(self):
        """Wait until the queue server has nothing left to do."""
        eventually(lambda: self.waiting() == 0, "the queue to be empty",
                   pause=0.2)
