# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A failed test shows what the processes logged while it ran."""

import os

import pytest

#: Characters of each event log that a failed test shows
MOST_OF_A_LOG = 6000


def watch(item, cluster):
    """Have the logs of a cluster shown, from here on, if a test fails."""
    item.log_offsets = {
        node.log: os.path.getsize(node.log) for node in cluster.zopes}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Add the logs to the report; a conftest imports it by this name."""
    outcome = yield
    report = outcome.get_result()
    offsets = getattr(item, "log_offsets", None)
    if not report.failed or not offsets:
        return
    for path, offset in offsets.items():
        with open(path, errors="replace") as log:
            log.seek(offset)
            text = log.read()
        if text:
            report.sections.append((
                "logged by " + os.path.basename(path), text[-MOST_OF_A_LOG:]))
