# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the queue does for us: shelve samples, chunk by chunk."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api
from senaite.queue.adapters import QueuedActionTaskAdapter
from zope.annotation.interfaces import IAnnotations

KEY = "queueexample.shelf"

#: Samples on a shelf
SHELF_SIZE = 3


def get_shelf(sample):
    """Return the number of the shelf of a sample, or None."""
    return IAnnotations(sample).get(KEY)


class ShelveTaskAdapter(QueuedActionTaskAdapter):
    """Shelves the samples of a task, and notes where.

    Chunks, what is gone or done meanwhile, and the notes on it are the
    concern of the adapter we inherit from.
    """

    def process_item(self, sample, task, notes):
        super(ShelveTaskAdapter, self).process_item(sample, task, notes)
        if api.get_review_status(sample) != "shelved":
            return
        if get_shelf(sample) is None:
            root = IAnnotations(api.get_portal())
            count = root[KEY] = root.get(KEY, 0) + 1
            IAnnotations(sample)[KEY] = 1 + (count - 1) // SHELF_SIZE
