# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A selection of analyses goes through the queue; everything is timed.

Assigns and submits, as a logged-in user at a web client, and follows the job
through the queue server's JSON API until it has ended.
"""

import threading
import time

from harness.events import Follower
from harness.progress import Bar
from harness.waiting import eventually

#: Seconds until a job that does not move is given up
STALLED = 180.0

#: States of the tasks that the queue server still knows
KEPT = "queued+running+done+failed"

#: Seconds that a task may take from the click's answer to the queue server
ARRIVAL = 10.0


class Stalled(Exception):
    """A job made no progress for `STALLED` seconds."""


class Measured(object):
    """What happened from a click to the end of the job."""

    def __init__(self, title, total):
        self.title = title
        self.total = total
        self.first_answer = None
        self.click = None
        self.done_at_answer = None
        self.first_chunk = None
        self.end = None
        self.chunks = 0
        self.retries = 0
        self.conflicts = 0
        self.failed = 0
        self.errors = {}

    def count(self, event):
        """Take note of a line of the queue server's log."""
        if event["event"] == "done":
            self.chunks += 1
        elif event["event"] == "retried":
            self.retries += 1
            self.conflicts += event.get("kind") == "conflict"
        elif event["event"] == "failed":
            self.failed += 1


class Watcher(object):
    """A user's view of the queue, through the JSON API of the queue server."""

    def __init__(self, lims):
        """
        :param lims: a session at the queue server, of a user who may see
            the queue
        """
        self.lims = lims

    def tasks(self, status=None):
        """Return the tasks; running and queued ones by default."""
        route = "queue_server/tasks" + ("/" + status if status else "")
        return self.lims.api(route)["items"]

    def jobs_of(self, context_uid):
        """Return the uids of the jobs of a context, those that have ended
        included.

        :rtype: set
        """
        return {task["job_uid"] for task in self.tasks(KEPT)
                if task["context_uid"] == context_uid}

    def job(self, job_uid):
        """Return a job's progress."""
        answer = self.lims.api("queue_server/jobs/" + job_uid)
        return answer.get("job") or answer


def follow(watcher, job_uid, measured, started, out=None):
    """Follow a job until nothing of it is queued or running.

    :param started: `time.monotonic()` of the click
    :raises Stalled: when nothing moves
    """
    bar = Bar(measured.title, measured.total, out)
    moved, before = time.monotonic(), None
    while True:
        job = watcher.job(job_uid)
        now = time.monotonic()
        if job["done"] and measured.first_chunk is None:
            measured.first_chunk = now - started
        bar.show(job["done"], "{:.1f} s".format(now - started)
                 if bar.is_terminal else "")
        if not job["queued"] and not job["running"]:
            measured.end = now - started
            bar.close()
            return job
        state = (job["done"], job["queued"], job["running"], job["failed"])
        if state != before:
            moved, before = now, state
        elif now - moved > STALLED:
            bar.close()
            raise Stalled("{}: nothing moved for {:.0f} s: {}".format(
                measured.title, STALLED, job))
        time.sleep(0.1)


class Following(object):
    """Follows a job in a thread, while the page's requests go on."""

    def __init__(self, watcher, measured, out):
        self.watcher, self.measured, self.out = watcher, measured, out
        self.thread = None
        self.error = None

    def begin(self, job_uid, started):
        """Start to follow a job."""
        self.thread = threading.Thread(
            target=self._run, args=(job_uid, started), daemon=True)
        self.thread.start()

    def _run(self, job_uid, started):
        try:
            follow(self.watcher, job_uid, self.measured, started, self.out)
        except Exception as error:
            self.error = error

    def finish(self):
        """Wait for the job's end; raise what went wrong in the thread."""
        self.thread.join()
        if self.error:
            raise self.error


def press_and_follow(cluster, watcher, title, listing, transition, uids,
                     context_uid, count_done, values=None, out=None):
    """Press a button for a selection and follow the job that it makes.

    :param count_done: callable that tells how many items have arrived
    :returns: `Measured`
    """
    measured = Measured(title, len(uids))
    log = Follower(cluster.server.log, measured.count)
    if values:
        listing.set_fields(values)
    following = Following(watcher, measured, out)

    def answered():
        measured.first_answer = time.monotonic() - started
        measured.done_at_answer = count_done()
        # Committed, and on its way: the queue server may hear of it after us.
        # Or it is done, before the page was there that the click has led to
        jobs = eventually(
            lambda: watcher.jobs_of(context_uid) - before,
            "{}: a task of this worksheet at the queue server after the "
            "click".format(title), seconds=ARRIVAL, pause=0.02)
        following.begin(jobs.pop(), started)

    before = watcher.jobs_of(context_uid)
    started = time.monotonic()
    measured.errors = listing.press(transition, uids, answered)
    measured.click = time.monotonic() - started
    following.finish()
    # The last lines of the log may still be on their way
    time.sleep(0.3)
    log.read()
    return measured
