# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Sessions and chunks without any speedup.

These classes name everything that speedups can be asked for, and do nothing
where that is right. `senaite.queue.speedups.full` has those that do it.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import contextlib


class Plain(object):
    """A session without speedups."""

    @contextlib.contextmanager
    def working_off(self):
        """Mark a block in which a consumer takes task after task."""
        yield

    @contextlib.contextmanager
    def processing(self, portal):
        """Mark a block in which a task is processed and committed.

        :param portal: root object of the site
        """
        yield

    @contextlib.contextmanager
    def reading_once(self):
        """Mark a block in which what was read need not be read again, in this
        thread."""
        yield

    @contextlib.contextmanager
    def asked_once(self, obj, action):
        """Mark a block in which a transition is done: once its guard has
        agreed, it need not be asked again.

        :param obj: content object
        :param action: id of the transition
        """
        yield

    def read_ahead(self, objects):
        """Fetch objects from the database, with all they are made of, and
        remember them for objects that refer to them.

        :param objects: content objects of one database connection
        """

    def read_status_ahead(self, objects):
        """Fetch from the database what tells the state of analyses.

        :param objects: content objects of one database connection
        """

    def get_changed(self):
        """Return the functions of other packages that are not those that
        speedups were written for.

        :rtype: list of senaite.queue.site.patching.Declaration
        """
        return []

    def chunk(self, task):
        """Begin the work on a chunk of a task.

        :type task: senaite.queue.model.queue_task.QueueTask
        :rtype: PlainChunk
        """
        return PlainChunk(task)


class PlainChunk(object):
    """The work on one chunk of a task, without speedups."""

    def __init__(self, task):
        self.task = task

    def get_size(self):
        """Return how many items the chunk may have; 0: all of them."""
        return self.task["chunk_size"]

    def get_next_size(self, items):
        """Return how many items the next chunk of the job may have.

        :param items: how many items this chunk had
        """
        return self.task["chunk_size"]

    @contextlib.contextmanager
    def holding(self, action):
        """Mark a block in which analyses are transitioned.

        :param action: id of the transition on analyses; None where each object
            is treated on its own
        """
        yield

    def get_owed_reindexing(self):
        """Return the samples and worksheets that are to be reindexed, because
        that was held back in blocks of `holding`.

        :rtype: list of content objects
        """
        return []

    def get_owed_promotions(self):
        """Return the samples and worksheets for which transitions are to be
        tried, because that was held back in blocks of `holding`.

        :returns: the objects, each with the ids of the transitions
        :rtype: list of tuples
        """
        return []

    def get_last_verified(self):
        """Return the analyses verified last, by the path of their sample, for
        which core's follow-up was held back.

        :returns: in the order in which they were verified
        :rtype: collections.OrderedDict
        """
        return collections.OrderedDict()

    def is_futile(self, action, analyses):
        """Tell whether a transition of a sample or worksheet is known to be
        impossible, without asking its guard.

        :param action: id of the transition
        :param analyses: its analyses that are part of this chunk
        """
        return False

    def index(self, settlement):
        """Index what waits for being indexed.

        :param settlement: what was involved in the chunk
        :type settlement: senaite.queue.adapters.settle.Settlement
        :returns: uids of samples and worksheets that were promoted and indexed
            as well, and need no settling
        :rtype: set of str
        """
        return set()
