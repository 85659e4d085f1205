# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What an analyst sees: analyses are queued, and then they are assigned."""

import signal

from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

USER = "labman1"
SAMPLES = 4
ANALYSES = 20
CHECKBOXES = "input[type=checkbox][name='uids:list']"
PROGRESS = ".queue-progress:not([hidden])"
MARKS = ".queued-mark"


def log_in(browser, cluster):
    browser.get(cluster.web.url + "/login")
    browser.find_element(By.NAME, "__ac_name").send_keys(USER)
    browser.find_element(By.NAME, "__ac_password").send_keys(
        cluster.secrets[USER])
    browser.find_element(By.NAME, "buttons.login").click()
    wait(browser, "body.userrole-authenticated")


def wait(browser, selector, number=1):
    """Wait for elements, and return them."""
    def look(_):
        found = browser.find_elements(By.CSS_SELECTOR, selector)
        return len(found) >= number and found
    return WebDriverWait(browser, 60).until(
        look, "No {} x {} on {}".format(number, selector,
                                        browser.current_url))


def press(browser, element):
    """Click, also where a sticky toolbar covers the element."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'});"
                           "arguments[0].click();", element)


def test_analyses_are_queued_and_then_assigned(cluster, browser, screenshot):
    lab = Lab(Lims(cluster.web.url, USER, cluster.secrets[USER]))
    lab.create_samples(SAMPLES)
    worksheet = lab.lims.create_worksheet("analyst1")

    log_in(browser, cluster)
    browser.get("{}/{}/add_analyses".format(cluster.web.url, worksheet))
    boxes = wait(browser, CHECKBOXES, ANALYSES)
    assert len(boxes) == ANALYSES
    for box in boxes:
        press(browser, box)
    button = wait(browser, "button#assign_transition")[0]
    screenshot("1-selected")

    # The queue waits, so that people of all speeds see what is queued
    cluster.consumer.process.signal(signal.SIGSTOP)
    try:
        press(browser, button)
        wait(browser, PROGRESS)
        screenshot("2-queued")
        browser.get("{}/{}/add_analyses".format(cluster.web.url, worksheet))
        wait(browser, MARKS, ANALYSES)
        screenshot("3-queued-rows")
        assert not [box for box in browser.find_elements(
            By.CSS_SELECTOR, CHECKBOXES) if box.is_enabled()]
    finally:
        cluster.consumer.process.signal(signal.SIGCONT)

    eventually(lambda: lab.states(worksheet) == {"assigned": ANALYSES},
               "all analyses to be assigned", pause=0.5)
    browser.get("{}/{}/manage_results".format(cluster.web.url, worksheet))
    wait(browser, CHECKBOXES, ANALYSES)
    eventually(lambda: _is_calm(browser), "no more queued marks", pause=1)
    screenshot("4-assigned")


def _is_calm(browser):
    """Tell whether a new page shows nothing as queued any more."""
    browser.refresh()
    wait(browser, CHECKBOXES, ANALYSES)
    return not browser.find_elements(By.CSS_SELECTOR,
                                     "{}, {}".format(PROGRESS, MARKS))
