# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What core reads several times over, read once while a task is processed.

* Catalogs ask an object for what indexes and metadata have in common twice;
  the roles that may view an object are the dearest of it.
* A snapshot for the audit log collects all fields of an object anew for each
  of its fields.
* A worksheet looks up all its analyses anew for each one that is added.

The first two are kept with the wrapper, or model, that core makes for one
object, one catalog or one snapshot, and throws away afterwards; the last for
one chunk that assigns, and so removes none: nothing can go stale. What was read
in advance (`senaite.queue.adapters.prepared`) is given out for as long as the
catalogs are written to. Core is told by the patches of
`senaite.queue.integration.patches`, and only in a thread that processes a task.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

_local = threading.local()


def is_active():
    """Tell whether this thread is to read once."""
    return getattr(_local, "active", False)


@contextlib.contextmanager
def kept():
    """Read once, in this thread and this block."""
    former = is_active(), getattr(_local, "objects", None)
    _local.active, _local.objects = True, {}
    try:
        yield
    finally:
        _local.active, _local.objects = former


def keep_attribute(wrapper, name, value):
    """Keep and return what was read of an object that is being indexed.

    :param wrapper: `plone.indexer.wrapper.IndexableObjectWrapper`
    :param name: name of the index or of the column
    """
    if is_active() and not name.startswith("_"):
        # Found there before anybody is asked again
        wrapper.__dict__[name] = value
    return value


@contextlib.contextmanager
def given(values):
    """Give out what was read in advance, in this thread and this block.

    :type values: senaite.queue.adapters.prepared.Prepared
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
    private = "_IndexableObjectWrapper__"
    found = values.find(wrapper.__dict__[private + "object"],
                        wrapper.__dict__[private + "catalog"])
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
    known.update(read([uid for uid in uids if uid not in known]))
    return [known[uid] for uid in uids if uid in known]
