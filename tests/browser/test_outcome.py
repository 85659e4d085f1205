# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What was not done is not said to be done: on the page where the work was
started, in its messages, in "My tasks" and in the monitor."""

import time
import uuid

from harness.lims import Lims

from senaite.queue.model import failures
from senaite.queue.model import left_out

MANAGER, ANALYST = "labman1", "analyst1"
CONSUMER = "seeds/0000000a"
TOAST = ".queue-ended"


def skip(number, reason, **kw):
    return dict(kw, uid=uuid.uuid4().hex, item="Calcium",
                sample="H2O-000{}".format(number), reason=reason)


def test_items_that_were_skipped(cluster, page, seeds, pictures):
    lims = Lims(cluster.web.url, MANAGER, cluster.secrets[MANAGER])
    worksheet = lims.create_worksheet(ANALYST)
    known, = [item for item in lims.items("Worksheet")
              if item["id"] == worksheet.split("/")[1]]
    job = {"job_uid": uuid.uuid4().hex, "job_total": 6, "username": MANAGER,
           "name": "task_action_verify", "context_uid": known["uid"],
           "context_path": known["path"]}
    seeds.done(uids=["a", "b", "c"], skipped=[
        skip(1, left_out.OWN_RESULTS),
        skip(2, left_out.IN_STATE, state="retracted", user=ANALYST,
             at=time.time() - 60)], **job)
    last = seeds.add(uids=["d", "e", "f"], **job)

    page.log_in(MANAGER)
    page.open(worksheet)
    page.until(lambda: page.has("1 of 6") and page.has("(skipped: 2)"),
               "progress")
    page.wait(".queue-indicator-skipped:not([hidden])")
    pictures("outcome-progress")

    # Somebody is typing: no reload, which would hide the bar
    page.browser.execute_script(
        "window.listings = {typed: {state: {ajax_save_queue: {uid: {}}}}};")
    assert seeds.store.pop(CONSUMER, 600)["task_uid"] == last["task_uid"]
    seeds.store.acknowledge(
        last["task_uid"], CONSUMER, processed=3, skipped=1,
        skipped_items=[skip(3, left_out.ASSIGNED_TO, user=ANALYST)])
    toast = page.wait(TOAST + ".alert-warning")[0]
    assert toast.text.split("\n")[1:3] == [
        "Verify results: Done, 3 skipped",
        "Calcium of H2O-0001: own results cannot be verified by the same "
        "person"]
    assert len(page.all(TOAST)) == 1
    # What ended here was partly skipped: the bar does not say otherwise
    page.reads("This work has ended.")
    assert not page.has("of 6")
    pictures("outcome-toast")

    page.open("@@queue_my_tasks")
    page.wait("#queue-my-jobs .badge-warning")
    page.reads("Done, 3 skipped")
    page.reads("Calcium of H2O-0002: it was retracted by ")
    page.reads("3 / 6")
    pictures("outcome-my-tasks")

    page.open("@@queue_task?uid=" + last["task_uid"])
    page.reads("Skipped by the job")
    page.reads("Calcium of H2O-0003: it is assigned to ")
    other, = page.all("ul.queue-links li")
    assert "Done, 2 skipped, items: 3, " in other.text
    pictures("outcome-task")

    page.open("@@queue_tasks")
    page.tab("done")
    page.until(lambda: len(page.rows()) == 2, "2 rows")
    page.reads("Done, 2 skipped")
    pictures("outcome-monitor")


def test_open_pages_show_the_end_with_the_message(page, seeds):
    """My tasks and the page of a task, without being opened again."""
    for path, place in (("@@queue_my_tasks", "#queue-my-jobs .badge"),
                        ("@@queue_task?uid={task_uid}",
                         "#queue-task-state .badge")):
        task = seeds.running(username=ANALYST)
        page.log_in(ANALYST)
        page.open(path.format(**task))
        page.until(lambda: page.all(place)[0].text == "Running", "running")
        page.browser.execute_script("window.stayed = true")
        seeds.store.acknowledge(
            task["task_uid"], task_consumer(seeds, task), processed=1)
        page.wait(TOAST)
        assert page.all(place)[0].text == "Done"
        assert page.browser.execute_script("return window.stayed")
        seeds.clear()


def task_consumer(seeds, task):
    return seeds.store.get(task["task_uid"])["consumer_id"]


def test_failures_and_removals(page, seeds, pictures):
    seeds.failed("You are not allowed to access 'portal_type' in this context",
                 error_code=failures.NOT_ALLOWED, username=MANAGER)
    removed = seeds.add(username=MANAGER)
    seeds.store.cancel(removed["task_uid"], ANALYST)
    page.log_in(MANAGER)
    page.open("@@queue_my_tasks")
    page.wait("#queue-my-jobs tbody tr", 2)
    page.reads("may not submit results any more. A laboratory manager can")
    page.reads("Removed by ")
    assert not page.has("portal_type")
    pictures("outcome-failed")
