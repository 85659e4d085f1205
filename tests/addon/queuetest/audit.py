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

"""What an auditor asks the site for: what became of the work, what is left
behind, and what a process believes to be queued."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import json

from bika.lims import api as senaite_api
from queuetest.views import JSONView
from senaite.queue import api
from senaite.queue.auth.membership import get_membership
from senaite.queue.client import view
from senaite.queue.records import ledger
from senaite.queue.records import outbox


class WorkView(JSONView):
    """Tells what became of analyses or samples: `uids` in the body.

    Answers uid -> state, worksheet (uid or None), slots (how often the
    analysis is in layouts), events (transition -> how often it was done).
    """

    def tell(self):
        uids = json.loads(self.request.get("BODY") or "[]")
        placed = self.placed()
        return dict((uid, self.describe(uid, placed)) for uid in uids)

    def placed(self):
        """Return how often each analysis is in the layouts of worksheets."""
        counts = collections.Counter()
        for worksheet in self.context.worksheets.objectValues():
            for slot in worksheet.getLayout():
                counts[slot["analysis_uid"]] += 1
        return counts

    def describe(self, uid, placed):
        obj = senaite_api.get_object_by_uid(uid)
        worksheet = getattr(obj, "getWorksheet", lambda: None)()
        events = collections.Counter(
            str(entry["action"]) for entry in senaite_api.get_review_history(obj)
            if entry.get("action"))
        return {
            "state": senaite_api.get_workflow_status_of(obj),
            "worksheet": senaite_api.get_uid(worksheet)
            if worksheet else None,
            "slots": placed[uid],
            "events": dict(events),
        }


class ActionView(JSONView):
    """Queues a workflow action, as other add-ons do: `action`, `uids`."""

    def tell(self):
        task = api.add_action_task(
            json.loads(self.request["BODY"])["uids"],
            json.loads(self.request["BODY"])["action"])
        return {"task_uid": task["task_uid"]}


class SeenView(JSONView):
    """Tells what this process shows as queued."""

    def tell(self):
        seen = view.queued_view(self.context)
        return {"tasks": sorted(task["task_uid"] for task in seen.tasks()),
                "uids": sorted(seen.uids())}


class KeptView(JSONView):
    """Tells what the queue keeps in the ZODB, in numbers."""

    def tell(self):
        box = outbox.get_root(self.context)
        waiting = [entry for _uid, entry in outbox.entries(box)]
        return {
            "outbox": len(waiting),
            "pending": sum(map(outbox.is_pending, waiting)),
            "ledger": sum(len(tree) - 1 for tree in
                          ledger.get_root(self.context)["shards"]),
            "database": self.context._p_jar.db().getSize(),
        }


class PackView(JSONView):
    """Packs the database."""

    def tell(self):
        database = self.context._p_jar.db()
        database.pack()
        return {"database": database.getSize()}


class RequeueView(JSONView):
    """Requeues what has failed, as a manager would, but for tasks of some
    names: `but`."""

    def tell(self):
        queue = api.get_queue()
        but = (self.request.get("but") or "").split(",")
        failed = [task for task in queue.get_tasks("failed")
                  if task["name"] not in but]
        for task in failed:
            queue.requeue(task)
        return {"requeued": [task["task_uid"] for task in failed]}


class MarkView(JSONView):
    """Answers with the mark of this process: programs that sign requests, but
    do not see the database, borrow it."""

    def tell(self):
        return {"mark": get_membership(self.context).get_mark()}


class UserView(JSONView):
    """Adds a user with a role: `name`, `password`, `role` in the body."""

    def tell(self):
        from plone.protect.interfaces import IDisableCSRFProtection
        from zope.interface import alsoProvides
        alsoProvides(self.request, IDisableCSRFProtection)
        wanted = json.loads(self.request["BODY"])
        self.context.acl_users.userFolderAddUser(
            str(wanted["name"]), str(wanted["password"]),
            ["Member", str(wanted["role"])], [])
        return {"added": wanted["name"]}
