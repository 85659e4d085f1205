# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Layer and base class for the tests of add-ons, by the names that they know.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.core.tests.base import BaseTestCase
import zope.deferredimport

from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING

zope.deferredimport.initialize()
zope.deferredimport.deprecated(
    "Use senaite.queue.testing.QUEUE_FUNCTIONAL_TESTING",
    SIMPLE_TESTING="senaite.queue.testing:QUEUE_FUNCTIONAL_TESTING",
)


class SimpleTestCase(BaseTestCase):
    """A test case of SENAITE with the queue installed: `portal`, `request` and
    `getBrowser` are those of SENAITE's."""

    layer = QUEUE_FUNCTIONAL_TESTING
