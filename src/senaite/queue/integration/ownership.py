# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Who sees what a client owns: brought up to date when roles change.

SENAITE 2.6 makes the group of a client owner of the client's folder, and the
catalogs learn of it when objects are indexed the next time. Until then the
contacts don't find what was there before.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.adapters import object_security
from senaite.queue.api import add_reindex_obj_security_task
from senaite.queue.api import is_queue_ready
from senaite.queue import is_installed
from senaite.queue.model.categories import get_process
from senaite.queue.model import surroundings

TASK = "task_reindex_object_security"


def on_local_roles_modified(client, event):
    """Somebody has shared a client with others, or does so no longer."""
    reindex(client)


def reindex(client):
    """Reindex who may see a client and all it has: by the queue, or at once
    where it takes no tasks or there is little to do.

    Where people have switched this process off, they get what core does:
    nothing.

    :param client: the client
    """
    settings = surroundings.get()
    if not is_installed() or \
            get_process(TASK) not in settings.get_setting("queued_processes"):
        return
    many = len(client.objectIds()) >= settings.get_setting("min_items")
    # Anonymous has no task: nobody could be found to run it as
    if many and settings.get_username() and is_queue_ready(TASK):
        add_reindex_obj_security_task(client)
    else:
        object_security.reindex_paths(client, object_security.get_paths(client))
