# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""How many examples a test tries: few in `make test`, many in `make test-long`.

Only the number changes: what a test claims is the same.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

#: Environment variable: "1" for many examples
ENVIRONMENT = "TESTS_THOROUGH"

#: Environment variable: "3/15" for each fifteenth of many examples, from the
#: third one on. For those that take hours
SHARE = "TESTS_SHARE"


def choose(quick, thorough):
    """Return one of two numbers.

    :param quick: number of examples, threads or kills in `make test`
    :param thorough: the same in `make test-long`
    """
    return thorough if os.environ.get(ENVIRONMENT) == "1" else quick


def share(examples):
    """Return the examples that are to be tried, all of them by default.

    :param examples: the many examples
    :rtype: list
    """
    first, _slash, step = os.environ.get(SHARE, "1/1").partition("/")
    return list(examples)[int(first) - 1::int(step)]
