# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the queue does with the object of a row: it is queued, it waits because
of a hold, a pause or without a consumer, or a job with it has failed and its
work was not done since.

A row says so with a mark; the script compares the marks of a page with what is
true by now.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
from xml.sax.saxutils import escape
import zlib

from senaite.queue.integration import marks
from senaite.queue.integration import undone
from senaite.queue.integration import waits
from senaite.queue import messageFactory as _
from senaite.queue.model import states
from senaite.queue.site.translation import translate

QUEUED, FAILED = "queued", "failed"

#: Kind of mark -> CSS class of Bootstrap's badges, icon, text
LOOKS = {
    QUEUED: ("badge-info", "fa-hourglass-half", _(u"Queued")),
    waits.PAUSED: ("badge-warning", "fa-pause", _(u"Queued, paused")),
    waits.UNATTENDED: ("badge-warning", "fa-hourglass-half",
                       _(u"Queued, no consumer")),
    waits.HELD: ("badge-warning", "fa-pause", _(u"Queued, on hold")),
    FAILED: ("badge-danger", "fa-exclamation-triangle",
             _(u"Failed in the background")),
}

#: Screen readers skip the icon
MARK = (u'<span class="{css} badge {badge} ml-1" title="{title}" '
        u'data-uid="{uid}" data-kind="{look}">'
        u'<i class="fas {icon}" aria-hidden="true"></i> '
        u'{text}</span>')


class Kinds(object):
    """Finds the kinds of the marks of a page.

    :param portal: root object of the site
    """

    def __init__(self, portal):
        self.portal = portal
        self.seen = marks.view()
        self._titles = {}
        self._pauses = {}
        self._known = None
        self._is_out = waits.is_out(portal)

    def get(self, uid, with_locks=True):
        """Return the kind of the mark of an object, or None.

        :param uid: uid of the object
        :param with_locks: whether tasks count that only have a lock on the
            object, like those of the analyses of a sample
        """
        if self._is_known(uid, with_locks, states.ACTIVE):
            return waits.stopped_by(
                self.portal, self.tasks(uid, with_locks)) or QUEUED
        if self._is_known(uid, with_locks, (states.FAILED,)) \
                and self.failed(uid, with_locks):
            return FAILED
        return None

    def failed(self, uid, with_locks=True):
        """Return the failed tasks whose work with an object is undone."""
        return [task for task in self.tasks(uid, with_locks, (states.FAILED,))
                if not task.get("ghost")
                and self.known.is_undone(task, uid)]

    @property
    def known(self):
        """What is known of failed tasks, the same for all rows."""
        if self._known is None:
            self._known = undone.get_known(self.portal)
        return self._known

    def _is_known(self, uid, with_locks, wanted):
        return self.seen.is_queued(uid, wanted) or \
            with_locks and self.seen.is_locked(uid, wanted)

    def tasks(self, uid, with_locks=True, wanted=None):
        """Return the tasks that involve an object; see `QueuedView.tasks_for`.

        :param wanted: states of the tasks; default: queued or running
        """
        found = self.seen.tasks_for(uid, wanted)
        if with_locks:
            found = found + self.seen.tasks_locking(uid, wanted)
        return found

    def title(self, uid, kind, with_locks=True):
        """Return what a mark says when it is pointed at, translated."""
        if kind == FAILED:
            if self._is_decided(uid, with_locks):
                return translate(_(
                    u"A job with this item failed in the background, and its "
                    u"work has not been done since."))
            return translate(_(
                u"A job with this item failed in the background."))
        if kind == QUEUED and not self._is_out:
            return translate(_(u"Queued: will be processed in the background"))
        tasks = self.tasks(uid, with_locks)
        # Rows of one page mostly wait for the same thing
        key = kind, frozenset(task["name"] for task in tasks)
        if key not in self._titles:
            self._titles[key] = u" ".join(waits.tell(self.portal, tasks))
        return self._titles[key]

    def look(self, uid, kind, with_locks=True):
        """Return the kind of a mark, followed by a hash of the reason if there
        are several for this kind: the script then shows another reason.

        Not of the title, whose times may differ by a minute between clients.

        :rtype: str
        """
        reason = None
        if kind == QUEUED and self._is_out:
            reason = "out"
        elif kind == FAILED and not self._is_decided(uid, with_locks):
            reason = "unknown"
        elif kind == waits.PAUSED:
            # Nothing of it runs, so that all of it waits
            tasks = self.tasks(uid, with_locks)
            key = frozenset(task["name"] for task in tasks)
            if key not in self._pauses:
                self._pauses[key] = waits.find_pauses(self.portal, tasks)
            reason = self._pauses[key]
        if not reason:
            return kind
        return "{}-{:06x}".format(kind, zlib.crc32(json.dumps(
            reason, sort_keys=True).encode("ascii")) & 0xffffff)

    def _is_decided(self, uid, with_locks):
        """Tell whether it is known that work with an object was not done since
        it failed."""
        return any(undone.is_decidable(task)
                   for task in self.failed(uid, with_locks))

    def describe(self, uids):
        """Return what the script needs to know of the rows of a page.

        :returns: dict with `queued`, the uids of those that are queued, and
            `marks`, a text for each row that has a mark: uid and `look`
        """
        kinds = [(uid, self.get(uid)) for uid in uids]
        return {
            "queued": [uid for uid, kind in kinds
                       if kind not in (None, FAILED)],
            "marks": ["{}:{}".format(uid, self.look(uid, kind))
                      for uid, kind in kinds if kind is not None]}


def render(uid, kind, look, title, css):
    """Return a mark as HTML.

    :param kind: key of `LOOKS`
    :param look: see `Kinds.look`
    :param title: what it says when it is pointed at
    :type title: six.text_type
    :param css: CSS class of the mark
    :rtype: six.text_type
    """
    badge, icon, text = LOOKS[kind]
    return MARK.format(
        css=css, badge=badge, icon=icon, text=translate(text),
        look=look, uid=uid, title=escape(title, {u'"': u"&quot;"}))
