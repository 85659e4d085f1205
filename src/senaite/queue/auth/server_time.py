# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The time that a server counts, so that callers can date their tokens by it.

A token is valid for seconds. Where the clocks of caller and server differ by
more, or one of them was set, the server refuses a token that is good otherwise,
and tells the time that it counts, in a header of the answer. The header is
encrypted and signed with the queue's key and bound to the nonce of the refused
token: nobody else can make a caller date its tokens otherwise.

A token that is dated by another process names that process, which alone accepts
it: one that was captured cannot be used when that time comes.

Pure: knows neither Zope nor `requests`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import email.utils
import json
import threading
import warnings

import six

from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model.fields import is_number
from senaite.queue.model.fields import to_native
from senaite.queue.model.fields import to_text

with warnings.catch_warnings():
    # Administrators of this Plone know that Python 2 is out of support
    warnings.simplefilter("ignore")
    from cryptography.fernet import Fernet
    from cryptography.fernet import InvalidToken

#: The header that tells the time
HEADER = "X-Queue-Time"

#: Seconds by which clocks have to differ, or a difference has to change, to be
#: logged
WORTH_A_WORD = 5

#: Seconds between two comparisons of the time of day
COMPARE_AGAIN_SECONDS = 60

#: A header longer than this is not read
MAX_BYTES = 1024

#: URL of a server -> (seconds by which it is ahead of us, name of its process)
_known = {}

#: URL of a server -> (when we compared, by how many seconds its time of day is
#: ahead of ours)
_compared = {}
_lock = threading.Lock()

#: Servers that are remembered at most
MOST_SERVERS = 100


def make(key, nonce, now, process):
    """Return the value of the header.

    :param key: the queue's key
    :param nonce: nonce of the token that was refused
    :param now: the time that this process counts (epoch seconds)
    :param process: name of this process, see `tokens.NonceCache`
    :rtype: str
    """
    message = json.dumps({"nonce": to_text(nonce), "time": now,
                          "process": process}, sort_keys=True)
    return to_native(Fernet(_to_bytes(key)).encrypt(message.encode("utf-8")))


def read(key, nonce, value):
    """Return what a header tells.

    :param key: the queue's key
    :param nonce: nonce of the token that we sent
    :param value: value of the header, or None
    :returns: (epoch seconds, name of the process); None when there is no
        header, or it was not made for us
    """
    if not value or len(value) > MAX_BYTES:
        return None
    try:
        told = json.loads(Fernet(_to_bytes(key)).decrypt(
            _to_bytes(value)).decode("utf-8"))
    except (InvalidToken, ValueError, TypeError):
        return None
    if not isinstance(told, dict) or told.get("nonce") != to_text(nonce):
        return None
    process = told.get("process")
    if not is_number(told.get("time")) or \
            not isinstance(process, six.text_type):
        return None
    return told["time"], process


def get(server):
    """Return what was learned of a server.

    :param server: URL, without the route
    :returns: (seconds by which it is ahead of us, name of its process); (0,
        None) as long as nothing was learned
    """
    return _known.get(server, (0, None))


def learn(server, ahead, process):
    """Date tokens for a server by the time that it counts.

    :param server: URL, without the route
    :param ahead: seconds by which it is ahead of us
    :param process: name of its process
    """
    with _lock:
        former, _process = get(server)
        if len(_known) >= MOST_SERVERS:
            _known.clear()
        _known[server] = (ahead, process)
    if abs(ahead - former) >= WORTH_A_WORD:
        logger.warning(
            "event=server_time server=%s seconds=%.0f: it counts that many "
            "seconds more than this process, because a clock is wrong or was "
            "set. Requests are dated as it counts", server, ahead)


def compare(server, date):
    """Compare the time of day of a server with ours, and log when they differ;
    not with every answer.

    :param server: URL, without the route
    :param date: header "Date" of an answer that has just come, or None
    """
    former_at, former = _compared.get(server, (None, 0))
    at = clock.monotonic()
    if former_at is not None and at - former_at < COMPARE_AGAIN_SECONDS:
        return
    parsed = email.utils.parsedate_tz(date or "")
    if parsed is None:
        return
    # It tells whole seconds
    ahead = email.utils.mktime_tz(parsed) + 0.5 - clock.now()
    with _lock:
        if len(_compared) >= MOST_SERVERS:
            _compared.clear()
        _compared[server] = (at, ahead)
    if abs(ahead) < WORTH_A_WORD:
        if abs(former) >= WORTH_A_WORD:
            logger.info("event=clocks_agree server=%s", server)
    elif abs(ahead - former) >= WORTH_A_WORD:
        logger.warning(
            "event=clocks_differ server=%s seconds=%.0f: that is how far its "
            "clock is ahead of the one of this machine. Set both with NTP",
            server, ahead)


def get_difference(server):
    """Return by how many seconds the time of day of a server is ahead of ours;
    0 when that is less than `WORTH_A_WORD`, or not known.

    :param server: URL, without the route
    """
    ahead = _compared.get(server, (None, 0))[1]
    return ahead if abs(ahead) >= WORTH_A_WORD else 0


def forget(server=None):
    """Forget what was learned of a server, or of all."""
    with _lock:
        if server is None:
            _known.clear()
            _compared.clear()
        else:
            _known.pop(server, None)


def _to_bytes(value):
    return value.encode("utf-8") if isinstance(value, six.text_type) else value
