# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A worksheet's life in the browser: made by a template, results submitted by
the analyst, verified by the manager. Looked at when queued, half done, done.
"""

import contextlib
import signal

from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually
from pages import ROWS
from selenium.webdriver.common.keys import Keys

KEYWORDS = ("Na", "Zn")
ANALYSES = 10
CHECKBOXES = "input[type=checkbox][name='uids:list']"
PROGRESS = ".queue-progress:not([hidden])"
MARKS = ".queued-mark"


class Brake(object):
    """Stops the consumer, so that people of all speeds see what is queued."""

    def __init__(self, cluster):
        self.process = cluster.consumer.process

    @contextlib.contextmanager
    def held(self):
        """Nothing is processed in this block, but for `let_go_until`."""
        self.process.signal(signal.SIGSTOP)
        try:
            yield self
        finally:
            self.process.signal(signal.SIGCONT)

    def let_go_until(self, check, what):
        """Let the queue work until something is so, and hold it again."""
        self.process.signal(signal.SIGCONT)
        eventually(check, what, pause=0.02)
        self.process.signal(signal.SIGSTOP)


@contextlib.contextmanager
def chunks_of(lab, size):
    """Cut what is queued in this block in chunks of a size; 0: have workflow
    actions done at once."""
    url = "queuetest_setting"
    lab.lims.get(url, name="default", value=size)
    try:
        yield
    finally:
        lab.lims.get(url, name="default", value=10)


class Life(object):
    """The pages of worksheets, as the people of the laboratory use them."""

    def __init__(self, cluster, page, screenshot):
        self.page, self.screenshot = page, screenshot
        self.brake = Brake(cluster)
        self.lab = Lab(Lims(cluster.web.url, "labman1",
                            cluster.secrets["labman1"]), KEYWORDS)

    def path(self):
        """Return the path of the worksheet we are at."""
        where = self.page.browser.current_url.split("?")[0].split("#")[0]
        assert where.endswith("/manage_results"), where
        return where[len(self.page.url) + 1:].rsplit("/", 1)[0]

    def choose(self, name, value):
        """Choose an option of a list, whatever the theme has made of it."""
        self.page.browser.execute_script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('change', {bubbles: true}));",
            self.page.wait("select[name='{}']".format(name))[0], value)

    def follow(self, name, do, done, worksheet=None, mark=True):
        """Do something with the queue held, and look at it three times.

        :param name: of the screenshots
        :param do: function that presses the button
        :param done: function that tells of a worksheet how many are done
        :param mark: whether rows are marked as queued
        :returns: path of the worksheet
        """
        with self.brake.held():
            do()
            self.page.wait(PROGRESS)
            worksheet = worksheet or self.path()
            if mark:
                self.page.wait(MARKS)
            self.screenshot(name + "-1-queued")
            assert done(worksheet) == 0
            self.brake.let_go_until(
                lambda: done(worksheet), "the first analyses to be done")
            self.page.open(worksheet + "/manage_results")
            self.page.wait(CHECKBOXES)
            # README and quick start show the one of "submit"
            self.screenshot(name + "-2-half", until=ROWS)
        eventually(lambda: done(worksheet) == ANALYSES, "all to be done",
                   pause=0.2)
        # the page comes to know it by itself
        self.page.until(lambda: not self.page.all(PROGRESS), "end of it")
        self.page.until(lambda: not self.page.all(MARKS), "unmarked rows")
        self.page.wait(CHECKBOXES, ANALYSES)
        self.screenshot(name + "-3-done")
        return worksheet

    def count(self, *states):
        """Return a function that counts analyses in these states."""
        def done(worksheet):
            counts = self.lab.states(worksheet)
            return sum(counts.get(state, 0) for state in states)
        return done

    def press_for_all(self, button):
        """Select all rows, and press a button."""
        for box in self.page.wait(CHECKBOXES, ANALYSES):
            # A row with a new result is selected already
            if not box.is_selected():
                self.page.press(box)
        self.page.press("button#{}_transition".format(button))

    def add_by_template(self, template):
        self.page.open("worksheets")
        self.choose("analyst", "analyst1")
        self.choose("template", template)
        self.page.press("form[name='worksheet-add-form'] input[type=submit]")

    def apply_template(self, worksheet, template):
        self.page.open(worksheet + "/add_analyses")
        self.choose("getWorksheetTemplate", template)
        self.page.press("#applytemplate_form input[type=submit]")

    def type_results(self, worksheet):
        self.page.open(worksheet + "/manage_results")
        for field in self.page.wait("input[name^='Result.']", ANALYSES):
            field.send_keys("7.5", Keys.TAB)
        self.page.press("#ajax_save_selection")
        self.page.until(
            lambda: not self.page.all("#ajax_save_selection"), "saved results")


def test_from_template_to_verified(cluster, page, screenshot):
    life = Life(cluster, page, screenshot)
    template = life.lab.create_template()
    life.lab.create_samples(4)
    with chunks_of(life.lab, 2):
        worksheet = by_template(life, template)
        by_analyst_and_manager(life, worksheet)
    assert life.lab.worksheet(worksheet)["review_state"] == "verified"


def by_template(life, template):
    """Make a worksheet by a template, and apply it to another one."""
    assigned = life.count("assigned")
    life.page.log_in("labman1")
    worksheet = life.follow(
        "create", lambda: life.add_by_template(template), assigned,
        mark=False)
    other = life.lab.lims.create_worksheet("analyst1")
    life.follow("apply", lambda: life.apply_template(other, template),
                assigned, mark=False)
    assert life.lab.layout(worksheet) == life.lab.layout(other)
    return worksheet


def by_analyst_and_manager(life, worksheet):
    """Submit results as the analyst, and verify them as the manager."""
    life.page.log_in("analyst1")
    life.type_results(worksheet)
    life.follow("submit", lambda: life.press_for_all("submit"),
                life.count("to_be_verified"), worksheet)
    life.page.log_in("labman1")
    life.page.open(worksheet + "/manage_results")
    life.follow("verify", lambda: life.press_for_all("verify"),
                life.count("verified"), worksheet)
