# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The API for other add-ons: query the queue, and add tasks to it.

Tasks are added in the running transaction: a task is in the queue if, and only
if, this transaction commits.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import warnings

from bika.lims import api as senaite_api
from bika.lims.interfaces import IWorksheet
from six import string_types
from zope.component import getUtility
from zope.component import queryAdapter

from senaite.queue.client import trust
from senaite.queue.client.view import get_hold
from senaite.queue.client.view import outage_seconds
from senaite.queue.client.view import queued_view
from senaite.queue import config
from senaite.queue.interfaces import IClientQueueUtility
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue import is_installed
from senaite.queue.model.categories import get_process
from senaite.queue.model.conversion import ITEMS
from senaite.queue.model.conversion import to_uids
from senaite.queue.model.current import current_task
from senaite.queue.model.fields import uid_list
from senaite.queue.model.queue_task import copy_task
from senaite.queue.model.queue_task import get_chunk_size
from senaite.queue.model.queue_task import get_task_uid
from senaite.queue.model.queue_task import given_with
from senaite.queue.model.queue_task import job_values
from senaite.queue.model.queue_task import new_task
from senaite.queue.model.queue_task import SLOTS_BY_UID
from senaite.queue.model import restores
from senaite.queue.model import surroundings
from senaite.queue.records import enqueue
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.site.objects import get_object
from senaite.queue.site.portal import current_portal
from senaite.queue.site import process_role
from senaite.queue.site import samples

#: Answers of `get_queue_status`
READY = "ready"
RESUMING = "resuming"
DISABLED = "disabled"

#: Name of the adapter for workflow actions that have no adapter of their own
GENERIC_ACTION = "task_generic_action"

#: Name of the task that assigns analyses to a worksheet
ASSIGN = "task_assign_analyses"

#: The names of the tasks of workflow actions begin with it
ACTION_PREFIX = "task_action_"

#: Actions whose items keep their order. A worksheet is submitted when all of
#: the analyses that are left on it are submitted, and SENAITE cannot open an
#: empty one again: what becomes of it depends on which one is rejected last
IN_ORDER = ("reject",)

#: Priority of security reindexing: no user waits for it
SECURITY_PRIORITY = 50

#: Factor for the chunks of security reindexing, whose items are cheap
SECURITY_CHUNK = 10


def get_server_url():
    """Return the URL of the queue server, as set in the control panel.

    :returns: URL with scheme, host and site path, without a final slash;
        empty when there is none, or what is set is not the URL of a site
        (1.0.x returned None)
    :rtype: str
    """
    value = surroundings.get().get_setting("server")
    if not value or config.check_url(value):
        return ""
    return value.rstrip("/")


def is_queue_server():
    """Tell whether this process is the queue server.

    :rtype: bool
    """
    return process_role.is_queue_server()


def get_queue():
    """Return the queue: the server utility on the queue server, the client
    utility elsewhere.

    :rtype: senaite.queue.interfaces.IQueueUtility
    """
    if is_queue_server():
        return get_server_utility(_site())
    return getUtility(IClientQueueUtility)


def get_queue_status(name_or_action=None):
    """Return whether the queue accepts tasks.

    :param name_or_action: name of a task or id of a workflow action; the
        queue as a whole when omitted
    :type name_or_action: str
    :returns: "ready": accepts new tasks; "resuming": accepts no new tasks, but
        processes those that it has; "disabled": neither
    :rtype: str
    """
    if not is_installed() or not get_server_url():
        return DISABLED
    if _is_wanted(name_or_action) and get_chunk_size(name_or_action) > 0 \
            and not _is_server_lost():
        return READY
    return RESUMING if queued_view(_site()).tasks() else DISABLED


def is_queue_enabled(name_or_action=None):
    """Tell whether tasks are processed: the queue is ready or resuming.

    :param name_or_action: see `get_queue_status`
    :rtype: bool
    """
    return get_queue_status(name_or_action) != DISABLED


def is_queue_ready(name_or_action=None):
    """Tell whether the queue accepts new tasks.

    :param name_or_action: see `get_queue_status`
    :rtype: bool
    """
    return get_queue_status(name_or_action) == READY


def is_queued(brain_object_uid, status=None):
    """Tell whether an unfinished task involves an object.

    This is a look-up in memory, regardless of the number of tasks.

    :param brain_object_uid: content object, catalog brain or uid
    :param status: state or states (see `senaite.queue.model.states`) to look for;
        queued and running when omitted
    :rtype: bool
    :raises ValueError: for anything else than an object, a brain or a uid
    """
    return queued_view(_site()).is_queued(_uid(brain_object_uid), status)


