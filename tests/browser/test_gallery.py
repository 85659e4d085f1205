# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What became of a click, on each page and in each of its states: there is a
text that says it, at the width of a desktop and of a phone. The pictures are
in var/screenshots (`make gallery`)."""

import contextlib
import time
import uuid

import pytest
from harness.lab import Lab
from harness.lims import Lims
from test_lifecycle import chunks_of

from senaite.queue.model import failures
from senaite.queue.model import left_out

pytestmark = pytest.mark.long

MANAGER, ANALYST, ADMINISTRATOR = "labman1", "analyst1", "admin"
CONSUMER = "seeds/0000000a"
ITEMS = 5
BOX = "input[type=checkbox][name='uids:list'][value='{}']"
TOAST = ".queue-ended"

WIDTHS = (1280, 400)

#: State of a click -> page -> text that says it
TEXTS = {
    "taken": {
        "worksheet": "items were queued", "sample": "still to be processed",
        "samples": "Queued", "my-tasks": "Queued", "monitor": "waiting for"},
    "waiting": {
        "worksheet": "Jobs ahead: 1.", "sample": "Jobs ahead: 1.",
        "samples": "Queued", "my-tasks": "Jobs ahead: 1.",
        "monitor": "waiting for"},
    "paused": {
        "worksheet": "has been paused by", "sample": "has been paused by",
        "samples": "Queued, paused", "my-tasks": "has been paused by",
        "monitor": "has been paused by"},
    "half": {
        "worksheet": "2 of 5", "sample": "in the background: 3",
        "samples": "Queued", "my-tasks": "2 / 5", "monitor": "2 / 5"},
    "skipped": dict.fromkeys(
        ("worksheet", "sample", "samples", "my-tasks"), "2 skipped"),
    "failed": {
        "worksheet": "Jobs that failed in the background: 1",
        "sample": "Jobs that failed in the background: 1",
        "samples": "Failed in the background",
        "my-tasks": "may not submit results any more",
        "monitor": "Failed tasks that need a decision: 1"},
}
TEXTS["skipped"]["monitor"] = "Skipped in the last hour"


class Scene(object):
    """A worksheet with the results of one sample, and tasks about them."""

    def __init__(self, cluster):
        self.lab = Lab(Lims(cluster.web.url, MANAGER,
                            cluster.secrets[MANAGER]))
        self.sample, = self.lab.create_samples(1)
        self.worksheet = self.lab.lims.create_worksheet(ANALYST)
        listing, analyses = self.lab.open_for(self.worksheet, [self.sample])
        with chunks_of(self.lab, 0):
            listing.press("assign", analyses)
        listing, rows = self.lab.lims.results(self.worksheet)
        listing.set_fields({row["uid"]: {"Result": "7.5"} for row in rows})
        self.uids = [row["uid"] for row in rows]
        known, = [item for item in self.lab.lims.items("Worksheet")
                  if item["id"] == self.worksheet.split("/")[1]]
        self.job = {"name": "task_action_submit", "username": MANAGER,
                    "context_uid": known["uid"], "context_path": known["path"],
                    "action": "submit", "locks": [self.sample]}
        self.pages = {
            "worksheet": self.worksheet + "/manage_results",
            "sample": self.lab.lims.api(
                self.sample)["path"].split("/", 2)[2],
            "samples": "samples",
            "my-tasks": "@@queue_my_tasks",
            "monitor": "@@queue_tasks"}


@pytest.fixture(scope="module")
def scene(cluster):
    return Scene(cluster)


@contextlib.contextmanager
def screen(browser, width):
    """Have the pages opened at a width: their scripts look at it once."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 1000, "deviceScaleFactor": 1,
        "mobile": False})
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def skip(number):
    return {"uid": uuid.uuid4().hex, "item": "Calcium",
            "sample": "H2O-000{}".format(number),
            "reason": left_out.OWN_RESULTS}


class Arrangement(object):
    """Brings about a state of a click."""

    def __init__(self, scene, seeds, page):
        self.scene, self.seeds, self.page = scene, seeds, page
        self.job = dict(scene.job, job_uid=uuid.uuid4().hex, job_total=ITEMS)

    def before(self, state):
        """What happens before the page is opened."""
        getattr(self, "before_" + state)()

    def after(self, state):
        """What happens while the page is open."""
        getattr(self, "after_" + state, lambda: None)()

    def before_taken(self):
        page = self.page
        page.open(self.scene.pages["worksheet"])
        # Not before the page knows that nothing else is queued any more
        for uid in self.scene.uids:
            page.press(page.wait(BOX.format(uid) + ":not([disabled])")[0])
        page.press("button#submit_transition")
        page.wait(".queue-told")

    def before_waiting(self):
        self.seeds.add(priority=1, job_total=9)
        self.seeds.add(uids=self.scene.uids, **self.job)

    def before_paused(self):
        self.seeds.add(uids=self.scene.uids, **self.job)
        self.seeds.store.pause(None, ADMINISTRATOR)

    def before_half(self):
        self.seeds.done(uids=self.scene.uids[:2], **self.job)
        self.seeds.running(uids=self.scene.uids[2:], **self.job)

    def before_skipped(self):
        self.task = self.seeds.running(uids=self.scene.uids, **self.job)

    def after_skipped(self):
        time.sleep(3)
        consumer = self.seeds.store.get(
            self.task["task_uid"])["consumer_id"]
        self.seeds.store.acknowledge(
            self.task["task_uid"], consumer, processed=ITEMS, skipped=2,
            skipped_items=[skip(1), skip(2)])
        self.page.wait(TOAST)

    def before_failed(self):
        self.seeds.failed(
            "You are not allowed to submit", uids=self.scene.uids,
            error_code=failures.NOT_ALLOWED, **self.job)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", sorted(TEXTS))
def test_each_page_says_what_became_of_a_click(
        scene, seeds, page, screenshot, state, width):
    page.log_in(MANAGER)
    wrong = []
    with screen(page.browser, width):
        for name, text in sorted(TEXTS[state].items(), reverse=True):
            seeds.clear()
            arrangement = Arrangement(scene, seeds, page)
            try:
                arrangement.before(state)
            except AssertionError:
                screenshot("gallery-{}-trouble-{}".format(state, width))
                raise
            if not (state == "taken" and name == "worksheet"):
                page.open(scene.pages[name])
            arrangement.after(state)
            try:
                page.reads(text)
            except AssertionError as error:
                wrong.append("{}: {}".format(name, error))
            screenshot("gallery-{}-{}-{}".format(state, name, width))
    assert not wrong
