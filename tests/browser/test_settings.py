# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The settings in a browser: each of them changed, saved, and in force."""

import pytest
from selenium.webdriver.common.by import By

#: Lab managers may change all but the address of the server and the key
ADMINISTRATOR, MANAGER = "admin", "labman1"
PREFIX = "form-widgets-"

#: Setting -> (good value, bad value, what is said about it)
NUMBERS = {
    "default": ("7", "501", "from 0 to 500, not 501"),
    "min_items": ("3", "-1", "not -1"),
    "min_items_verify": ("2", "501", "'Minimum for verifying results' must "
                         "be from 1 to 500, not 501"),
    "max_uids": ("9000", "99", "from 100 to 100000, not 99"),
    "max_payload_bytes": ("2097152", "1", "from 10240 to 16777216, not 1"),
    "min_seconds_task": ("1", "61", "from 0 to 60, not 61"),
    "max_retries": ("5", "11", "from 0 to 10, not 11"),
    "max_seconds_unlock": ("300", "29", "from 30 to 1800, not 29"),
    "lease_seconds": ("60", "9", "from 10 to 600, not 9"),
    "outage_seconds": ("600", "9", "from 10 to 86400, not 9"),
    "retention_days": ("30", "0", "from 1 to 365, not 0"),
}


@pytest.fixture
def settings(page):
    return open_as(page, ADMINISTRATOR)


def open_as(page, user):
    """Open the settings page as a user."""
    page.log_in(user)
    page.open("@@queue-controlpanel")
    page.wait("#" + PREFIX + "server")
    return page


def fill(page, name, value):
    field = page.browser.find_element(By.ID, PREFIX + name)
    page.browser.execute_script(
        "arguments[0].value = arguments[1]", field, value)


def save(page):
    page.press("#form-buttons-save")
    page.wait(".portalMessage, .alert, dl.portalMessage")


def test_every_setting_is_saved(settings, cluster, pictures):
    page = settings
    fields = page.all("[id^='{}']".format(PREFIX))
    server = page.browser.find_element(By.ID, PREFIX + "server")
    url = server.get_attribute("value")
    assert url == cluster.server.url
    pictures("settings")
    former = {name: page.browser.find_element(
        By.ID, PREFIX + name).get_attribute("value") for name in NUMBERS}
    assert len(fields) >= len(NUMBERS) + 2
    for name, (_good, bad, message) in NUMBERS.items():
        fill(page, name, bad)
    save(page)
    for _good, _bad, message in NUMBERS.values():
        page.reads(message)
    fill(page, "server", "nonsense")
    save(page)
    page.reads("The URL must begin with http")
    page.open("@@queue-controlpanel")
    for name, (good, _bad, _message) in NUMBERS.items():
        fill(page, name, good)
    fill(page, "top_priority_tasks", "task_action_verify\ntask_b")
    save(page)
    page.reads("Changes saved")
    page.open("@@queue-controlpanel")
    for name, (good, _bad, _message) in NUMBERS.items():
        # Thousands are shown with a comma
        assert page.browser.find_element(By.ID, PREFIX + name).get_attribute(
            "value").replace(",", "") == good, name
    for name, value in former.items():
        fill(page, name, value)
    fill(page, "top_priority_tasks", "task_action_submit")
    save(page)
    page.reads("Changes saved")


def test_connection_is_tested(settings, cluster):
    page = settings
    page.press("#queue-test-connection input[type=submit]")
    page.reads("The queue server answers, and accepts our key.")
    page.reads("It is the queue of this site (/senaite).")
    page.reads("The clocks agree.")
    assert not page.all("#queue-connection-report .alert-danger")
    page.reads(cluster.consumer.url.split("/")[2].split(":")[1])
    fill(page, "server", "http://127.0.0.1:1/senaite")
    save(page)
    page.reads("Changes saved")
    try:
        page.press("#queue-test-connection input[type=submit]")
        page.reads("Nothing listens at port 1 of 127.0.0.1.")
    finally:
        fill(page, "server", cluster.server.url)
        save(page)
    page.reads("Changes saved")


def test_key_is_rotated_and_never_shown(settings):
    page = settings
    before = page.wait("#queue-key-fingerprint")[0].text
    page.press("#queue-key input[name=rotate]")
    page.reads("The queue has a new key.")
    assert page.wait("#queue-key-fingerprint")[0].text != before
    page.press("#queue-test-connection input[type=submit]")
    page.reads("accepts our key")


def test_lab_manager_changes_all_but_who_is_trusted(page, cluster, pictures):
    open_as(page, MANAGER)
    # Shown, without a field, and why
    assert page.wait("#" + PREFIX + "server")[0].text == cluster.server.url
    assert not page.all("[name='form.widgets.server']")
    reason, = page.all(".queue-setting-locked")
    assert reason.text == ("Only administrators may change this, because it "
                           "decides which process is trusted.")
    assert page.has("Only administrators may make a new key.")
    assert not page.all("#queue-key [type=submit]")
    pictures("settings-lab-manager")
    former = page.wait("#" + PREFIX + "max_retries")[0].get_attribute("value")
    for value in ("7", former):
        fill(page, "max_retries", value)
        save(page)
        page.reads("Changes saved")
        page.open("@@queue-controlpanel")
        assert page.wait("#" + PREFIX + "max_retries")[0].get_attribute(
            "value") == value
    assert page.wait("#" + PREFIX + "server")[0].text == cluster.server.url


def test_administrator_changes_who_is_trusted(settings):
    assert settings.all("input[name='form.widgets.server']")
    assert settings.all("#queue-key input[name=rotate]")
    assert not settings.all(".queue-setting-locked")
    assert not settings.has("Only administrators")
