# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A patch of ZEO: discards the object ids of a former ZEO server.

Does not depend on SENAITE; the patches of core are in `patches`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


def notify_connected(self, conn, info):
    """Discard prefetched object ids when a connection to a ZEO server is made.

    `ZEO.ClientStorage.ClientStorage.notify_connected`, ZEO 5.3.0. A client
    prefetches a hundred object ids, and keeps them when the connection is
    lost. A server that was restarted only knows the ids that were stored, and
    hands out the others again: two clients create objects with the same ids.
    The client that commits later meets conflicts that no retry resolves ("A
    different object already has the same oid"), until it has used up its
    hundred ids. Tasks fail, and so do clicks of users.
    """
    del self._oids[:]
    return self._old_notify_connected(conn, info)
