# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.
"""Has the transitions that a doctest asks for done by tasks.

A task is added for each of them and processed at once, in the same thread and
transaction. What SENAITE itself asks for meanwhile is left alone.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sys

import bika.lims.api
import bika.lims.workflow
from AccessControl.SecurityManagement import getSecurityManager
from AccessControl.SecurityManagement import setSecurityManager
from bika.lims import api
from bika.lims.interfaces import IWorksheet
from Products.CMFCore.indexing import processQueue
from Products.CMFPlone.WorkflowTool import WorkflowTool
from zope.component.hooks import getSite
from zope.globalrequest import getRequest

from senaite.queue.api import add_action_task
from senaite.queue.model.current import current_task
from senaite.queue.speedups import pace
from senaite.queue.tests import utils

#: What transitions are queued of
TYPES = ("Analysis", "DuplicateAnalysis", "ReferenceAnalysis",
         "AnalysisRequest", "Worksheet")

#: Functions that transition an object: where they are, their name, and the
#: position of the object in their arguments
FUNCTIONS = (
    (bika.lims.workflow, "doActionFor", 0),
    (bika.lims.api, "do_transition_for", 0),
    (WorkflowTool, "doActionFor", 1),
)

#: Beginning of the file name of what doctests contain
DOCTEST = "<doctest "

#: What processing a task removes from the request
KEPT = ("ws_uid", "queue_tuid")

#: Number of transitions that were done by tasks: by portal type and action
counts = {}


def take():
    """Have all doctests of this process take the detour.

    Modules that have imported a function before keep the one they have.
    """
    for scope, name, position in FUNCTIONS:
        function = getattr(scope, name)
        setattr(scope, name, _detour(
            getattr(function, "__func__", function), position))


def _detour(original, position):
    def transition(*args, **kw):
        caller = sys._getframe(1).f_code.co_filename
        if not caller.startswith(DOCTEST) or current_task() is not None or kw or \
                len(args) != position + 2 or \
                api.get_portal_type(args[position]) not in TYPES:
            return original(*args, **kw)
        obj, action = api.get_object(args[position]), args[position + 1]
        if not do_by_task(obj, action):
            # A refusal is told as the function tells it
            before = _count_entries(obj)
            result = original(*args)
            if _count_entries(obj) != before:
                raise AssertionError("Refused to a task only: {} of {}".format(
                    action, api.get_path(obj)))
            return result
        if position or original.__name__ == "do_transition_for":
            return obj
        return True, ""
    transition.__name__ = original.__name__
    return transition


def do_by_task(obj, action):
    """Do a transition by a task, and what it adds to the queue.

    :param obj: content object
    :param action: id of the transition
    :returns: whether it was done
    :rtype: bool
    """
    portal = getSite()
    before, security = _count_entries(obj), getSecurityManager()
    request = getRequest()
    # The doctest goes on where it was
    kept = dict((key, request.other[key]) for key in KEPT
                if key in request.other)
    worksheet = None
    if hasattr(obj, "getWorksheet"):
        worksheet = obj.getWorksheet()
    elif IWorksheet.providedBy(obj):
        worksheet = obj
    key = api.get_portal_type(obj), action
    counts[key] = counts.get(key, 0) + 1
    pace.forget()
    processQueue()
    with utils.settings(default=10, max_items=10, min_items=1,
                        outage_seconds=10 ** 9):
        add_action_task([obj], action, worksheet)
        tasks = utils.pending(portal)
        if len(tasks) != 1:
            raise AssertionError("{} tasks".format(len(tasks)))
        try:
            while tasks:
                utils.work_on(portal, tasks[0])
                tasks = utils.pending(portal)
        finally:
            setSecurityManager(security)
            request.other.update(kept)
    return _count_entries(obj) != before


def _count_entries(obj):
    """Return the number of entries in the history of an object's workflows."""
    history = getattr(obj, "workflow_history", None) or {}
    return sum(len(entries) for entries in history.values())
