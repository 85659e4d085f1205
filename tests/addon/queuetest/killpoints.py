# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.
# Copyright 2026 senaite.queue contributors.

"""Places in the code at which a process dies, or is stopped, when asked to.

The product knows nothing of them: its functions are wrapped from outside. A
point is armed by the environment (`QUEUETEST_KILL=before_commit`), or by a
file `arm-<point>` in the shared directory; its JSON may name the node that is
meant, the signal, and how often the point is passed before. A point that was
armed strikes once in the whole cluster.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import functools
import json
import os
import signal

import transaction
from queuetest import counting
from senaite.queue.consumer import attempt
from senaite.queue.consumer import processing
from senaite.queue.http import transport
from senaite.queue.records import outbox
from senaite.queue.storage import store
from senaite.queue.storage import unitofwork

ENVIRONMENT = "QUEUETEST_KILL"

POINTS = (
    # a click: its task is in the transaction, which commits next
    "before_click_commit",
    # the relay: tasks are committed, the server is not yet told; it has
    # answered, the outbox does not yet know
    "before_relay", "after_relay",
    # the server: rows are written and not committed; committed, not answered
    "in_store_write", "after_store_write",
    # a chunk: done and recorded, not committed; voted for, so that ZEO waits
    # for it alone; committed
    "before_commit", "in_commit", "after_commit",
    # the consumer: about to say that a task is done; the server has answered
    "before_acknowledge", "after_acknowledge",
)


def reach(point):
    """Die here, if this point is armed for this process."""
    path = os.path.join(os.environ[counting.DIRECTORY], "arm-" + point)
    if os.environ.get(ENVIRONMENT) == point:
        order = {}
        try:
            # once in the cluster, also for processes started again
            os.close(os.open(path + ".env", os.O_CREAT | os.O_EXCL))
        except OSError:
            return
    else:
        try:
            with open(path) as source:
                order = json.load(source)
            if order.get("node") not in (None, node_name()):
                return
            os.rename(path, path + ".struck")
        except (IOError, OSError, ValueError):
            return
    counting.journal("struck", point=point, node=node_name())
    os.kill(os.getpid(), order.get("signal", signal.SIGKILL))


def node_name():
    """Return the name that the harness gave to this process."""
    from App.config import getConfiguration
    return os.path.basename(getConfiguration().clienthome)


def wrap(owner, name, before=None, after=None, when=lambda *args: True):
    """Put points before and after a function."""
    original = getattr(owner, name)
    # on Python 2, methods of a class come unbound
    function = getattr(original, "__func__", original)

    @functools.wraps(function)
    def wrapped(*args, **kw):
        meant = when(*args)
        if before and meant:
            reach(before)
        result = function(*args, **kw)
        if after and meant:
            reach(after)
        return result

    setattr(owner, name, wrapped)


def put_and_watch(function):
    """Wrap `outbox.put`: its transaction has a point before the commit."""
    @functools.wraps(function)
    def put(portal, task):
        function(portal, task)
        portal._p_jar.transaction_manager.get().addBeforeCommitHook(
            reach, ("before_click_commit",))
    return put


class Voter(object):
    """Takes part in a commit, as the last one to vote."""

    def tpc_begin(self, _transaction):
        """There is nothing to keep."""

    commit = tpc_finish = tpc_abort = abort = tpc_begin

    def tpc_vote(self, _transaction):
        reach("in_commit")

    def sortKey(self):
        # After all storages
        return "~"


def describe_and_watch(function):
    """Wrap `processing._describe`: what follows is the commit."""
    @functools.wraps(function)
    def describe(task):
        function(task)
        transaction.get().join(Voter())
    return describe


def install():
    """Wrap the product's functions."""
    outbox.put = put_and_watch(outbox.put)
    processing._describe = describe_and_watch(processing._describe)
    wrap(processing, "_describe", after="before_commit")
    wrap(processing, "_attempt", after="after_commit")
    wrap(attempt.Attempt, "_tell", "before_acknowledge", "after_acknowledge",
         lambda self, route, payload: route == "queue_server/done")
    wrap(transport.Transport, "call", "before_relay", "after_relay",
         lambda self, route, *rest: route == "queue_server/add")
    wrap(unitofwork.Unit, "finish", after="in_store_write")
    wrap(store.TaskStore, "add_many", after="after_store_write")
