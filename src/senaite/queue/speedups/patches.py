# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The patches of SENAITE and Plone that make chunks cheaper.

Each of them calls the function it has found, and does nothing else outside of
the blocks of `senaite.queue.speedups.full`: where no task is processed, and no
listing shows what was queued just now.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from Products.Archetypes.Field import StringField

from senaite.queue.site.patching import Table
from senaite.queue import speedups
from senaite.queue.speedups import ahead
from senaite.queue.speedups import holdback
from senaite.queue.speedups import memos
from senaite.queue.speedups import switch
from senaite.queue.speedups.full import Full

CORE = "senaite.core 2.6.0"
SUPERMODEL = "senaite.app.supermodel 2.6.0"
DCWORKFLOW = "Products.DCWorkflow 2.7.0"
CMFCORE = "Products.CMFCore 2.7.1"
INDEXER = "plone.indexer 1.0.7"
ZODB = "ZODB 5.8.0"

table = Table()


def apply():
    """Apply the patches, and provide the speedups that fit the installed
    packages. Where the environment switches speedups off, nothing is patched.
    """
    if switch.get_from_environment() is not False:
        table.apply()
        speedups.provide(Full(table))


def look_again(event):
    """Look for patches of products that Zope has initialised after us.

    :param event: zope.processlifetime.IProcessStarting
    """
    table.look_again()


# -- Held back until the end of the chunk ------------------------------------

@table.patch(
    ("bika.lims.workflow.analysis.events.doActionFor", "f02cb3cf466eb562"),
    ("bika.lims.content.worksheet.doActionFor", "f02cb3cf466eb562"),
    speedup="holdback", version=CORE,
    why="Core tries to promote worksheet and sample after each analysis; "
        "neither a setting nor an event prevents it.",
    until="core promotes them once for a selection")
def promote(original, instance, action_id):
    """Try a transition, unless it is held back for the end of the chunk."""
    if holdback.holds_promotion(instance, action_id):
        return False, ""
    if not memos.is_active():
        return original(instance, action_id)
    with memos.asked_once(instance, action_id):
        return original(instance, action_id)


@table.patch(
    ("bika.lims.workflow.analysis.events.check_all_verified",
     "12491cb44542e9f4"),
    speedup="holdback", version=CORE,
    why="Core searches, for each analysis verified, for all others of its "
        "sample.",
    until="core verifies samples once for a selection")
def check_all_verified(original, analysis):
    """Tell whether all analyses of a sample are verified, unless that is found
    out at the end of the chunk."""
    if holdback.holds_verification(analysis):
        return False
    return original(analysis)


@table.patch(
    ("bika.lims.content.worksheet.Worksheet.reindexObject",
     "1cb4ade7a69e008d"),
    ("bika.lims.content.analysisrequest.AnalysisRequest.reindexObject",
     "1cb4ade7a69e008d"),
    speedup="holdback", version=CORE,
    why="Core reindexes worksheet and sample after each analysis.",
    until="core reindexes them once for a selection")
def reindex(original, self, *args, **kw):
    """Reindex a worksheet or sample, unless that is held back for the end of
    the chunk."""
    if not holdback.holds_reindexing(self):
        return original(self, *args, **kw)


table.rely_on(
    ("bika.lims.workflow.analysis.events.after_assign", "9b582586c2f7d0e3"),
    ("bika.lims.workflow.analysis.events.after_unassign", "1af3db34c3a5b561"),
    ("bika.lims.workflow.analysis.events.after_submit", "fceff715ce491978"),
    ("bika.lims.workflow.analysis.events.after_verify", "f7f785c395459592"),
    ("bika.lims.workflow.analysis.events.after_retract", "8fab465c3986eccf"),
    ("bika.lims.workflow.analysis.events.after_reject", "0c19798b8287db5f"),
    ("bika.lims.workflow.analysis.events.after_retest", "ee360c6a1ef00ec4"),
    ("bika.lims.workflow.analysis.events.reindex_request", "d46ed8f14ecfa262"),
    ("bika.lims.workflow.analysis.events.remove_analysis_from_worksheet",
     "4331feee27b2acd2"),
    ("bika.lims.content.worksheet.Worksheet.addAnalysis", "2e36a08361132fcc"),
    ("bika.lims.content.worksheet.Worksheet.removeAnalysis",
     "f714cc1e74be7f5c"),
    speedup="holdback", version=CORE,
    why="What these functions do to worksheets and samples is held back, and "
        "done at the end of the chunk.",
    until="core promotes and reindexes them once for a selection")

