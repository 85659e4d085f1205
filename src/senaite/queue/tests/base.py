# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The layer of the tests of add-ons, by the name that they know."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import zope.deferredimport

zope.deferredimport.initialize()
zope.deferredimport.deprecated(
    "Use senaite.queue.testing.QUEUE_FUNCTIONAL_TESTING",
    SIMPLE_TESTING="senaite.queue.testing:QUEUE_FUNCTIONAL_TESTING",
)
