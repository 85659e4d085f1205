# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Which transitions are core's own: nobody has asked for them.

Core promotes what depends on an object, and what it is a part of, in the events
of its transitions, and samples and worksheets when analyses come and go
(`by_core`, see `senaite.queue.integration.core_patches`). When people work by
hand on what is not queued, this reaches samples and worksheets that are, and
goes on as it does without a queue: it is the same as if their click had come
before the one that is queued. Were it refused, nobody would try again.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

from Acquisition import aq_base

_local = threading.local()


class Attempt(object):
    """A transition that somebody tries to do."""

    def __init__(self, obj, action, is_asked_for):
        """
        :param obj: content object
        :param action: id of the transition
        :param is_asked_for: whether somebody has asked for just this
            transition
        """
        self.obj = aq_base(obj)
        self.action = action
        self.is_asked_for = is_asked_for


@contextlib.contextmanager
def by_core(obj, *actions):
    """Mark a block in which core tries transitions of an object, outside of
    the events of another transition.

    :param obj: content object
    :param actions: ids of the transitions; any other one is asked for
    """
    former = getattr(_local, "expected", ())
    _local.expected = former + tuple(
        (aq_base(obj), action) for action in actions)
    try:
        yield
    finally:
        _local.expected = former


@contextlib.contextmanager
def trying(obj, action):
    """Mark a block in which a transition is tried.

    :param obj: content object
    :param action: id of the transition
    :returns: the attempt
    """
    former = getattr(_local, "attempt", None)
    is_expected = any(
        aq_base(obj) is expected and action == expected_action
        for expected, expected_action in getattr(_local, "expected", ()))
    _local.attempt = Attempt(
        obj, action, former is None and not is_expected)
    try:
        yield _local.attempt
    finally:
        _local.attempt = former


def is_made_by_core(obj, action):
    """Tell whether it is core that tries a transition here and now.

    Guards are asked as well to show what is possible, and by the guards of
    other objects: that is not an attempt.

    :param obj: content object
    :param action: id of the transition
    """
    attempt = getattr(_local, "attempt", None)
    return attempt is not None and not attempt.is_asked_for and \
        attempt.obj is aq_base(obj) and attempt.action == action
