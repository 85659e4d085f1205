# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The turn of the consumer that prunes the ledger for the whole cluster.

All consumers read the same ledger, and would ask the same questions and remove
the same records. The first one that asks has the turn, and keeps it for as
long as it goes on asking.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

#: Seconds after which a consumer that does not ask loses its turn: longer than
#: between two of its runs (`consumer.ledger_upkeep.EVERY_SECONDS`)
KEEP_SECONDS = 300


class UpkeepTurn(object):
    """Which consumer of a site has the turn."""

    def __init__(self):
        self._lock = threading.Lock()
        self._holder = None
        self._until = 0

    def take(self, consumer_id, now):
        """Ask for the turn.

        :param consumer_id: the consumer that asks
        :type consumer_id: str
        :param now: UTC epoch seconds of the store's clock
        :returns: True when the consumer has it
        :rtype: bool
        """
        with self._lock:
            # A turn that lasts longer was given before the clock was set back
            is_taken = 0 < self._until - now <= KEEP_SECONDS
            if is_taken and self._holder != consumer_id:
                return False
            self._holder = consumer_id
            self._until = now + KEEP_SECONDS
            return True
