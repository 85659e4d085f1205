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
import time

import six

from senaite.queue.model import clock


#: Seconds between two looks at a flag where there is no way to sleep until it
#: is set
LOOK_SECONDS = 0.2


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
        while not self._is_set:
            left = None
            if timeout is not None:
                left = max(0, started + timeout - clock.monotonic())
            if not _poll(self._reader, left) or left == 0:
                break
        return self._is_set


class SignalFlag(object):
    """An event that may be set by a signal handler, once and for all.

    A handler runs in the middle of whatever the main thread does. It must not
    take a lock, which that thread may hold: it writes a byte to a pipe.
    """

    def __init__(self):
        self._is_set = False
        reader, writer = os.pipe()
        # As files, they are closed with the flag
        self._reader = os.fdopen(reader, "rb", 0)
        self._writer = os.fdopen(writer, "wb", 0)

    def is_set(self):
        """Tell whether the event has happened."""
        return self._is_set

    def set(self):
        """Wake all waiting threads."""
        if not self._is_set:
            self._is_set = True
            os.write(self._writer.fileno(), b".")

    def wait(self, timeout):
        """Wait until the event has happened.

        :param timeout: seconds
        :returns: whether it has happened
        :rtype: bool
        """
        deadline = clock.monotonic() + timeout
        while not self._is_set:
            left = deadline - clock.monotonic()
            if left <= 0 or not hasattr(select, "poll"):
                time.sleep(min(max(left, 0), LOOK_SECONDS))
            else:
                _poll(self._reader, left)
            if left <= 0:
                break
        return self._is_set


def _poll(reader, seconds):
    """Wait until there is something to read.

    :param seconds: how long, or None
    :returns: False when there is nothing; True after a signal, too: its
        handler may have set what is waited for
    """
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    try:
        return bool(poll.poll(
            None if seconds is None else int(math.ceil(1000 * seconds))))
    except select.error as error:
        if error.args[0] != errno.EINTR:
            raise
        return True


#: Without poll() (Windows) there is no better way than that of Python
Event = PipeEvent if six.PY2 and hasattr(select, "poll") else threading.Event
