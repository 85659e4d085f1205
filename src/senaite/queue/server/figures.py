# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The figures of the monitor: content of the queue, throughput, consumers.

Spans of the charts that are over are counted once and remembered, so that a
monitor that refreshes every few seconds costs little.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

from senaite.queue.model.states import QUEUED
from senaite.queue.model.states import RUNNING
from senaite.queue.model.states import SCHEDULED

#: Spans of the charts: name -> (seconds of a span, number of spans)
CHARTS = {"hour": (300, 12), "day": (3600, 24)}

#: Seconds for which figures of the last hour and the last day are reused
FRESH_SECONDS = {"hour": 5, "day": 30}

#: Seconds after its end for which a span may still change, because an
#: acknowledgement is written a moment later
SETTLED_AFTER = 10

#: Maximum number of running tasks that are listed
MOST_RUNNING = 200


class Figures(object):
    """Collects the figures of one store; shared by threads."""

    def __init__(self, store):
        self.store = store
        self._lock = threading.Lock()
        self._spans = {}
        self._totals = {}

    def collect(self):
        """Return all figures.

        :returns: those of `ITaskStore.stats`, and `now` (the store's clock);
            `last_hour` and `last_day`, as of `ITaskStore.finished`; `hour`
            and `day`, the same in spans of 5 minutes and an hour, each with
            its `start`, the oldest one first; `consumers` (with what each is
            at work on), `pauses`; `shown`, the number of tasks that are not
            hidden for "queued" (without those for later), "running" and
            "scheduled"
        :rtype: dict
        """
        now = self.store.now()
        answer = dict(self.store.stats(), now=now)
        for name in sorted(CHARTS):
            answer[name] = self._chart(name, now)
            answer["last_" + name] = self._total(name, now)
        answer["consumers"] = self._consumers()
        answer["pauses"] = self.store.pauses()
        answer["shown"] = dict(
            (kind, self.store.page([kind], limit=1)["total"])
            for kind in (QUEUED, RUNNING, SCHEDULED))
        return answer

    def _chart(self, name, now):
        seconds, number = CHARTS[name]
        last = now - now % seconds
        starts = [last - seconds * back for back in range(number)]
        spans = [self._span(start, seconds, now) for start in starts]
        with self._lock:
            for key in [key for key in self._spans
                        if key[1] == seconds and key[0] < starts[-1]]:
                del self._spans[key]
        return spans[::-1]

    def _span(self, start, seconds, now):
        key = (start, seconds)
        found = self._spans.get(key)
        if found is None:
            found = dict(self.store.finished(start, start + seconds),
                         start=start)
            if start + seconds + SETTLED_AFTER <= now:
                self._spans[key] = found
        return found

    def _total(self, name, now):
        seconds, number = CHARTS[name]
        until, found = self._totals.get(name, (0, None))
        if not until - FRESH_SECONDS[name] <= now < until:
            found = self.store.finished(now - seconds * number, now + 1)
            self._totals[name] = (now + FRESH_SECONDS[name], found)
        return found

    def _consumers(self):
        running = dict((task["task_uid"], task) for task in self.store.page(
            [RUNNING], ghosts=True, limit=MOST_RUNNING)["tasks"])
        found = []
        for consumer in self.store.consumers():
            task = running.get(consumer["task_uid"]) or {}
            found.append(dict(consumer, **dict(
                ("task_" + name, task.get(name)) for name in
                ("name", "started", "context_path", "max_seconds"))))
        return found
