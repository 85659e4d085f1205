# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The task model: creation, validation, copies and chunks of tasks.

Pure Python. Whatever depends on the site (settings, the current user, uid and
path of an object) comes from `senaite.queue.model.surroundings`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import uuid

import six

from senaite.queue.model import clock
from senaite.queue.model.concealment import conceal
from senaite.queue.model.concealment import CONCEALED
from senaite.queue.model.conversion import converted
from senaite.queue.model.conversion import count_items
from senaite.queue.model.conversion import ITEMS
from senaite.queue.model.conversion import split
from senaite.queue.model.current import current_task
from senaite.queue.model import fields
from senaite.queue.model import states
from senaite.queue.model import surroundings

DEFAULT_PRIORITY = 10

#: Fields that describe the outcome of a task: a copy starts without them
_LIVE = ("status", "error_message", "error_code", "started", "consumer_id",
         "attempt", "note", "skipped", "skipped_items", "interventions")

#: What holds for the whole job when it was given with its first task, and the
#: key under which the task remembers it: a failed attempt changes the fields,
#: and locks on the samples of the items are added
_GIVEN = ("retries", "chunk_size", "locks")
GIVEN = "job_given"

#: Parts of the origin of a task for those who look at it
_SEEN_OF_ORIGIN = ("server_url", "virtual_root", "root_path", "languages")

#: Fields that describe the job of a task, and how it is treated
_JOB = ("job_uid", "job_total", "job_created", "priority", "ghost")

_marker = object()


class QueueTask(dict):
    """A task: a dict whose keys can be read and set as attributes, too.

    Made by `new_task`, `copy_task` or `to_task`, which see to it that all
    fields are there and valid. An attribute is checked when it is set. Two
    tasks are equal when their `task_uid` is.
    """

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name)

    def __setattr__(self, name, value):
        if name.startswith("_") or hasattr(type(self), name):
            super(QueueTask, self).__setattr__(name, value)
            return
        self[name] = fields.CHECKS.get(name, fields.check_json)(name, value)
        if name == "task_uid":
            self["task_short_uid"] = short_uid(self[name])
        elif name in _GIVEN:
            self[GIVEN] = dict(given_with(self), **{name: self[name]})

    def __eq__(self, other):
        if not isinstance(other, QueueTask):
            return False
        return self.get("task_uid") == other.get("task_uid")

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.get("task_uid"))

    def __repr__(self):
        return "<QueueTask {} {} {}>".format(
            self.get("name"), self.get("task_short_uid"), self.get("status"))

    def get_context(self):
        """Return the content object of the task, or None if it is gone."""
        return surroundings.get().resolve(self.context_uid, self.context_path)


def new_task(name, context, **kw):
    """Return a new task, not yet added to the queue.

    :param name: name of the task, under which its adapter is registered
    :type name: str
    :param context: content object, catalog brain or uid
    :param kw: fields of the task (`uids`, `username`, `priority`,
        `min_seconds`, `max_seconds`, `retries`, `chunk_size`, `delay` (all
        times in seconds), `unique`, `ghost`, `locks`, `click_origin`, ...) and
        free keys with JSON values, which travel with the task. `retries`,
        `chunk_size` and `locks` hold for all tasks of the job. Numbers and
        flags may be strings, and uids may be objects or brains. If any of
        `uids` is something else than a uid, the task has no uids until its
        adapter works, and then all of them as strings
    :rtype: QueueTask
    :raises TypeError: naming the key, when its value has the wrong type
    :raises ValueError: naming the field, when its value is out of bounds
    """
    kw = converted(kw)
    values = {
        "task_uid": uuid.uuid4().hex,
        "name": name,
        "created": clock.now(),
        "username": surroundings.get().get_username(),
        "retries": get_max_retries(),
        "min_seconds": get_min_seconds(),
        "max_seconds": get_max_seconds(),
        "chunk_size": get_chunk_size(name),
        "click_origin": _get_click_origin(),
    }
    values.update(surroundings.get().describe(context))
    values.update(kw)
    given = dict((key, kw[key]) for key in _GIVEN if key in kw)
    if given:
        values[GIVEN] = given
    return to_task(values)


