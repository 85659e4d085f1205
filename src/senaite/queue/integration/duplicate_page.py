# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The page "Add duplicate" of a worksheet: it builds its rows without calling
the adapters of listings.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims.browser.worksheet.views import AddDuplicateView as CoreView

from senaite.queue.integration.listings import QueuedSampleRows
from senaite.queue.integration import marks


class AddDuplicateView(CoreView):
    """Disables and marks the samples whose analyses are queued."""

    def folderitems(self):
        """Return the rows of the samples in the worksheet."""
        items = super(AddDuplicateView, self).folderitems()
        rows = QueuedSampleRows(self, self.context)
        for index, item in enumerate(items):
            rows.folder_item(item["obj"], item, index)
        return items

    def handle_submit(self):
        """Add duplicates, except of queued samples: their analyses may change
        before the duplicates are made."""
        rows = QueuedSampleRows(self, self.context)
        uids = self.request.form.get("uids") or []
        self.request.form["uids"] = [
            uid for uid in uids
            if not (rows.active and marks.is_sample_queued(uid))]
        return super(AddDuplicateView, self).handle_submit()
