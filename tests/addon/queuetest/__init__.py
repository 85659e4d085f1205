# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.
# Copyright 2026 senaite.queue contributors.

"""A task for tests whose every effect can be counted (Python 2.7).

Loaded by the harness, through PYTHONPATH and ZCML, into clusters under test.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os


def patch():
    """Put the kill points, and a planted fault if asked for, in the product;
    called when the package is imported: before any of its threads run."""
    from queuetest import killpoints
    from queuetest import planted
    plant = os.environ.get(planted.ENVIRONMENT)
    if plant:
        planted.PLANTS[plant]()
    killpoints.install()


if "QUEUETEST_DIR" in os.environ:
    patch()
