# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The transition "shelve", from received to shelved."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from bika.lims import api
from Products.Five.browser import BrowserView
from queueexample.tasks import get_shelf
from senaite.core.api import workflow
from senaite.core.workflow import SAMPLE_WORKFLOW

STATES = {
    "sample_received": {"transitions": ["shelve"]},
    "shelved": {
        "title": "Shelved",
        "transitions": (),
        "permissions_copy_from": "sample_received",
    },
}

#: `guard_handler` asks all guards, those of the queue included: without it, a
#: sample that is queued could be shelved once more
TRANSITIONS = {
    "shelve": {
        "title": "Shelve",
        "new_state": "shelved",
        "action": "Shelve",
        "guard": {
            "guard_permissions": "",
            "guard_roles": "LabManager;Manager",
            "guard_expr": "python:here.guard_handler('shelve')",
        },
    },
}


class SetupView(BrowserView):
    """Does what an add-on does when it is installed."""

    def __call__(self):
        workflow.update_workflow(
            SAMPLE_WORKFLOW, states=STATES, transitions=TRANSITIONS)
        return "done"


class ShelfView(BrowserView):
    """Shows where a sample is, and who brought it there."""

    def __call__(self):
        history = api.get_review_history(self.context, rev=True)
        self.request.response.setHeader("Content-Type", "application/json")
        return json.dumps({
            "state": api.get_review_status(self.context),
            "shelf": get_shelf(self.context),
            "history": [(entry["action"], entry["actor"])
                        for entry in history],
        })
