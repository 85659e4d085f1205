# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Error messages of the control panel that name what is allowed.

z3c.form says "Value is too big", and does not say how big it may be.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from z3c.form.error import ErrorViewSnippet

from senaite.queue import messageFactory as _


class OutOfBounds(ErrorViewSnippet):
    """The message for a number that is too small or too big."""

    def createMessage(self):
        return _(u"'${title}' must be from ${min} to ${max}, not ${value}",
                 mapping={"title": self.field.title,
                          "min": self.field.min,
                          "max": self.field.max,
                          "value": self.error.args[0]})