def get_task_adapter(name, context):
    """Return the adapter that processes the tasks of this name.

    Falls back to the generic adapter for names like `task_action_<action>`.

    :param name: name of the task
    :type name: str
    :param context: content object the task is about
    :returns: the adapter, or None
    :rtype: senaite.queue.interfaces.IQueuedTaskAdapter
    """
    adapter = queryAdapter(context, IQueuedTaskAdapter, name=name)
    if adapter is None and name.startswith(ACTION_PREFIX):
        adapter = queryAdapter(context, IQueuedTaskAdapter,
                               name=GENERIC_ACTION)
    return adapter


def add_task(name, context, **kwargs):
    """Add a task to the queue, in the running transaction.

    The action of a task `task_action_<action>` follows from its name, and its
    object is the context, unless `action` and `uids` say otherwise.

    While a task is processed, one of the same name and context is the rest of
    its job, like the copies of `add_copy`. An empty rest ends the job: the
    task that has no `uids` can add it no more.

    :param name: name of the `IQueuedTaskAdapter` that processes it
    :type name: str
    :param context: content object, brain or uid the task is about
    :param kwargs: fields of the task (min_seconds, max_seconds (seconds),
        retries, username, priority (lower first), unique, chunk_size (items),
        ghost, delay (seconds)) and free keys with JSON values. `retries` and
        `chunk_size` hold for all tasks of the job
    :returns: the task; None when the queue has it already, or when it is the
        rest of a job that has nothing left
    :rtype: senaite.queue.model.queue_task.QueueTask
    :raises ValueError: when no adapter processes tasks of this name for the
        context, a field is out of range or the payload is too large
    :raises TypeError: when a field is of the wrong type, or a free key has
        other values than JSON
    """
    context = _object(context)
    if get_task_adapter(name, context) is None:
        raise ValueError("No IQueuedTaskAdapter named '{}' for {!r}"
                         .format(name, context))
    _complete(name, context, kwargs)
    running = current_task()
    if running is not None and running.name == name and \
            running.context_uid == senaite_api.get_uid(context):
        task = new_task(name, context, **dict(job_values(running), **kwargs))
        if _is_repeated(running, task, kwargs):
            return None
    else:
        task = new_task(name, context, **kwargs)
    return _add(task, "uids" in kwargs)


def queue_task(name, request, context, username=None, **kwargs):
    """Add a task, with the signature of 1.0.1; new code should use `add_task`.

    :param request: not used
    """
    if username is not None:
        kwargs["username"] = username
    return add_task(name, context, **kwargs)


def get_queue_image_url(name):
    """Return the URL of the queue's icon; add-ons for 1.0.x open it to see
    whether the site answers. It has no equal: the images of 1.0.x are gone.

    :param name: not used
    :rtype: str
    """
    warnings.warn("senaite.queue.api.get_queue_image_url is deprecated: the "
                  "images of senaite.queue 1.0.x are gone, and it always "
                  "returns the URL of the icon", DeprecationWarning, 2)
    return "{}/++plone++senaite.queue.static/queue.svg".format(
        senaite_api.get_url(_site()))


def add_copy(source_task, **kwargs):
    """Add a copy of a task: the next chunk of the same job.

    :param source_task: the task to copy, or the dict of one
    :type source_task: senaite.queue.model.queue_task.QueueTask or dict
    :param kwargs: fields that differ, e.g. `uids`; `context`: the object,
        brain or uid that the copy is about. The samples of `uids` are locked,
        in addition to the `locks` that were given for the job; what is not
        among the `uids` any more is free
    :returns: the copy; None when the queue has it already, or when it is the
        rest of a job that has nothing left
    :rtype: senaite.queue.model.queue_task.QueueTask
    """
    running = current_task()
    if isinstance(source_task, dict) and source_task.get("name") == ASSIGN:
        _complete_slots_of_copy(source_task, kwargs)
    task = copy_task(source_task, **kwargs)
    if running is not None and _is_repeated(running, task, kwargs) and \
            running.task_uid == get_task_uid(source_task, default=None):
        return None
    return _add(task, "uids" in kwargs)


