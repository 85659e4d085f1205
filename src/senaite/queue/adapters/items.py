# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Base of the adapters that process a list of objects in chunks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope.interface import implementer

from senaite.queue.adapters.settle import Settlement
from senaite.queue.adapters import skipped
from senaite.queue.api import add_copy
from senaite.queue.interfaces import IQueuedTaskAdapter
from senaite.queue.model.queue_task import get_chunks_for
from senaite.queue.site.objects import get_object
from senaite.queue.site.objects import is_there
from senaite.queue.site import samples
from senaite.queue import speedups


@implementer(IQueuedTaskAdapter)
class QueuedUIDsTaskAdapter(object):
    """Processes a list of objects in chunks.

    Subclasses define in `process_item` what happens to one object.
    """

    def __init__(self, context):
        self.context = context
        #: Uids of objects that were removed by the work on others
        self.taken_along = set()

    def process(self, task):
        """Process the next chunk, and add a task with the rest.

        :param task: task with the uids of the objects
        :type task: senaite.queue.model.queue_task.QueueTask
        """
        session = speedups.session()
        chunk = session.chunk(task)
        task["chunk_size"] = chunk.get_size()
        uids, rest = self.get_chunks(task)
        notes = skipped.Notes()
        settlement = Settlement(self.context, chunk)
        with session.reading_once():
            with chunk.holding(self.get_held_action(task)):
                for uid, obj in self.get_objects(uids):
                    if obj is None:
                        self.miss(uid, task, notes)
                        continue
                    settlement.involve(obj)
                    self.process_item(obj, task, notes)
            settlement.settle()
        notes.keep(task)
        self.follow_up(task, rest, chunk.get_next_size(len(uids)))

    def follow_up(self, task, rest, size):
        """Add a task with the rest, if there is one.

        :param rest: uids
        :type rest: list of str
        :param size: maximum number of items in the next chunk
        """
        if rest:
            self.add_rest(task, rest, chunk_size=size)

    def add_rest(self, task, uids, **values):
        """Add the next task of the same job.

        :param uids: uids that are left
        :param values: other fields that differ
        """
        add_copy(task, uids=uids, note="", **values)

    def get_chunks(self, task):
        """Return the uids to process now, and those to process later.

        The analyses of a sample and its partitions stay together, unless an
        earlier attempt failed: then the chunk was made smaller for a reason.
        """
        chunk, rest = get_chunks_for(task)
        if rest and task.get("attempt", 0) < 2:
            return samples.whole_samples(chunk, rest, get_object)
        return chunk, rest

    def get_objects(self, uids):
        """Iterate over the uids and their objects.

        An object is None if it was removed, perhaps together with one that
        came earlier in the iteration.

        :param uids: uids of a chunk
        :type uids: list of str
        :returns: iterator of tuples
        """
        objects = [get_object(uid) for uid in uids]
        speedups.session().read_ahead(
            obj for obj in objects if obj is not None)
        for uid, obj in zip(uids, objects):
            if obj is not None and not is_there(obj):
                self.taken_along.add(uid)
                obj = None
            yield uid, obj

    def miss(self, uid, task, notes):
        """Note that an object was removed.

        :param uid: uid of the object
        :param notes: takes the reason
        :type notes: senaite.queue.adapters.skipped.Notes
        """
        notes.skip(skipped.GONE, uid)

    def get_held_action(self, task):
        """Return the action on analyses for which the promotion and the
        reindexing of their samples and worksheets may be left to the end of
        the chunk; None where each object is processed on its own."""
        return None

    def process_item(self, obj, task, notes):
        """Process one object.

        :param obj: content object
        :param task: the task
        :param notes: takes the reasons why objects were skipped
        :type notes: senaite.queue.adapters.skipped.Notes
        """
