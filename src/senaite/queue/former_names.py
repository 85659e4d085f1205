# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What stands behind names of 1.0.x that have no equal any more.

Nothing of ours uses it. The modules in which add-ons look for these names tell
at import what to use instead.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.auth import signing_keys
from senaite.queue.consumer import loop
from senaite.queue.site.portal import current_portal


def reset_auth_key(portal=None):
    """Make a new key; the former one is not accepted any more.

    :param portal: root object of the site; default: the current one
    """
    signing_keys.rotate(portal or current_portal(), grace_seconds=0)


def consume_task():
    """See to it that this process consumes the tasks of the current site.

    :returns: what there is to say about it, for people
    :rtype: str
    """
    return loop.ensure(current_portal())


def is_valid_zeo_host(host):
    """Refuse to say: hosts of Zope processes are no setting any more."""
    refuse("is_valid_zeo_host")


def fail(*args, **kwargs):
    """Refuse: the routes raise errors of their own."""
    refuse("fail")


def get_summary(*args, **kwargs):
    """Refuse: see docs/json for the answers of the routes."""
    refuse("get_summary")


def get_list_summary(*args, **kwargs):
    """Refuse: see docs/json for the answers of the routes."""
    refuse("get_list_summary")


def get_message_summary(*args, **kwargs):
    """Refuse: see docs/json for the answers of the routes."""
    refuse("get_message_summary")


def get_tasks_summary(*args, **kwargs):
    """Refuse: see docs/json for the answers of the routes."""
    refuse("get_tasks_summary")


def get_task_info(*args, **kwargs):
    """Refuse: see docs/json for the answers of the routes."""
    refuse("get_task_info")


def get_post_zeo(*args, **kwargs):
    """Refuse: consumers are known by ids of their own."""
    refuse("get_post_zeo")


def handle_queue_errors(function):
    """Return the function: SENAITE's JSON API answers with the errors of its
    routes."""
    return function


def refuse(name):
    """Say that something has gone without an equal.

    :raises NotImplementedError: always
    """
    raise NotImplementedError(
        "senaite.queue.request.{} was part of the JSON routes of senaite.queue"
        " 1.0.x and has no equal; senaite.queue.api.get_queue() tells of the "
        "tasks, and docs/json.rst describes the routes".format(name))
