# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Consuming a task, by the name that add-ons know."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import zope.deferredimport

zope.deferredimport.initialize()
zope.deferredimport.deprecated(
    "A process consumes tasks by itself once the view queue_consume was "
    "called; consume_task does what the view does",
    consume_task="senaite.queue.former_names:consume_task",
)
