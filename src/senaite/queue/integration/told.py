# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Repeats a message where users look.

After a form was sent, SENAITE takes the browser back to the rows, below the
message at the top of the page. The script of the indicator shows it once more
in a corner of the window.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from senaite.queue.site.translation import translate

#: Name of the cookie that brings the message to the next page, and for how
#: many seconds
COOKIE = "senaite_queue_told"
SECONDS = 60

#: Maximum number of characters of a message: browsers keep 4096 bytes
MOST_CHARACTERS = 300


def repeat(request, message, level, job_uid=None):
    """Have the next page of this browser repeat a message.

    :param request: request that is answered by a redirect
    :param message: the message, translated or not
    :param level: "info", "warning" or "error"
    :param job_uid: uid of the job that the click has started, if any: the page
        tells when it has ended
    """
    text = translate(message)
    if len(text) > MOST_CHARACTERS:
        text = text[:MOST_CHARACTERS - 1] + u"\u2026"
    # Zope quotes what a cookie must not contain
    request.response.setCookie(
        COOKIE, json.dumps({"text": text, "level": level, "job": job_uid}),
        path="/", max_age=SECONDS, same_site="Lax")
