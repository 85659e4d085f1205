# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What a click has taken is said, shown and free for the next one: on the page
where it was made, and on the pages of others.
"""

import contextlib
import json
import time

import pytest
from harness.lab import Lab
from harness.lims import Lims
from harness.seeds import Seeds
from harness.waiting import eventually
from selenium.webdriver.common.keys import Keys
from test_lifecycle import Brake
from test_lifecycle import chunks_of

MANAGER, ANALYST = "labman1", "analyst1"
#: Samples of five analyses
SAMPLES, EACH = 7, 5
MARKS = ".ajax-contents-table .queued-mark"
PROGRESS = ".queue-progress:not([hidden])"
TOLD, ENDED = ".queue-told", ".queue-ended"
BOX = "input[type=checkbox][name='uids:list'][value='{}']"
BUTTON = "button#submit_transition"

#: The page does not hear what others do from now on
DEAF = """
const fetch = window.fetch.bind(window);
window.fetch = function (request, options) {
  return String(request.url || request).includes("/queue_state")
    ? new Promise(function () {}) : fetch(request, options);
};
"""
#: A new page would not know of it
STAY = "window.stayed = true"

SELECTED = """
return window.listings[Object.keys(window.listings)[0]].state.selected_uids
"""

#: The number of jobs whose end this tab has not told yet
REMEMBERED = """
const kept = window.sessionStorage.getItem("senaite.queue.jobs");
return Object.keys(JSON.parse(kept || "{}").jobs || {}).length;
"""

#: What is shown when all is over, see `RECORD`
END = {"marks": 0, "bar": 0, "jobs": 0, "ended": 1, "selected": 0}

IS_IN_SIGHT = """
const place = document.querySelector(arguments[0]).getBoundingClientRect();
return place.height > 0 && place.top >= 0 &&
  place.bottom <= document.documentElement.clientHeight;
