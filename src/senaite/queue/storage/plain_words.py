# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Explains errors of databases to an operator: what they mean, what helps."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


def explain(error, explanations):
    """Return what a database error means, for a message.

    Decides nothing: only the message depends on the text of the error.

    :param error: exception of the driver
    :param explanations: pairs of a part of the driver's message, in lower
        case, and its meaning; the first one that matches counts
    :rtype: str
    """
    message = str(error).strip()
    for part, meaning in explanations:
        if part in message.lower():
            return "{} ({})".format(meaning, message)
    return message
