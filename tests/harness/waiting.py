# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Waiting for something to become true, without guessing how long it takes."""

import time

#: Generous on purpose: a limit is there to end a hopeless wait, never to
#: assert a duration
PATIENCE = 300.0


def eventually(check, what, seconds=PATIENCE, pause=0.1):
    """Call `check` until its answer is true, and return that answer.

    :param check: callable without arguments
    :param what: what is waited for, for the error message
    :param seconds: when to give up
    :param pause: seconds between two looks
    :raises AssertionError: when it did not happen; shows the last answer
    """
    limit = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > limit:
            raise AssertionError("Waited {:.0f} s in vain for {}; last seen: "
                                 "{!r}".format(seconds, what, answer))
        time.sleep(pause)
