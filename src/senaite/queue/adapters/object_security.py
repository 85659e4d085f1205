# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks that reindex who may see an object and everything below it, in chunks.

A client may own thousands of objects. They are visited in the order of their
paths, and a task remembers the last path instead of all uids: objects that are
made in the meantime are indexed correctly from the start, and those that are
removed are not missed. Looking all of them up takes longer than to index a
chunk, so each process does it once for a job.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import bisect
import collections
import threading

from Acquisition import aq_base
from bika.lims import api
from Products.CMFCore.indexing import processQueue
from zope.interface import implementer

from senaite.queue.api import add_copy
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue.model.queue_task import get_chunks_for
from senaite.queue.site.objects import traverse

#: Jobs whose paths a process remembers
MOST_JOBS = 4


@implementer(IQueuedTaskAdapter)
class QueuedObjectSecurityTaskAdapter(object):
    """Reindexes the security of the context and of everything below it."""

    def __init__(self, context):
        self.context = context

    def process(self, task):
        """Reindex the next chunk, and add a task with the rest.

        :param task: a task whose key `after` is the last path that was done
        :type task: senaite.queue.model.queue_task.QueueTask
        """
        # Locally, to let `senaite.queue.api` make use of this package
        paths = known_paths.get(
            task["job_uid"], self.context, task.get("after") or "")
        chunk, rest = get_chunks_for(task, paths)
        reindex_paths(self.context, chunk)
        if rest:
            add_copy(task, after=chunk[-1])
        else:
            known_paths.forget(task["job_uid"])


class KnownPaths(object):
    """The paths of the jobs whose chunks this process has processed."""

    def __init__(self):
        self._lock = threading.Lock()
        #: uid of a job -> its paths, in order; the latest job comes last
        self._found = collections.OrderedDict()

    def get(self, job_uid, context, after=""):
        """Return the paths of a job that come after a path, in order.

        :param job_uid: uid of the job
        :param context: content object, whose paths are looked up for the
            first chunk
        :param after: the last path that was done; empty at the beginning
        :type after: str
        :rtype: list of str
        """
        with self._lock:
            paths = self._found.get(job_uid)
        # The first chunk is the one that may be repeated, e.g. hours later
        if paths is None or not after:
            paths = get_paths(context)
            with self._lock:
                self._found.pop(job_uid, None)
                self._found[job_uid] = paths
                while len(self._found) > MOST_JOBS:
                    self._found.popitem(last=False)
        return paths[bisect.bisect_right(paths, after):]

    def forget(self, job_uid):
        """Forget a job, whose last chunk is being processed."""
        with self._lock:
            self._found.pop(job_uid, None)


known_paths = KnownPaths()


def get_paths(context):
    """Return the paths of an object and of everything below it, in order.

    :param context: content object
    :rtype: list of str
    """
    # The catalogs do not know yet what this transaction has made and moved
    processQueue()
    root = api.get_path(context)
    paths = {root}
    for catalog in get_catalogs():
        brains = catalog.unrestrictedSearchResults(path=root)
        paths.update(brain.getPath() for brain in brains)
    return sorted(paths)


def reindex_paths(context, paths):
    """Reindex the security of the objects at these paths.

    The deepest come first, because an object wakes up the folders it is in.

    :param context: content object, from which the paths are traversed
    :param paths: physical paths, in order; objects that were removed are
        skipped
    """
    for path in reversed(paths):
        obj = traverse(context, path)
        if obj is not None:
            reindex_security(obj)


def get_catalogs():
    """Return the catalogs of the site that can be searched by path."""
    tools = api.get_portal().objectValues()
    return [tool for tool in tools
            # Not hasattr: that of Python 2 is false when ZEO is away, too
            if getattr(aq_base(tool), "unrestrictedSearchResults", None)
            is not None
            and "path" in tool.indexes()]


def reindex_security(obj):
    """Reindex who may see this one object, in all its catalogs.

    :param obj: content object
    """
    path = api.get_path(obj)
    # An object that was not changed need not stay in memory
    changed = obj._p_changed
    for catalog in api.get_catalogs_for(obj):
        catalog.catalog_object(obj, path, idxs=["allowedRolesAndUsers"],
                               update_metadata=0)
    if not changed:
        obj._p_deactivate()