def _get_click_origin():
    """Return where a task is added: while another one is processed, that is
    where the other one was."""
    running = current_task()
    if running is not None:
        return running.get("click_origin")
    return surroundings.get().get_click_origin()


def copy_task(source, context=None, **kw):
    """Return a new task of the same job: a follow-up chunk, as a rule.

    It has a `task_uid` and a time of its own, and all its retries; all else
    is as in the source unless `kw` says otherwise. A delay is not inherited:
    the job has waited once.

    :param source: the task to copy, or the dict of one
    :type source: QueueTask or dict
    :param context: content object, catalog brain or uid that the copy is
        about; default: that of the source
    :param kw: fields and free keys that differ, as for `new_task`
    :rtype: QueueTask
    :raises TypeError: as for `new_task`
    :raises ValueError: as for `new_task`, or when the source is no task
    """
    if not isinstance(source, dict):
        raise ValueError("Not a task: {}".format(fields.show(source)))
    values = dict(source)
    if isinstance(values.get("uids"), (list, tuple)):
        # While an adapter works, other items may be in their place
        values.update(split(values["uids"]))
    if not is_task(source):
        values = dict(to_task(values))
    kw = converted(kw)
    given = given_with(values)
    for key in _LIVE:
        values.pop(key, None)
    values.update({
        "task_uid": uuid.uuid4().hex,
        "created": clock.now(),
        "retries": get_max_retries(),
        "delay": 0,
    })
    values.update(given, locks=values["locks"])
    if context is not None:
        values.update(surroundings.get().describe(context))
    if "uids" in kw:
        values.pop(ITEMS, None)
    values.update(kw)
    if "locks" in kw:
        values[GIVEN] = dict(given, locks=kw["locks"])
    return to_task(values)


def job_values(task):
    """Return what another task of the same job has in common with a task.

    :param task: a task of the job
    :type task: QueueTask
    :returns: keyword arguments for `new_task`
    :rtype: dict
    """
    return dict(given_with(task), **dict((key, task[key]) for key in _JOB))


def given_with(task):
    """Return what was given with the first task of a job, by field.

    :param task: a task of the job
    :returns: any of `retries`, `chunk_size` and `locks`
    :rtype: dict
    """
    given = task.get(GIVEN)
    if not isinstance(given, dict):
        return {}
    return dict((key, given[key]) for key in _GIVEN if key in given)


def short_uid(task_uid):
    """Return the beginning of a task's uid, which people see."""
    return task_uid[:9]


def to_task(data):
    """Return a task made from a dict, with every field checked.

    :param data: fields and free keys; missing fields get their defaults
    :type data: dict
    :rtype: QueueTask
    :raises TypeError: naming the field or key, for a value of a wrong type
    :raises ValueError: naming the field, for a missing or forbidden value
    """
    if not isinstance(data, dict):
        raise TypeError("A task is a dict, got {}".format(fields.show(data)))
    for key in fields.REQUIRED:
        if data.get(key) is None:
            raise ValueError("Task field '{}' is missing".format(key))
    task = QueueTask(_defaults(data))
    for key, value in data.items():
        if not isinstance(key, six.string_types):
            raise TypeError("Task key {}: expected a string".format(
                fields.show(key)))
        key = fields.to_native(key)
        check = fields.CHECKS.get(key, fields.check_json)
        task[key] = check(key, value)
    task["task_short_uid"] = short_uid(task["task_uid"])
    return task


