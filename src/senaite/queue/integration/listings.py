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
from senaite.queue import is_installed
from senaite.queue import messageFactory as _
from senaite.queue.model.current import current_task
from senaite.queue.site.translation import translate

#: Appended to the text of a cell. Screen readers skip the icon.
MARK = (u'<span class="queued-mark badge badge-info ml-1" title="{title}" '
        u'data-uid="{uid}">'
        u'<i class="fas fa-hourglass-half" aria-hidden="true"></i> '
        u'{text}</span>')


#: CSS class of queued rows
QUEUED_ROW = "state-queued"


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

    def __init__(self, listing, context):
        self.listing = listing
        self.context = context
        self.active = is_installed() and current_task() is None

    def before_render(self):
        """Do nothing: the listing itself does not change."""

    def folder_item(self, obj, item, index):
        """Disable and mark the row if its object is queued.

        :param obj: brain or object of the row
        :param item: the row, changed in place
        :param index: position of the row
        """
        uid = item.get("uid")
        if self.active and uid and self.is_queued(uid):
            self.disable(item)
            self.mark(item)

    def is_queued(self, uid):
        """Tell whether the object of a row is queued."""
        return marks.is_queued(uid)

    def disable(self, item):
        """Make sure that the row cannot be selected or edited."""
        item["disabled"] = True
        item["selected"] = False
        item["allow_edit"] = []

    def mark(self, item):
        """Add an icon and a text to the row."""
        item["state_class"] = "{} {}".format(
            item.get("state_class") or "", QUEUED_ROW).strip()
        text = translate(_(u"Queued"))
        title = translate(_(u"Queued: will be processed in the background"))
        column = self.get_column()
        former = senaite_api.safe_unicode(item["after"].get(column) or u"")
        item["after"][column] = former + MARK.format(
            text=text, title=title, uid=item["uid"])

    def get_column(self):
        """Return the column that gets the mark."""
        if ITransposedListingView.providedBy(self.listing):
            # It shows one cell per analysis, with the result
            return "Result"
        present = self.listing.columns
        for column in self.columns:
            if column in present:
                return column
        return next(iter(present), "title")


class QueuedSampleRows(QueuedRows):
    """Rows of samples: a sample is queued when one of its analyses is."""

    def is_queued(self, uid):
        return marks.is_sample_queued(uid)