"""

#: Notes each change of what the page shows, frame by frame
RECORD = """
window.frames_seen = [];
const seen = window.frames_seen;
(function look() {
  const shown = {
    marks: document.querySelectorAll(arguments[0]).length,
    bar: document.querySelectorAll(arguments[1]).length,
    jobs: document.getElementById("queue-indicator-link").hidden ? 0 : 1,
    ended: document.querySelectorAll(arguments[2]).length,
    selected: window.listings[Object.keys(window.listings)[0]]
      .state.selected_uids.length};
  const last = seen[seen.length - 1];
  if (!last || JSON.stringify(last.shown) !== JSON.stringify(shown)) {
    seen.push({at: Date.now() / 1000, shown: shown});
  }
  window.requestAnimationFrame(() => look.apply(null, arguments));
}).apply(null, arguments);
"""


class Story(object):
    """A worksheet with results that nobody has submitted, and two people."""

    def __init__(self, cluster, samples=SAMPLES):
        self.cluster = cluster
        self.brake = Brake(cluster)
        self.lab = Lab(Lims(cluster.web.url, MANAGER,
                            cluster.secrets[MANAGER]))
        self.colleague = Lims(cluster.web.url, ANALYST,
                              cluster.secrets[ANALYST])
        self.samples = self.lab.create_samples(samples)
        self.worksheet = self.lab.lims.create_worksheet(ANALYST)
        listing, analyses = self.lab.open_for(self.worksheet, self.samples)
        with chunks_of(self.lab, 0):
            listing.press("assign", analyses)
        listing, rows = self.lab.lims.results(self.worksheet)
        listing.set_fields({row["uid"]: {"Result": "7.5"} for row in rows})

    def of(self, number):
        """Return the uids of the analyses of a sample."""
        return [record["uid"] for record in
                self.lab.analyses_of([self.samples[number]])]

    def colleague_submits(self, uids):
        listing, _rows = self.colleague.results(self.worksheet)
        assert not listing.press("submit", uids)

    def path_of(self, number):
        return self.lab.lims.api(
            self.samples[number])["path"].split("/", 2)[2]


@pytest.fixture(scope="module")
def story(cluster):
    return Story(cluster)


def select(page, uids):
    """Select rows, and wait for their buttons."""
    for uid in uids:
        page.press(page.wait(BOX.format(uid))[0])
    page.until(lambda: set(uids) <= set(page.browser.execute_script(SELECTED)),
               "selection")


def marked(page):
    """Return the uids of the rows that are marked."""
    return {mark.get_attribute("data-uid") for mark in page.all(MARKS)}


def test_what_is_left_out_is_told(story, page, pictures):
    """The page is older than what others have done in the meantime."""
    queued, other = story.of(0), story.of(1)
    page.log_in(MANAGER)
    page.open(story.worksheet + "/manage_results")
    select(page, queued + other)
    page.browser.execute_script(DEAF)
    with story.brake.held():
        with chunks_of(story.lab, 0):
            story.colleague_submits(other[:2])
        story.colleague_submits(queued)
        page.press(page.wait(BUTTON)[0])
        told, = page.wait(TOLD + ".alert-warning")
        assert told.text.split("\n")[-1].startswith(
            "3 queued. 7 left out: 5 are queued by Lab Analyst 1, 2 are "
            "submitted"), told.text
        page.until(lambda: marked(page) == set(queued + other[2:]), "marks")
        # What is not queued can still be verified
        page.until(lambda: set(page.browser.execute_script(SELECTED)) ==
                   set(other[:2]), "rest of the selection")
        page.wait("button#verify_transition")
        pictures("clicks-left-out")


def test_next_selection_works_while_the_first_is_queued(story, page,
                                                        pictures):
    mine = story.of(2)
    page.log_in(MANAGER)
    page.open(story.worksheet + "/manage_results")
    page.wait(BOX.format(mine[0]))
    page.browser.execute_script(STAY)
    with story.brake.held():
        for uids in (mine[:3], mine[3:]):
            select(page, uids)
            page.press(page.wait(BUTTON)[0])
            page.until(lambda uids=uids: set(uids) <= marked(page), "marks")
            page.until(lambda: not page.all(BUTTON), "no button")
            assert not page.browser.execute_script(SELECTED)
            # Said where people look, above and below a long listing
            page.reads("{} items were queued".format(len(uids)))
        page.wait(PROGRESS)
        page.browser.execute_script(
            "window.scrollTo(0, document.body.scrollHeight);")
        for selector in (PROGRESS, TOLD):
            assert page.browser.execute_script(IS_IN_SIGHT, selector), selector
        pictures("clicks-queued")
    page.until(lambda: not page.all("{}, {}".format(MARKS, PROGRESS)),
               "end of it")
    assert page.browser.execute_script("return window.stayed") is True


@pytest.mark.parametrize("where, number", [("sample", 3), ("samples", 4)])
def test_idle_pages_learn_what_others_queue(story, page, pictures, where,
                                            number):
    """And keep the buttons of what is still selected."""
    theirs = story.of(number)[:3]
    if where == "sample":
        path, rows, hit = story.path_of(number), story.of(number), theirs
    else:
        path, rows = "samples", [story.samples[number], story.samples[5]]
        hit = rows[:1]
    page.log_in(MANAGER)
    page.open(path)
    select(page, rows)
    page.wait("button[id$='_transition']")
    page.browser.execute_script(STAY)
    with story.brake.held():
        story.colleague_submits(theirs)
        began = time.monotonic()
        page.until(lambda: marked(page) == set(hit), "marks")
        print("{}: shown {:.1f} s after a colleague's click".format(
            where, time.monotonic() - began))
        page.until(lambda: set(page.browser.execute_script(SELECTED)) ==
                   set(rows) - set(hit), "rest of the selection")
        page.wait("button[id$='_transition']")
        pictures("clicks-idle-" + where)
    page.until(lambda: not page.all(MARKS), "unmarked rows")
    assert page.browser.execute_script("return window.stayed") is True


def test_forms_tell_it_too(story, page):
    """SENAITE takes the browser back to the rows, below its own message."""
    worksheet = story.lab.lims.create_worksheet(ANALYST)
    samples = story.lab.create_samples(1)
    _listing, analyses = story.lab.open_for(worksheet, samples)
    page.log_in(MANAGER)
    page.open(worksheet + "/add_analyses")
    select(page, analyses)
    with story.brake.held():
        page.press(page.wait("button#assign_transition")[0])
        told, = page.wait(TOLD)
        assert "{} items were queued".format(EACH) in told.text
        page.wait(PROGRESS)
        # Once
        page.open(worksheet + "/add_analyses")
        page.wait(PROGRESS)
        assert not page.all(TOLD)


def test_who_is_logged_out_is_told_once(story, page, pictures):
    page.log_in(MANAGER)
    with story.brake.held():
        story.lab.lims.listing(story.worksheet + "/manage_results").press(
            "submit", story.of(5)[:1])
        page.open(story.worksheet + "/manage_results")
        page.wait(PROGRESS)
        page.browser.delete_cookie("__ac")
        farewell, = page.wait(".queue-logged-out")
        assert "You are logged out." in farewell.text
        page.wait(".queue-progress-stale:not([hidden])")
        pictures("clicks-logged-out")
    # The page asks again, and says nothing of work that it knows nothing of
    page.browser.execute_script(
        "document.dispatchEvent(new CustomEvent('queue-ask'));")
    time.sleep(2)
    assert len(page.all(".queue-logged-out")) == 1
    assert not page.all(ENDED)


@contextlib.contextmanager
def submitted(story, page, uids):
    """Submit analyses in the browser; they are queued until the end of it."""
    page.log_in(MANAGER)
    page.open(story.worksheet + "/manage_results")
    page.wait(BOX.format(uids[0]))
    with story.brake.held():
        select(page, uids)
        page.press(page.wait(BUTTON)[0])
        page.until(lambda: set(uids) <= marked(page), "marks")
        page.wait(PROGRESS)
        yield


def test_rows_are_loaded_again_after_an_error(story, page):
    with submitted(story, page, story.of(3)[3:]):
        page.answer_instead("folderitems", 502)
    page.until(lambda: not page.all("{}, {}".format(MARKS, PROGRESS)),
               "end of it")
    assert page.browser.execute_script("return window.instead") == 1


def test_page_of_what_may_not_be_seen_any_more(story, page):
    """It still tells about the work, and does not say that somebody has been
    logged out who has not."""
    with submitted(story, page, story.of(5)[1:3]):
        page.answer_instead(story.worksheet + "/queue_state", 200, True)
        page.until(lambda: page.browser.execute_script(
            "return window.instead") == 1, "refusal")
    page.wait(ENDED)
    page.until(lambda: not page.all(MARKS), "unmarked rows")
    assert not page.all(".queue-logged-out")
    # The object is asked again, but not with each question
    assert page.browser.execute_script("return window.instead") < 4


def test_rows_wait_for_who_is_editing_them(story, page, pictures):
    """And the page says so."""
    postponed = ".queue-progress-postponed:not([hidden])"
    field = ".ajax-contents-table td input[name^='Result.{}']"
    with submitted(story, page, story.of(4)[3:]):
        typed, = page.wait(field.format(story.of(5)[4]))
        typed.send_keys("1")
    page.wait(ENDED)
    page.wait(PROGRESS + " " + postponed)
    assert not page.all(".queue-progress > .progress:not([hidden])")
    assert page.all(MARKS)
    pictures("clicks-postponed")
    page.browser.execute_script("document.activeElement.blur();")
    typed.send_keys(Keys.TAB)
    page.press("button#ajax_save_selection")
    page.until(lambda: not page.all("{}, {}".format(MARKS, PROGRESS)),
               "end of it")


@contextlib.contextmanager
def recorded(page):
    """Note what the page shows; yields a function that returns it."""
    page.browser.execute_script(RECORD, MARKS, PROGRESS, ENDED)
    yield lambda: page.browser.execute_script("return window.frames_seen")


def follow(story, page, uids):
    """Submit analyses in the browser, and look on.

    :returns: the frames that show something new, until all is over, and when
        the last task was reported
    """
    page.open(story.worksheet + "/manage_results")
    # How earlier jobs of this user have ended is told first
    page.until(lambda: not page.browser.execute_script(REMEMBERED),
               "end of earlier jobs")
    page.open(story.worksheet + "/manage_results")
    page.wait(BOX.format(uids[0]))
    with recorded(page) as frames:
        select(page, uids)
        page.press(page.wait(BUTTON)[0])
        try:
            page.until(lambda: frames()[-1]["shown"] == END, "end")
        except AssertionError:
            raise AssertionError(json.dumps(frames()))
        found = frames()
    store = Seeds(story.cluster).store
    job, = {task["job_uid"] for task in store.find(["done"])
            if set(task["uids"]) & set(uids)}
    return found, max(task["ended"]
                      for task in store.page(job_uid=job)["tasks"])


def check_frames(found):
    """No frame says that the work is over while another part of it says that
    it is not."""
    last = found[-1]["shown"]
    for frame in found[:-1]:
        shown = frame["shown"]
        assert not shown["ended"], json.dumps(found)
    began = next(index for index, frame in enumerate(found)
                 if frame["shown"]["marks"])
    for frame in found[began + 1:-1]:
        # What is shown together at the end, was shown until then
        shown = frame["shown"]
        assert shown["marks"] and shown["bar"] and shown["jobs"] or \
            frame is found[began + 1], json.dumps(found)
    assert last["ended"] == 1


def test_state_of_the_worksheet_follows(story, page, pictures):
    """In the toolbar, without a new page."""
    worksheet = story.lab.lims.create_worksheet(ANALYST)
    listing, analyses = story.lab.open_for(worksheet,
                                           story.lab.create_samples(1))
    with chunks_of(story.lab, 0):
        listing.press("assign", analyses)
    listing, rows = story.lab.lims.results(worksheet)
    listing.set_fields({row["uid"]: {"Result": "7.5"} for row in rows})
    page.log_in(MANAGER)
    page.open(worksheet + "/manage_results")
    page.wait(BOX.format(rows[0]["uid"]))
    state = "#plone-contentmenu-workflow"
    assert "Open" in page.wait(state)[0].text
    page.browser.execute_script(STAY)
    select(page, [row["uid"] for row in rows])
    page.press(page.wait(BUTTON)[0])
    page.wait(ENDED)
    page.until(lambda: "To be verified" in page.wait(state)[0].text, "state")
    assert not page.all(MARKS)
    pictures("clicks-state")
    assert page.browser.execute_script("return window.stayed") is True


def test_end_is_shown_in_one_frame(story, page):
    uids = story.of(6)
    page.log_in(MANAGER)
    found, ended = follow(story, page, uids)
    check_frames(found)
    print("right everywhere {:.2f} s after the last report".format(
        found[-1]["at"] - ended))
    eventually(lambda: story.lab.sample_states(story.samples[6:]) ==
               {"to_be_verified": 1}, "the sample to be submitted", pause=0.5)


@pytest.mark.long
def test_time_until_pages_are_right(cluster, page, capsys):
    """Prints how long it takes from the last report of a job until the page
    shows its end everywhere."""
    story = Story(cluster, samples=4)
    page.log_in(MANAGER)
    seconds = []
    for uid in sum(map(story.of, range(4)), []):
        found, ended = follow(story, page, [uid])
        check_frames(found)
        seconds.append(found[-1]["at"] - ended)
    seconds.sort()
    with capsys.disabled():
        print("\nmeasured: {} jobs, page right after {:.2f} s (median), "
              "{:.2f} s (p95)".format(len(seconds), seconds[10], seconds[18]))
    assert len(seconds) == 20