def _defaults(data):
    uids = data.get("uids")
    count = len(fields.uid_list("uids", uids) if uids
                else data.get(ITEMS) or ())
    return {
        "uids": [],
        "username": None,
        "priority": DEFAULT_PRIORITY,
        "status": states.QUEUED,
        "retries": get_max_retries(),
        "min_seconds": get_min_seconds(),
        "max_seconds": get_max_seconds(),
        "chunk_size": get_chunk_size(data.get("name")),
        "unique": False,
        "ghost": False,
        "delay": 0,
        "error_message": None,
        "started": None,
        "consumer_id": None,
        "job_uid": data.get("task_uid"),
        "job_total": count or 1,
        "job_created": data.get("created"),
        "attempt": 0,
        "locks": [],
        "note": None,
        "click_origin": None,
        "error_code": None,
        "skipped": 0,
        "skipped_items": [],
        "interventions": [],
    }


def concealed(task):
    """Return a task for those who look at it: secrets among its free keys are
    replaced, and what is known of the user's client is left out. Items that
    are no uids are not shown either: they are the text of dicts, as a rule.

    :param task: a task, or the dict of one; is not changed
    :rtype: dict
    """
    found = dict(
        (key, value if key in fields.CHECKS else conceal({key: value})[key])
        for key, value in task.items())
    if found.get(ITEMS):
        found[ITEMS] = [CONCEALED] * len(found[ITEMS])
    if isinstance(found.get("click_origin"), dict):
        found["click_origin"] = _seen_of(found["click_origin"])
    return found


def _seen_of(origin):
    """Return the parts of an origin that are not about the user."""
    return dict((name, origin.get(name)) for name in _SEEN_OF_ORIGIN)


#: The slots that a task of assignment asks for, by uid, where `slots` is a list
SLOTS_BY_UID = "slots_by_uid"

#: Free keys of our own tasks, by name or beginning of the name. They name
#: actions, positions and steps, and the tasks cannot be done again without
#: them. In other tasks, the same keys may be anything
OWN_KEYS = (
    ("task_action_", ("action",)),
    ("task_generic_action", ("action",)),
    ("task_assign_analyses", ("slots", SLOTS_BY_UID)),
    ("task_apply_worksheet_template", ("template", "slots", "steps")),
    ("task_reindex_object_security", ("after",)),
)


def without_free_keys(task):
    """Return the described fields of a task, what was given with its job, and
    `OWN_KEYS`: all that its history needs. Of the click, what everybody may
    see is left.

    :param task: a task, or the dict of one; is not changed
    :rtype: dict
    """
    own = _own_keys(task.get("name"))
    found = dict((key, value) for key, value in task.items()
                 if key in fields.CHECKS or key in own
                 or key == "task_short_uid")
    if _is_given(task.get(GIVEN)):
        found[GIVEN] = task[GIVEN]
    if "click_origin" in found:
        found["click_origin"] = _without_client(found["click_origin"])
    return found


def _own_keys(name):
    """Return the free keys of our tasks of this name."""
    for own, keys in OWN_KEYS:
        if name == own or own.endswith("_") and name.startswith(own):
            return keys
    return ()


def _is_given(value):
    """Tell whether this is what was given with a job, and nothing else: numbers
    and uids."""
    if not isinstance(value, dict) or set(value) - set(_GIVEN):
        return False
    try:
        for key in value:
            fields.CHECKS[key](key, value[key])
    except (TypeError, ValueError):
        return False
    return True


def _without_client(origin):
    """Return an origin without what tells of the user; None for what is no
    origin."""
    if not isinstance(origin, dict):
        return None
    return dict(origin, chosen_language=None, comments=None,
                client=dict.fromkeys(fields.CLIENT_LIMITS))


def to_json(task):
    """Return a task as JSON text, the form in which it is stored and sent.

    :rtype: str
    """
    return json.dumps(task, sort_keys=True, allow_nan=False)