def add_action_task(brain_object_uid, action, context=None, **kwargs):
    """Queue a workflow action on one or more objects, as one task.

    The objects are not woken. Those that are gone are skipped with a note when
    the task is processed.

    :param brain_object_uid: content object, brain or uid; or a list of them
    :param action: id of the workflow transition
    :type action: str
    :param context: context of the task, e.g. the worksheet; the first of the
        objects that is there when omitted
    :param kwargs: see `add_task`
    :returns: the task, or None when the queue has it already, or when there
        are no objects
    :rtype: senaite.queue.model.queue_task.QueueTask
    """
    if not isinstance(brain_object_uid, (list, tuple, set, frozenset)):
        brain_object_uid = [brain_object_uid]
    uids = [_uid(item) for item in brain_object_uid]
    if context is None:
        context = _first_object(uids)
    if not uids or context is None:
        return None
    context = _object(context)

    if action == "assign" and IWorksheet.providedBy(context):
        return add_assign_task(context, uids, **kwargs)

    if action not in IN_ORDER:
        # A sample is promoted and indexed once per chunk
        uids = samples.side_by_side(uids)
    name = ACTION_PREFIX + action
    return add_task(name, context, action=action, uids=uids, **kwargs)


def add_assign_task(worksheet, analyses, slots=None, **kwargs):
    """Queue the assignment of analyses to a worksheet.

    The analyses are not woken, see `add_action_task`.

    :param worksheet: worksheet (object, brain or uid)
    :param analyses: analyses (objects, brains or uids), in the order in which
        they take their slots
    :param slots: their slots: a list in the order of `analyses`, or a dict
        from uid to slot; analyses without a slot take the next free one, and
        slots without an analysis are ignored
    :param kwargs: see `add_task`
    :returns: the task, or None when the queue has it already, or when there
        are no analyses
    :rtype: senaite.queue.model.queue_task.QueueTask
    :raises ValueError: when it is not a worksheet
    """
    worksheet = _object(worksheet)
    if not IWorksheet.providedBy(worksheet):
        raise ValueError("Not a worksheet: {!r}".format(worksheet))
    uids = [_uid(analysis) for analysis in analyses]
    if not uids:
        return None
    return add_task(ASSIGN, worksheet, uids=uids, slots=slots, **kwargs)


def add_apply_template_task(worksheet, template, **kwargs):
    """Queue the application of a worksheet template to a worksheet.

    :param worksheet: worksheet (object, brain or uid)
    :param template: worksheet template (object, brain or uid)
    :param kwargs: see `add_task`
    :returns: the task, or None when the queue has it already
    :rtype: senaite.queue.model.queue_task.QueueTask
    :raises ValueError: when they are not a worksheet and a worksheet template
    """
    worksheet, template = _object(worksheet), _object(template)
    if not IWorksheet.providedBy(worksheet):
        raise ValueError("Not a worksheet: {!r}".format(worksheet))
    if senaite_api.get_portal_type(template) != "WorksheetTemplate":
        raise ValueError("Not a worksheet template: {!r}".format(template))
    # All worksheets share this lock: only one plan is made at a time
    folder = senaite_api.get_parent(worksheet)
    kwargs.setdefault("locks", [senaite_api.get_uid(folder)])
    return add_task("task_apply_worksheet_template", worksheet,
                    template=senaite_api.get_uid(template), **kwargs)


def add_reindex_obj_security_task(brain_object_uid, **kwargs):
    """Queue the reindexing of the permissions on an object and its content.

    Its chunks are larger than those of other tasks: it updates one index per
    object, and does not change the objects. The task is a ghost, hidden from
    users unless they ask for ghosts.

    :param brain_object_uid: content object, brain or uid
    :param kwargs: see `add_task`
    :returns: the task, or None when the queue has it already
    :rtype: senaite.queue.model.queue_task.QueueTask
    """
    kwargs.setdefault("priority", SECURITY_PRIORITY)
    kwargs.setdefault("ghost", True)
    kwargs.setdefault("chunk_size", SECURITY_CHUNK * get_chunk_size())
    return add_task("task_reindex_object_security", brain_object_uid, **kwargs)


def _complete(name, context, values):
    """Add to the values of a task what callers of 1.0.x leave out.

    :param name: name of the task
    :param context: content object the task is about
    :param values: keyword arguments of `add_task`, changed in place
    """
    if name == ASSIGN:
        _complete_slots(values)
        return
    if name.startswith(ACTION_PREFIX):
        values.setdefault("action", name[len(ACTION_PREFIX):])
    elif name != GENERIC_ACTION or not values.get("action"):
        return
    if values.get("uids") is None:
        values["uids"] = [senaite_api.get_uid(context)]
    # Ours look for objects: what is no uid is refused at the click
    values["uids"] = _checked_uids(values["uids"])


def _checked_uids(items):
    """Return uids, without repetition, of objects, brains or uids.

    :raises TypeError: for items that are neither
    :raises ValueError: for strings that are no uids
    """
    if isinstance(items, (list, tuple)):
        items = to_uids(items)
    return uid_list("uids", items)


