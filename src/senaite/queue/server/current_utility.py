# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The server utility of the current site, for look-ups by interface."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope.interface import implementer

from senaite.queue.interfaces import IServerQueueUtility
from senaite.queue.server.server_utility import get_queue
from senaite.queue.server.server_utility import ServerQueueUtility
from senaite.queue.site import process_role


@implementer(IServerQueueUtility)
class CurrentServerUtility(object):
    """The queue of the current site, for `getUtility(IServerQueueUtility)`.

    Has no state of its own. Raises RuntimeError where the process is not the
    queue server of the site: the store belongs to the server alone.
    """

    def _queue(self):
        if not process_role.is_queue_server():
            raise RuntimeError(
                "This process is not the queue server: use "
                "senaite.queue.api.get_queue() or IClientQueueUtility")
        return get_queue()

    def __getattr__(self, name):
        if name.startswith("_") or not hasattr(ServerQueueUtility, name):
            raise AttributeError(name)

        def call(*args, **kw):
            return getattr(self._queue(), name)(*args, **kw)
        return call

    def __len__(self):
        return len(self._queue())

    def __bool__(self):
        # An empty queue is a queue, too
        return True

    __nonzero__ = __bool__
