# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Starts the loop in a process that works alone when no other consumes.

The agents of the process keep the watch; `senaite.queue.consumer.standalone`
decides.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.client import agent as agents
from senaite.queue.consumer import loop
from senaite.queue.consumer import standalone
from senaite.queue import logger


def on_process_starting(event):
    """Let the agents of this process watch whether tasks are consumed."""
    agents.add_watch(VolunteerWatch)


class VolunteerWatch(standalone.Watch):
    """Starts to consume when no other process does; see `agent.add_watch`."""

    def look(self, agent, now):
        """Start the loop when it is needed.

        :param agent: the agent of the site
        :param now: seconds, see `agent.add_watch`
        """
        if self.is_needed(agent.state, now):
            volunteer(agent.site)


def volunteer(site):
    """Start the loop of a site in this process, unless it runs.

    :param site: senaite.queue.site.connections.Site
    """
    if loop.is_running(site):
        return
    with site.opened() as (portal, _manager):
        loop.ensure(portal)
    logger.info("event=standalone site=%s: no other process consumes, the "
                "queue server does", "/".join(site.path))
