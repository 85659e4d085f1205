# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Read once what core reads several times over.

Active while a task is processed, and while the rows of a selection are shown
that was queued just now (`kept`), in that thread only.

* Catalogs ask an object twice for what indexes and metadata have in common.
  The roles that may view an object are the most expensive of these values.
* A snapshot for the audit log collects all fields of an object again for each
  of its fields.
* What a field refers to is looked up in a catalog and traversed to from the
  site each time: client, sample type, service and the like some 40 times for
  each sample, and all analyses of a worksheet for each one that is added.
* The roles that each member of the site has in a client or folder are collected
  again for each object that is indexed below it.
* The analyses of a sample are looked up four times to index it.
* The permissions that an object knows are collected again for each of the
  fifty that a transition grants.
* Tools are looked up, with arguments checked, some hundred times for each
  analysis; so is, for each object that is indexed, whether the global audit
  log is on.
* A guard is asked whether a transition is possible, and again when it is done.

How long each value is kept, so that nothing goes stale: the first two as long
as the wrapper or model that core makes for one object, one catalog or one
snapshot; references for one chunk, as long as the object is still where it was
found; roles, which core itself puts together from what it keeps for one
request, for one chunk; the analyses of a sample with the wrapper again;
permissions, which depend on the code and not on the data, for one chunk; tools
and the audit log, which depend on the set-up of the site, for one chunk; the
answer of a guard until it is asked for again. Prefetched values
(`senaite.queue.speedups.prepared`) are used while the catalogs are written to.

Core calls this module through `senaite.queue.speedups.patches`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

from Acquisition import aq_base
from bika.lims import api
from Products.PluginIndexes.util import safe_callable

from senaite.queue.site.objects import is_there

#: Prefix of the wrapper's private attributes
PRIVATE = "_IndexableObjectWrapper__"

_local = threading.local()


def is_active():
    """Tell whether this thread reads once."""
    return getattr(_local, "active", False)


@contextlib.contextmanager
def kept():
    """Read once, in this thread and this block."""
    former = (is_active(), getattr(_local, "objects", None),
              getattr(_local, "roles", None),
              getattr(_local, "permissions", None),
              getattr(_local, "site", None))
    _local.active = True
    _local.objects, _local.roles, _local.permissions = {}, {}, {}
    _local.site = {}
    try:
        yield
    finally:
        (_local.active, _local.objects, _local.roles, _local.permissions,
         _local.site) = former


def read_attribute(wrapper, name, read):
    """Read and keep an attribute of an object that is being indexed; of a
    method, keep what it returns.

    :param wrapper: `plone.indexer.wrapper.IndexableObjectWrapper`
    :param name: name of the index or of the column
    :param read: function that returns the value
    """
    if not is_active() or name.startswith("_"):
        return read()
    reading = Reading(wrapper)
    value = reading.do(read)
    if safe_callable(value):
        value = _called_once(value, reading)
    # Python finds it there before it asks `__getattr__` again
    wrapper.__dict__[name] = value
    return value


class Reading(object):
    """What is read of an object for the catalogs, and was read of it before.

    Has no reference to the wrapper, which would be a cycle that only the
    garbage collector can free.
    """

    def __init__(self, wrapper):
        self.obj = aq_base(wrapper.__dict__[PRIVATE + "object"])
        self.analyses = wrapper.__dict__.setdefault("_queue_analyses", {})

    def do(self, read):
        """Have `read_analyses` know about it while a function is called."""
        former, _local.reading = getattr(_local, "reading", None), self
        try:
            return read()
        finally:
            _local.reading = former


def forget_analyses(wrapper):
    """Have the analyses of a sample that is being indexed looked up again.

    :param wrapper: `plone.indexer.wrapper.IndexableObjectWrapper`
    """
    wrapper.__dict__.pop("_queue_analyses", None)


def _called_once(method, reading):
    """Return a function that calls a method without arguments only once."""
    results = []

    def call(*args, **kw):
        if args or kw:
            return method(*args, **kw)
        if not results:
            results.append(reading.do(method))
        return results[0]
    return call


def read_analyses(sample, query, read):
    """Return the analyses of a sample; looks them up once while the sample is
    being indexed.

    :param query: keyword arguments of the call
    :type query: dict
    :param read: function that returns a list of them
    """
    reading = getattr(_local, "reading", None)
    if reading is None or reading.obj is not aq_base(sample):
        return read()
    key = repr(sorted(query.items()))
    if key not in reading.analyses:
        reading.analyses[key] = read()
    return list(reading.analyses[key])


