# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Metrics of the queue in the text format of Prometheus.

Each name is documented in `docs/monitoring.rst`, and keeps its meaning. The
metrics of the store are the same on every queue server; those of the process
are not.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from prometheus_client import CollectorRegistry
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily

from senaite.queue.client import trust
from senaite.queue.client import view
from senaite.queue import config
from senaite.queue.consumer import loop
from senaite.queue.errors import StoreUnavailable
from senaite.queue.model import states
from senaite.queue.records import outbox
from senaite.queue.site import connections
from senaite.queue.site import process_role

PREFIX = "senaite_queue_"

#: Seconds that the metrics `..._recent` cover
RECENT_SECONDS = 300

#: A consumer counts when it was seen within this number of seconds
SEEN_SECONDS = 60

#: (name, help text, label or None)
STORE_FIGURES = (
    ("store_up", "1 when the task store answers, else 0", None),
    ("tasks", "Tasks in the store, by status", "status"),
    ("scheduled_tasks", "Queued tasks that are scheduled for later", None),
    ("oldest_wait_seconds",
     "Time since the longest-waiting task could have started", None),
    ("ended_recent", "Tasks that ended in the last 5 minutes", "status"),
    ("skipped_recent",
     "Items skipped by the tasks done in the last 5 minutes", None),
    ("wait_recent_seconds",
     "Median wait of the tasks done in the last 5 minutes", None),
    ("run_recent_seconds",
     "Median run time of the tasks done in the last 5 minutes", None),
    ("consumers", "Consumers seen in the last minute", None),
    ("busy_consumers", "Consumers that hold a task", None),
    ("paused", "1 when the queue or a kind of task is paused, else 0", None),
)
PROCESS_FIGURES = (
    ("outbox_tasks", "Tasks that are not yet delivered to the queue server",
     None),
    ("server_reached",
     "1 when the queue server answers this process, else 0", None),
    ("database_refused",
     "1 when the queue server sees another database than this process, else 0",
     None),
    ("consumer_runs", "1 when this process takes tasks, else 0", None),
    ("unattended_seconds",
     "Time for which a task has waited while no consumer asked for one", None),
    ("configuration_errors",
     "Environment variables and zope.conf keys of this process with a wrong "
     "value", None),
)


def render(portal):
    """Return the metrics of a site, as this process knows them.

    :param portal: root object of the site
    :rtype: bytes
    """
    figures = process_figures(portal)
    if process_role.is_queue_server():
        from senaite.queue.server.server_utility import get_server_utility
        try:
            figures.update(store_figures(get_server_utility(portal).store))
        except StoreUnavailable:
            figures["store_up"] = 0
    return to_text(figures)


def store_figures(store):
    """Return the metrics of a store.

    :param store: `ITaskStore`
    :returns: dict of name to a number, or to a dict of label -> number
    :raises StoreUnavailable: when it does not answer
    """
    now = store.now()
    stats = store.stats()
    recent = store.finished(now - RECENT_SECONDS, now)
    known = store.consumers()
    due = stats["oldest_due"]
    return {
        "store_up": 1,
        "tasks": dict((state, stats[state]) for state in states.STATES),
        "scheduled_tasks": stats["scheduled"],
        "oldest_wait_seconds": 0 if due is None else max(0, now - due),
        "ended_recent": dict((state, recent[state])
                             for state in (states.DONE, states.FAILED)),
        "skipped_recent": recent["skipped"],
        "wait_recent_seconds": recent["wait_median"],
        "run_recent_seconds": recent["run_median"],
        "consumers": sum(now - one["last_seen"] <= SEEN_SECONDS
                         for one in known),
        "busy_consumers": sum(one["task_uid"] is not None for one in known),
        "paused": int(bool(store.pauses())),
    }


def process_figures(portal):
    """Return the metrics of this process."""
    return {
        "outbox_tasks": len(outbox.pending(portal)),
        "server_reached": int(not view.outage_seconds(portal)),
        "database_refused": int(trust.is_refused(portal)),
        "unattended_seconds": view.unattended_seconds(portal),
        "consumer_runs": int(loop.is_running(connections.Site.of(portal))),
        "configuration_errors": len(config.get_errors()),
    }


def to_text(figures):
    """Return metrics in the text format of Prometheus, without those that are
    None.

    :param figures: dict of name to a number, or to a dict of label -> number
    :rtype: bytes
    """
    registry = CollectorRegistry()
    registry.register(_Collector(figures))
    return generate_latest(registry)


class _Collector(object):
    """Passes values to `prometheus_client` that were read before."""

    def __init__(self, figures):
        self.figures = figures

    def collect(self):
        for name, help_text, label in STORE_FIGURES + PROCESS_FIGURES:
            value = self.figures.get(name)
            if value is None:
                continue
            family = GaugeMetricFamily(
                PREFIX + name, help_text, labels=[label] if label else [])
            values = value if label else {None: value}
            for key in sorted(values, key=str):
                family.add_metric([key] if label else [], values[key])
            yield family