def _is_repeated(running, task, values):
    """Tell whether a task adds itself again: it has no objects, and the
    next one would have none either, nor anything else that differs. The
    objects may be listed in a free key: then all lists are empty.

    Adapters that add the rest of their job without looking whether there is
    one would never end. The first task of a job without objects is added: it
    may be what ends the job.

    :param running: the task that is being processed
    :param task: the task that it adds
    :param values: keyword arguments of that task
    """
    if running.uids or task.uids or task.get(ITEMS) or task.delay or \
            task.context_uid != running.context_uid:
        return False
    if "uids" not in values:
        lists = [value for value in values.values()
                 if isinstance(value, (list, tuple))]
        if not lists or any(lists):
            return False
    # A failed attempt changes what was given
    known = dict(running, **given_with(running))
    return all(_as_json(task.get(key)) == _as_json(known.get(key))
               for key in values if key not in ("uids", "context", "delay"))


def _as_json(value):
    """Return a value as it is after the way to a consumer."""
    return json.loads(json.dumps(value))


def _add(task, is_selection):
    """Add a task, with locks on the samples of its objects.

    :param is_selection: whether the caller says which objects
    """
    if is_selection:
        given = given_with(task).get("locks", [])
        found = samples.get_locks(task.uids)
        task["locks"] = given + [uid for uid in found if uid not in given]
    return enqueue.add(task)


def _complete_slots(values):
    """Add to the values of a task of assignment which analysis asks for which
    slot, by uid.

    A list of slots stays one, as adapters of 1.0.x expect it: as long as the
    list of uids, with "" for the next slot that is free. Slots beyond the
    analyses are ignored.

    :param values: keyword arguments of `add_task`, changed in place
    """
    given = values.get("uids") or ()
    values["uids"] = uids = _checked_uids(given)
    slots = {} if values.get("slots") is None else values["slots"]
    if isinstance(slots, dict):
        values["slots"] = _wanted_slots(slots)
        return
    # Of analyses that are listed twice, the first one counts
    by_uid = dict(reversed(list(zip(to_uids(given), slots))))
    values[SLOTS_BY_UID] = wanted = _wanted_slots(by_uid)
    values["slots"] = [wanted.get(uid, "") for uid in uids]


def _complete_slots_of_copy(source, values):
    """Give the copy of a task of assignment the slots of its analyses.

    :param source: the task, or the dict of one
    :param values: keyword arguments of `add_copy`, changed in place
    """
    if values.get("slots") is not None:
        values.setdefault("uids", source.get("uids"))
        _complete_slots(values)
    elif "uids" in values and isinstance(source.get("slots"), (list, tuple)):
        wanted = source.get(SLOTS_BY_UID) or {}
        values["uids"] = _checked_uids(values["uids"])
        values["slots"] = [wanted.get(uid, "") for uid in values["uids"]]


def _wanted_slots(by_uid):
    return {uid: int(slot) for uid, slot in by_uid.items() if slot}


def _is_wanted(name_or_action):
    """Tell whether the settings have this process queued."""
    if name_or_action is None:
        return True
    wanted = surroundings.get().get_setting("queued_processes")
    return get_process(name_or_action) in wanted


def _is_server_lost():
    """Tell whether the outage of the queue server exceeds the setting
    "outage_seconds", or never ends, because this process must not take part in
    the queue, or belongs to a copy of the site: new work is done at once."""
    if config.get_errors(config.CRITICAL) or trust.is_refused(_site()):
        return True
    hold = get_hold(_site())
    if hold is not None and hold["kind"] == restores.FOREIGN:
        # The copy's own queue server, which was given the original's store
        return True
    patience = surroundings.get().get_setting("outage_seconds")
    return outage_seconds(_site()) > patience


def _site():
    return current_portal()


def _first_object(uids):
    """Return the first object that is there, or None."""
    found = (get_object(uid) for uid in uids)
    return next((obj for obj in found if obj is not None), None)


def _object(brain_object_uid):
    """Return a content object; raises ValueError for anything else."""
    try:
        return senaite_api.get_object(brain_object_uid)
    except senaite_api.APIError:
        raise ValueError("Not an object, a brain or the uid of an object: {!r}"
                         .format(brain_object_uid))


def _uid(brain_object_uid):
    """Return a uid, without loading the object."""
    if isinstance(brain_object_uid, string_types):
        if senaite_api.is_uid(brain_object_uid):
            return brain_object_uid
        raise ValueError("Not a uid: {!r}".format(brain_object_uid))
    try:
        return senaite_api.get_uid(brain_object_uid)
    except senaite_api.APIError:
        raise ValueError("Not an object, a brain or a uid: {!r}".format(
            brain_object_uid))
