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

For each selected row, a listing of SENAITE 2.6 sends a request, one after the
other, in the order of the selection; each request contains the whole
selection. The first request queues the whole selection as one task, and its
answer updates all rows. The requests that follow do nothing. They must not
even check whether something is left to do: the task may be finished by then,
and an action that can be repeated, such as one of several verifications, would
be repeated for each row. Besides, rendering the listing for a single row takes
longer than the consumer needs for the analysis.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

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
from zope.annotation.interfaces import IAnnotations
from zope.component import queryMultiAdapter
from zope.interface import implementer

from senaite.queue import api
from senaite.queue.integration import decisions
from senaite.queue.integration import shortfall
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue import speedups


#: Annotation of a request: what its click has queued and left out
CLICK = "senaite.queue.click"


@implementer(IListingWorkflowTransition)
class QueuedTransition(ListingWorkflowTransition):
    """Queues the transition of a selection of analyses in a worksheet."""

    #: uids of the rows to update; None for those that core updates
    uids = None

    def do_transition(self, transition, chained_uids, failed_transitions,
                      **kw):
        """Queue the whole selection, at the request for its first row.

        :param transition: id of the transition
        :param chained_uids: uids of the selection
        :param failed_transitions: number of rows that have failed so far
        """
        uid = senaite_api.get_uid(self.context)
        selection = list(chained_uids or [])
        if uid not in selection:
            selection = [uid]
        # The same decision for each row of a selection, whatever is done by then
        if not self.is_to_be_queued(transition, len(selection)):
            return super(QueuedTransition, self).do_transition(
                transition, chained_uids, failed_transitions, **kw)
        if selection[0] == uid:
            self.enqueue(transition, selection)
        else:
            self.uids = []

    def enqueue(self, transition, selection):
        """Add the task, without rows that cannot be transitioned."""
        found = [senaite_api.get_object_by_uid(uid, default=None)
                 for uid in selection]
        found = [obj for obj in found if obj is not None]
        selected = [senaite_api.get_uid(obj) for obj in found]
        # Includes the rows that are left out: the page may be outdated
        self.uids = selected
        objects = decisions.allowed(found, transition)
        # Told before, because afterwards all of them are queued
        free = set(map(senaite_api.get_uid, objects))
        groups = shortfall.find(
            [obj for obj in found if senaite_api.get_uid(obj) not in free],
            transition, gone=len(selection) - len(found))
        task = self.add(transition, objects) if objects else None
        if self.error:
            self.uids = selected[:1]
            return
        IAnnotations(self.request)[CLICK] = shortfall.to_answer(
            len(objects), groups, task.job_uid if task else None)

    def add(self, transition, objects):
        """Add the task and return it; None if that did not work."""
        if transition == "assign":
            # Slots are taken in this order, as they are through the form
            objects = WorkflowActionAssignAdapter(
                self.view.context, self.request).sorted_analyses(objects)
        try:
            return api.add_action_task(
                objects, transition, self.view.context)
        except ValueError as error:
            # E.g. more items than a task may have: shown in the row
            self.error["message"] = str(error)
            return None

    def is_to_be_queued(self, transition, count):
        """Tell whether the transition of this request is queued."""
        return IWorksheet.providedBy(self.view.context) and \
            decisions.is_to_be_queued(transition, count)

    def get_uids(self):
        """Return the uids of the rows to update."""
        if self.uids is None:
            return super(QueuedTransition, self).get_uids()
        return self.uids


def call_listing(view, call):
    """Answer a request to a listing.

    A request for a row that was queued with the first row of its selection is
    answered at once, without preparing the listing.

    :param view: the listing
    :type view: senaite.app.listing.view.ListingView
    :param call: function that calls the listing
    """
    uids, selection, lead = get_queued_rows(view)
    if not uids:
        return call()
    if uids[0] != selection[0]:
        return _answer(uids, selection)
    if lead is None:
        return _answer_gone(uids, selection)
    if lead != uids[0]:
        _let_lead(view, selection, lead)
    # All rows are rendered, and share most look-ups
    with speedups.session().reading_once():
        answer = call()
    click = IAnnotations(view.request).pop(CLICK, None)
    if click is None and lead == uids[0]:
        return answer
    answer = json.loads(answer)
    if click is not None:
        answer["click"] = click
    if lead != uids[0]:
        answer["uids"] = uids + answer["uids"]
    return json.dumps(answer)


def get_queued_rows(view):
    """Return the row and the selection of a request whose selection is queued
    as a whole.

    Objects may have been removed since the page was loaded, and core fails to
    look them up. The first request queues the selection all the same.

    :returns: list of one uid, list of uids, and the uid of the first object of
        the selection that exists, or None; or two empty lists and None
    """
    nothing = [], [], None
    if view.traverse_subpath != ["do_action_for"] or \
            not ISenaiteQueueLayer.providedBy(view.request):
        return nothing
    payload = view.get_json()
    uids = payload.get("uids") or []
    selection = payload.get("chained_uids") or []
    if len(uids) != 1 or uids[0] not in selection:
        return nothing
    transition = payload.get("transition") or ""
    lead, first = _find_lead(selection)
    if first is None:
        # Whatever the action does with such objects
        return (uids, selection, None) if decisions.is_to_be_queued(
            transition, len(selection)) else nothing
    obj = senaite_api.get_object_by_uid(uids[0], default=first)
    involved = (view, obj, view.request)
    # The same look-up as in `ajax_do_action_for`
    adapter = queryMultiAdapter(
        involved, IListingWorkflowTransition, name=transition)
    if adapter is None:
        adapter = queryMultiAdapter(involved, IListingWorkflowTransition)
    if not isinstance(adapter, QueuedTransition) or \
            not adapter.is_to_be_queued(transition, len(selection)):
        return nothing
    return uids, selection, lead


def _find_lead(selection):
    """Return uid and object of the first row that exists; or None, twice."""
    for uid in selection:
        obj = senaite_api.get_object_by_uid(uid, default=None)
        if obj is not None:
            return uid, obj
    return None, None


def _let_lead(view, selection, lead):
    """Make the request for the first row, which is gone, that for the first
    one that exists."""
    others = [uid for uid in selection if uid != lead]
    view.request.set("BODY", json.dumps(dict(
        view.get_json(), uids=[lead], chained_uids=[lead] + others)))


@set_application_json_header
@returns_safe_json
@inject_runtime
def _answer(uids, selection):
    """Answer that no row changes, and tell our script that this holds for all
    rows of the selection: the first answer has updated them."""
    return dict(_make_answer(uids), answered=selection)


@set_application_json_header
@returns_safe_json
@inject_runtime
def _answer_gone(uids, selection):
    """Answer that nothing was queued, because no object of the selection
    exists any more."""
    return dict(_make_answer(uids), click=shortfall.to_answer(
        0, shortfall.find([], "", gone=len(selection))))


def _make_answer(uids):
    """Return an answer by which no row changes."""
    return {"count": 0, "uids": uids, "folderitems": [], "errors": {},
            "redirects": {}}


class QueuedActionTransition(QueuedTransition):
    """Queues any transition it is registered for, in all listings.

    The counterpart of `WorkflowActionGenericQueueAdapter` of the form channel:
    add-ons register it under the id of an action.
    """

    def is_to_be_queued(self, transition, count):
        return decisions.is_to_be_queued(transition, count)


class QueuedRetract(QueuedTransition, AnalysisRetractAdapter):
    """Queues retractions; done at once, the retest is shown as in core."""


class QueuedRetest(QueuedTransition, AnalysisRetestAdapter):
    """Queues retests; done at once, the retest is shown as in core."""
