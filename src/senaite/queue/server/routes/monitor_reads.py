# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Routes of the monitor: figures, pages, the history of a task."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import pkg_resources
import six
from senaite.queue.errors import Refused
from senaite.queue.errors import TaskNotFound
from senaite.queue.http import params
from senaite.queue.http.routing import get_params
from senaite.queue.http.routing import route
from senaite.queue.http.routing import SIGNED
from senaite.queue.http.routing import VIEW
from senaite.queue.model import clock
from senaite.queue.model import fields
from senaite.queue.model.states import KINDS
from senaite.queue import PRODUCT_NAME
from senaite.queue.server.routes.read import READ
from senaite.queue.server.server_utility import get_queue
from senaite.queue.storage.filtering import SORTS

#: Tasks on a page, unless the request asks for less or more, and at most
DEFAULT_PAGE = 50
MAX_PAGE = 1000

#: Maximum number of characters that tell what words stand for
MOST_CHARACTERS = 20000


@route("queue_server", "stats", methods=READ, access=VIEW)
def stats(context, request):
    """Return the figures of the monitor."""
    return params.answer(request, get_queue().get_figures())


@route("queue_server", "page", methods=READ, access=VIEW)
def page(context, request):
    """Return a page of a listing: see `ITaskStore.page`.

    `kinds` (joined with ","), `text`, `meanings` (as JSON), `name`, `username`,
    `job_uid`, `uid`, `ghosts`, `sort`, `descending`, `limit`, `offset`. The
    answer has `now`, the store's clock.
    """
    given = get_params(request)
    sort = params.read_text(given, "sort") or None
    if sort is not None and sort not in SORTS:
        raise Refused(400, "Unknown 'sort', expected one of {}".format(
            ", ".join(sorted(SORTS))))
    # Without the outbox: the caller adds it
    store = get_queue().store
    found = store.page(
        read_kinds(given),
        text=params.read_text(given, "text", 1000),
        meanings=read_meanings(given),
        name=params.read_text(given, "name", 100),
        username=params.read_text(given, "username", 256),
        job_uid=params.read_object_uid(given, "job_uid"),
        uid=params.read_object_uid(given),
        ghosts=params.read_flag(given, "ghosts"),
        sort=sort,
        descending=params.read_flag(given, "descending"),
        limit=params.read_number(given, "limit", DEFAULT_PAGE, 1, MAX_PAGE),
        offset=params.read_number(given, "offset", 0))
    return params.answer_items(request, found["tasks"], total=found["total"],
                               pauses=store.pauses(), now=store.now())


def read_meanings(given):
    """Return what the words of a search stand for: word -> list of texts.

    :raises Refused: 400 for anything else
    """
    text = params.read_text(given, "meanings", MOST_CHARACTERS)
    if not text:
        return {}
    try:
        found = json.loads(text)
        return dict((word, [fields.to_text(one) for one in texts
                            if isinstance(one, six.string_types)])
                    for word, texts in found.items())
    except (AttributeError, TypeError, ValueError):
        raise Refused(400, "'meanings' must be a JSON object: word -> list of "
                           "texts")


def read_kinds(given):
    """Return the kinds of tasks that a request asks for; all by default.

    :raises Refused: 400 for an unknown one
    """
    kinds = params.read_text(given, "kinds")
    if not kinds:
        return KINDS
    found = tuple(fields.to_native(kind) for kind in kinds.split(","))
    for kind in found:
        if kind not in KINDS:
            raise Refused(400, "Unknown kind of tasks, expected one of "
                               "{}".format(", ".join(KINDS)))
    return found


@route("queue_server", "history/<string:task_uid>", methods=READ, access=VIEW)
def history(context, request, task_uid):
    """Return all about a task: its attempts, its job, its chunks."""
    task_uid = params.read_task_uid({"task_uid": task_uid})
    found = get_queue().get_history(task_uid)
    if found is None:
        raise TaskNotFound(task_uid)
    return params.answer(
        request, found, task=params.for_reader(request, found["task"]))


@route("queue_server", "ping", methods=["POST"], access=SIGNED, is_open=True)
def ping(context, request):
    """Say which server answers: for the test of the connection."""
    queue = get_queue()
    now, store_now = clock.now(), queue.store.now()
    return params.answer(
        request, site=queue.site_id, version=get_version(), now=now,
        store_now=store_now, store_ahead=queue.store.ahead())


def get_version():
    """Return the version of this add-on."""
    return pkg_resources.get_distribution(PRODUCT_NAME).version
