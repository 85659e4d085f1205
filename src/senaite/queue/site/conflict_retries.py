# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Retries of requests that meet a ConflictError.

ZServer 4.0.2 writes `max-conflict-retries` of zope.conf into the module
`ZPublisher.HTTPRequest`, but Zope 4.8 reads an attribute of the request's
class, which stays 0. Every click that meets a conflict then ends in an error
page, and consumers make conflicts more likely. Therefore the number is copied
to where Zope reads it.

ZServer also does not make a retried request the current one, as WSGI does:
`zope.globalrequest` still returns the first one, with everything that was
cached on it: objects of a ZODB connection that was closed, and that another
thread may use by now. Two threads that use one connection ruin its cache.

`senaite.queue.config.CONFLICT_RETRIES` may name another number, or "off" to
leave Zope as it is.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from App.config import getConfiguration
from zope.globalrequest import getRequest
from zope.globalrequest import setRequest
from ZPublisher.HTTPRequest import HTTPRequest

from senaite.queue import config
from senaite.queue.errors import ConfigError
from senaite.queue import logger

OFF = config.OFF


def on_process_starting(event):
    """Set the number of retries when Zope starts."""
    try:
        wanted = get_wanted()
    except ConfigError:
        # logged at start-up, see `senaite.queue.config`; the LIMS starts with
        # what zope.conf says
        wanted = None
    apply_to(HTTPRequest, getConfiguration(), wanted)


def on_publication_start(event):
    """Make a retried request the current one.

    ZServer.ZPublisher.Publish (4.0.2) does so for the first attempt only.

    :param event: ZPublisher's IPubStart
    """
    request = event.request
    if getattr(request, "retry_count", 0) and getRequest() is not request:
        setRequest(request)


def apply_to(request_class, configuration, wanted):
    """Set the number of retries of a request, unless Zope retries already.

    :param request_class: where Zope reads `retry_max_count`
    :param configuration: Zope's configuration
    :param wanted: see `get_wanted`
    :returns: the number that was set, or None when nothing was changed
    """
    if wanted == OFF:
        logger.info("event=conflict_retries set=no reason=switched_off")
        return None
    if wanted is None:
        if request_class.retry_max_count:
            return None
        # 0 when zope.conf switches retries off
        wanted = getattr(configuration, "max_conflict_retries", None) or 0
    if wanted == request_class.retry_max_count:
        return None
    logger.info("event=conflict_retries set=%s before=%s",
                wanted, request_class.retry_max_count)
    request_class.retry_max_count = wanted
    return wanted


def get_wanted():
    """Return what the environment or the configuration asks for.

    :returns: a number, `OFF`, or None when they say nothing
    :raises senaite.queue.errors.ConfigError: when they say anything else
    """
    return config.read(config.CONFLICT_RETRIES)
