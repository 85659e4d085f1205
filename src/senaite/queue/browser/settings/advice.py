# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What this process sees of the set-up of the queue, and what it advises.

For the page of the settings. Nothing here asks another process: what the agent
knows by now has to do, so that the page comes at once when the queue server is
away.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from senaite.queue.client import agent as agents
from senaite.queue.consumer import loop as consumers
from senaite.queue.consumer import standalone
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.site import connections
from senaite.queue.site import process_role
from senaite.queue.site import surroundings

INFO = "info"
WARNING = "warning"

#: A consumer that was heard of within so many seconds is there
ALIVE_SECONDS = 60

#: `level` is INFO or WARNING, `text` what is seen, `advice` what to do, or
#: None; both are messages for people
Advice = collections.namedtuple("Advice", ("level", "text", "advice"))


def get_advice(portal):
    """Return what there is to say about the set-up.

    :param portal: root object of the current site
    :returns: most important first
    :rtype: list of Advice
    """
    url = surroundings.get().get_setting("server")
    if not url:
        return [Advice(
            WARNING, _(u"The queue is off, because 'Queue server' is empty."),
            _(u"A site of one process needs any URL there, the default will "
              u"do; a site with several clients that of the one that shall "
              u"keep the queue."))]
    found = [_about_role(portal, url)]
    if process_role.is_queue_server():
        found += _about_consumers(portal)
    return found


def _about_role(portal, url):
    role = process_role.get_configured_role()
    if role == process_role.SERVER:
        return Advice(INFO, _(u"This process is the queue server: its "
                              u"configuration says so."), None)
    if role is None and surroundings.get().has_own_database():
        return Advice(
            INFO, _(u"No other process can open the database: this one is "
                    u"queue server and consumer. 'Queue server' is not "
                    u"looked at."), None)
    if role is None and process_role.is_queue_server():
        return Advice(
            INFO, _(u"This process is the queue server, because 'Queue "
                    u"server' is its address. It also works on the tasks "
                    u"when no other process does."),
            _(u"For much work reserve one client for the queue server, and "
              u"others for consumers."))
    return _about_server(portal, url)


def _about_server(portal, url):
    """Return what is known of a queue server elsewhere."""
    if not agents.get_agent(portal).outage_seconds():
        return Advice(INFO, _(u"The queue server is at ${url}.",
                              mapping={"url": url}), None)
    # the role "client" keeps this process from being the server
    own = process_role.get_configured_role() is None and \
        process_role.get_site_url(portal)
    advice = _(u"Start the process at that address, or write the address of "
               u"one of the clients into 'Queue server', as the client itself "
               u"serves the site.")
    if own:
        advice = _(u"Start the process at that address, or write that of "
                   u"this process into 'Queue server': ${url}",
                   mapping={"url": own})
    return Advice(WARNING, _(u"The queue server at ${url} does not answer.",
                             mapping={"url": url}), advice)


def _about_consumers(portal):
    """Return what the queue server knows of its consumers: a list, empty
    where none is there but this process takes tasks as soon as some wait."""
    try:
        store = get_server_utility(portal).store
        now = store.now()
        count = len([item for item in store.consumers()
                     if now - item["last_seen"] < ALIVE_SECONDS])
    except Exception as error:
        logger.warning("event=consumers_not_read reason=%s", error)
        return [Advice(
            WARNING, _(u"The store of the queue cannot be read."),
            _(u"The event log of this process says why."))]
    if count or consumers.is_running(connections.Site.of(portal)):
        return [Advice(INFO, _(u"Consumers at work: ${count}",
                               mapping={"count": max(count, 1)}), None)]
    if standalone.may_volunteer():
        return []
    return [Advice(
        WARNING, _(u"No consumer was heard of in the last minute."),
        _(u"Tasks wait. Start a consumer: a client with a clock-server, or "
          u"the program queue-consumer."))]