@contextlib.contextmanager
def given(values):
    """Use prefetched values, in this thread and this block.

    :type values: senaite.queue.speedups.prepared.Prepared
    """
    _local.given = values
    try:
        yield
    finally:
        _local.given = None


def fill(wrapper):
    """Give a wrapper the prefetched values of its object.

    :param wrapper: `plone.indexer.wrapper.IndexableObjectWrapper`
    """
    values = getattr(_local, "given", None)
    if values is None or "_queue_filled" in wrapper.__dict__:
        return
    found = values.find(wrapper.__dict__[PRIVATE + "object"],
                        wrapper.__dict__[PRIVATE + "catalog"])
    wrapper.__dict__.update(found, _queue_filled=True)


@contextlib.contextmanager
def reading_field_of(model):
    """Collect the fields of a model's object once, in this thread.

    :param model: `senaite.app.supermodel.model.SuperModel`
    """
    former = getattr(_local, "model", None)
    _local.model = model
    try:
        yield
    finally:
        _local.model = former


def read_fields(obj, read):
    """Return the fields of an object; collects them once for a snapshot.

    :param obj: brain or content object
    :param read: function that returns the fields
    """
    model = getattr(_local, "model", None)
    if model is None or not is_active() or \
            aq_base(model.instance) is not aq_base(obj):
        return read()
    fields = model.__dict__.get("_v_queue_fields")
    if fields is None:
        fields = model.__dict__["_v_queue_fields"] = read()
    return fields


def read_references(uids, is_multiple, read):
    """Return the object or the objects that a field refers to.

    :param uids: what the field holds
    :type uids: list of str
    :param is_multiple: whether the field may refer to several objects
    :param read: function that looks them up: returns a list of objects, or one
        object or None
    :returns: what `read` returns
    """
    wanted = [uid for index, uid in enumerate(uids)
              if uid and uid not in uids[:index]]
    found = [_get_known(uid) for uid in wanted]
    if None in found:
        result = read()
        for obj in result if is_multiple else [result]:
            know(obj)
        return result
    if is_multiple:
        return found
    return found[0] if found else None


def know(obj):
    """Remember an object by its uid, for those that refer to it.

    :param obj: content object, or None
    """
    if is_active() and obj is not None:
        _local.objects[api.get_uid(obj)] = obj


def _get_known(uid):
    """Return an object that is known and still there, or None."""
    obj = _local.objects.get(uid)
    if obj is not None and not is_there(obj):
        del _local.objects[uid]
        return None
    return obj


def read_roles(adapter, read):
    """Return the local roles that an adapter gives to all members.

    :param adapter: adapter of anything that has local roles; its class
        matters, since add-ons may have other rules for the same object
    :param read: function that returns pairs of a member's id and a list of
        roles
    :rtype: list of pairs
    """
    if not is_active():
        return read()
    # The object is kept as well, so that no other object gets its id
    base = aq_base(adapter.context)
    key = type(adapter), id(base)
    if key not in _local.roles:
        _local.roles[key] = base, list(read())
    return _local.roles[key][1]


def read_permissions(obj, read):
    """Return the permissions that an object knows, its own and inherited ones.

    :param obj: content object
    :param read: function that returns a list of them
    """
    if not is_active():
        return read()
    # The object is kept as well, so that no other object gets its id
    base = aq_base(obj)
    if id(base) not in _local.permissions:
        _local.permissions[id(base)] = base, read()
    return _local.permissions[id(base)][1]


def read_of_site(key, read):
    """Return a property of the site that processing tasks does not change.

    :param key: name of the property, a tuple
    :param read: function that returns it
    """
    if not is_active():
        return read()
    if key not in _local.site:
        _local.site[key] = read()
    return _local.site[key]


class Question(object):
    """What the guard of a transition is asked, and whether it agreed."""

    def __init__(self, obj, action):
        self.obj = aq_base(obj)
        self.action = action
        self.is_answered = False

    def is_about(self, obj, action):
        return self.obj is aq_base(obj) and self.action == action


@contextlib.contextmanager
def asked_once(obj, action):
    """Have the guard of a transition that has agreed agree a second time
    without being asked, in this thread and this block.

    :param obj: content object
    :param action: id of the transition
    """
    former = getattr(_local, "question", None)
    _local.question = Question(obj, action)
    try:
        yield
    finally:
        _local.question = former


def ask_guard(obj, action, ask):
    """Return the answer of the guard of a transition.

    :param obj: content object
    :param action: id of the transition
    :param ask: function that asks the guard
    """
    question = getattr(_local, "question", None)
    if question is None or not question.is_about(obj, action):
        return ask()
    if question.is_answered:
        # A later question may get another answer
        question.is_answered = False
        return True
    found = ask()
    question.is_answered = bool(found)
    return found
