# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A cluster, and a headless Chromium in front of it."""

import base64
import contextlib
import os
import shutil

import pytest
from harness import paths
from harness import reports
from harness.cluster import Cluster
from harness.reports import pytest_runtest_makereport  # noqa: F401
from harness.seeds import Seeds
from harness.seeds import held
from pages import Page
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.common.exceptions import UnexpectedAlertPresentException
from selenium.webdriver.chrome.service import Service

#: Width and height
WINDOW = (1400, 1500)
SCREENSHOTS = os.path.join(paths.VAR, "screenshots")

#: Width of the page, and where the last element of a selector ends; at the top
#: of the page, where its bar belongs
EXTENT = """
window.scrollTo(0, 0);
const found = Array.from(document.querySelectorAll(arguments[0]));
const last = found[found.length - 1].getBoundingClientRect();
return [document.documentElement.clientWidth, last.bottom + window.scrollY];
"""
#: Pixels below that element
MARGIN = 20


def find(*names):
    """Return the path of the first of these programs that is installed."""
    return next(filter(None, map(shutil.which, names)), None)


CHROMIUM = find("chromium", "chromium-browser", "google-chrome")
DRIVER = find("chromedriver", "chromium.chromedriver")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "long: takes minutes, and has a make target of its own")


def pytest_collection_modifyitems(items):
    if CHROMIUM and DRIVER:
        return
    missing = pytest.mark.skip(
        reason="no Chromium here: apt-get install chromium chromium-driver")
    for item in items:
        item.add_marker(missing)


@pytest.fixture(scope="session")
def cluster():
    with Cluster(packages=["queuetest"], settings={"min_items": 1}) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def watched(request, cluster):
    reports.watch(request.node, cluster)


@pytest.fixture(scope="session")
def running_browser():
    """One Chromium for all tests: it takes seconds to start."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--lang=en",
                     "--window-size={},{}".format(*WINDOW)):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def browser(running_browser, cluster):
    """A window that nobody has used: no cookies, no storage, no cache, and
    nothing left of the windows and dialogs of the test before."""
    driver = running_browser
    former = driver.window_handles
    driver.switch_to.new_window("window")
    fresh = driver.current_window_handle
    for handle in former:
        driver.switch_to.window(handle)
        _close(driver)
    driver.switch_to.window(fresh)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    for node in cluster.zopes:
        driver.execute_cdp_cmd("Storage.clearDataForOrigin", {
            "origin": node.url.rpartition("/")[0], "storageTypes": "all"})
    driver.set_window_size(*WINDOW)
    return driver


def _close(driver):
    """Close the current window, and a dialog that may hold it open."""
    try:
        driver.close()
    except UnexpectedAlertPresentException:
        with contextlib.suppress(NoAlertPresentException):
            driver.switch_to.alert.dismiss()
        driver.close()


@pytest.fixture
def screenshot(browser):
    """Keep what the browser shows, in var/screenshots."""
    os.makedirs(SCREENSHOTS, exist_ok=True)

    def take(name, until=None):
        """Take a picture of the window, or of its part down to the last
        element that the selector `until` finds."""
        path = os.path.join(SCREENSHOTS, name + ".png")
        if until is None:
            browser.save_screenshot(path)
            return
        width, bottom = browser.execute_script(EXTENT, until)
        picture = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": {
            "x": 0, "y": 0, "width": width, "height": bottom + MARGIN,
            "scale": 1}})
        with open(path, "wb") as target:
            target.write(base64.b64decode(picture["data"]))
    return take


@pytest.fixture
def page(browser, cluster):
    """A browser in front of the web client."""
    return Page(browser, cluster)


@pytest.fixture
def seeds(cluster):
    """Tasks in the store, while the consumers are held."""
    with held(cluster.consumers):
        seeds = Seeds(cluster)
        seeds.clear()
        yield seeds
        seeds.clear()


@pytest.fixture
def pictures(browser, screenshot):
    """Take a picture at the widths of a desktop and of a phone."""
    def take(name):
        for width in (1280, 400):
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": 1400, "deviceScaleFactor": 1,
                # As a phone, the browser would show wide pages smaller
                "mobile": False})
            screenshot("{}-{}".format(name, width))
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return take