table.rely_on(
    ("bika.lims.workflow.analysisrequest.guards.guard_submit",
     "0b06f32a4684006e"),
    speedup="submission", version=CORE,
    why="Samples with open analyses are not submitted, so that the guard need "
        "not wake up all their analyses.",
    until="core's guard asks the catalog")


# -- Read once ---------------------------------------------------------------

@table.patch(
    ("plone.indexer.wrapper.IndexableObjectWrapper.__getattr__",
     "534153b60d991cea"),
    speedup="indexing", version=INDEXER,
    why="Catalogs read what indexes and metadata have in common twice.",
    until="plone.indexer keeps what it has read")
def read_indexable(original, self, name):
    """Read an attribute of an object that is being indexed, once."""
    memos.fill(self)
    if name in self.__dict__:
        return self.__dict__[name]
    return memos.read_attribute(self, name, lambda: original(self, name))


table.rely_on(
    ("plone.indexer.wrapper.IndexableObjectWrapper.__init__",
     "cc303db2087b840b"),
    speedup="indexing", version=INDEXER,
    why="Values are prefetched for the object and the catalog of a wrapper, "
        "whose attributes are private.",
    until="plone.indexer keeps what it has read")

table.rely_on(
    ("Products.CMFCore.indexing.getQueue", "44dae7350c282604"),
    ("Products.CMFCore.indexing.processQueue", "f0f662c8542fd936"),
    ("Products.CMFCore.indexing.IndexQueue.getState", "cc6ded53e09fc4b7"),
    ("Products.CMFCore.indexing.IndexQueue.setState", "787c50f65bc505de"),
    ("Products.CMFCore.indexing.IndexQueue.optimize", "64b982c06b839abe"),
    speedup="indexing", version=CMFCORE,
    why="Searches in guards must leave the indexing queue alone before the "
        "turn of the chunk.",
    until="CMFCore can search without processing the queue")

table.rely_on(
    ("Products.PluginIndexes.unindex.UnIndex.getIndexSourceNames",
     "b6c1c0c44c004a26"),
    ("Products.ZCTextIndex.ZCTextIndex.ZCTextIndex.getIndexSourceNames",
     "8777f4f4c4725667"),
    ("Products.ZCatalog.Catalog.Catalog.recordify", "461bd5cceb258169"),
    speedup="indexing", version="Products.ZCatalog 5.4",
    why="Values are prefetched by the names that catalogs ask for.",
    until="catalogs can be given values instead of objects")

table.rely_on(
    ("senaite.core.catalog.catalog_multiplex_processor"
     ".CatalogMultiplexProcessor.supports_multi_catalogs", "47bf7311ada2b94c"),
    ("senaite.core.catalog.catalog_multiplex_processor"
     ".CatalogMultiplexProcessor.get_catalogs_for", "cf717e7fbfdb32f9"),
    speedup="indexing", version=CORE,
    why="Values are prefetched for the catalogs of an object.",
    until="catalogs can be given values instead of objects")


@table.patch(
    ("bika.lims.browser.fields.uidreferencefield.UIDReferenceField.get",
     "e781b78e58fea6bf"),
    speedup="references", version=CORE,
    why="What a field refers to is looked up in a catalog each time it is "
        "read, all analyses of a worksheet included.",
    until="core keeps it for the length of a request")
