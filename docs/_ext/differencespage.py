# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The directive `differences`: in which details a task leaves behind something
else than the click, made from the table that the tests accept."""

from senaite.queue.tests import differences

import settingspage


class Differences(settingspage.Lines):
    """All known differences."""

    def describe(self):
        """See `senaite.queue.tests.differences.describe`."""
        return differences.describe()


def setup(app):
    app.add_directive("differences", Differences)
    return {"parallel_read_safe": True}
