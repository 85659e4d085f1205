# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The view that a clock server calls to keep a consumer going."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from Products.Five.browser import BrowserView

from senaite.queue.auth.passwords import has_password
from senaite.queue.consumer import calling
from senaite.queue.errors import Refused
from senaite.queue import logger

_warned = []


class QueueConsumeView(BrowserView):
    """`queue_consume`: starts the loop unless it runs, and no more; in
    processes that are meant to consume, for callers that send a password.

    A tick must be short: it takes one of the few threads of a ZServer, and an
    idle ZServer ticks every 30 seconds whatever the period says.
    """

    def __call__(self):
        """Return a message, as text."""
        response = self.request.response
        response.setHeader("Content-Type", "text/plain")
        response.setHeader("Cache-Control", "no-store")
        try:
            if not has_password(self.request, self.context):
                raise Refused(403, "A password is expected: cookies are not "
                                   "accepted here")
            return calling.start(self.context)
        except Refused as refusal:
            response.setStatus(refusal.status)
            return refusal.message


class QueueDispatcherView(QueueConsumeView):
    """`queue_dispatcher`: called by clock-servers that were set up for 1.0.0 or
    1.0.1. Does the same, and logs once what to change."""

    def __call__(self):
        """See `QueueConsumeView`."""
        if not _warned:
            _warned.append(True)
            logger.warning("event=old_clock_server method=queue_dispatcher: "
                           "call queue_consume instead, in zope.conf")
        return super(QueueDispatcherView, self).__call__()
