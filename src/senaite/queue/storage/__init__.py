# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks in SQL, kept durably.

This package knows SQL and the rules of `senaite.queue.model.scheduling`, but
neither Zope nor HTTP. Callers enter through `open_store` and get an
`senaite.queue.interfaces.ITaskStore`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.consumer_ids import parse_consumer_id
from senaite.queue.storage.store import TaskStore

__all__ = ["open_store", "parse_consumer_id"]


class QueueTask(dict):
    """A task of senaite.queue 1.0.0 or 1.0.1, as the databases of its sites
    name it. Kept for the upgrade, which says which tasks are lost."""


def open_store(url, site_id, clock=None, elapsed=None):
    """Return the task store of a site.

    The first call of a method opens the database, and creates or upgrades its
    tables, so this function never waits and never touches the disk.

    :param url: URL of the database, e.g. "sqlite:////var/queue/tasks.db" or
        "postgresql://queue@localhost/queue"
    :type url: str
    :param site_id: distinguishes the site from others in the same database,
        e.g. its physical path
    :type site_id: str
    :param clock: function that returns UTC epoch seconds; by default the time
        of day of the database
    :param elapsed: function that returns seconds that nobody can set; by
        default `clock`, or the monotonic clock of this process
    :rtype: senaite.queue.interfaces.ITaskStore
    :raises StoreUnavailable: if this is not a URL, or the database is of an
        unknown type
    """
    return TaskStore(url, site_id, clock, elapsed)
