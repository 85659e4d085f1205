# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the log says of an outage: each reason once, and its end.

A thread that tries again each second must not fill the log. But an outage may
go through several reasons, the last of which is the one to act upon: first
nothing listens, then a proxy answers, then the server refuses our key.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import re

from senaite.queue.errors import CircuitOpen
from senaite.queue import logger
from senaite.queue.model import fields

#: Maximum number of reasons that are logged for one outage
MOST_REASONS = 20

#: What differs from one message to the next although the reason is the same:
#: addresses of objects
_CHANGING = re.compile(r"0x[0-9a-fA-F]+")


class OutageLog(object):
    """Logs the problems of one thread."""

    def __init__(self, who, details):
        """
        :param who: begins the names of the events, e.g. "agent"
        :param details: text of the lines, e.g. "site=/senaite"
        """
        self.who = who
        self.details = details
        self._reasons = set()

    @property
    def is_over(self):
        """True unless a problem was noted, and not its end."""
        return not self._reasons

    def note(self, error, level=logging.WARNING, unexpected=False):
        """Log a problem, unless that was done in this outage.

        :param error: the exception; None: all is well again
        :param level: level of the line
        :param unexpected: log the traceback as well
        """
        if error is None:
            if self._reasons:
                logger.info("event=%s_recovered %s", self.who, self.details)
            self._reasons = set()
            return
        if isinstance(error, CircuitOpen) and self._reasons:
            # The server was not asked
            return
        reason = u"{}: {}".format(
            type(error).__name__, fields.to_message(error))
        kind = _CHANGING.sub("", reason)
        if kind in self._reasons or len(self._reasons) >= MOST_REASONS:
            return
        self._reasons.add(kind)
        logger.log(level, "event=%s_waits %s reason=%s", self.who,
                   self.details, reason, exc_info=unexpected)
