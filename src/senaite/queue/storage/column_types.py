# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Types of the columns with text.

Whatever a statement writes or compares passes through them. One text that the
database refuses would fail the whole statement, and with it, say, the report
of a consumer, however often it is repeated.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from sqlalchemy import String as _String
from sqlalchemy import Text as _Text
from sqlalchemy.types import TypeDecorator

from senaite.queue.model.storable import to_storable


class String(TypeDecorator):
    """Text of limited length; what databases refuse is replaced."""

    impl = _String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return to_storable(value)


class Text(TypeDecorator):
    """Text of any length; what databases refuse is replaced."""

    impl = _Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return to_storable(value)
