# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks and a clock for the tests of rules and stores."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time

from senaite.queue.model import queue_task

#: Initial time of a test's clock (UTC epoch seconds)
START = 1700000000.0

ALICE = "alice/0000000a"
BOB = "bob/0000000b"


class Clock(object):
    """A clock that moves only when told to."""

    def __init__(self, now=START):
        self.now = now
        self.passed = 0.0

    def __call__(self):
        return self.now

    def forward(self, seconds):
        """Let N seconds pass."""
        self.now += seconds
        self.passed += seconds

    def forward_to(self, moment):
        """Let time pass until a moment (epoch seconds)."""
        self.passed += moment - self.now
        self.now = moment

    def step(self, seconds):
        """Set the clock forward or back."""
        self.now += seconds

    def measure(self):
        """Return the seconds that have passed, however the clock was set."""
        return self.passed


def make_task(number, **kw):
    """Return a task whose uids are derived from a number.

    By default each task has a context and hence a lane of its own, and was
    created `number` seconds after `START`.
    """
    values = {
        "task_uid": "{:032x}".format(number),
        "name": "task_test",
        "context_uid": "context{}".format(number),
        "context_path": "/senaite/worksheets/WS-{}".format(number),
        "created": START + number,
        "username": "lab",
        "uids": ["item{}".format(number)],
        "retries": 3,
        "chunk_size": 10,
        "max_seconds": 120,
    }
    values.update(kw)
    return queue_task.to_task(values)


def eventually(check, seconds=30):
    """Return the first true result of a function, called until it has one.

    :raises AssertionError: when there is none after this many seconds
    """
    end = time.time() + seconds
    while time.time() < end:
        answer = check()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("Did not happen in {} s: {}".format(
        seconds, check.__name__))
