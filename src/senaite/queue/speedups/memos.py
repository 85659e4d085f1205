# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What core reads several times over, read once while a task is processed, or
while the rows of a selection are shown that was queued just now.

* Catalogs ask an object for what indexes and metadata have in common twice;
  the roles that may view an object are the dearest of it.
* A snapshot for the audit log collects all fields of an object anew for each
  of its fields.
* What a field refers to is looked up in a catalog and walked to from the site
  each time: client, sample type, service and the like some 40 times for each
  sample, and all analyses of a worksheet for each one that is added.
* The roles that each member of the site has in a client or folder are collected
  anew for each object that is indexed below it.
* The analyses of a sample are looked up four times to index it.
* The permissions that an object knows are collected anew for each of the fifty
  that a transition grants anew.
* Tools are looked up, with arguments checked, some hundred times for each
  analysis, and for each object that is indexed whether all that happens in the
  site is to be logged.
* A guard is asked whether a transition is possible, and once more when it is
  done.

The first two are kept with the wrapper, or model, that core makes for one
object, one catalog or one snapshot, and throws away afterwards; the third for
one chunk, as long as the object is still where it was found; the fourth, which
core puts together from what it keeps for one request, for one chunk; the fifth
with the wrapper again; the sixth, which is a matter of the code and not of the
data, for one chunk, and so the seventh, which is a matter of the site's set-up;
the last until it is asked for again: nothing can go stale.
What was read in advance (`senaite.queue.speedups.prepared`) is given out for as
long as the catalogs are written to. Core is told by the patches of
`senaite.queue.integration.patches`, and only in a thread that is in `kept`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

from Acquisition import aq_base
from Acquisition import aq_inner
from Acquisition import aq_parent
from Products.PluginIndexes.util import safe_callable

#: Beginning of the names of what a wrapper is made of
PRIVATE = "_IndexableObjectWrapper__"

_local = threading.local()


def is_active():
    """Tell whether this thread is to read once."""
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
    """Read, keep and return something of an object that is being indexed; of a
    method, what it returns.

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
    # Found there before anybody is asked again
    wrapper.__dict__[name] = value
    return value


class Reading(object):
    """What is read of an object, and was read of it before, for the catalogs.

    Does not know the wrapper: that would be a ring, for the garbage collector.
    """

    def __init__(self, wrapper):
        self.obj = aq_base(wrapper.__dict__[PRIVATE + "object"])
        self.analyses = wrapper.__dict__.setdefault("_queue_analyses", {})

    def do(self, read):
        """Let `read_analyses` know of it while a function is called."""
        former, _local.reading = getattr(_local, "reading", None), self
        try:
            return read()
        finally:
            _local.reading = former


def forget_analyses(wrapper):
    """Have the analyses of a sample that is being indexed looked up anew.

    :param wrapper: `plone.indexer.wrapper.IndexableObjectWrapper`
    """
    wrapper.__dict__.pop("_queue_analyses", None)


def _called_once(method, reading):
    """Return what does the same as a method, but for the second time."""
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

    :param query: what they are asked with
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
    """Give out what was read in advance, in this thread and this block.

    :type values: senaite.queue.speedups.prepared.Prepared
    """
    _local.given = values
    try:
        yield
    finally:
        _local.given = None


def fill(wrapper):
    """Give a wrapper what was read of its object in advance.

    :param wrapper: `plone.indexer.wrapper.IndexableObjectWrapper`
    """
    values = getattr(_local, "given", None)
    if values is None or "_queue_filled" in wrapper.__dict__:
        return
    found = values.find(wrapper.__dict__[PRIVATE + "object"],
                        wrapper.__dict__[PRIVATE + "catalog"])
    wrapper.__dict__.update(found, _queue_filled=True)


def read_fields(model, read):
    """Return the fields of an object of which a snapshot is taken.

    :param model: `senaite.app.supermodel.model.SuperModel`
    :param read: function that returns the fields of the model's object
    """
    if not is_active():
        return read()
    fields = model.__dict__.get("_v_queue_fields")
    if fields is None:
        fields = model.__dict__["_v_queue_fields"] = read()
    return fields


def read_objects(uids, read):
    """Return the objects with these uids; what is gone is left out.

    :param uids: uids, which are read each time
    :type uids: list of str
    :param read: function that returns the objects of some uids, by uid
    """
    known = _local.objects
    unknown = [uid for uid in uids
               if uid not in known or not is_there(known[uid])]
    found = read(unknown) if unknown else {}
    for uid in unknown:
        known.pop(uid, None)
    known.update((uid, obj) for uid, obj in found.items() if obj is not None)
    return [known[uid] if uid in known else found[uid]
            for uid in uids if uid in known or uid in found]


def is_there(obj):
    """Tell whether an object is still where it was found."""
    parent = aq_parent(aq_inner(obj))
    if not hasattr(aq_base(parent), "_getOb"):
        return False
    found = parent._getOb(obj.getId(), None)
    return aq_base(found) is aq_base(obj)


def read_roles(adapter, read):
    """Return the local roles that an adapter gives to all members.

    :param adapter: of anything that has local roles; its class matters, since
        add-ons may have other ideas of the same object
    :param read: function that returns pairs of a member's id and a list of
        roles
    :rtype: list of pairs
    """
    if not is_active():
        return read()
    # The object is kept as well: nothing else gets its id
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
    # The object is kept as well: nothing else gets its id
    base = aq_base(obj)
    if id(base) not in _local.permissions:
        _local.permissions[id(base)] = base, read()
    return _local.permissions[id(base)][1]


def read_of_site(key, read):
    """Return something of the site that its work does not change.

    :param key: name of what is read, a tuple
    :param read: function that returns it
    """
    if not is_active():
        return read()
    if key not in _local.site:
        _local.site[key] = read()
    return _local.site[key]


class Question(object):
    """What the guard of a transition is asked, and whether it said yes."""

    def __init__(self, obj, action):
        self.obj = aq_base(obj)
        self.action = action
        self.is_answered = False

    def is_about(self, obj, action):
        return self.obj is aq_base(obj) and self.action == action


@contextlib.contextmanager
def asked_once(obj, action):
    """Have the guard of a transition answer "yes" once more, in this thread
    and this block, without being asked again.

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
    """Return what the guard of a transition says.

    :param obj: content object
    :param action: id of the transition
    :param ask: function that asks the guard
    """
    question = getattr(_local, "question", None)
    if question is None or not question.is_about(obj, action):
        return ask()
    if question.is_answered:
        # Whoever asks later may get another answer
        question.is_answered = False
        return True
    found = ask()
    question.is_answered = bool(found)
    return found