def get_references(original, self, context, **kwargs):
    """Return the object or objects that a field refers to; look them up
    once."""
    # Archetypes always adds the schema
    if not memos.is_active() or set(kwargs) - set(["schema"]):
        return original(self, context, **kwargs)
    uids = StringField.get(self, context, **kwargs)
    return memos.read_references(
        uids if isinstance(uids, list) else [uids], self.multiValued,
        lambda: original(self, context, **kwargs))


@table.patch(
    ("senaite.app.supermodel.model.SuperModel.get_field", "264ea95370d4e922"),
    speedup="snapshots", version=SUPERMODEL,
    why="A snapshot collects all fields of an object for each of its fields.",
    until="SuperModel keeps the fields of its object")
def get_field(original, self, name, default=None):
    """Return a field of the model's object; collect its fields once."""
    if not memos.is_active():
        return original(self, name, default)
    with memos.reading_field_of(self):
        return original(self, name, default)


@table.patch(
    ("bika.lims.api.get_fields", "30faa5e851d4f4dc"),
    speedup="snapshots", version=CORE,
    why="See `SuperModel.get_field`, which calls it.",
    until="SuperModel keeps the fields of its object")
def get_fields(original, brain_or_object):
    """Return the fields of an object; collect them once for a snapshot."""
    return memos.read_fields(
        brain_or_object, lambda: original(brain_or_object))


@table.patch(
    ("senaite.core.adapters.localroles.DynamicLocalRoleAdapter.getAllRoles",
     "61674e1fac4101a6"),
    speedup="roles", version=CORE,
    why="The roles of all members in a client or folder are collected for each "
        "object that is indexed below it.",
    until="core keeps them for the length of a request")
def get_all_roles(original, self):
    """Return the local roles of all members; collect them once."""
    if not memos.is_active():
        return original(self)
    return iter(memos.read_roles(self, lambda: original(self)))


@table.patch(
    ("bika.lims.api.get_tool", "7aa8cf2b72f76f4b"),
    speedup="tools", version=CORE,
    why="Tools are looked up some hundred times for each analysis, with their "
        "arguments checked each time.",
    until="core looks up tools without the checks of plone.api")
def get_tool(original, name, *args, **kw):
    """Return a tool of the site; look it up once."""
    if args or kw:
        return original(name, *args, **kw)
    return memos.read_of_site(("tool", name), lambda: original(name))


@table.patch(
    ("senaite.core.patches.archetypes.catalog_multiplex.is_auditlog_enabled",
     "1b4f17c29623ed8f"),
    ("senaite.core.catalog.catalog_multiplex_processor"
     ".CatalogMultiplexProcessor.is_global_auditlog_enabled",
     "a9d3d380b848e8e9"),
    speedup="auditlog", version=CORE,
    why="Core looks for each object that is indexed whether the global audit "
        "log is on.",
    until="core keeps it for the length of a request")
def is_auditlog_enabled(original, *self):
    """Tell whether the global audit log is on; look once."""
    return memos.read_of_site(("auditlog",), lambda: original(*self))


@table.patch(
    ("Products.DCWorkflow.utils.ac_inherited_permissions", "f72ec5f29215f35e"),
    speedup="permissions", version=DCWORKFLOW,
    why="The permissions of an object are collected for each of the fifty that "
        "a transition grants.",
    until="DCWorkflow collects them once for a transition")
def ac_inherited_permissions(original, ob, all=0):
    """Return the permissions that an object knows; collect them once."""
    if not all:
        return original(ob, all)
    return memos.read_permissions(ob, lambda: original(ob, all))


@table.patch(
    ("Products.DCWorkflow.DCWorkflow.DCWorkflowDefinition"
     "._checkTransitionGuard", "a485236e1d7311b9"),
    speedup="guards", version=DCWORKFLOW,
    why="A guard is asked whether a transition is possible, and again when it "
        "is done.",
    until="DCWorkflow asks once for a transition")
