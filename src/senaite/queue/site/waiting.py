# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""An event for which threads wait asleep.

On Python 2, `threading.Event.wait` with a timeout wakes up to 20 times a
second to look, and each time takes the interpreter's lock, which interrupts
threads that serve a page or process a task. Here the system wakes the thread.
On Python 3, `threading.Event` does so itself.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import errno
import math
import os
import select
import threading

import six

from senaite.queue.model import clock


class PipeEvent(object):
    """What `threading.Event` is, with a pipe that is readable while the event
    is set."""

    def __init__(self):
        self._lock = threading.Lock()
        self._is_set = False
        self._open()

    def _open(self):
        self._pid = os.getpid()
        reader, writer = os.pipe()
        # As files, they are closed with the event, also when it is part of a
        # cycle: that is what a __del__ would keep from being collected
        self._reader = os.fdopen(reader, "rb", 0)
        self._writer = os.fdopen(writer, "wb", 0)
        if self._is_set:
            self._writer.write(b".")

    def _part(self):
        """Open a pipe of our own: a forked process shares that of its parent, and
        each would wake the other for nothing."""
        if self._pid != os.getpid():
            self._open()

    def is_set(self):
        """Tell whether the event has happened."""
        return self._is_set

    def set(self):
        """Wake all waiting threads; until `clear`, no thread waits."""
        with self._lock:
            self._part()
            if not self._is_set:
                self._is_set = True
                self._writer.write(b".")

    def clear(self):
        """Let threads wait from now on."""
        with self._lock:
            self._part()
            if self._is_set:
                self._is_set = False
                self._reader.read(1)

    def wait(self, timeout=None):
        """Wait until the event has happened.

        :param timeout: seconds, or None for as long as it takes
        :returns: whether it has happened
        :rtype: bool
        """
        with self._lock:
            self._part()
        started = clock.monotonic()
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        while not self._is_set:
            left = None
            if timeout is not None:
                left = started + timeout - clock.monotonic()
                left = int(math.ceil(1000 * max(0, left)))
            try:
                if not poll.poll(left) or left == 0:
                    break
            except select.error as error:
                if error.args[0] != errno.EINTR:
                    raise
                # a signal: its handler may have set us
        return self._is_set


#: Without poll() (Windows) there is no better way than that of Python
Event = PipeEvent if six.PY2 and hasattr(select, "poll") else threading.Event
