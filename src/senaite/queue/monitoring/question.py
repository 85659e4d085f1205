# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A question whose answer may take long, asked by one thread at a time.

A balancer asks for health each second. If each request waited for a store that
hangs, they would soon occupy all threads of the process.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading

from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.site.waiting import Event

#: Seconds for which an answer is reused
REMEMBER_SECONDS = 1.0

#: Maximum number of seconds that a request waits for an answer
WAIT_SECONDS = 0.5


class Question(object):
    """Asks on a thread of its own, and remembers the answer."""

    def __init__(self, subject, find_out, unknown):
        """
        :param subject: what is asked; kept for the caller
        :param find_out: function without arguments that returns the answer
        :param unknown: the answer while there is none
        """
        self.subject = subject
        self._find_out = find_out
        self._unknown = unknown
        self._lock = threading.Lock()
        self._answer = None
        self._answered_at = None
        self._over = None
        self._began_at = 0

    def ask(self):
        """Return the answer, or that there is none, within `WAIT_SECONDS`."""
        with self._lock:
            if self._is_fresh():
                return self._answer
            if self._over is None:
                self._begin()
            over = self._over
            rest = self._began_at + WAIT_SECONDS - clock.monotonic()
        over.wait(max(0, min(rest, WAIT_SECONDS)))
        with self._lock:
            return self._answer if self._is_fresh() else self._unknown

    def _is_fresh(self):
        return self._answered_at is not None and \
            0 <= clock.monotonic() - self._answered_at < REMEMBER_SECONDS

    def _begin(self):
        self._over = Event()
        self._began_at = clock.monotonic()
        thread = threading.Thread(
            target=self._run, name="senaite.queue health")
        thread.daemon = True
        thread.start()

    def _run(self):
        answer = self._unknown
        try:
            answer = self._find_out()
        except Exception:
            logger.exception("event=health_not_found_out")
        finally:
            with self._lock:
                self._answer = answer
                self._answered_at = clock.monotonic()
                over, self._over = self._over, None
            over.set()
