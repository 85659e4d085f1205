# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Hostile texts in the browser: shown as texts, everywhere."""

from harness.lims import Lims
from harness.seeds import HOSTILE
from harness.seeds import LONG

MANAGER = "labman1"


def rename_client(cluster):
    """Give a client a hostile title; returns uid and path."""
    lims = Lims(cluster.web.url, MANAGER, cluster.secrets[MANAGER])
    client = lims.items("Client", sort_on="created")[0]
    lims.post_json("@@API/senaite/v1/update/" + client["uid"],
                   {"title": HOSTILE})
    return client["uid"], client["path"]


def test_hostile_texts_are_shown(page, cluster, seeds, pictures):
    uid, path = rename_client(cluster)
    where = {"context_uid": uid, "context_path": path}
    tasks = [
        seeds.failed(LONG, traceback=LONG, username=MANAGER, **where),
        seeds.failed("Line 1\n" + HOSTILE, username=HOSTILE),
        seeds.failed(context_path="/senaite/" + HOSTILE,
                     username=LONG[:250], notes=[LONG], key=HOSTILE),
        seeds.done(note="Line 1\n" + HOSTILE, username=MANAGER, **where),
        seeds.done(skipped=[{"uid": uid, "path": path, "item": HOSTILE,
                             "sample": HOSTILE, "reason": HOSTILE}],
                   username=MANAGER)]
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    for tab, part in (("failed", "<script>"), ("done", "<script>")):
        page.tab(tab)
        page.until(lambda: len(page.rows()) == (3 if tab == "failed" else 2),
                   "the rows")
        page.reads(part)
        page.reads("\U0001F9EA &amp; ${name}")
        assert page.is_clean()
    pictures("hostile-monitor")
    for number, task in enumerate(tasks):
        page.open("@@queue_task?uid=" + task["task_uid"])
        page.reads("<script>window.hacked=1</script>")
        page.reads("onerror=window.hacked=1>")
        assert page.is_clean()
        pictures("hostile-task-{}".format(number))
    page.open("@@queue_my_tasks")
    page.wait("#queue-my-jobs tbody tr", 3)
    page.reads("<script>")
    assert page.is_clean()
    pictures("hostile-my-tasks")
    page.open("@@queue_task?uid=" + "<script>window.hacked=1</script>")
    page.reads("There is no such task")
    assert page.is_clean()
