# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Reindexes the permissions on a client's content when roles change.

SENAITE 2.6 makes the group of a client the owner of the client's folder, but
does not reindex the content. Until an object is indexed again, contacts of the
client do not find it.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.adapters import object_security
from senaite.queue.api import add_reindex_obj_security_task
from senaite.queue.api import is_queue_ready
from senaite.queue import is_installed
from senaite.queue.model.categories import get_process
from senaite.queue.model.minimums import get_minimum
from senaite.queue.model import surroundings

TASK = "task_reindex_object_security"


def on_local_roles_modified(client, event):
    """Reindex a client whose local roles have changed."""
    reindex(client)


def reindex(client):
    """Reindex the permissions on a client and its content.

    Queued, or done at once where the queue takes no tasks or the client has
    little content. Does nothing, like core, where this process is not among
    the queued processes of the settings.

    :param client: the client
    """
    settings = surroundings.get()
    if not is_installed() or \
            get_process(TASK) not in settings.get_setting("queued_processes"):
        return
    many = len(client.objectIds()) >= get_minimum(TASK)
    # A task needs a user to run as: none for anonymous
    if many and settings.get_username() and is_queue_ready(TASK):
        add_reindex_obj_security_task(client)
    else:
        object_security.reindex_paths(client, object_security.get_paths(client))
