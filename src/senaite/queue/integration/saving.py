# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Saves values that were entered in a listing, except in queued rows."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
from xml.sax.saxutils import quoteattr

import six
from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from bika.lims.browser.workflow.analysis import WorkflowActionSubmitAdapter

from senaite.queue.integration.form_channel import QueueingMixin
from senaite.queue.integration import marks
from senaite.queue import is_installed
from senaite.queue import messageFactory as _
from senaite.queue.model.current import current_task
from senaite.queue.site.translation import translate

#: Appended to the mark of a row that was not saved. Reloading the rows removes
#: it, so queue.js repeats it in a place where it stays.
REFUSAL = u'<div class="queued-refusal text-danger small" role="alert" ' \
          u'style="line-height: 1.3; white-space: normal" ' \
          u'data-title={title}>{text}</div>'


class SampleSubmitAdapter(QueueingMixin, WorkflowActionSubmitAdapter):
    """Submits analyses on the page of their sample at once, after saving the
    values of the form; queued analyses are left out."""

    def is_to_be_queued(self, action, objects):
        return False


def set_fields(view, save):
    """Save the values of a request, except those of queued objects.

    Rows that were not saved show a message and their current values; all other
    rows of the request are saved.

    :param view: the listing
    :param save: function that saves the values of the request
    :returns: the answer, as JSON text
    """
    payload = _get_payload(view)
    queue = payload["save_queue"]
    queued = [uid for uid in queue if _is_refused(uid)]
    if not queued:
        return save()
    left = dict((uid, values) for uid, values in queue.items()
                if uid not in queued)
    # The listing sends each field that lost the focus, changed or not
    refused = [uid for uid in queued if _is_changed(uid, queue[uid])]
    answer = {"uids": [], "folderitems": [], "errors": {}}
    if left:
        view.request.set("BODY", json.dumps(dict(payload, save_queue=left)))
        answer.update(json.loads(save()))
    text = translate(_(u"Not saved: the row is queued, and will be processed "
                       u"in the background."))
    answer["folderitems"].extend(_get_rows(view, queued, refused, text))
    answer["errors"] = dict((uid, text) for uid in refused)
    answer["count"] = len(answer["folderitems"])
    view.request.response.setHeader("Content-Type", "application/json")
    return json.dumps(answer)


def _get_payload(view):
    """Return the payload of the request; core rejects an invalid one."""
    payload = view.get_json() if is_installed() else {}
    queue = payload.get("save_queue") if isinstance(payload, dict) else None
    return dict(payload, save_queue=queue) if isinstance(queue, dict) \
        else {"save_queue": {}}


def _is_refused(uid):
    """Tell whether an object must not be changed now."""
    if current_task() is not None or not senaite_api.is_uid(uid):
        return False
    return marks.is_queued(uid)


def _is_changed(uid, values):
    """Tell whether values differ from those of an object; values that the user
    may not read count as different."""
    obj = senaite_api.get_object_by_uid(uid)
    if not isinstance(values, dict) or \
            not getSecurityManager().checkPermission("View", obj):
        return True
    fields = senaite_api.get_fields(obj)
    return any(name not in fields or
               _to_text(fields[name].get(obj)) != _to_text(value)
               for name, value in values.items())


def _to_text(value):
    return u"" if value is None else senaite_api.safe_unicode(
        value if isinstance(value, six.string_types) else str(value)).strip()


def _get_rows(view, uids, refused, text):
    """Return the current rows of objects, with a message in those that were
    refused."""
    view.contentFilter["UID"] = list(uids)
    rows = []
    for item in view.get_folderitems():
        if item.get("uid") not in uids:
            continue
        rows.append(item)
        if item["uid"] not in refused:
            continue
        after = item.setdefault("after", {})
        column = next((name for name, value in after.items()
                       if "queued-mark" in senaite_api.safe_unicode(value)),
                      "Result")
        after[column] = senaite_api.safe_unicode(after.get(column) or u"") \
            + REFUSAL.format(text=text, title=quoteattr(
                senaite_api.safe_unicode(item.get("title") or u"")))
    # As in core's answers, values unknown to JSON become text
    return json.loads(json.dumps(rows, default=str))
