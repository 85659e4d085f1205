# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Disables and marks the rows of queued objects in listings."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

from bika.lims import api as senaite_api
from senaite.app.listing.interfaces import IListingViewAdapter
from senaite.app.listing.interfaces import ITransposedListingView
from zope.interface import implementer

from senaite.queue.integration import marks
from senaite.queue.integration import row_marks
from senaite.queue import is_installed
from senaite.queue.model.current import current_task

#: CSS class of queued rows
QUEUED_ROW = "state-queued"

#: CSS class of marks: of queued rows, and of those with a failed job
MARKED = ("queued-mark", "queue-failed-mark")


@contextlib.contextmanager
def enabled(items):
    """Enable the rows that we have disabled while other code runs that treats
    disabled rows in its own way.

    :param items: the rows
    """
    ours = [item for item in items if item.get("disabled")
            and QUEUED_ROW in (item.get("state_class") or "").split()]
    for item in ours:
        item["disabled"] = False
    try:
        yield
    finally:
        for item in ours:
            item["disabled"] = True


@implementer(IListingViewAdapter)
class QueuedRows(object):
    """Disables and marks the rows of queued objects."""

    #: before other add-ons, which may add to the row
    priority_order = 100

    #: the mark goes to the first of these columns that the listing has
    columns = ("state_title", "Title", "title", "RequestID")

    #: on a phone, the state is out of sight: the mark goes to one of these
    first_columns = ("Service", "Title", "title", "getId", "RequestID")

    #: whether rows are marked for tasks that only have a lock on the object
    with_locks = False

    def __init__(self, listing, context):
        self.listing = listing
        self.context = context
        self.active = is_installed() and current_task() is None
        self._kinds = None

    def before_render(self):
        """Do nothing: the listing itself does not change."""

    def folder_item(self, obj, item, index):
        """Disable the row if its object is queued, and mark it if it is or a
        job with it has failed.

        :param obj: brain or object of the row
        :param item: the row, changed in place
        :param index: position of the row
        """
        uid = item.get("uid")
        if not self.active or not uid:
            return
        kind = self.kinds.get(uid, self.with_locks)
        if kind is None:
            return
        if kind != row_marks.FAILED:
            self.disable(item)
        self.mark(item, kind)

    @property
    def kinds(self):
        """The kinds of marks, as they are while the rows are made."""
        if self._kinds is None or self._kinds.seen is not marks.view():
            self._kinds = row_marks.Kinds(senaite_api.get_portal())
        return self._kinds

    def disable(self, item):
        """Make sure that the row cannot be selected or edited."""
        item["state_class"] = "{} {}".format(
            item.get("state_class") or "", QUEUED_ROW).strip()
        item["disabled"] = True
        item["selected"] = False
        item["allow_edit"] = []

    def mark(self, item, kind):
        """Add an icon and a text to the row.

        :param kind: kind of the mark, see `row_marks`
        """
        title = self.kinds.title(item["uid"], kind, self.with_locks)
        look = self.kinds.look(item["uid"], kind, self.with_locks)
        column = self.get_column()
        first = self.get_first_column()
        is_twice = first is not None and first != column
        self.append(item, column, row_marks.render(
            item["uid"], kind, look, title,
            MARKED[kind == row_marks.FAILED] + (
                " d-none d-sm-inline" if is_twice else "")))
        if is_twice:
            self.append(item, first, row_marks.render(
                item["uid"], kind, look, title,
                "queue-mark-small d-block d-sm-none text-wrap text-left"))

    def append(self, item, column, mark):
        """Append a mark to a cell."""
        former = senaite_api.safe_unicode(item["after"].get(column) or u"")
        item["after"][column] = former + mark

    def get_column(self):
        """Return the column that gets the mark."""
        if ITransposedListingView.providedBy(self.listing):
            # It shows one cell per analysis, with the result
            return "Result"
        return self.find(self.columns) or next(
            iter(self.listing.columns), "title")

    def get_first_column(self):
        """Return the column that gets the mark on a phone, or None."""
        if ITransposedListingView.providedBy(self.listing):
            return None
        return self.find(self.first_columns)

    def find(self, columns):
        """Return the first of these columns that the listing has, or None."""
        present = self.listing.columns
        return next((name for name in columns if name in present), None)


class QueuedSampleRows(QueuedRows):
    """Rows of samples: a sample is queued when one of its analyses is."""

    with_locks = True
