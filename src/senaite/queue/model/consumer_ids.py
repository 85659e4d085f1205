# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Consumer ids: `<name>/<nonce>`, a permanent name and a nonce per start.

A lease is held by the whole id, never by the name: the nonce keeps a
restarted consumer from being mistaken for its former self.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import re

import six

_CONSUMER_ID = re.compile(r"^([A-Za-z0-9_.:-]{1,128})/([0-9a-f]{8})\Z")


def parse_consumer_id(consumer_id):
    """Return the name and the nonce of a consumer id.

    :param consumer_id: e.g. "client3/0fa51c07"
    :type consumer_id: str
    :returns: tuple of name and nonce
    :raises ValueError: when this is not a consumer id
    """
    match = None
    if isinstance(consumer_id, six.string_types):
        match = _CONSUMER_ID.match(consumer_id)
    if match is None:
        raise ValueError(
            "Not a consumer id: {!r}; expected <name>/<nonce>: a name of 1 to "
            "128 letters, digits and _ . : -, and a nonce of 8 hexadecimal "
            "digits".format(consumer_id)[:500])
    return match.groups()
