# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A selection of rows: SENAITE's listing asks for each of them, one after the
other, and draws itself anew each time; of what is queued, it must not.
"""

import contextlib
import json

from harness.lab import Lab
from harness.lims import Lims
from harness.seeds import Seeds
from harness.waiting import eventually
from pages import ROWS
from test_lifecycle import Brake
from test_lifecycle import chunks_of

SAMPLES = 2
ANALYSES = 10
SELECT_ALL = "thead input[type=checkbox]"
CHECKBOXES = "input[type=checkbox][name='uids:list']"
MARKS = ".queued-mark"
TASK = "task_action_submit"

#: Counts how often the listing is drawn, and what the page asks for. SENAITE
#: may open the page anew in the end.
WATCH = """
const listing = window.listings[Object.keys(window.listings)[0]];
const told = {drawn: 0, asked: 0, after: []};
const draw = listing.render.bind(listing);
const fetch = window.fetch.bind(window);
function tell() { sessionStorage.setItem("told", JSON.stringify(told)); }
tell();
listing.render = function () { told.drawn += 1; tell(); return draw(); };
window.fetch = function (request, options) {
  if ((request.url || request).endsWith("/do_action_for")) { told.asked += 1; }
  tell();
  return fetch(request, options);
};
document.addEventListener("listing:after_transition_event", function (event) {
  told.after.push(event.detail.uids.length);
  tell();
});
"""

STATE = """
const listing = window.listings[Object.keys(window.listings)[0]];
const state = listing.state;
return {locked: state.lock_buttons, progress: state.progress,
        loading: state.loading_uids.length, errors: state.errors};
"""


class Sheet(object):
    """A worksheet with results that nobody has submitted."""

    def __init__(self, cluster, page):
        self.page = page
        self.lab = Lab(Lims(cluster.web.url, "labman1",
                            cluster.secrets["labman1"]))
        self.path = self.lab.lims.create_worksheet("analyst1")
        self.samples = self.lab.create_samples(SAMPLES)
        listing, uids = self.lab.open_for(self.path, self.samples)
        with chunks_of(self.lab, 0):
            listing.press("assign", uids)
        listing, rows = self.lab.lims.results(self.path)
        listing.set_fields({row["uid"]: {"Result": "7.5"} for row in rows})

    def submit_all(self):
        """Select all rows in the browser, and press "Submit"."""
        self.page.open(self.path + "/manage_results")
        self.page.wait(CHECKBOXES, ANALYSES)
        self.page.press(SELECT_ALL)
        self.page.wait("button#submit_transition")
        self.page.browser.execute_script(WATCH)
        self.page.press("button#submit_transition")

    def state(self):
        """Return how the listing is, in the browser."""
        return self.page.browser.execute_script(STATE)

    def told(self):
        """Return what was counted since "Submit" was pressed."""
        return json.loads(self.page.browser.execute_script(
            "return sessionStorage.getItem('told')"))

    def wait_until_free(self):
        """Wait until all has been said that belongs to the click."""
        self.page.until(lambda: self.told()["after"] and
                        not self.state()["locked"], "free buttons")
        state = self.state()
        assert state["progress"] is None
        assert state["loading"] == 0
        assert not any(state["errors"].values())


def test_rows_of_a_queued_selection_are_not_asked_for(cluster, page,
                                                      screenshot):
    sheet = Sheet(cluster, page)
    page.log_in("labman1")
    with Brake(cluster).held():
        sheet.submit_all()
        sheet.wait_until_free()
        told = sheet.told()
        assert len(page.all(MARKS)) == ANALYSES
        screenshot("selection-1-queued")
    # One that queues all rows, and one that learns of it
    assert told["asked"] == 2
    assert told["after"] == [ANALYSES]
    # Drawn for what the two requests change, and not for each row
    assert told["drawn"] < 2 * ANALYSES
    eventually(lambda: sheet.lab.states(sheet.path) ==
               {"to_be_verified": ANALYSES}, "submitted analyses", pause=0.5)
    page.until(lambda: not page.all(MARKS), "unmarked rows")


def test_rows_of_any_other_selection_are_asked_for(cluster, page):
    sheet = Sheet(cluster, page)
    page.log_in("labman1")
    with chunks_of(sheet.lab, 0):
        sheet.submit_all()
        sheet.wait_until_free()
    told = sheet.told()
    assert told["asked"] == ANALYSES
    assert told["after"] == [ANALYSES]
    assert sheet.lab.states(sheet.path) == {"to_be_verified": ANALYSES}


@contextlib.contextmanager
def after_one_chunk(cluster):
    """Have what is queued stand still after its first chunk; yields what
    lets it begin.

    The queue is paused while the chunk runs. A consumer that were stopped
    then, as `Brake` does it, might be in the middle of the next one.
    """
    store = Seeds(cluster).store

    def begin():
        store.resume(TASK)
        eventually(lambda: store.find(["running"]), "a running chunk",
                   pause=0.01)
        store.pause(TASK, "admin")

    store.pause(TASK, "admin")
    try:
        yield begin
    finally:
        store.resume(TASK)


def marked(page):
    """Return the uids of the rows that are marked."""
    return sorted(mark.get_attribute("data-uid") for mark in page.all(MARKS))


def test_samples_are_free_when_their_chunk_is_done(cluster, page, screenshot):
    sheet = Sheet(cluster, page)
    half = ANALYSES // SAMPLES
    page.log_in("labman1")
    with chunks_of(sheet.lab, half), after_one_chunk(cluster) as begin:
        sheet.submit_all()
        sheet.wait_until_free()
        assert len(page.all(MARKS)) == ANALYSES
        begin()
        eventually(lambda: sheet.lab.states(sheet.path) ==
                   {"to_be_verified": half, "assigned": half}, "one chunk",
                   pause=0.1)
        # The page learns of it by itself
        left = sorted(record["uid"] for record in
                      sheet.lab.analyses_of(sheet.samples)
                      if record["review_state"] == "assigned")
        page.until(lambda: marked(page) == left, "marks of the other half")
        screenshot("chunk-1-worksheet", until=ROWS)
        page.open("samples")
        waits, = [sample for sample in sheet.samples
                  if sheet.lab.sample_states([sample]) !=
                  {"to_be_verified": 1}]
        page.wait("{} input[value='{}']".format(ROWS, waits))
        page.until(lambda: marked(page) == [waits], "one marked sample")
        screenshot("chunk-2-samples")
    page.until(lambda: not page.all(MARKS), "unmarked rows")
    assert sheet.lab.states(sheet.path) == {"to_be_verified": ANALYSES}
