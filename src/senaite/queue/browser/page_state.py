# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a page shows of the queue, in one answer with one version.

Each open page asks every few seconds whether anything has changed. As long as
nothing has, the answer is empty, and neither tasks nor rows are looked at.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import hashlib
import json

from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from Products.Five import BrowserView

from senaite.queue.browser import indicator
from senaite.queue.client import view
from senaite.queue.integration import progress
from senaite.queue.integration import undone
from senaite.queue.integration import viewlets
from senaite.queue.integration import waits
from senaite.queue import is_installed

NO_CONTENT, UNAVAILABLE = 204, 503

#: Seconds after which a page that was refused may ask again
RETRY_AFTER = 5


def version_for(user_id):
    """Return the version of what a user sees of the queue.

    :param user_id: id of the user; None for anonymous users
    :rtype: str
    """
    if not is_installed():
        return ""
    portal = senaite_api.get_portal()
    seen = (view.version_of(portal), waits.version_of(portal),
            undone.version_of(portal))
    # Somebody else sees other things, and who is logged out sees nothing
    return hashlib.sha256(repr((seen, user_id)).encode(
        "ascii")).hexdigest()[:16]


class PageStateView(BrowserView):
    """Answers the script of a page, as JSON.

    `since` of the request is the version that the page shows: the answer has
    no content (204) while it is the same, and only the current `version`
    otherwise. A process that does not know yet what is queued, because the
    queue server has not answered since it was started, says so (503): the page
    keeps what it shows. With `all`, the answer has all that a page shows:

    - `version`, and `user`, the id of the user or None
    - `active`, `skipped` and `jobs`: see `indicator.get_state`
    - `ended`: how the jobs have ended that are named in `jobs` of the request
      (uids, separated by commas), and `unsettled`: those of which it is not
      known yet; see `indicator.find_ends`
    - `queued`: those that are queued of the rows that are named in `uids` of
      the request, at most `viewlets.MOST_MARKS`
    - `progress` of a worksheet or sample, None elsewhere
    """

    def __call__(self):
        user_id = getSecurityManager().getUser().getId()
        # Users who are logged out are told in any case
        if user_id is not None and is_installed() and \
                not view.is_known(senaite_api.get_portal()):
            return self.refuse()
        # What follows may be newer, but never older
        version = version_for(user_id)
        response = self.request.response
        response.setHeader("Cache-Control", "no-store")
        if "all" not in self.request.form:
            if self.request.form.get("since") == version:
                response.setStatus(NO_CONTENT)
                return ""
            answer = {"version": version}
        else:
            answer = self.get_answer(version, user_id)
        response.setHeader("Content-Type", "application/json")
        return json.dumps(answer)

    def refuse(self):
        """Tell that nothing is known yet."""
        response = self.request.response
        response.setStatus(UNAVAILABLE)
        response.setHeader("Cache-Control", "no-store")
        response.setHeader("Retry-After", str(RETRY_AFTER))
        return ""

    def get_answer(self, version, user_id):
        """Return all that a page shows."""
        answer = dict(indicator.current_state(), version=version, user=user_id)
        answer["ended"], answer["unsettled"] = indicator.find_ends(
            self.get_list("jobs"))
        answer.update(viewlets.MarksView(
            self.context, self.request).get_answer())
        answer["progress"] = viewlets.ProgressView(
            self.context, self.request).get_answer() \
            if progress.has_progress(self.context) else None
        return answer

    def get_list(self, name):
        """Return the parts of a value of the form, separated by commas."""
        value = self.request.form.get(name)
        return [part for part in value.split(",") if part] \
            if isinstance(value, str) else []
