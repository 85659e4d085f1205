# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Our pages can be used by all: axe-core finds nothing serious or critical.

What it finds in SENAITE's own parts of a page is not ours to mend: only our
parts are looked at, and of the listing our columns and buttons.
"""

import os

import pytest

AXE = os.path.join(os.path.dirname(__file__), "node_modules", "axe-core",
                   "axe.min.js")

pytestmark = pytest.mark.skipif(
    not os.path.exists(AXE),
    reason="no axe-core here: npm install --prefix tests/browser")

#: Page -> what of it is ours
PAGES = (
    ("@@queue_tasks", ["#queue-dashboard", "#queue-indicator"]),
    ("@@queue-controlpanel", ["#queue-connection", "#layout-contents",
                              "#queue-key"]),
    ("@@queue_task?uid={uid}", ["#content-core"]),
    ("@@queue_my_tasks", ["#content-core"]),
)


def run(page, include):
    """Return what axe-core finds serious or critical."""
    with open(AXE, encoding="utf-8") as source:
        page.browser.execute_script(source.read())
    page.browser.set_script_timeout(60)
    found = page.browser.execute_async_script(
        "var done = arguments[1];"
        "axe.run({include: arguments[0].map(function (s) { return [s]; })},"
        "        {resultTypes: ['violations']})"
        ".then(function (r) { done(r.violations); },"
        "      function (e) { done([{impact: 'critical', id: String(e),"
        "                            nodes: []}]); });", include)
    return ["{}: {}".format(violation["id"], ", ".join(
        node["html"][:200] for node in violation["nodes"][:3]))
        for violation in found
        if violation["impact"] in ("serious", "critical")]


def test_nothing_serious(page, seeds):
    failed = seeds.failed(username="labman1")
    seeds.running(job_total=3)
    seeds.done(username="labman1", skipped=[
        {"item": "Calcium", "sample": "H2O-1", "reason": "own_results"}])
    seeds.add()
    seeds.store.pause("task_action_verify", "labman1")
    page.log_in("labman1")
    for path, include in PAGES:
        page.open(path.format(uid=failed["task_uid"]))
        page.wait(include[0])
        for details in page.all("details"):
            page.browser.execute_script("arguments[0].open = true", details)
        found = run(page, include)
        assert not found, "{}: {}".format(path, "\n".join(found))
