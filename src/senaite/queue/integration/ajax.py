# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The ajax channel: transitions that a listing sends row by row.

A listing of SENAITE 2.6 sends one request per selected row, one after the
other, in the order of the selection, and with each the whole selection. The
first request queues the whole selection as one task, and its answer shows all
of these rows anew; for those that follow there is nothing left to do, or to
show. They must not even look whether there is: a task may be processed by
then, and an action that can be done more than once, like one of several
verifications, would be done again for each row. And to put a listing together
for a single row takes longer than the consumer needs for its analysis.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims.browser.workflow.worksheet import WorkflowActionAssignAdapter
from bika.lims.interfaces import IWorksheet
from senaite.app.listing.adapters.workflow import ListingWorkflowTransition
from senaite.app.listing.decorators import inject_runtime
from senaite.app.listing.decorators import returns_safe_json
from senaite.app.listing.decorators import set_application_json_header
from senaite.app.listing.interfaces import IListingWorkflowTransition
from senaite.core.browser.listing.workflow.analysis import \
    AnalysisRetestAdapter
from senaite.core.browser.listing.workflow.analysis import \
    AnalysisRetractAdapter
from zope.component import queryMultiAdapter
from zope.interface import implementer

from senaite.queue import api
from senaite.queue.integration import decisions
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue import speedups


@implementer(IListingWorkflowTransition)
class QueuedTransition(ListingWorkflowTransition):
    """Queues the transition of a selection of analyses in a worksheet."""

    #: uids to show anew, besides those of the request; None: as core does it
    uids = None

    def do_transition(self, transition, chained_uids, failed_transitions,
                      **kw):
        """Queue the whole selection, with the first of its rows.

        :param transition: id of the transition
        :param chained_uids: uids of the selection
        :param failed_transitions: how many rows of it failed so far
        """
        uid = senaite_api.get_uid(self.context)
        selection = list(chained_uids or [])
        if uid not in selection:
            selection = [uid]
        # the same for each row of a selection, whatever is done by then
        if not self.is_to_be_queued(transition, len(selection)):
            return super(QueuedTransition, self).do_transition(
                transition, chained_uids, failed_transitions, **kw)
        if selection[0] == uid:
            self.enqueue(transition, selection)
        else:
            self.uids = []

    def enqueue(self, transition, selection):
        """Add the task; rows that can't be transitioned are left out."""
        objects = [senaite_api.get_object_by_uid(uid, default=None)
                   for uid in selection]
        objects = [obj for obj in objects if obj is not None]
        selected = [senaite_api.get_uid(obj) for obj in objects]
        # Those that are left out, too: a page may be old
        self.uids = selected
        objects = decisions.allowed(objects, transition)
        if not objects:
            return
        if transition == "assign":
            # Slots are taken in this order, as they are through the form
            objects = WorkflowActionAssignAdapter(
                self.view.context, self.request).sorted_analyses(objects)
        try:
            api.add_action_task(objects, transition, self.view.context)
        except ValueError as error:
            # More than a task may hold: the row says so
            self.error["message"] = str(error)
            self.uids = selected[:1]

    def is_to_be_queued(self, transition, count):
        """Tell whether this request belongs to the queue."""
        return IWorksheet.providedBy(self.view.context) and \
            decisions.is_to_be_queued(transition, count)

    def get_uids(self):
        """Return the uids of the rows to show anew."""
        if self.uids is None:
            return super(QueuedTransition, self).get_uids()
        return self.uids


def call_listing(view, call):
    """Answer a request to a listing. One for a row that was queued with the
    first of its selection is answered at once, without what a listing does
    before it looks what is wanted.

    :param view: listing that is called
    :type view: senaite.app.listing.view.ListingView
    :param call: function that has the listing answer
    """
    uids, selection = get_queued_rows(view)
    if not uids:
        return call()
    if uids[0] != selection[0]:
        return _answer(uids, selection)
    # All rows are shown, and have much in common
    with speedups.session().reading_once():
        return call()


def get_queued_rows(view):
    """Return the row that a request is for, if its selection is queued as a
    whole, and the selection.

    :returns: list of one uid, list of uids; or two empty lists
    """
    nothing = [], []
    if view.traverse_subpath != ["do_action_for"] or \
            not ISenaiteQueueLayer.providedBy(view.request):
        return nothing
    payload = view.get_json()
    uids = payload.get("uids") or []
    selection = payload.get("chained_uids") or []
    if len(uids) != 1 or uids[0] not in selection:
        return nothing
    transition = payload.get("transition") or ""
    obj = senaite_api.get_object_by_uid(uids[0], default=None)
    involved = (view, obj, view.request)
    # As `ajax_do_action_for` looks for it
    adapter = queryMultiAdapter(
        involved, IListingWorkflowTransition, name=transition)
    if adapter is None:
        adapter = queryMultiAdapter(involved, IListingWorkflowTransition)
    if not isinstance(adapter, QueuedTransition) or \
            not adapter.is_to_be_queued(transition, len(selection)):
        return nothing
    return uids, selection


@set_application_json_header
@returns_safe_json
@inject_runtime
def _answer(uids, selection):
    """Answer that there is nothing to show, and tell our script that this goes
    for all rows of the selection: they were answered with the first one."""
    return {"count": 0, "uids": uids, "folderitems": [], "errors": {},
            "redirects": {}, "answered": selection}


class QueuedActionTransition(QueuedTransition):
    """Queues any transition it is registered for, in all listings.

    What `WorkflowActionGenericQueueAdapter` is to the form channel: add-ons
    register it under the id of an action.
    """

    def is_to_be_queued(self, transition, count):
        return decisions.is_to_be_queued(transition, count)


class QueuedRetract(QueuedTransition, AnalysisRetractAdapter):
    """The same, where core shows the retest when it is done at once."""


class QueuedRetest(QueuedTransition, AnalysisRetestAdapter):
    """The same, where core shows the retest when it is done at once."""
