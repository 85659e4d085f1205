# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Pages tell the truth without being loaded anew: marks vanish by themselves,
for everybody who looks on.
"""

import contextlib
import signal
import uuid

import pytest
from harness.contacts import make_client
from harness.contacts import press
from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

SAMPLES = 4
ANALYSES = 20
MARKS = ".ajax-contents-table .queued-mark"
PROGRESS = ".queue-progress:not([hidden])"
#: A new page would not know of it
STAY = "window.stayed = true"


class Story(object):
    """Results of four samples on a worksheet, submitted sample by sample."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.lab = Lab(Lims(cluster.web.url, "labman1",
                            cluster.secrets["labman1"]))
        self.client, self.contact = make_client(self.lab)
        self.samples = self.lab.create_samples(SAMPLES)
        self.worksheet = self.lab.lims.create_worksheet("analyst1")
        listing, analyses = self.lab.open_for(self.worksheet, self.samples)
        assert len(analyses) == ANALYSES
        listing.press("assign", analyses)
        eventually(lambda: self.lab.states(self.worksheet) ==
                   {"assigned": ANALYSES}, "all to be assigned", pause=0.5)
        self.listing, rows = self.lab.lims.results(self.worksheet)
        self.listing.set_fields(
            {row["uid"]: {"Result": "7.5"} for row in rows})

    def url(self, path):
        return "{}/{}".format(self.cluster.web.url, path)

    def path_of(self, sample):
        return self.lab.lims.api(sample)["path"].split("/", 2)[2]

    def make_contact(self):
        """Return name and password of somebody at the client."""
        name, password = "ana" + uuid.uuid4().hex[:8], uuid.uuid4().hex
        press(self.lab.lims, self.contact, "save_button", username=name,
              password=password, confirm=password, email="ana@example.com")
        return name, password

    @contextlib.contextmanager
    def queued(self, number):
        """Have the analyses of a sample queued for a while."""
        uids = [record["uid"] for record in
                self.lab.analyses_of([self.samples[number]])]
        consumer = self.cluster.consumer.process
        consumer.signal(signal.SIGSTOP)
        try:
            self.listing.press("submit", uids)
            yield uids
        finally:
            consumer.signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def story(cluster):
    return Story(cluster)


def log_in(browser, cluster, name, password):
    browser.get(cluster.web.url + "/login")
    browser.find_element(By.NAME, "__ac_name").send_keys(name)
    browser.find_element(By.NAME, "__ac_password").send_keys(password)
    browser.find_element(By.NAME, "buttons.login").click()
    wait(browser, "body.userrole-authenticated")


def wait(browser, selector, number=1):
    """Wait for elements, and return them."""
    def look(_):
        found = browser.find_elements(By.CSS_SELECTOR, selector)
        return len(found) >= number and found
    return WebDriverWait(browser, 90).until(
        look, "No {} x {} on {}".format(number, selector,
                                        browser.current_url))


def wait_until_gone(browser, selector):
    WebDriverWait(browser, 90).until(
        lambda _: not browser.find_elements(By.CSS_SELECTOR, selector),
        "Still {} on {}".format(selector, browser.current_url))
    assert browser.execute_script("return window.stayed") is True


@pytest.mark.parametrize("number, path, who", [
    (0, "samples", "labman1"), (1, "worksheets", "analyst1")])
def test_marks_vanish(story, browser, screenshot, number, path, who):
    cluster = story.cluster
    log_in(browser, cluster, who, cluster.secrets[who])
    with story.queued(number):
        browser.get(story.url(path))
        mark, = wait(browser, MARKS)
        assert mark.text.strip() == "Queued"
        row = mark.find_element(By.XPATH, "ancestor::tr")
        boxes = row.find_elements(By.CSS_SELECTOR, "input[type=checkbox]")
        assert boxes and not any(box.is_enabled() for box in boxes)
        screenshot("marks-{}-queued".format(path))
        browser.execute_script(STAY)
    wait_until_gone(browser, MARKS)
    screenshot("marks-{}-done".format(path))


def test_client_sees_the_progress_of_a_sample(story, browser, screenshot):
    log_in(browser, story.cluster, *story.make_contact())
    with story.queued(2) as uids:
        browser.get(story.url(story.path_of(story.samples[2])))
        wait(browser, PROGRESS)
        wait(browser, MARKS, len(uids))
        assert not browser.find_element(
            By.CSS_SELECTOR, ".queue-progress-who").text
        screenshot("sample-queued")
        browser.execute_script(STAY)
    wait_until_gone(browser, "{}, {}".format(MARKS, PROGRESS))
    screenshot("sample-done")


def test_what_is_typed_in_a_queued_row_is_refused(story, browser, screenshot):
    """The page is older than the click of somebody else."""
    cluster = story.cluster
    log_in(browser, cluster, "labman1", cluster.secrets["labman1"])
    browser.get(story.url(story.worksheet + "/manage_results"))
    analysis = story.lab.analyses_of([story.samples[3]])[0]
    field, = wait(browser, "input[name='Result.{}:records']".format(
        analysis["uid"]))
    browser.execute_script(STAY)
    with story.queued(3):
        field.clear()
        field.send_keys("99", Keys.TAB)
        wait(browser, "#ajax_save_selection")[0].click()
        # Once, and it stays although the rows are loaded anew
        refusal, = wait(browser, ".queue-told")
        wait(browser, MARKS, ANALYSES // SAMPLES)
        assert analysis["title"] + ": Not saved" in refusal.text
        assert len(browser.find_elements(
            By.CSS_SELECTOR, ".queue-told")) == 1
        screenshot("row-refused")
        record = story.lab.lims.api(analysis["uid"])
        assert record["Result"] == "7.5"
    wait_until_gone(browser, MARKS)
    eventually(lambda: story.lab.sample_states(story.samples[3:]) ==
               {"to_be_verified": 1}, "the sample to be submitted", pause=1)
    assert story.lab.lims.api(analysis["uid"])["Result"] == "7.5"
