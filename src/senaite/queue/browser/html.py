# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Escaped HTML for the cells of listings.

A listing renders the values of its cells as HTML without escaping them.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import re
from xml.sax.saxutils import escape

import six
from AccessControl import getSecurityManager
from bika.lims import api as senaite_api
from six.moves.urllib.parse import quote

from senaite.queue.browser import words
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import to_text
from senaite.queue.model import surroundings

#: Maximum number of characters of a text in a cell
MOST_CHARACTERS = 200

VIEW = "View"

#: Unicode control characters that override or embed a writing direction
TURNING = re.compile(u"[\u202a-\u202e\u2066-\u2069]")


def to_html(value):
    """Return a value as escaped HTML.

    :rtype: six.text_type
    """
    if value is None:
        return u""
    if not isinstance(value, six.string_types):
        value = str(value)
    return escape(to_text(value), {u'"': u"&quot;", u"'": u"&#39;"})


def tag(name, content, **attributes):
    """Return an element.

    :param content: HTML
    :param attributes: texts; "_" stands for "-", a trailing "_" is dropped
        (for reserved words of Python), and an attribute of None is left out
    """
    shown = u"".join(u' {}="{}"'.format(
        to_text(key.rstrip("_").replace("_", "-")), to_html(value))
        for key, value in sorted(attributes.items()) if value is not None)
    return u"<{0}{1}>{2}</{0}>".format(to_text(name), shown, content)


def plain(text):
    """Return a text with the characters that turn the writing direction
    shown as escapes: what reads "exe.png" must not be "gnp.exe"."""
    return TURNING.sub(lambda found: u"\\u{:04x}".format(
        ord(found.group())), to_text(text or u""))


def isolated(value, most=MOST_CHARACTERS):
    """Return a text from outside as HTML: shortened where it is too long, and
    isolated, so that right-to-left writing does not affect what follows."""
    return tag("bdi", to_html(plain(cut(value, most))))


def cut(text, most=MOST_CHARACTERS):
    """Return a text, shortened to the number of characters of a cell."""
    text = to_text(text or u"")
    if len(text) <= most:
        return text
    return text[:most - 1] + u"\u2026"


def progress_bar(done, total, skipped=0, failed=0):
    """Return the progress of a job as Bootstrap's bar.

    :param done, total: number of items, or None
    :param skipped, failed: number of items
    :returns: HTML; empty when one of the first two is not known
    """
    if not total or done is None:
        return u""
    text = u"{} / {}".format(done, total)
    parts = [text]
    for count, message in (
            (skipped, _(u"${count} skipped", mapping={"count": skipped})),
            (failed, _(u"${count} failed", mapping={"count": failed}))):
        if count:
            parts.append(words.say(message))
    bars = u""
    for count, css in ((done, ""), (skipped, " bg-warning"),
                       (failed, " bg-danger")):
        percent = min(100, 100 * (count or 0) // total)
        if percent or not css:
            bars += tag("div", u"", class_="progress-bar" + css,
                        style="width: {}%".format(percent))
    percent = min(100, 100 * (done + (skipped or 0)) // total)
    return tag("div", bars, class_="progress queue-bar", role="progressbar",
               aria_valuenow=str(percent), aria_valuemin="0",
               aria_valuemax="100", aria_label=u", ".join(parts)) + u"".join(
        tag("small", to_html(part), class_="text-muted text-nowrap d-block")
        for part in parts)


def find_context(row):
    """Return the object a task is about, if the user may see it.

    :param row: dict with context_uid and context_path
    :returns: the object, or None
    """
    try:
        found = surroundings.get().resolve(
            row["context_uid"], row["context_path"])
    except Exception:
        # a path may be any text, and traversing it may raise anything
        return None
    if found is None or not getSecurityManager().checkPermission(VIEW, found):
        return None
    return found


def context_link(row, portal):
    """Return a link to the object a task is about, with its title.

    For an object that does not exist or that the user may not see, return its
    path, without title and link.

    :param portal: root object of the site
    """
    found = find_context(row)
    if found is None:
        return tag("span", isolated(relative(row["context_path"], portal)),
                   class_="text-muted queue-path")
    title = senaite_api.get_title(found) or senaite_api.get_id(found)
    return tag("a", isolated(title, 80), href=senaite_api.get_url(found),
               title=cut(relative(row["context_path"], portal)))


def relative(path, portal):
    """Return a path relative to the site."""
    path = to_text(path or u"")
    base = to_text("/".join(portal.getPhysicalPath()) + "/")
    return path[len(base):] if path.startswith(base) else path


def task_url(task_uid, portal):
    """Return the address of the page of a task."""
    return u"{}/@@queue_task?uid={}".format(
        to_text(portal.absolute_url()), to_text(quote(task_uid)))


def user_name(user_id):
    """Return the full name of a user, or the id where it is not known."""
    user_id = to_text(user_id or u"")
    if not user_id:
        return u""
    try:
        fullname = senaite_api.get_user_fullname(user_id.encode("utf-8"))
    except Exception:
        # user folders raise various errors for ids that do not exist
        fullname = u""
    return to_text(fullname or user_id)
