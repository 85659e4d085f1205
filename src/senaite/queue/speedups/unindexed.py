# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Searches that leave alone what waits for being indexed.

A search in Plone first indexes everything that waits for it, so that it finds
what was done just now. In these blocks it does not, and finds what was indexed
before.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

from Products.CMFCore.indexing import getQueue

#: Stands in the queue where nothing else does: searches do not process a queue
#: that is empty
SOMETHING = (None, None, None, None)


@contextlib.contextmanager
def nothing_queued():
    """Let searches find what was indexed before, in this thread and this
    block, as if nothing waited for being indexed."""
    queue = getQueue()
    state = queue.getState()
    queue.setState([])
    try:
        yield
    finally:
        queue.setState(state + queue.getState())


@contextlib.contextmanager
def searches_noticed():
    """The same, and notice each search.

    :returns: list that grows with each search
    """
    queue, noticed = getQueue(), []
    state = queue.getState()
    queue.setState([SOMETHING])
    # `Products.CMFCore.indexing.processQueue`, 2.7.1, calls it. The queue is a
    # thread-local: it belongs to this thread
    queue.process = lambda: noticed.append(True) or 0
    try:
        yield noticed
    finally:
        del queue.process
        queue.setState(state + [operation for operation in queue.getState()
                                if operation is not SOMETHING])
