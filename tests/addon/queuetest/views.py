# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a test asks the site for: add counting tasks, show the counts."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import time
import uuid

from persistent.mapping import PersistentMapping
from Products.Five.browser import BrowserView
from queuetest import counting
from senaite.queue import api
from zope.annotation.interfaces import IAnnotations
from zope.globalrequest import getRequest

#: Annotation of the site that requests conflict on
CONTENDED = "queuetest.contended"


class AddTasksView(BrowserView):
    """Adds tasks in one transaction; answers with their items, with how often
    the request was tried again, and whether it is then the one that code
    without a request at hand gets.

    Request: `tasks` and `items` (how many, and of how many items each),
    `chunk_size`, `seconds` (that a chunk takes), `then`: "fail" raises an
    error in the end, "contend" writes what other such requests write too.
    """

    def __call__(self):
        number = int(self.request.get("tasks", 1))
        size = int(self.request.get("items", 1))
        options = {
            "chunk_size": int(self.request.get("chunk_size", 10)),
            "seconds": float(self.request.get("seconds", 0)),
        }
        added = []
        # Made here, so that no two tasks race to make it
        counting.get_counts(self.context)
        for _ in range(number):
            items = [uuid.uuid4().hex for _ in range(size)]
            task = api.add_task(counting.NAME, self.context, uids=items,
                                **options)
            added.append({"task_uid": task["task_uid"], "items": items})
        self.go_on(self.request.get("then"))
        self.request.response.setHeader("Content-Type", "application/json")
        return json.dumps({
            "tasks": added,
            "at": time.time(),
            "retries": self.request.retry_count,
            "is_current": getRequest() is self.request,
        })

    def go_on(self, then):
        """Do what the transaction may founder on."""
        counting.journal("attempt")
        if then == "fail":
            raise RuntimeError("as the test wishes")
        if then == "contend":
            contended = IAnnotations(self.context).setdefault(
                CONTENDED, PersistentMapping())
            value = contended.get("value", 0)
            # Long enough for another request to read the same value
            time.sleep(0.3)
            contended["value"] = value + 1


class CountsView(BrowserView):
    """Shows the count of every item that was ever processed."""

    def __call__(self):
        self.request.response.setHeader("Content-Type", "application/json")
        return json.dumps(dict(counting.get_counts(self.context)))
