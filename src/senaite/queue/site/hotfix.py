# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Whether SENAITE's security hotfix protects this process.

In SENAITE 2.6.0, anybody who reaches the JSON API of core can run code. The
package `SenaiteHotfix20260602` closes that when it is imported, which its ZCML
does as a plug-in of Plone.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sys

import pkg_resources

NAME = "SenaiteHotfix20260602"

#: Releases of senaite.core that the queue runs on and that need the hotfix
OPEN_RELEASES = ("2.6.0",)


def is_missing():
    """Return whether this process is open to what the hotfix closes.

    A package that is installed but was not imported at the start, or that
    could not apply all of its patches, protects nothing. Importing it here
    would hide that.

    :rtype: bool
    """
    core = pkg_resources.get_distribution("senaite.core").version
    if core not in OPEN_RELEASES:
        return False
    hotfix = sys.modules.get(NAME)
    return hotfix is None or set(hotfix.hotfixes) != set(hotfix.applied)
