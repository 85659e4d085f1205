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
of its transitions. When people work by hand on what is not queued, this reaches
samples and worksheets that are, and goes on as it does without a queue: it is
the same as if their click had come before the one that is queued. Were it
refused, nobody would try again.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib
import threading

from Acquisition import aq_base

#: What core tries outside of events as well, when analyses are added, and
#: nobody else does
ROLLBACKS = ("rollback_to_open", "rollback_to_receive")

_local = threading.local()


class Attempt(object):
    """A transition that somebody tries to do."""

    def __init__(self, obj, action, is_nested):
        """
        :param obj: content object
        :param action: id of the transition
        :param is_nested: whether the events of another transition try it
        """
        self.obj = aq_base(obj)
        self.action = action
        self.is_nested = is_nested

    @property
    def is_asked_for(self):
        """Tell whether somebody has asked for just this transition."""
        return not self.is_nested and self.action not in ROLLBACKS


@contextlib.contextmanager
def trying(obj, action):
    """Mark a block in which a transition is tried.

    :param obj: content object
    :param action: id of the transition
    :returns: the attempt
    """
    former = getattr(_local, "attempt", None)
    _local.attempt = Attempt(obj, action, former is not None)
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
