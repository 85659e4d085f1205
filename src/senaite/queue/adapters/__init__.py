# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What tasks do: the `IQueuedTaskAdapter`s for worksheets and analyses."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time

from bika.lims import api as senaite_api
from bika.lims.interfaces import IAnalysis
from bika.lims.interfaces import IWorksheet
from zope.interface import implementer

from senaite.queue.adapters.settle import Settlement
from senaite.queue.adapters import skipped
from senaite.queue.adapters.transitions import do_if_allowed
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue.model.queue_task import get_chunks_for
from senaite.queue.site import samples
from senaite.queue.speedups import holdback
from senaite.queue.speedups import memos
from senaite.queue.speedups import pace
from senaite.queue.speedups.readahead import read_ahead
from senaite.queue.adapters.object_security import \
    QueuedObjectSecurityTaskAdapter as QueueObjectSecurityAdapter  # noqa: F401


@implementer(IQueuedTaskAdapter)
class QueuedUIDsTaskAdapter(object):
    """Base of the adapters that treat a list of objects in chunks.

    Subclasses say in `process_item` what happens to one object.
    """

    def __init__(self, context):
        self.context = context
        self.started = time.time()

    def process(self, task):
        """Process the next chunk, and add a task with the rest.

        :param task: task with the uids of the objects
        :type task: senaite.queue.model.queue_task.QueueTask
        """
        self.started = time.time()
        task["chunk_size"] = pace.get_size(task)
        chunk, rest = self.get_chunks(task)
        notes = skipped.Notes()
        settlement = Settlement(self.context)
        with memos.kept():
            with holdback.holding(self.get_held_action(task)) as held:
                for uid, obj in self.get_objects(chunk):
                    if obj is None:
                        notes.skip(skipped.GONE, uid)
                        continue
                    settlement.involve(obj)
                    self.process_item(obj, task, notes)
            settlement.settle(held)
        task["note"] = notes.text()
        size = pace.get_next_size(task, len(chunk), self.started)
        self.follow_up(task, rest, size)

    def follow_up(self, task, rest, size):
        """Add a task with the rest, if there is one.

        :param rest: uids
        :type rest: list of str
        :param size: how many of them the next chunk takes
        """
        if rest:
            self.add_rest(task, rest, chunk_size=size)

    def add_rest(self, task, uids, **values):
        """Add the next task of the same job.

        :param uids: uids that are left
        :param values: other fields that differ
        """
        # Locally, to let `senaite.queue.api` make use of this package
        from senaite.queue.api import add_copy
        add_copy(task, uids=uids, note="", **values)

    def get_chunks(self, task):
        """Return what to process now, and what later.

        The analyses of a sample stay together, unless an earlier attempt
        failed: then the chunk was made smaller for a reason.
        """
        chunk, rest = get_chunks_for(task)
        if rest and task.get("attempt", 0) < 2:
            return samples.whole_samples(chunk, rest, get_object)
        return chunk, rest

    def get_objects(self, uids):
        """Give the uids with their objects, or None for those that are gone:
        removed, maybe, with one that was given before.

        :param uids: uids of a chunk
        :type uids: list of str
        :returns: iterator of tuples
        """
        objects = [get_object(uid) for uid in uids]
        read_ahead(obj for obj in objects if obj is not None)
        for uid, obj in zip(uids, objects):
            yield uid, obj if obj is not None and \
                memos.is_there(obj) else None

    def get_held_action(self, task):
        """Return the action on analyses for which the promotion and the
        reindexing of their samples and worksheets is left to the end of the
        chunk; None where each object is treated for itself."""
        return None

    def process_item(self, obj, task, notes):
        """Process one object.

        :param obj: content object
        :param task: the task
        :param notes: where to tell why an object was skipped
        :type notes: senaite.queue.adapters.skipped.Notes
        """


class QueuedActionTaskAdapter(QueuedUIDsTaskAdapter):
    """Does a workflow action, named by the task's key `action`, to objects."""

    def get_held_action(self, task):
        # What is done to samples needs them indexed as it goes
        on_analyses = IWorksheet.providedBy(self.context) or \
            IAnalysis.providedBy(self.context)
        return task["action"] if on_analyses else None

    def process_item(self, obj, task, notes):
        action = task["action"]
        if skipped.is_reached(obj, action):
            # By hand, by a cascade from another item, or by a former attempt
            notes.skip(skipped.DONE_BEFORE, obj)
        elif not do_if_allowed(obj, action):
            notes.skip(skipped.NOT_ALLOWED, obj)


class QueuedAssignAnalysesTaskAdapter(QueuedUIDsTaskAdapter):
    """Assigns analyses to the worksheet that is the context of the task."""

    def get_held_action(self, task):
        return "assign"

    def process_item(self, obj, task, notes):
        assigned_to = obj.getWorksheet()
        if assigned_to:
            here = assigned_to == self.context
            notes.skip(skipped.DONE_BEFORE if here else skipped.ELSEWHERE,
                       obj)
            return
        self.context.addAnalysis(obj, self.get_slot(obj, task))
        if obj.getWorksheet() != self.context:
            notes.skip(skipped.NOT_ALLOWED, obj)

    def get_slot(self, analysis, task):
        """Return the slot the task wants for an analysis; None when it wants
        none, or when another sample took it meanwhile."""
        slot = task.get("slots", {}).get(senaite_api.get_uid(analysis))
        container = self.context.get_container_for(analysis)
        for taken in self.context.getLayout():
            if int(taken["position"]) != slot:
                continue
            if taken["container_uid"] != container:
                return None
        return slot


def get_object(uid):
    """Return a content object, or None when it is gone."""
    return senaite_api.get_object_by_uid(uid, default=None)
