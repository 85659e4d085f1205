# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The heartbeat: renews a lease while the work runs."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

from senaite.queue.errors import TransportError
from senaite.queue import logger
from senaite.queue.site.waiting import Event


class Heartbeat(object):
    """Beats on a thread of its own for as long as the `with` block lasts.

    When the server says that the lease is no longer ours, the lease is lost.
    When the server does not answer, the work goes on: if the task is given to
    another consumer in the meantime, the ledger ensures that only one of the
    two commits.
    """

    def __init__(self, transport, registry, lease, seconds):
        """
        :param transport: the way to the server
        :param registry: senaite.queue.consumer.lease.LeaseRegistry
        :param lease: senaite.queue.consumer.lease.Lease
        :param seconds: from one beat to the next
        """
        self.transport = transport
        self.registry = registry
        self.lease = lease
        self.seconds = seconds
        self._over = Event()
        self._thread = threading.Thread(
            target=self._run, name="senaite.queue heartbeat")
        self._thread.daemon = True

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._over.set()

    def beat(self):
        """Tell the server once; False when the lease is lost."""
        try:
            answer = self.transport.call("queue_server/heartbeat", {
                "task_uid": self.lease.task["task_uid"],
                "consumer_id": self.lease.consumer_id,
            }, force=True)
        except TransportError as error:
            logger.debug("event=heartbeat_missed reason=%s", error)
            return True
        if answer.get("held"):
            return True
        if not self.lease.lost:
            logger.warning("event=lease_lost task=%s",
                           self.lease.task["task_uid"][:9])
        self.registry.lose(self.lease)
        return False

    def _run(self):
        while not self._over.wait(self.seconds):
            if not self.beat():
                return
