# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Marks by which processes show that they see the same database.

A process commits a random mark, and names it in its requests. The queue server
finds it in its own database, or knows that the caller sees another one: a
copy, whose settings and key are those of the original. A mark that was made
before the copy is in both, therefore each process makes its own when it starts
(see `senaite.queue.auth.membership`).

Marks are no secrets: they count in signed requests only.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import threading

from BTrees.OOBTree import OOBTree

from senaite.queue.auth import signing_keys
from senaite.queue.auth import tokens
from senaite.queue.errors import OtherDatabase
from senaite.queue.errors import Refused
from senaite.queue import logger
from senaite.queue.site import connections
from senaite.queue.site import process_role

#: Annotation of the site
KEY = "senaite.queue.marks"

#: Age in seconds at which a mark is removed. Processes make a new one long
#: before that
KEEP_SECONDS = 7 * 24 * 3600

#: Maximum number of marks that are removed when one is added
MOST_REMOVED = 50

#: Maximum number of marks that a server remembers to have found
MOST_KNOWN = 1000

#: Maximum number of marks whose refusals are counted
MOST_REFUSED = 1000

_known = collections.OrderedDict()
_refused = {}
_lock = threading.Lock()


def install(portal):
    """Give the site its tree of marks; what is there stays."""
    found = connections.annotations(portal, create=True)
    if KEY not in found:
        found[KEY] = OOBTree()


def uninstall(portal):
    """Remove all marks."""
    connections.remove_annotation(portal, KEY)


def add(portal, mark, now):
    """Add a mark in the running transaction, and remove old ones.

    Processes that add marks at the same time do not conflict.

    :param portal: the site
    :param mark: 32 hexadecimal digits
    :param now: UTC epoch seconds
    """
    install(portal)
    tree = connections.get_annotation(portal, KEY)
    # also those that a clock far ahead has left
    old = [name for name, made in tree.items()
           if abs(now - made) > KEEP_SECONDS]
    for name in old[:MOST_REMOVED]:
        del tree[name]
    tree[mark] = now


def has(portal, mark):
    """Tell whether a mark is in the database, as this transaction sees it."""
    tree = connections.get_annotation(portal, KEY)
    return tree is not None and mark in tree


def require(portal, request, claims):
    """Serve only processes that see the same database.

    Each mark is looked up once; the request's transaction has just begun, so
    that it sees what has been committed.

    :param portal: the current site
    :param request: the current request, signed
    :param claims: see `senaite.queue.auth.pas.request_claims`
    :raises OtherDatabase: when the mark is not there, or the request has none
    """
    if process_role.IN_PROCESS in request.environ:
        # from this very process
        return
    if signing_keys.is_legacy(portal):
        return
    mark = tokens.get_mark(claims)
    key = (signing_keys.get_path(portal), mark)
    if mark and key in _known:
        return
    if not mark or not has(portal, mark):
        if not connections.is_connected(portal._p_jar.db()):
            raise Refused(503, "The database cannot be read now")
        log_refusal(request, mark)
        raise OtherDatabase()
    with _lock:
        while len(_known) >= MOST_KNOWN:
            _known.popitem(last=False)
        _known[key] = True


def log_refusal(request, mark):
    """Log once for each address and mark that a process was refused.

    Not the first time: ZEO may tell this process of a commit a moment later,
    and processes ask twice.
    """
    key = (request.getClientAddr(), mark)
    with _lock:
        if len(_refused) >= MOST_REFUSED and key not in _refused:
            _refused.clear()
        _refused[key] = _refused.get(key, 0) + 1
        if _refused[key] != 2:
            return
    logger.warning(
        "event=other_database address=%s mark=%s: a process with our key is "
        "refused, because it does not see the database of this queue server. "
        "If it belongs to a copy of the site, give the copy a queue server of "
        "its own", request.getClientAddr(), mark or "none")


def forget_known():
    """Look all marks up again (for tests)."""
    with _lock:
        _known.clear()
        _refused.clear()
