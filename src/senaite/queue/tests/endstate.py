# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Comparison of two worksheets and their samples, in every detail.

A worksheet processed by the queue is compared with its twin, which was
processed without it: each field of each object, workflow history, layout,
catalogs and audit log. Values that differ between twins (uids, ids, paths,
dates) are replaced by the role that the object plays.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import datetime
import json
import re

import Missing
import six
from Acquisition import aq_base
from bika.lims import api
from bika.lims.api import snapshot as snapshots
from bika.lims.interfaces import IAnalysis
from bika.lims.interfaces import IReferenceAnalysis
from DateTime import DateTime
from zope.interface import directlyProvidedBy

#: A date with a time, in the formats of fields and catalogs
DATE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?"
                  r"( ?(GMT)?([+-]\d\d?(:?\d\d)?)| UTC)?")

UID = re.compile(r"\b[0-9a-f]{32}\b")

#: Minutes and other durations, measured with the clock
CLOCK_FIELDS = ("Duration", "getDuration", "Earliness", "getEarliness",
                "Lateness", "getLateness")

#: Fields with ids that differ between twins: Ca, and Ca-1
ID_FIELDS = ("id", "getId", "sortable_title")

#: Unrelated to the object, or covered in more detail elsewhere
SKIPPED_METADATA = ("snapshot_created", "modified", "uid", "path", "active")


class Cast(object):
    """The role that each object plays in a case."""

    def __init__(self, worksheet, samples):
        """
        :param worksheet: the worksheet of the case; None before it exists
        :param samples: its samples, in order of creation
        """
        self.parts = {}
        self.objects = []
        self.words = {}
        self.standing = {}
        if worksheet is not None:
            self._add_worksheet(worksheet)
        for number, sample in enumerate(samples):
            name = "S{}".format(number)
            self._add(name, sample)
            self._add_all(name, sample.objectValues("Analysis"))
        for uid, name in self.parts.items():
            self.words[uid] = "<{}>".format(name)
        # Sort keys contain ids in lower case
        self.lower = dict((word.lower(), self.words[word])
                          for word in self.words)
        self.pattern = re.compile("|".join(map(re.escape, sorted(
            self.words, key=len, reverse=True))), re.IGNORECASE)

    def _add_worksheet(self, worksheet):
        self._add("WS", worksheet)
        self._add_all("WS", worksheet.objectValues("DuplicateAnalysis"))
        self._add_references(worksheet)

    def _add(self, name, obj):
        self.objects.append((name, obj))
        self.parts[api.get_uid(obj)] = name
        self.words[api.get_path(obj)] = "<{}>".format(name)
        if not _is_analysis(obj):
            # Ids of analyses are keywords: they do not identify a twin
            self.words[api.get_id(obj)] = "<{}>".format(name)

    def _add_all(self, prefix, analyses):
        for analysis in sorted(analyses, key=api.get_id):
            self._add("{}/{}".format(prefix, api.get_id(analysis)), analysis)

    def _add_references(self, worksheet):
        """Add reference analyses, numbered within their reference sample,
        which twins share."""
        found = [an for an in worksheet.getAnalyses()
                 if IReferenceAnalysis.providedBy(an)]
        groups = sorted(set(an.getReferenceAnalysesGroupID() for an in found))
        for number, group in enumerate(groups):
            self.words[group] = "<group {}>".format(number)
        counts = {}
        for analysis in sorted(found, key=_order_of_creation):
            name = "/".join((api.get_id(api.get_parent(analysis)),
                             analysis.getKeyword()))
            counts[name] = counts.get(name, 0) + 1
            self._add("{}/{}".format(name, counts[name]), analysis)

    def text(self, value):
        """Return text with everything specific to a twin replaced."""
        if isinstance(value, six.text_type):
            value = value.encode("utf-8")
        value = self.pattern.sub(
            lambda found: self.lower[found.group(0).lower()], value)
        value = UID.sub(self._standing_uid, value)
        return DATE.sub("<date>", value) if ":" in value else value

    def _standing_uid(self, found):
        """Return the uid of an object that twins share, or a placeholder for
        a deleted one."""
        uid = found.group(0)
        if uid not in self.standing:
            self.standing[uid] = api.get_object_by_uid(uid, None) is not None
        return uid if self.standing[uid] else "<gone>"

    def tokens(self):
        """Return the tokens that a full-text index makes of the ids."""
        words = " ".join(word for word in self.words if "-" in word)
        return set(re.findall(r"\w+", words.lower()))


def _is_analysis(obj):
    return IAnalysis.providedBy(obj) or IReferenceAnalysis.providedBy(obj)


def _order_of_creation(analysis):
    """Return a sort key: ids are numbered keywords, Ca, Ca-1, ..., Ca-10."""
    number = api.get_id(analysis)[len(analysis.getKeyword()) + 1:]
    return analysis.getKeyword(), int(number or 0)


