# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Processing a task: the work, the ledger and the follow-up, all or nothing.

The transactions are made here, not by the publisher: an answer must not say
"done" before the commit, the JSON API swallows exceptions and commits what was
written before them, and ZServer never retries a conflict.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import random
import sys
import time
import traceback
import types

import transaction
from AccessControl import getSecurityManager
from AccessControl.unauthorized import Unauthorized
from transaction.interfaces import TransientError
from zope.annotation.interfaces import IAnnotations
from zope.component import queryAdapter

from senaite.queue.auth import plugin_check
from senaite.queue.errors import LeaseLost
from senaite.queue.errors import PluginMissing
from senaite.queue.errors import TaskRefused
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model.conversion import count_items
from senaite.queue.model.conversion import put_back
from senaite.queue.model.current import current_task  # noqa: F401
from senaite.queue.model.current import working_on
from senaite.queue.model import failures
from senaite.queue.model.fields import to_message
from senaite.queue.model.fields import to_text
from senaite.queue.model import left_out
from senaite.queue.model.queue_task import to_task
from senaite.queue.model import scheduling
from senaite.queue import PAS_PLUGIN_ID
from senaite.queue.records import ledger
from senaite.queue.site import click_origin
from senaite.queue import speedups

#: How often a transaction is tried when it meets conflicts
ATTEMPTS = 3

#: Seconds: the longest wait before the second attempt, doubled for the third
PAUSE = 0.25

#: Longest traceback that is reported, in characters: its end counts
MOST_TRACEBACK = 20000

DONE = "done"
ALREADY = "already"
FAILED = "failed"
NOT_READY = "not_ready"

#: Where catalogs keep their answers on the request
#: (`Products.PluginIndexes.unindex.UnIndex.getRequestCache`)
CATALOG_CACHE = "__catalog_cache__"

GENERIC_ACTION = "task_generic_action"
ACTION_PREFIX = "task_action_"


def process(portal, request, lease, user_id):
    """Process the task of a lease in transactions of its own.

    Whatever the current transaction has written is aborted first.

    :param portal: root object of the site
    :param request: the current request
    :param lease: the lease of the task, begun
    :type lease: senaite.queue.consumer.lease.Lease
    :param user_id: whom the signed request was made for
    :returns: what to tell the consumer: `outcome` (one of "done", "already",
        "failed"), with what `ledger.describe` returns, or `kind` (one of
        `scheduling.KINDS`), `error_message`, `error_code` and `traceback`; or
        "not_ready": to be asked again when what `error_message` says is
        corrected
    :rtype: dict
    """
    # Asked before the abort, in the state of the site in which the user was
    # logged in or not: afterwards, the plugin may be there again
    objection = _find_objection(portal, lease.task, user_id)
    for attempt in range(1, ATTEMPTS + 1):
        transaction.abort()
        try:
            transaction.begin()
            return _attempt(portal, request, lease, objection, attempt)
        except PluginMissing as error:
            return {"outcome": NOT_READY, "error_message": to_message(error)}
        except TaskRefused as error:
            return _failed(scheduling.FATAL, error, error.code)
        except Unauthorized as error:
            return _failed(scheduling.FATAL, error, failures.NOT_ALLOWED)
        except LeaseLost as error:
            return _failed(scheduling.LEASE_LOST, error)
        except TransientError as error:
            if attempt == ATTEMPTS:
                return _failed(scheduling.CONFLICT, error,
                               failures.CONFLICT)
            logger.info("event=conflict task=%s attempt=%s error=%s",
                        lease.task.task_short_uid, attempt, to_message(error))
        except:  # noqa: E722
            # Whatever the work raises is its failure. SystemExit would end
            # ZServer; Python 2 also knows exceptions without a base class
            return _failed(scheduling.ERROR, sys.exc_info()[1])
        finally:
            lease.end_commit()
            # nothing may be left to the publisher's commit
            transaction.abort()
        # after the abort: an open transaction that sleeps meets conflicts
        time.sleep(random.uniform(0, PAUSE * attempt))


def _attempt(portal, request, lease, objection, tries=1):
    """Do the work once and commit; returns the answer.

    :param objection: what `_find_objection` returned
    """
    # a copy: what an adapter notes in it must not outlive a failed attempt
    task = to_task(dict(lease.task, skipped=0, skipped_items=[]))
    put_back(task)
    record = ledger.get(portal, task.task_uid)
    if record is not None:
        return dict(ledger.describe(record), outcome=ALREADY)
    if objection is not None:
        raise objection
    context = task.get_context()
    if context is None:
        raise TaskRefused("{} does not exist any more".format(
            task.context_path), failures.OBJECT_GONE)
    _prepare(request, task, context)
    with click_origin.put_back(request, task["click_origin"], portal):
        done = _work(portal, task, context, lease, tries)
    return dict(done, outcome=DONE)


