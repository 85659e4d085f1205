# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Searches while something waits for being indexed.

A search in Plone has all indexed first that waits for it, so that it finds what
was done just now. In these blocks it does not, and finds what was there before.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

from Products.CMFCore.indexing import getQueue

#: Waits for being indexed where nothing else does: with nothing in the queue,
#: nobody would ask for it to be processed
SOMETHING = (None, None, None, None)


@contextlib.contextmanager
def nothing_queued():
    """Let searches find what was indexed before, in this thread and this
    block: nothing waits for being indexed."""
    queue = getQueue()
    state = queue.getState()
    queue.setState([])
    try:
        yield
    finally:
        queue.setState(state + queue.getState())


@contextlib.contextmanager
def searches_noticed():
    """The same, and take notice of each search.

    :returns: list that gets longer with each
    """
    queue, noticed = getQueue(), []
    state = queue.getState()
    queue.setState([SOMETHING])
    # Products.CMFCore 2.7.1, `indexing.processQueue`. The queue is a
    # thread-local: it is this thread's own
    queue.process = lambda: noticed.append(True) or 0
    try:
        yield noticed
    finally:
        del queue.process
        queue.setState(state + [operation for operation in queue.getState()
                                if operation is not SOMETHING])
