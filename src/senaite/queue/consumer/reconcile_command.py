# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""`senaite-queue-reconcile`: goes on after a backup was restored.

    senaite-queue-reconcile -C /path/to/zope.conf

The counterpart of the monitor's page, for those who restore backups on the
command line. It opens the database of that zope.conf (a ZEO client's), and asks
the queue server of each site in it, which has to run. What becomes of the tasks
is described in `senaite.queue.model.restores`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import os
import sys

from senaite.queue.client.agent import Agent
from senaite.queue.consumer import worker
from senaite.queue.errors import QueueError
from senaite.queue.model import restores
from senaite.queue.site import connections

#: In whose name it is logged
USERNAME = "senaite-queue-reconcile"


def reconcile(site):
    """Ask the queue server of a site to reconcile database and store.

    :param site: senaite.queue.site.connections.Site
    :returns: what became of the tasks, for people
    :rtype: str
    :raises QueueError: the server does not answer, or refuses
    """
    agent = Agent(site)
    agent.configure()
    found = agent.transport.call("queue_server/reconcile", {
        "username": USERNAME}).get("reconciled")
    if found is None:
        return "there was nothing to reconcile"
    return "{}; tasks done again: {}, failed: {}, replaced: {}".format(
        restores.WORDS[found["kind"]], found[restores.PUT_BACK],
        found[restores.FAIL], found[restores.CANCEL])


def run(sites):
    """Reconcile sites, and say what was done; return the exit status.

    :param sites: list of senaite.queue.site.connections.Site
    """
    status = 0
    for site in sites:
        path = "/".join(site.path)
        try:
            print("{}: {}.".format(path, reconcile(site)))
        except QueueError as error:
            print("{}: nothing was changed: {}".format(path, error),
                  file=sys.stderr)
            status = 1
    return status


def main(arguments=None):
    """The console script."""
    parser = argparse.ArgumentParser(
        prog="senaite-queue-reconcile", description="Decides about the tasks "
        "that a restored backup concerns, and lets the queue go on.")
    parser.add_argument(
        "-C", "--configure", metavar="ZOPE.CONF", required=True,
        help="configuration of a ZEO client; the queue server has to run")
    options = parser.parse_args(arguments)
    if not os.path.isfile(options.configure):
        raise SystemExit("senaite-queue-reconcile: there is no file {}".format(
            options.configure))
    worker.configure(os.path.abspath(options.configure))

    import Zope2
    from senaite.queue.client.startup import find_sites
    connection = Zope2.DB.open()
    try:
        sites = [connections.Site.of(portal) for portal in find_sites(
            connection.root()["Application"])]
    finally:
        connection.close()
    status = run(sites)
    sys.stdout.flush()
    # Zope has started agents, which must not go on
    worker.leave(status)


if __name__ == "__main__":
    main()
