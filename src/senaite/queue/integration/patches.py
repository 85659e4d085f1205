# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Patches of core, each with its reason and the version it was written against.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

import six
from bika.lims import api as senaite_api
from bika.lims.content.analysisrequest import AnalysisRequest
from bika.lims.content.worksheet import Worksheet
from bika.lims.workflow import doActionFor
from bika.lims.workflow.analysis import events
from plone.indexer.wrapper import IndexableObjectWrapper
from Products.Archetypes.Field import StringField
from Products.DCWorkflow import utils
from senaite.core.patches.archetypes import catalog_multiplex

from senaite.queue import api
from senaite.queue.integration import ajax
from senaite.queue.integration import decisions
from senaite.queue.integration import listings
from senaite.queue.integration import ownership
from senaite.queue.integration import saving
from senaite.queue.model.current import current_task
from senaite.queue.speedups import ahead
from senaite.queue.speedups import holdback
from senaite.queue.speedups import memos


def addAnalyses(self, analyses):
    """Add analyses to the worksheet: queued, where the queue takes tasks.

    `bika.lims.content.worksheet.Worksheet.addAnalyses`, senaite.core 2.6.0.
    The worksheets that people create from a selection of samples (the modal
    "Create worksheet") are filled by this method, without any adapter, event
    or view in between that could be ours. Retests are added by `addAnalysis`,
    which stays as it is: who retracts an analysis needs its successor at once.
    """
    if not decisions.is_to_be_queued("task_assign_analyses", len(analyses)):
        return self._old_addAnalyses(analyses)
    analyses = decisions.assignable(analyses, self)
    if analyses:
        api.add_assign_task(self, analyses)


def create_group(self):
    """Create the group of a client, and show it what the client has.

    `bika.lims.content.client.Client.create_group`, senaite.core 2.6.0. The
    group becomes the owner of the client, but what the client had before is
    not indexed anew, so that its contacts don't find it. No event tells.
    """
    existed = bool(self.get_group())
    group = self._old_create_group()
    if group and not existed:
        ownership.reindex(self)
    return group


def call_listing(self):
    """Answer a request to a listing; at once, if it is for a row that has been
    queued with others.

    `senaite.app.listing.view.ListingView.__call__`, 2.6.0. It gets its columns
    in order first, which takes a worksheet longer than all else that is to be
    done for such a row. See `senaite.queue.integration.ajax`.
    """
    return ajax.call_listing(self, self._old___call__)


def ajax_set_fields(self):
    """Save what was typed in a listing, but nothing in queued rows.

    `senaite.app.listing.ajax.AjaxListingView.ajax_set_fields`, 2.6.0. Queued
    rows can't be edited, but a page may be old, and a request be made by
    hand; of the objects' guards this method asks none.
    """
    return saving.set_fields(self, self._old_ajax_set_fields)


def fill_slots_headers(self, items):
    """Tell in the first row of each slot what it is, queued rows included.

    `bika.lims.browser.worksheet.views.analyses.AnalysesView
    .fill_slots_headers`, senaite.core 2.6.0. It takes rows that are disabled
    for empty slots, and leaves those without sample and client.
    """
    with listings.enabled(items):
        self._old_fill_slots_headers(items)


def _send(self, mfrom, mto, messageText, immediate=False):
    """Send an e-mail; those of a task when, and if, the task commits.

    `Products.MailHost.MailHost.MailBase._send`, 4.13. Core sends its e-mails
    at once, in the midst of the transaction: a task that is tried again after
    a conflict would send them once more, one that fails would have told what
    never happened.
    """
    if current_task() is not None:
        immediate = False
    return self._old__send(mfrom, mto, messageText, immediate)


def promote(instance, action_id):
    """Try a transition, unless it is held back for the end of the chunk.

    `bika.lims.workflow.doActionFor`, as `bika.lims.workflow.analysis.events`
    and `bika.lims.content.worksheet` use it, senaite.core 2.6.0. Both try to
    promote worksheets and samples after each single analysis; no setting and
    no event keeps them from it. See `senaite.queue.speedups.holdback`.
    """
    if holdback.holds_promotion(instance, action_id):
        return False, ""
    if not memos.is_active():
        return doActionFor(instance, action_id)
    with memos.asked_once(instance, action_id):
        return doActionFor(instance, action_id)


def check_all_verified(analysis):
    """Tell whether all of a sample was verified; that is found out at the end
    of the chunk.

    `bika.lims.workflow.analysis.events.check_all_verified`, senaite.core
    2.6.0. For each analysis it searches for all others of its sample.
    """
    if holdback.holds_verification(analysis):
        return False
    return events._old_check_all_verified(analysis)


def reindex_worksheet(self, *args, **kw):
    """Reindex the worksheet, unless that is held back for the end of the
    chunk.

    `bika.lims.content.worksheet.Worksheet.reindexObject`, senaite.core 2.6.0,
    inherited from Archetypes. Core calls it after each single analysis. See
    `senaite.queue.speedups.holdback`.
    """
    if not holdback.holds_reindexing(self):
        super(Worksheet, self).reindexObject(*args, **kw)


def reindex_sample(self, *args, **kw):
    """The same for samples:
    `bika.lims.content.analysisrequest.AnalysisRequest.reindexObject`."""
    if not holdback.holds_reindexing(self):
        super(AnalysisRequest, self).reindexObject(*args, **kw)