def check_transition_guard(original, self, t, ob, **kw):
    """Ask a guard, unless it has just agreed."""
    return memos.ask_guard(
        ob, t.getId(), lambda: original(self, t, ob, **kw))


table.rely_on(
    ("Products.CMFCore.WorkflowTool.WorkflowTool.doActionFor",
     "26e06d4f27a20708"),
    ("Products.DCWorkflow.DCWorkflow.DCWorkflowDefinition.isActionSupported",
     "7e46ce386c93aece"),
    ("Products.DCWorkflow.DCWorkflow.DCWorkflowDefinition.doActionFor",
     "4ea35ba0c52bef9b"),
    speedup="guards", version=DCWORKFLOW,
    why="A guard may be asked only once, because nothing happens between the "
        "two questions.",
    until="DCWorkflow asks once for a transition")


# -- Before the turn ---------------------------------------------------------

@table.patch(
    ("senaite.core.datamanagers.field.sample_analyses"
     ".SampleAnalysesFieldDataManager.get", "752723139cf8a2a5"),
    speedup="ahead", version=CORE,
    why="The analyses of a sample are looked up in a catalog: several times to "
        "promote it, and four times to index it.",
    until="core finds the analyses of a sample in the sample")
def get_sample_analyses(original, self, **kw):
    """Return the analyses of a sample; look them up once to promote it, and
    once to index it."""
    known = ahead.read_analyses(
        self.context, kw, lambda: original(self, **kw))
    if known is not None:
        return known
    return memos.read_analyses(
        self.context, kw, lambda: original(self, **kw))


@table.patch(
    ("senaite.app.supermodel.model.SuperModel.get_field_value",
     "92eb395dd7294138"),
    speedup="ahead", version=SUPERMODEL,
    why="A snapshot asks a catalog for the analyses of a sample, and keeps "
        "their uids; those of the objects are the same.",
    until="core finds the analyses of a sample in the sample")
def get_field_value(original, self, name, default=None):
    """Return the value of a field of the model's object."""
    if name == "Analyses" and ahead.knows(self.instance):
        return self.instance.getAnalyses(full_objects=True)
    return original(self, name, default=default)


table.rely_on(
    ("bika.lims.workflow.worksheet.guards.guard_submit", "41c0c7c383c9bfa4"),
    ("bika.lims.workflow.worksheet.guards.guard_verify", "b47acf627a11f83e"),
    ("bika.lims.workflow.worksheet.guards.guard_rollback_to_open",
     "a946f1da0de86938"),
    ("bika.lims.workflow.analysisrequest.guards.guard_verify",
     "4c0b9936a4a688bb"),
    ("bika.lims.workflow.analysisrequest.guards.guard_submit",
     "0b06f32a4684006e"),
    speedup="ahead", version=CORE,
    why="Samples and worksheets are promoted before the turn, because their "
        "guards look at nothing but their analyses.",
    until="core finds the analyses of a sample in the sample")

table.rely_on(
    ("ZODB.Connection.Connection.newTransaction", "f6873444d0862de7"),
    ("ZODB.Connection.Connection.prefetch", "031b337cd938be25"),
    ("ZODB.mvccadapter.MVCCAdapterInstance.poll_invalidations",
     "d903fe4093aaf1b2"),
    speedup="turns", version=ZODB,
    why="A chunk catches up with the database within its transaction.",
    until="ZODB can do that")

table.rely_on(
    ("ZODB.Connection.Connection.prefetch", "031b337cd938be25"),
    ("ZODB.Connection.Connection.savepoint", "63830abaaacb047b"),
    speedup="readahead", version=ZODB,
    why="Nothing can be prefetched after a savepoint, which is a private "
        "matter of the connection.",
    until="prefetching works after savepoints")
