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

from senaite.queue import speedups


def do_if_allowed(obj, action):
    """Do a transition, and tell whether it was possible.

    Guards are expensive: those of samples and worksheets look at all their
    analyses. Asking `isTransitionAllowed` first would run them again, and
    `bika.lims.workflow.doActionFor` logs a warning for each transition that is
    not possible, which is nothing unusual here.

    :param obj: content object
    :param action: id of the transition
    :rtype: bool
    """
    try:
        with speedups.session().asked_once(obj, action):
            api.get_tool("portal_workflow").doActionFor(obj, action)
    except WorkflowException:
        return False
    return True
