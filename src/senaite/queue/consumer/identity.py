# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Who this process is as a consumer."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import binascii
import hashlib
import os
import re
import socket

from six.moves.urllib.parse import urlsplit

#: Tells this process from any other that may answer at a URL
TOKEN = binascii.hexlify(os.urandom(8)).decode("ascii")

_place = []

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.:-]")


def make_consumer_id(url, instance_path):
    """Return the identity of a consumer that starts now.

    The name stays the same when the process is started again, the nonce does
    not: so the server knows a restarted consumer from its former self.

    :param url: where the process reaches itself, or ""
    :type url: str
    :param instance_path: directory of the process' own files, which names it
        when its port does not
    :type instance_path: str
    :returns: "<host>:<port or hash>/<8 hex digits>"
    :rtype: str
    """
    port = urlsplit(url).port
    place = str(port) if port else hashlib.sha1(
        instance_path.encode("utf-8")).hexdigest()[:8]
    host = _FORBIDDEN.sub("-", socket.gethostname() or "localhost")[:100]
    nonce = binascii.hexlify(os.urandom(4)).decode("ascii")
    return "{}:{}/{}".format(host, place, nonce)


def set_place(path):
    """Set the path that tells this process from others that share its files."""
    _place[:] = [path]


def instance_path():
    """Return the directory of this process' own files, or what was named
    with `set_place`."""
    if _place:
        return _place[0]
    from App.config import getConfiguration
    return str(getattr(getConfiguration(), "clienthome", "") or os.getcwd())
