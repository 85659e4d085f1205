# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The patches of SENAITE and Plone that change what users see.

Each of them calls the function it has found. Those that only make work cheaper
are in `senaite.queue.speedups`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue import api
from senaite.queue.integration import ajax
from senaite.queue.integration import cascades
from senaite.queue.integration import decisions
from senaite.queue.integration import listings
from senaite.queue.integration import ownership
from senaite.queue.integration import refusals
from senaite.queue.integration import saving
from senaite.queue.integration import template_pages
from senaite.queue.model.current import current_task
from senaite.queue.site.patching import Table

CORE = "senaite.core 2.6.0"
LISTING = "senaite.app.listing 2.6.0"

table = Table()


def apply():
    """Apply the patches."""
    table.apply()


def look_again(event):
    """Look for patches of products that Zope has initialised after us.

    :param event: zope.processlifetime.IProcessStarting
    """
    table.look_again()


def get_changed():
    """Return what differs from the functions that patches were written for.

    :rtype: list of senaite.queue.site.patching.Declaration
    """
    return table.get_changed()


@table.patch(
    ("bika.lims.content.worksheet.Worksheet.addAnalyses", "c0a111b9b247c6ce"),
    version=CORE,
    why="Worksheets that people create from a selection of samples (the modal "
        "\"Create worksheet\") are filled by this method, without any adapter, "
        "event or view in between that could be ours.",
    until="core adds analyses to worksheets through a workflow action adapter")
def add_analyses(original, self, analyses):
    """Add analyses to the worksheet: queued, if the queue takes tasks.

    Retests are added by `addAnalysis`, which is left as it is: users who
    retract an analysis need its successor immediately.
    """
    if not decisions.is_to_be_queued("task_assign_analyses", len(analyses)):
        return original(self, analyses)
    analyses = decisions.assignable(analyses, self)
    if analyses:
        api.add_assign_task(self, analyses)


@table.patch(
    ("bika.lims.content.worksheet.Worksheet.addAnalysis", "2e36a08361132fcc"),
    version=CORE,
    why="It takes a worksheet back that is open again, which nobody has asked "
        "for; the guard has to tell this from a request for the same.",
    until="core tells its guards which transitions it tries by itself")
def add_analysis(original, self, analysis, position=None):
    """Add an analysis to the worksheet, and open the worksheet, queued or
    not."""
    with cascades.by_core(self, "rollback_to_open"):
        return original(self, analysis, position)


@table.patch(
    ("bika.lims.subscribers.analysis.ObjectInitializedEventHandler",
     "b3efefad81e69c4b"),
    version=CORE, is_handler=True,
    why="It takes a sample back that is open again, which nobody has asked "
        "for; the guard has to tell this from a request for the same.",
    until="core tells its guards which transitions it tries by itself")
def analysis_initialized(original, analysis, event):
    """Take the sample of a new analysis back, queued or not."""
    with cascades.by_core(analysis.getRequest(), "rollback_to_receive"):
        return original(analysis, event)


@table.patch(
    ("bika.lims.subscribers.analysis.ObjectRemovedEventHandler",
     "17f9859546ee50f8"),
    version=CORE, is_handler=True,
    why="It promotes a sample that has lost its last open analysis, which "
        "nobody has asked for, and which the task does not do later: the "
        "sample would stay behind.",
    until="core tells its guards which transitions it tries by itself")
def analysis_removed(original, analysis, event):
    """Promote the sample of an analysis that was removed, queued or not."""
    with cascades.by_core(analysis.getRequest(), "submit", "verify"):
        return original(analysis, event)


@table.patch(
    ("bika.lims.browser.workflow.analysisrequest"
     ".WorkflowActionSaveAnalysesAdapter.__call__", "1a32c52ba53f1ded"),
    version=CORE,
    why="It takes the sample back that has got analyses, which nobody has "
        "asked for; the guard has to tell this from a request for the same.",
    until="core tells its guards which transitions it tries by itself")
def save_analyses(original, self, action, objects):
    """Save which analyses a sample has, and take the sample back, queued or
    not."""
    with cascades.by_core(self.context, "rollback_to_receive"):
        return original(self, action, objects)


@table.patch(
    ("bika.lims.content.worksheet.Worksheet.applyWorksheetTemplate",
     "06d80e3faa46c5c1"),
    version=CORE,
    why="Add-ons apply templates by this method, without one of our pages, and "
        "senaite.queue 1.0.x queued them, too.",
    until="core notifies an event before it applies a template")
def apply_worksheet_template(original, self, wst):
    """Apply a template to the worksheet: queued, if the queue takes tasks.

    :returns: True when it was queued; else what core returns
    """
    if wst and template_pages.queue_template(self, wst):
        return True
    return original(self, wst)


