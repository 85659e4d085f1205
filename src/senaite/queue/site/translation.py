# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Translated texts."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.core import i18n


def translate(message):
    """Return a message in the language of the current request.

    What SENAITE's function of this name returns is encoded unless it is told
    otherwise, and cannot be joined with texts: in languages with letters that
    ASCII lacks.

    :param message: a message id, or a text, which is returned as it is
    :rtype: six.text_type
    """
    return i18n.translate(message, to_utf8=False)
