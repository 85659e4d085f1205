# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Collect garbage less often while tasks are processed, and between them.

Python searches all objects of the process for garbage each time a certain
number of new ones was made. In a Zope with half a million objects such a search
takes a third of a second, a tenth of the time of a chunk, and other consumers
wait meanwhile. A chunk makes many objects that live as long as its transaction,
and little that only this search finds.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import gc
import threading

#: Number of new containers after which the youngest objects are searched,
#: instead of 700: some 100 MB at most
MOST_OBJECTS = 200000

_lock = threading.Lock()
_tasks = 0
_former = None


@contextlib.contextmanager
def rarely_collected():
    """Collect garbage rarely during this block, in any number of threads."""
    _begin()
    try:
        yield
    finally:
        _end()


def _begin():
    global _tasks, _former
    with _lock:
        _tasks += 1
        if _tasks == 1:
            _former = gc.get_threshold()
            # Zero switches it off; a higher number was set on purpose
            if 0 < _former[0] < MOST_OBJECTS:
                gc.set_threshold(MOST_OBJECTS, *_former[1:])


def _end():
    global _tasks
    with _lock:
        _tasks -= 1
        if _tasks == 0:
            gc.set_threshold(*_former)
