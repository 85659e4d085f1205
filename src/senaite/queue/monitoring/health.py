# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Health of this process: whether it can fulfil its role in the queue.

The role is a parameter, by default the role of the process:

* server: healthy when the store answers;
* consumer: healthy when the loop that takes tasks is running;
* client: always healthy. Users can work without a queue server, so no balancer
  should turn them away; the answer mentions the outage nevertheless.

A server or consumer whose configuration keeps it out of the queue (see
`senaite.queue.config`) is not healthy. Other wrong values are reported.

Answers contain no address, value or error message, because the page is public.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

from senaite.queue.client import view
from senaite.queue import config
from senaite.queue.consumer import loop
from senaite.queue.errors import StoreUnavailable
from senaite.queue import is_installed
from senaite.queue.model import clock
from senaite.queue.site import connections
from senaite.queue.site import process_role

SERVER = process_role.SERVER
CLIENT = process_role.CLIENT
CONSUMER = "consumer"
ROLES = (SERVER, CLIENT, CONSUMER)

OK = "ok"

#: Seconds for which the answer of the store is cached
REMEMBER_SECONDS = 1.0

_remembered = {}
_lock = threading.Lock()


def examine(portal, role=None):
    """Return whether this process is healthy, and the result of each check.

    :param portal: root object of the site
    :param role: one of `ROLES`; by default server or client, as configured
    :returns: a bool, and a dict of check -> "ok" or the problem.
        `configuration` is among the checks only when it is wrong.
    :raises ValueError: for an unknown role
    """
    if role is not None and role not in ROLES:
        raise ValueError("The role must be one of {}".format(", ".join(ROLES)))
    if not is_installed():
        return False, {"addon": "not installed in this site"}
    is_server = process_role.is_queue_server()
    if role is None:
        role = SERVER if is_server else CLIENT
    healthy, checks = _examine_part(portal, role, is_server)
    errors = config.get_errors()
    if errors:
        checks["configuration"] = "not valid: {}".format(
            ", ".join(error.source for error in errors))
    if role != CLIENT and config.get_errors(config.CRITICAL):
        healthy = False
    return healthy, checks


def _examine_part(portal, role, is_server):
    if role == SERVER:
        return _examine_server(portal, is_server)
    checks = {}
    if role == CONSUMER:
        runs = loop.is_running(connections.Site.of(portal))
        checks["consumer"] = OK if runs else "not running"
    healthy = all(state == OK for state in checks.values())
    checks["server"] = "not reached" if view.outage_seconds(portal) else OK
    return healthy, checks


def _examine_server(portal, is_server):
    if not is_server:
        return False, {"server": "this process is not a queue server"}
    answers = _ask_store(portal)
    return answers, {"store": OK if answers else "unavailable"}


def _ask_store(portal):
    key = connections.Site.of(portal).key
    now = clock.monotonic()
    with _lock:
        at, answers = _remembered.get(key, (0, None))
        if not 0 <= now - at < REMEMBER_SECONDS:
            answers = _store_answers(portal)
            _remembered[key] = (now, answers)
    return answers


def _store_answers(portal):
    from senaite.queue.server.server_utility import get_server_utility
    try:
        get_server_utility(portal).store.version()
    except StoreUnavailable:
        return False
    return True


def forget():
    """Clear the cached answers of the stores."""
    with _lock:
        _remembered.clear()
