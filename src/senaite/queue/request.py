# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Addresses of tasks and processes, by the name that add-ons know."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import zope.deferredimport

from senaite.queue.model.queue_task import get_task_uid
from senaite.queue.site import process_role
from senaite.queue.site.portal import current_portal

zope.deferredimport.initialize()
zope.deferredimport.deprecated(
    "It is not needed: SENAITE's JSON API answers with the errors of routes; "
    "returns the function unchanged",
    handle_queue_errors="senaite.queue.former_names:handle_queue_errors",
)
zope.deferredimport.deprecated(
    "Import it from ZPublisher.HTTPResponse",
    status_reasons="ZPublisher.HTTPResponse:status_reasons",
)
zope.deferredimport.deprecated(
    "It belonged to the JSON routes of senaite.queue 1.0.x and raises "
    "NotImplementedError; use senaite.queue.api.get_queue()",
    fail="senaite.queue.former_names:fail",
    get_list_summary="senaite.queue.former_names:get_list_summary",
    get_message_summary="senaite.queue.former_names:get_message_summary",
    get_summary="senaite.queue.former_names:get_summary",
    get_tasks_summary="senaite.queue.former_names:get_tasks_summary",
    get_post_zeo="senaite.queue.former_names:get_post_zeo",
    get_task_info="senaite.queue.former_names:get_task_info",
    is_valid_zeo_host="senaite.queue.former_names:is_valid_zeo_host",
)


def get_task_url(task):
    """Return the URL of the JSON route that tells of a task.

    :param task: a task, the dict of one, or a task uid
    :rtype: str
    :raises ValueError: for anything else
    """
    return "{}/@@API/senaite/v1/queue_server/{}".format(
        current_portal().absolute_url(), get_task_uid(task))


def get_zeo_site_url():
    """Return the URL of the current site in this very process.

    :rtype: str
    """
    portal = current_portal()
    return process_role.get_site_url(portal) or portal.absolute_url()
