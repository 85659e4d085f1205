# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A workflow transition, done if it is possible."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api
from Products.CMFCore.WorkflowCore import WorkflowException

from senaite.queue.speedups import memos


def do_if_allowed(obj, action):
    """Do a transition, and tell whether it was possible.

    Guards are dear: those of samples and worksheets look at all their
    analyses. To ask `isTransitionAllowed` first has them run once more, and
    `bika.lims.workflow.doActionFor` complains in the log of what is not
    possible, which is nothing unusual here. The workflow asks them twice by
    itself.

    :param obj: content object
    :param action: id of the transition
    :rtype: bool
    """
    try:
        with memos.asked_once(obj, action):
            api.get_tool("portal_workflow").doActionFor(obj, action)
    except WorkflowException:
        return False
    return True
