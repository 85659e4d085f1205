# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A patch of ZEO: object ids that a former ZEO server gave are not used.

Knows no SENAITE; `patches` has those of core.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


def notify_connected(self, conn, info):
    """Note that there is a connection to a ZEO server, maybe a new one.

    `ZEO.ClientStorage.ClientStorage.notify_connected`, ZEO 5.3.0. A client
    fetches a hundred object ids in advance, and keeps them when the server
    goes. A server that was started again knows of those that were stored
    only, and gives the others to whoever asks next: two clients make objects
    with the same ids. The one that commits later meets conflicts that no
    further attempt resolves ("A different object already has the same oid"),
    until it has used its hundred up; tasks fail, and clicks of people too.
    """
    del self._oids[:]
    return self._old_notify_connected(conn, info)
