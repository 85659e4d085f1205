# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The leases this process holds: which tasks it may work on, and until when.

The consumer's loop puts a task here before it sends it to the process
endpoint, and the endpoint takes it from here: a request only names the task by
its uid, anything else it says is ignored. If a lease is lost while the work
runs, the work is not committed.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

from senaite.queue.errors import AlreadyRunning
from senaite.queue.errors import LeaseLost
from senaite.queue.errors import LeaseNotHeld


class Lease(object):
    """The right to work on one task."""

    def __init__(self, site_key, task, consumer_id):
        """
        :param site_key: key of the site, see `senaite.queue.site.connections`
        :param task: the task
        :type task: senaite.queue.model.queue_task.QueueTask
        :param consumer_id: who holds it
        """
        self.site_key = site_key
        self.task = task
        self.consumer_id = consumer_id
        #: True from when the work may not be committed any more
        self.lost = False
        #: True while a thread works on it
        self.running = False
        #: True from when a thread began to work on it
        self.was_begun = False
        self._lock = threading.Lock()
        self._commits = False

    def begin_commit(self):
        """Note that the work is committed from now on.

        :raises LeaseLost: when it may not be
        """
        with self._lock:
            if self.lost:
                raise LeaseLost()
            self._commits = True

    def end_commit(self):
        """Note that the commit has ended, with whatever outcome."""
        with self._lock:
            self._commits = False

    def lose(self):
        """Keep the work from being committed.

        :returns: True when the commit is under way: only the ledger tells what
            becomes of it
        """
        with self._lock:
            self.lost = True
            return self._commits


class LeaseRegistry(object):
    """All leases of a process; may be used from any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self._leases = {}
        self._running = set()

    def hold(self, site_key, task, consumer_id):
        """Register a lease; one that was there for the same task is lost.

        :returns: the new lease
        :rtype: Lease
        """
        lease = Lease(site_key, task, consumer_id)
        with self._lock:
            former = self._leases.get((site_key, task["task_uid"]))
            if former is not None:
                former.lost = True
            self._leases[(site_key, task["task_uid"])] = lease
        return lease

    def begin(self, site_key, task_uid):
        """Start to work on a task.

        :returns: its lease, to be given to `end`
        :rtype: Lease
        :raises LeaseNotHeld: no such lease, or it is lost
        :raises AlreadyRunning: another thread works on it
        """
        with self._lock:
            lease = self._leases.get((site_key, task_uid))
            if lease is None or lease.lost:
                raise LeaseNotHeld()
            if lease.running:
                raise AlreadyRunning()
            lease.running = lease.was_begun = True
            self._running.add(lease)
            return lease

    def end(self, lease):
        """Note that the work on a task has ended, with whatever outcome."""
        with self._lock:
            lease.running = False
            self._running.discard(lease)

    def lose(self, lease):
        """Mark a lease as lost: its work may no longer be committed.

        :returns: see `Lease.lose`
        """
        return lease.lose()

    def release(self, lease):
        """Give a lease back: its task was acknowledged or abandoned."""
        with self._lock:
            lease.lost = True
            key = (lease.site_key, lease.task["task_uid"])
            if self._leases.get(key) is lease:
                del self._leases[key]

    def held(self, site_key):
        """Return the leases of a site that are neither lost nor given
        back."""
        with self._lock:
            return [lease for (key, _uid), lease in self._leases.items()
                    if key == site_key and not lease.lost]

    def strays(self):
        """Return how many threads still work for a lease that is lost."""
        with self._lock:
            return sum(1 for lease in self._running if lease.lost)

    def __len__(self):
        return len(self._leases)


#: The leases of this process
leases = LeaseRegistry()
