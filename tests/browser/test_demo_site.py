# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What newcomers try first with the demo site: its only worksheet template."""

from harness.lab import Lab
from harness.lims import Lims
from harness.waiting import eventually

TEMPLATE = "Hardness"
#: The keywords of its services
KEYWORDS = ("Ca", "Mg")
SAMPLES = 3
#: One for each sample and service, and the duplicates of the first sample
ANALYSES = (SAMPLES + 1) * len(KEYWORDS)
#: Slots 1, 2, 19 and 20 are for references, which the demo site has none of
LAYOUT = [(3, "a"), (3, "a"), (4, "a"), (4, "a"), (5, "a"), (5, "a"),
          (18, "d"), (18, "d")]
CHECKBOXES = "input[type=checkbox][name='uids:list']"


def choose(page, name):
    """Choose the template in a list, by its title."""
    option = page.until(lambda: [
        option for option in page.all("select[name='{}'] option".format(name))
        if option.get_attribute("textContent").strip() == TEMPLATE],
        TEMPLATE)[0]
    page.browser.execute_script("arguments[0].selected = true;", option)


def check(page, lab, screenshot, name):
    """Wait until the worksheet is complete, and look at it.

    :param name: of the screenshot
    """
    where = page.browser.current_url.split("?")[0].split("#")[0]
    worksheet, view = where[len(page.url) + 1:].rsplit("/", 1)
    assert view == "manage_results"
    eventually(lambda: sum(lab.states(worksheet).values()) == ANALYSES,
               "all analyses", pause=0.2)
    page.open(worksheet + "/manage_results")
    page.wait(CHECKBOXES, ANALYSES)
    screenshot(name)
    assert sorted(lab.layout(worksheet)) == LAYOUT


def test_template_of_the_demo_data(cluster, page, screenshot):
    lab = Lab(Lims(cluster.web.url, "labman1", cluster.secrets["labman1"]),
              KEYWORDS)
    page.log_in("labman1")

    lab.create_samples(SAMPLES)
    page.open("worksheets")
    page.browser.execute_script(
        "arguments[0].value = 'analyst1';",
        page.wait("select[name='analyst']")[0])
    choose(page, "template")
    page.press("form[name='worksheet-add-form'] input[type=submit]")
    check(page, lab, screenshot, "demo-template-create")

    lab.create_samples(SAMPLES)
    page.open(lab.lims.create_worksheet("analyst1") + "/add_analyses")
    choose(page, "getWorksheetTemplate")
    page.press("#applytemplate_form input[type=submit]")
    check(page, lab, screenshot, "demo-template-apply")