def check_payload(task):
    """Check that a task does not exceed the limits of the settings.

    :param task: the task
    :type task: QueueTask
    :raises ValueError: naming limit and size, for too many uids or bytes
    """
    settings = surroundings.get()
    most = settings.get_setting("max_uids")
    if count_items(task) > most:
        raise ValueError("A task may have {} uids, this one has {}".format(
            most, count_items(task)))
    most = settings.get_setting("max_payload_bytes")
    # The JSON is ASCII, so characters are bytes. What the click saw has limits
    # of its own, and no click fails for it
    size = len(to_json(dict(task, click_origin=None)))
    if size > most:
        raise ValueError("A task may have {} bytes, this one has {}".format(
            most, size))


def is_task(obj):
    """Tell whether an object is a task."""
    return isinstance(obj, QueueTask)


def get_task_uid(task_or_uid, default=_marker):
    """Return the uid of a task, or the uid itself.

    :param task_or_uid: a task, the dict of one, or a task uid
    :param default: what to return for anything else
    :rtype: str
    :raises ValueError: for anything else, if there is no default
    """
    task_uid = task_or_uid
    if isinstance(task_or_uid, dict):
        task_uid = task_or_uid.get("task_uid")
    if isinstance(task_uid, six.string_types):
        if fields.TASK_UID.match(task_uid):
            return fields.to_native(task_uid)
    if default is _marker:
        raise ValueError("Neither a task nor a task uid: {}".format(
            fields.show(task_or_uid)))
    return default


def get_chunk_size(name_or_action=None):
    """Return the number of items of a task to process in one transaction.

    :param name_or_action: name of a task or a workflow action; the size is
        the same for all of them for now
    :returns: number of items; 0 means that the queue takes no new tasks
    :rtype: int
    """
    return surroundings.get().get_setting("default")


def get_min_seconds(default=None):
    """Return the minimum number of seconds from one transaction to the next.

    :param default: what to return where the setting has no value
    """
    return _get_setting("min_seconds_task", default)


def get_max_seconds(default=None):
    """Return how many seconds a task may take.

    :param default: what to return where the setting has no value
    """
    return _get_setting("max_seconds_unlock", default)


def get_max_retries(default=None):
    """Return how often a task that failed is tried again.

    :param default: what to return where the setting has no value
    """
    return _get_setting("max_retries", default)


def _get_setting(name, default):
    value = surroundings.get().get_setting(name)
    return default if value is None else value


def get_chunks(items, chunk_size):
    """Return the items to process now, and those that are left for later.

    :param items: the items
    :type items: list
    :param chunk_size: number of items to process now; 0 or less: all
    :type chunk_size: int
    :returns: chunk and rest, in order; the rest may be empty
    :rtype: list of two lists
    """
    items = list(items)
    size = chunk_size if chunk_size > 0 else len(items)
    return [items[:size], items[size:]]


def get_chunks_for(task, items=None):
    """Return the items of a task to process now, and the rest for later.

    The chunk size of the task applies (it is halved when an attempt fails).
    If the setting is 0 by now, all remaining items are processed at once.

    :param task: the task
    :type task: QueueTask
    :param items: the items; the task's `uids` by default
    :type items: list
    :returns: chunk and rest
    :rtype: list of two lists
    :raises ValueError: for anything but a task
    """
    if not is_task(task):
        raise ValueError("Not a task: {}".format(fields.show(task)))
    items = list(task["uids"] if items is None else items)
    size = task["chunk_size"] if get_chunk_size(task["name"]) > 0 else 0
    return get_chunks(items, size)


def to_object_uid(context_or_uid):
    """Return the uid of a content object, or the uid itself.

    :raises ValueError: for anything else
    """
    if isinstance(context_or_uid, six.string_types):
        if surroundings.get().is_uid(context_or_uid):
            return fields.to_native(context_or_uid)
        raise ValueError("Not a uid: {!r}".format(context_or_uid))
    return surroundings.get().describe(context_or_uid)["context_uid"]


def involves(task, uid):
    """Tell whether an object is the context or an item of a task."""
    return task.context_uid == uid or uid in task.uids