@table.patch(
    ("bika.lims.content.client.Client.create_group", "dbbc362ef5e14b0d"),
    version=CORE,
    why="The group becomes the owner of the client, but what the client had "
        "before is not reindexed, so that its contacts do not find it. There "
        "is no event.",
    until="core reindexes what the client has, or notifies an event")
def create_group(original, self):
    """Create the group of a client, and show it what the client has."""
    existed = bool(self.get_group())
    group = original(self)
    if group and not existed:
        ownership.reindex(self)
    return group


@table.patch(
    ("senaite.app.listing.view.ListingView.__call__", "a8911e8a4428499d"),
    version=LISTING,
    why="A listing first puts its columns in order, which takes a worksheet "
        "longer than everything else that such a row needs.",
    until="a listing answers requests for rows before it gets ready")
def call_listing(original, self, *args, **kw):
    """Answer a request to a listing; immediately, if it is for a row that was
    queued with others. See `senaite.queue.integration.ajax`."""
    return ajax.call_listing(self, lambda: original(self, *args, **kw))


@table.patch(
    ("senaite.app.listing.ajax.AjaxListingView.ajax_set_fields",
     "04da24d7a0467894"),
    version=LISTING,
    why="Queued rows cannot be edited, but a page may be old, and a request "
        "may be made by hand; this method asks no guard.",
    until="core asks a guard before it saves what was typed")
def ajax_set_fields(original, self):
    """Save what was typed in a listing, but nothing in queued rows."""
    return saving.set_fields(self, lambda: original(self))


@table.patch(
    ("bika.lims.browser.worksheet.views.AnalysesView.fill_slots_headers",
     "62eaf310d65c0f36"),
    version=CORE,
    why="Core takes disabled rows for empty slots, and shows no sample and "
        "client for those.",
    until="core tells empty slots from disabled rows")
def fill_slots_headers(original, self, items):
    """Show in the first row of each slot what it holds, queued rows
    included."""
    with listings.enabled(items):
        return original(self, items)


@table.patch(
    # What Plone's tool inherits: the one of CMFCore stays as it is
    ("Products.CMFPlone.WorkflowTool.WorkflowTool.doActionFor",
     "26e06d4f27a20708"),
    version="Products.CMFCore 2.7.1",
    why="Other add-ons ignore that a transition was refused: people would not "
        "know that nothing has happened, and why.",
    until="core says why a guard refuses a transition")
def do_action_for(original, self, ob, action, *args, **kw):
    """Transition an object; say so on the page if the queue prevents that."""
    with refusals.watching(ob, action):
        return original(self, ob, action, *args, **kw)


@table.patch(
    # Inherited from the container of anything
    ("senaite.storage.content.storagesamplescontainer"
     ".StorageSamplesContainer.can_add_object", "6a0bd27456a8eee4"),
    version="senaite.storage 2.6.0", package="senaite.storage",
    why="It writes where a sample is before it stores the sample, and ignores "
        "that the transition is refused: a queued sample would be in the "
        "container, and could never be stored again.",
    until="senaite.storage asks whether a sample can be stored")
def can_add_sample(original, self, object_brain_uid, row, column):
    """Tell whether a sample can be put at a position; a queued one cannot."""
    return original(self, object_brain_uid, row, column) and \
        refusals.may_store(object_brain_uid)


@table.patch(
    ("Products.MailHost.MailHost.MailBase._send", "67f4ed485a54bbc7"),
    version="Products.MailHost 4.13",
    why="Core sends its e-mails immediately, within the transaction: a task "
        "that is retried after a conflict would send them again, and a task "
        "that fails would announce what never happened.",
    until="core sends its e-mails when the transaction commits")
def send(original, self, mfrom, mto, messageText, immediate=False):
    """Send an e-mail; those of a task when, and if, the task commits."""
    if current_task() is not None:
        immediate = False
    return original(self, mfrom, mto, messageText, immediate)


@table.patch(
    ("ZEO.ClientStorage.ClientStorage.notify_connected", "b9e32c808ace6839"),
    version="ZEO 5.3.0",
    why="A client fetches a hundred object ids in advance, and keeps them when "
        "the server goes. A server that was restarted knows only those that "
        "were stored, and gives the others to the next client that asks: two "
        "clients make objects with the same ids. The one that commits later "
        "meets conflicts that no retry resolves (\"A different object already "
        "has the same oid\") until it has used up its hundred; tasks fail, and "
        "so do clicks.",
    until="ZEO drops its object ids when it connects to a server")
def notify_connected(original, self, conn, info):
    """Note that there is a connection to a ZEO server, possibly a new one, and
    drop the object ids of the former one."""
    oids = getattr(self, "_oids", None)
    if isinstance(oids, list):
        del oids[:]
    return original(self, conn, info)


table.rely_on(
    ("ZEO.ClientStorage.ClientStorage.new_oid", "34df889dc42ed71f"),
    version="ZEO 5.3.0",
    why="`notify_connected` drops the object ids that it hands out.",
    until="ZEO drops its object ids when it connects to a server")
