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

* server: healthy when the store takes what is written to it. A queue that is
  paused, or held after a backup was restored, is mentioned;
* consumer: healthy when the loop that takes tasks is ready to take them, or
  waits for the queue server;
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

from senaite.queue.client import agent as agents
from senaite.queue.client import trust
from senaite.queue.client import view
from senaite.queue import config
from senaite.queue.consumer import loop
from senaite.queue.errors import DatabaseRefused
from senaite.queue.errors import KeyNotProved
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import StoreUnavailable
from senaite.queue import is_installed
from senaite.queue.model import restores
from senaite.queue.monitoring.question import Question
from senaite.queue.site import connections
from senaite.queue.site import process_role

SERVER = process_role.SERVER
CLIENT = process_role.CLIENT
CONSUMER = "consumer"
ROLES = (SERVER, CLIENT, CONSUMER)

OK = "ok"

UNAVAILABLE = "unavailable"
SILENT = "does not answer"

#: Why no tasks are handed out -> what is said of it
HELD = {
    restores.DATABASE: "held, the database is older than the store",
    restores.STORE: "held, the store is older than the database",
    restores.OTHER: "held, the store is not that of the database",
    restores.LOST: "held, the store is empty and the database knows another",
    restores.FOREIGN: "held, the store belongs to another database",
}

#: HTTP status of a refusal of the queue server -> what is wrong
REFUSALS = {401: "does not accept our key", 403: "does not accept our key",
            405: "is not a queue server"}

_questions = {}
_lock = threading.Lock()


def examine(portal, role=None):
    """Return whether this process is healthy, and the result of each check.

    :param portal: root object of the site
    :param role: one of `ROLES`; by default server or client, as configured
    :returns: a bool, and a dict of check -> "ok" or the problem.
        `configuration` and `plugin` are among the checks only when they are
        wrong.
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
    if trust.find_broken_user_folders(portal):
        # a new process would have it no better
        checks["plugin"] = "missing or switched off"
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
        checks["consumer"] = _examine_consumer(portal)
    healthy = all(state == OK for state in checks.values())
    checks["server"] = _examine_connection(portal)
    hold = view.get_hold(portal)
    if hold is not None:
        checks["queue"] = HELD[hold["kind"]]
    elif view.unattended_seconds(portal) > view.UNATTENDED_SECONDS:
        checks["queue"] = "no consumer, while tasks wait"
    return healthy, checks


def _examine_consumer(portal):
    """Return what keeps the loop of this process from taking tasks. A queue
    server that is away does not: it is a check of its own."""
    site = connections.Site.of(portal)
    if not loop.is_running(site):
        return "not running"
    consumer = loop.get_consumer(site)
    if consumer is None or consumer.is_ready:
        return OK
    if not consumer.is_alive():
        return "not running"
    if isinstance(consumer.trouble, ServerRefused):
        return _describe_refusal(consumer.trouble)
    if isinstance(consumer.trouble, ServerUnreachable):
        return OK
    return "not ready"


def _examine_connection(portal):
    """Return what is wrong with the way to the queue server."""
    if not view.outage_seconds(portal):
        return OK
    trouble = agents.get_agent(portal).trouble
    if isinstance(trouble, ServerRefused):
        return _describe_refusal(trouble)
    if isinstance(trouble, KeyNotProved):
        return "does not prove that it has our key"
    if isinstance(trouble, ServerFailed):
        return "answers with an error"
    return "not reached"


def _describe_refusal(refusal):
    if isinstance(refusal, DatabaseRefused):
        return "sees another database"
    return REFUSALS.get(refusal.status, "refuses")


def _examine_server(portal, is_server):
    if not is_server:
        return False, {"server": "this process is not a queue server"}
    from senaite.queue.server.server_utility import get_server_utility
    try:
        utility = get_server_utility(portal)
    except StoreUnavailable:
        return False, {"store": UNAVAILABLE}
    checks = dict(_ask_store(connections.Site.of(portal).key, utility))
    return checks["store"] == OK, checks


def _ask_store(key, utility):
    """Return the checks of a store, which may be `REMEMBER_SECONDS` old."""
    with _lock:
        question = _questions.get(key)
        if question is None or question.subject is not utility:
            question = _questions[key] = Question(
                utility, lambda: _check_store(utility), {"store": SILENT})
    return question.ask()


def _check_store(utility):
    """Return the checks of a store; may take as long as the store likes.

    :type utility: senaite.queue.server.server_utility.ServerQueueUtility
    """
    store = utility.store
    try:
        store.version()
        pauses = store.pauses()
        hold = store.get_hold()
    except StoreUnavailable:
        return {"store": UNAVAILABLE}
    try:
        store.check()
    except StoreUnavailable:
        return {"store": "refuses writes"}
    checks = {"store": OK}
    if utility.agreement.is_foreign():
        checks["queue"] = HELD[restores.FOREIGN]
    elif hold is not None:
        checks["queue"] = HELD[hold["kind"]]
    elif pauses:
        checks["queue"] = "paused" if any(
            not pause["name"] for pause in pauses) else "partly paused"
    elif utility.attendance.unattended_seconds() > view.UNATTENDED_SECONDS:
        checks["queue"] = "no consumer, while tasks wait"
    return checks


def forget():
    """Clear the cached answers of the stores."""
    with _lock:
        _questions.clear()
