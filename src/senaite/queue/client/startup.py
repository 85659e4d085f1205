# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""At start-up: sites that have an outbox get their agent.

Tasks that a client committed but did not deliver before it was killed are
delivered when it starts again, without waiting for a request.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.client import agent as agents
from senaite.queue import logger
from senaite.queue.records import outbox
from senaite.queue.site import alone


def on_process_starting(event):
    """Start the agents (IProcessStarting: the database is open, the servers
    listen)."""
    alone.allow()
    try:
        import Zope2
        start_agents(Zope2.DB)
    except Exception:
        # the LIMS starts all the same; the first request starts the agent
        logger.exception("event=agents_not_started")


def start_agents(db):
    """Start the agents of all sites in a database.

    :param db: ZODB.DB.DB
    :returns: how many
    """
    import transaction
    manager = transaction.TransactionManager()
    connection = db.open(transaction_manager=manager)
    try:
        app = connection.root()["Application"]
        found = list(find_sites(app))
        for portal in found:
            agents.get_agent(portal)
        return len(found)
    finally:
        manager.abort()
        connection.close()


def find_sites(folder, depth=3):
    """Yield the sites below a folder that have an outbox.

    :param folder: Zope's root, or a plain folder in it
    :param depth: number of levels of plain folders to look at
    """
    for site in folder.objectValues():
        if getattr(site, "meta_type", "") == "Plone Site":
            if outbox.get_root(site) is not None:
                yield site
        elif depth > 1 and getattr(site, "meta_type", "") == "Folder":
            for found in find_sites(site, depth - 1):
                yield found