def _work(portal, task, context, lease, tries):
    """Have the adapter process the task, and commit what it did.

    :returns: what the ledger records of it
    :rtype: dict
    """
    adapter = _get_adapter(context, task.name)
    running = transaction.get()
    with working_on(task, tries) as added, \
            speedups.session().processing(portal):
        _finish(adapter.process(task))
        if transaction.get() is not running:
            # what it has committed cannot be undone, but the ledger entry keeps
            # it from being done a second time
            logger.error("event=commit_by_adapter task=%s name=%s: an adapter "
                         "must not end the transaction",
                         task.task_short_uid, task.name)
        processed = _count_processed(task, added)
        done = _describe_outcome(task, processed)
        ledger.record(portal, task.task_uid, clock.steady(), **done)
        _describe(task)
        lease.begin_commit()
        transaction.commit()
    return done


def _finish(found):
    """Do the work of an adapter whose `process` is a generator: it begins when
    somebody asks for what it yields."""
    if isinstance(found, types.GeneratorType):
        for _each in found:
            pass


def _find_objection(portal, task, user_id):
    """Return what forbids to run a task as the current user, or None.

    :returns: TaskRefused when that is for good; PluginMissing when the user
        exists, but cannot be logged in
    """
    if not task.username:
        return TaskRefused("The task has no user to run as")
    current_id = getSecurityManager().getUser().getId()
    if task.username == user_id == current_id:
        return None
    broken = plugin_check.find_broken(portal)
    if broken and task.username == user_id and \
            plugin_check.has_user(portal, task.username):
        return PluginMissing(
            "The plugin {} is missing or switched off in {}".format(
                PAS_PLUGIN_ID, " and ".join(broken)))
    return TaskRefused("The user '{}' does not exist any more".format(
        task.username), failures.USER_GONE)


def _prepare(request, task, context):
    """Prepare the request for the work, without leftovers.

    Caches on the request hold objects and answers (is this transition
    allowed?) from before the transaction was aborted. Catalogs know their
    answers by the number of changes, which is the same again when the work is
    repeated: what was indexed anew would not be found.
    """
    IAnnotations(request).clear()
    request.other.pop("workflow_skiplist", None)
    request.other.pop(CATALOG_CACHE, None)
    # for information; our own guards use `current_task`
    request.set("queue_tuid", task.task_uid)
    from bika.lims.interfaces import IWorksheet
    if IWorksheet.providedBy(context):
        # core's guards of assign and unassign ask for it
        request.set("ws_uid", task.context_uid)


def _get_adapter(context, name):
    """Return the adapter that processes tasks of this name.

    :raises TaskRefused: when there is none
    """
    adapter = queryAdapter(context, IQueuedTaskAdapter, name=name)
    if adapter is None and name.startswith(ACTION_PREFIX):
        adapter = queryAdapter(
            context, IQueuedTaskAdapter, name=GENERIC_ACTION)
    if adapter is None:
        raise TaskRefused("Nothing is registered that processes '{}'".format(
            name), failures.NO_ADAPTER)
    return adapter


def _count_processed(task, added):
    """Return how many items of the job this task has done: its own, without
    those that follow-up tasks of the job have taken over."""
    left = sum(count_items(other) for other in added
               if other["job_uid"] == task["job_uid"])
    return max(0, count_items(task) - left)


def _describe_outcome(task, processed):
    """Return what is told of a task that is done; see `ledger.describe`."""
    items = left_out.clean(task.get("skipped_items"))
    # Not more than it had: what follow-up tasks have taken over may be a step
    # without items, which counts as one
    skipped = min(count_items(task),
                  left_out.clean_count(task.get("skipped"), items))
    return {"processed": processed, "note": task.get("note"),
            "skipped": skipped, "skipped_items": items[:skipped]}


def _describe(task):
    """Describe the task and its user in the undo log."""
    current = transaction.get()
    current.note(u"senaite.queue {} {}".format(task.name, task.task_uid))
    current.user = u" {}".format(to_text(task.username))


def _failed(kind, error, code=None):
    """Return the answer for a failure; called while it is handled.

    :param code: see `senaite.queue.model.failures`
    """
    details = traceback.format_exc()
    message = to_message(error)
    if kind in (scheduling.ERROR, scheduling.CONFLICT):
        message = u"{}: {}".format(type(error).__name__, message)
    return {
        "outcome": FAILED,
        "kind": kind,
        "error_message": message[:4000],
        "error_code": code,
        "traceback": to_text(details)[-MOST_TRACEBACK:],
    }
