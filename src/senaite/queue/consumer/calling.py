# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Which processes start to consume tasks when they are asked to.

Only processes that are configured as consumers: a request alone must not turn a
web client or the queue server into one.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue import config
from senaite.queue.consumer import loop
from senaite.queue.errors import Refused
from senaite.queue.http import inprocess
from senaite.queue import logger
from senaite.queue.site import alone

#: What clock-servers of consumers call
METHODS = ("queue_consume", "queue_dispatcher", "queue_consumer/consume")

_warned = []


def start(portal):
    """Start the loop of a site in this process, unless it runs.

    :param portal: root object of the site
    :returns: a message for the caller
    :rtype: str
    :raises Refused: 403, when this process is not meant to consume
    """
    if not is_meant_to_consume():
        if not _warned:
            _warned.append(True)
            logger.warning(
                "event=not_a_consumer: this process was asked to consume "
                "tasks, but has no clock-server that says so")
        raise Refused(403, "This process is not a consumer: it needs a "
                           "clock-server that calls queue_consume, or {}"
                      .format(config.CONSUMER_URL.variable))
    return loop.ensure(portal)


def is_meant_to_consume():
    """Tell whether this process may become a consumer when it is asked to: it
    has a clock-server for that, its configuration names its address as a
    consumer, it is a `queue-consumer`, or it works alone.

    :rtype: bool
    """
    return has_clock() or \
        bool(config.read_or_default(config.CONSUMER_URL)) or \
        inprocess.is_preferred() or alone.may_volunteer()


def has_clock():
    """Tell whether a clock-server of this process keeps a consumer going."""
    from App.config import getConfiguration
    for server in getattr(getConfiguration(), "servers", None) or ():
        method = getattr(server, "method", None) or ""
        path = str(method).partition("?")[0].rstrip("/")
        if path.endswith(METHODS):
            return True
    return False
