# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.
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
from senaite.core.registry import set_registry_record
from senaite.queue import api
from senaite.queue.model import clock
from zope.annotation.interfaces import IAnnotations
from zope.globalrequest import getRequest

#: Annotation of the site that requests conflict on
CONTENDED = "queuetest.contended"


class JSONView(BrowserView):
    """Answers with the JSON of what `tell` returns."""

    def __call__(self):
        answer = self.tell()
        self.request.response.setHeader("Content-Type", "application/json")
        return json.dumps(answer)


class AddTasksView(JSONView):
    """Adds tasks in one transaction; answers with their items, with how often
    the request was tried again, and whether it is then the one that code
    without a request at hand gets.

    Request: `tasks` and `items` (how many, and of how many items each),
    `name` (of the tasks), `place` (path of their context, below the site),
    `chunk_size`, `seconds` (that a chunk takes), `retries`, `then`: "fail"
    raises an error in the end, "contend" writes what other such requests
    write too.
    """

    def tell(self):
        number = int(self.request.get("tasks", 1))
        size = int(self.request.get("items", 1))
        name = self.request.get("name", counting.NAME)
        context = self.context.unrestrictedTraverse(
            str(self.request.get("place", ""))) or self.context
        options = {
            "chunk_size": int(self.request.get("chunk_size", 10)),
            "seconds": float(self.request.get("seconds", 0)),
        }
        if "retries" in self.request.form:
            options["retries"] = int(self.request.form["retries"])
        added = []
        # Made here, so that no two tasks race to make it
        counting.get_counts(self.context)
        known = counting.get_tree(self.context, counting.ADDED)
        for _ in range(number):
            items = [uuid.uuid4().hex for _ in range(size)]
            task = api.add_task(name, context, uids=items, **options)
            known[task["task_uid"]] = (name, tuple(items))
            added.append({"task_uid": task["task_uid"], "items": items})
        self.go_on(self.request.get("then"))
        return {
            "tasks": added,
            "at": clock.monotonic(),
            "retries": self.request.retry_count,
            "is_current": getRequest() is self.request,
        }

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


class CountsView(JSONView):
    """Shows the count of every item that was ever processed."""

    def tell(self):
        return dict(counting.get_counts(self.context))


class AddedView(JSONView):
    """Shows every task that was ever added: uid -> name, items."""

    def tell(self):
        return dict(counting.get_tree(self.context, counting.ADDED))


class NoClientGroupsView(BrowserView):
    """Has clients get their group when the first user is linked, not when
    they are registered: a setting of SENAITE."""

    def __call__(self):
        set_registry_record("auto_create_client_group", False)
        return "done"
