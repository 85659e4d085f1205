# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A client with thousands of objects is shared with a new contact (Python 2.7,
bin/zopepy).

`ownership.py <zope.conf> [objects]` creates a client without a group and with
this many objects, links a user, runs the task with the queue's adapter, and
prints JSON: chunks, seconds, the maximum number of objects in memory after a
chunk, and how many of the client's objects the user finds before and after.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "tests", "harness"))

USER = "newcontact"
CATALOG = "senaite_catalog"


def make_client(portal, count):
    """Return a new client with batches, and one of its contacts."""
    import transaction
    from bika.lims import api
    client = api.create(
        portal.clients, "Client", title="Old Springs", ClientID="OLDSPRINGS")
    contact = api.create(client, "Contact", Firstname="Ana", Surname="Old")
    for number in range(count):
        api.create(client, "Batch", title="Batch {}".format(number))
        if number % 100 == 99:
            transaction.commit()
            portal._p_jar.cacheMinimize()
    portal.acl_users._doAddUser(USER, "secret-of-a-bench", ["Member"], [])
    transaction.commit()
    return client, contact


def seen(portal, client):
    """Return how many of the client's batches the contact finds."""
    from AccessControl.SecurityManagement import getSecurityManager
    from AccessControl.SecurityManagement import setSecurityManager
    from bika.lims import api
    from senaite.queue.tests import utils
    former = getSecurityManager()
    utils.act_as(portal, USER)
    try:
        return len(api.get_tool(CATALOG)(
            portal_type="Batch", path=api.get_path(client)))
    finally:
        setSecurityManager(former)


def run(portal, count):
    import transaction
    from senaite.core.registry import set_registry_record
    from senaite.queue.tests import utils
    set_registry_record("auto_create_client_group", False)
    client, contact = make_client(portal, count)
    before = seen(portal, client)
    contact.setUser(USER)
    transaction.commit()
    awake, chunks, started = [], 0, time.time()
    while True:
        portal._p_jar.cacheMinimize()
        transaction.begin()
        tasks = utils.pending(portal)
        if not tasks:
            break
        utils.process(portal, tasks[0])
        awake.append(len(portal._p_jar._cache.lru_items()))
        chunks += 1
    return {"objects": count, "chunks": chunks,
            "seconds": round(time.time() - started, 1),
            "most objects awake after a chunk": max(awake),
            "found before": before, "found after": seen(portal, client)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conf")
    parser.add_argument("objects", type=int, nargs="?", default=2000)
    arguments = parser.parse_args()
    import site_setup
    app = site_setup.open_app(arguments.conf)
    portal = app[site_setup.SITE]
    site_setup.act_in(app, portal)
    from senaite.queue.interfaces import ISenaiteQueueLayer
    from senaite.queue.tests import utils
    from zope.interface import alsoProvides
    alsoProvides(app.REQUEST, ISenaiteQueueLayer)
    utils.act_as(portal, "labman1")
    with utils.settings(default=20, min_items=1, outage_seconds=10 ** 9):
        print(json.dumps(run(portal, arguments.objects), indent=1))
    app._p_jar.db().close()


if __name__ == "__main__":
    main()