def _without_number(value, analysis):
    """Return an id, or a value that ends with it, without its number."""
    _keyword, number = _order_of_creation(analysis)
    ending = "-{}".format(number)
    return value[:-len(ending)] if value.endswith(ending) else value


class EndState(object):
    """The facts of a case: a dict from (part, fact) to value."""

    def __init__(self, worksheet, samples):
        self.cast = Cast(worksheet, samples)
        self.facts = {}
        for part, obj in self.cast.objects:
            for name, value in self.facts_of(obj):
                value = self.plain(value)
                last = name.rpartition(".")[2]
                if last in ID_FIELDS and IReferenceAnalysis.providedBy(obj):
                    value = _without_number(value, obj)
                if last in CLOCK_FIELDS:
                    value = "<clock>"
                self.facts[part, name] = value

    def facts_of(self, obj):
        """Generate pairs of name and value."""
        for field in obj.Schema().fields():
            yield "field." + field.getName(), _field_value(obj, field)
        yield "marks", sorted(
            iface.__identifier__ for iface in directlyProvidedBy(aq_base(obj)))
        yield "local_roles", obj.get_local_roles()
        for name, entries in sorted(obj.workflow_history.items()):
            yield "history." + name, [
                (entry["action"], entry["actor"], entry["comments"],
                 entry.get("review_state"), entry.get("worksheetanalysis_"
                                                      "review_state"))
                for entry in entries]
        for pair in self.audit_log(obj):
            yield pair
        for pair in self.catalogs(obj):
            yield pair

    def audit_log(self, obj):
        """Generate the contents of the snapshots: who did what, and all of
        the last one."""
        versions = snapshots.get_snapshots(obj)
        yield "audit.log", [
            (data["__metadata__"].get("action"),
             data["__metadata__"].get("actor"),
             data["__metadata__"].get("review_state"),
             data["__metadata__"].get("comments")) for data in versions]
        last = versions[-1] if versions else {"__metadata__": {}}
        for key, value in last.pop("__metadata__").items():
            if key not in SKIPPED_METADATA:
                yield "audit.last.__metadata__." + key, value
        for key, value in last.items():
            yield "audit.last." + key, value

    def catalogs(self, obj):
        """Generate the data of an object in all catalogs."""
        for catalog in api.get_catalogs_for(obj):
            rid = catalog.getrid(api.get_path(obj))
            prefix = catalog.getId()
            yield prefix, rid is not None
            if rid is None:
                continue
            indexes = catalog._catalog.indexes
            for name, value in catalog.getIndexDataForRID(rid).items():
                kind = indexes[name].meta_type
                yield "{}.index.{}".format(prefix, name), \
                    self.index_value(kind, value)
            for name, value in catalog.getMetadataForRID(rid).items():
                yield "{}.metadata.{}".format(prefix, name), value

    def index_value(self, kind, value):
        """Return the value of an index in a comparable form."""
        if kind in ("DateIndex", "DateRangeIndex", "DateRecurringIndex"):
            return bool(value)
        if kind in ("ZCTextIndex", "KeywordIndex", "OrderedSet"):
            words = value if isinstance(value, (list, tuple)) else [value]
            words = sorted(map(self.plain, words))
            if kind == "ZCTextIndex":
                known = self.cast.tokens()
                words = [word for word in words if word not in known]
            return words
        return value

    def plain(self, value):
        """Return a value without anything specific to a twin or a moment."""
        if isinstance(value, six.string_types):
            return self.cast.text(value)
        if isinstance(value, (DateTime, datetime.datetime, datetime.date)):
            return "<date>"
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if value is Missing.Value:
            return "<missing>"
        if api.is_object(value):
            return self.cast.text(api.get_uid(value))
        if isinstance(value, dict) or hasattr(value, "items"):
            return sorted((self.plain(key), self.plain(item))
                          for key, item in value.items())
        if isinstance(value, (set, frozenset)):
            return sorted(map(self.plain, value))
        if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
            return [self.plain(item) for item in value]
        return self.cast.text(re.sub(" at 0x[0-9a-f]+", "", str(value)))


def _field_value(obj, field):
    """Return the value of a field as stored, or as computed."""
    if field.type in ("file", "blob"):
        return field.get_size(obj)
    if field.type == "computed":
        return field.get(obj)
    return field.getRaw(obj)


def differences(expected, actual):
    """Return the differences between two end states.

    :type expected: EndState
    :type actual: EndState
    :returns: dict from (part, fact) to a pair of JSON values; None stands for
        an absent value
    """
    found = {}
    for key in sorted(set(expected.facts) | set(actual.facts)):
        pair = [json.dumps(state.facts.get(key), default=str)
                for state in (expected, actual)]
        if pair[0] != pair[1]:
            found[key] = tuple(pair)
    return found