def read_indexable(self, name):
    """Read what is indexed of an object, once in a task.

    `plone.indexer.wrapper.IndexableObjectWrapper.__getattr__`, 1.0.7. See
    `senaite.queue.speedups.memos`.
    """
    memos.fill(self)
    if name in self.__dict__:
        return self.__dict__[name]
    return memos.read_attribute(self, name, lambda: _read(self, name))


#: Python asks for it under its name, so that it cannot keep the original
_read = six.get_unbound_function(IndexableObjectWrapper.__getattr__)


def get_field_value(self, name, default=None):
    """Return the value of a field of an object.

    `senaite.app.supermodel.model.SuperModel.get_field_value`, 2.6.0. It asks a
    catalog for the analyses of a sample, and keeps their uids: those of the
    objects are the same. See `senaite.queue.speedups.ahead`.
    """
    if name == "Analyses" and ahead.knows(self.instance):
        return self.instance.getAnalyses(full_objects=True)
    return self._old_get_field_value(name, default=default)


def get_field(self, name, default=None):
    """Return a field of an object, or a default; collects them once in a task.

    `senaite.app.supermodel.model.SuperModel.get_field`, 2.6.0. See
    `senaite.queue.speedups.memos`.
    """
    try:
        fields = memos.read_fields(
            self, lambda: senaite_api.get_fields(self.instance))
    except senaite_api.APIError:
        return default
    return fields.get(name) or default


def get_all_roles(self):
    """Return the local roles of all members; collects them once in a task.

    `senaite.core.adapters.localroles.DynamicLocalRoleAdapter.getAllRoles`,
    senaite.core 2.6.0. See `senaite.queue.speedups.memos`.
    """
    return iter(memos.read_roles(self, self._old_getAllRoles))


def get_sample_analyses(self, **kw):
    """Return the analyses of a sample; looks them up once to promote it, and
    once to index it.

    `senaite.core.datamanagers.field.sample_analyses
    .SampleAnalysesFieldDataManager.get`, senaite.core 2.6.0. See
    `senaite.queue.speedups.ahead` and `senaite.queue.speedups.memos`.
    """
    known = ahead.read_analyses(
        self.context, kw, lambda: self._old_get(**kw))
    if known is not None:
        return known
    return memos.read_analyses(
        self.context, kw, lambda: self._old_get(**kw))


def get_tool(name, context=None, default=senaite_api._marker):
    """Return a tool of the site; looks it up once in a task.

    `bika.lims.api.get_tool`, senaite.core 2.6.0. See
    `senaite.queue.speedups.memos`.
    """
    if context is not None or default is not senaite_api._marker:
        return senaite_api._old_get_tool(name, context, default)
    return memos.read_of_site(
        ("tool", name), lambda: senaite_api._old_get_tool(name))


def is_auditlog_enabled():
    """Tell whether the log of all that happens is on; looks once in a task.

    `senaite.core.patches.archetypes.catalog_multiplex.is_auditlog_enabled`,
    senaite.core 2.6.0. See `senaite.queue.speedups.memos`.
    """
    return memos.read_of_site(
        ("auditlog",), catalog_multiplex._old_is_auditlog_enabled)


def is_global_auditlog_enabled(self):
    """The same for `senaite.core.catalog.catalog_multiplex_processor
    .CatalogMultiplexProcessor.is_global_auditlog_enabled`."""
    return memos.read_of_site(
        ("auditlog",), self._old_is_global_auditlog_enabled)


def ac_inherited_permissions(ob, all=0):
    """Return the permissions that an object knows; collects them once in a
    task.

    `Products.DCWorkflow.utils.ac_inherited_permissions`, 2.7.0. See
    `senaite.queue.speedups.memos`.
    """
    if not all:
        return _inherited_permissions(ob)
    return memos.read_permissions(ob, lambda: _inherited_permissions(ob, all))


#: A function of a module keeps no original by itself
_inherited_permissions = utils.ac_inherited_permissions


def check_transition_guard(self, t, ob, **kw):
    """Ask a guard, unless it has said yes just now in a task.

    `Products.DCWorkflow.DCWorkflow.DCWorkflowDefinition
    ._checkTransitionGuard`, 2.7.0. See `senaite.queue.speedups.memos`.
    """
    return memos.ask_guard(
        ob, t.getId(),
        lambda: self._old__checkTransitionGuard(t, ob, **kw))


def get_references(self, context, **kwargs):
    """Return the object or objects a field refers to; looks them up once in a
    task.

    `bika.lims.browser.fields.uidreferencefield.UIDReferenceField.get`,
    senaite.core 2.6.0. See `senaite.queue.speedups.memos`.
    """
    # Archetypes always gives the schema
    if not memos.is_active() or set(kwargs) - set(["schema"]):
        return self._old_get(context, **kwargs)
    uids = StringField.get(self, context, **kwargs)
    uids = uids if isinstance(uids, list) else [uids]
    # Core would look for those that have no uid as well, and find none
    found = memos.read_objects(list(collections.OrderedDict.fromkeys(
        uid for uid in uids if uid)), _read_objects)
    if self.multiValued:
        return found
    return found[0] if found else None


def _read_objects(uids):
    catalog = senaite_api.get_tool("uid_catalog")
    return dict((brain.UID, senaite_api.get_object(brain))
                for brain in catalog(UID=uids))
