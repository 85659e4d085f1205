# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Text that any database can store.

Databases refuse NUL characters and lone surrogates, halves of a character that
have no encoding. Both occur in error messages, where these quote bytes.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import re
import sys

import six

from senaite.queue.model import fields

#: Stands for what cannot be stored
REPLACEMENT = u"\ufffd"

if sys.maxunicode > 0xffff:
    # Here, a character beyond the basic plane is one code point: each
    # surrogate stands alone
    _PATTERN = u"[\\x00{}-{}]".format(six.unichr(0xd800), six.unichr(0xdfff))
else:
    _PATTERN = (u"\\x00|[{0}-{1}](?![{2}-{3}])|(?<![{0}-{1}])[{2}-{3}]"
                .format(*[six.unichr(code) for code in (
                    0xd800, 0xdbff, 0xdc00, 0xdfff)]))

_REFUSED = re.compile(_PATTERN)


def to_storable(value):
    """Return a text without what databases refuse.

    :param value: text or bytes (UTF-8); anything else is returned as it is
    :rtype: six.text_type
    """
    value = fields.to_text(value)
    if not isinstance(value, six.text_type):
        return value
    return _REFUSED.sub(REPLACEMENT, value)
