# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the browser tests do with pages, in a few words."""

from selenium.common.exceptions import StaleElementReferenceException
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

SECONDS = 60
ROWS = "tr.contentrow"

INSTEAD = """
const [name, status, always] = arguments;
const fetch = window.fetch.bind(window);
window.instead = 0;
window.fetch = function (request, options) {
  if (String(request.url || request).includes(name) &&
      (always || !window.instead)) {
    window.instead += 1;
    return Promise.resolve(new Response(
      "<html></html>",
      {status: status, headers: {"Content-Type": "text/html"}}));
  }
  return fetch(request, options);
};
"""


class Page(object):
    """A browser in front of a site, used by one person."""

    def __init__(self, browser, cluster):
        self.browser = browser
        self.cluster = cluster
        self.url = cluster.web.url

    def log_in(self, user):
        """Log in; who was logged in before is not any more."""
        self.browser.get(self.url + "/login")
        self.browser.delete_all_cookies()
        self.browser.execute_script("sessionStorage.clear()")
        self.browser.get(self.url + "/login")
        self.browser.find_element(By.NAME, "__ac_name").send_keys(user)
        self.browser.find_element(By.NAME, "__ac_password").send_keys(
            self.cluster.secrets[user])
        self.browser.find_element(By.NAME, "buttons.login").click()
        self.wait("body.userrole-authenticated")

    def open(self, path):
        """Open a page of the site."""
        # A change of what follows "#" alone would open nothing
        self.browser.get("about:blank")
        self.browser.get("{}/{}".format(self.url, path))

    def all(self, selector):
        """Return the elements that are there now."""
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, selector, number=1):
        """Wait for elements, and return them."""
        return self.until(
            lambda: len(self.all(selector)) >= number and self.all(selector),
            "{} x {}".format(number, selector))

    def until(self, check, what):
        """Wait until something is so, and return it."""
        def look(_browser):
            try:
                return check()
            except StaleElementReferenceException:
                return False
        try:
            return WebDriverWait(self.browser, SECONDS, 0.2).until(look)
        except TimeoutException:
            raise AssertionError("No {} on {}".format(
                what, self.browser.current_url))

    def accept(self):
        """Answer the browser's own question with yes."""
        WebDriverWait(self.browser, SECONDS).until(
            expected_conditions.alert_is_present()).accept()

    def press(self, element):
        """Click, also where a sticky toolbar covers the element.

        :param element: an element, or a selector: then it may be replaced at
            this moment, as a refresh of the page does
        """
        if hasattr(element, "click"):
            self._click(element)
        else:
            self.until(lambda: self._click(self.wait(element)[0]) or True,
                       "pressing of " + element)

    def _click(self, element):
        self.browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center'});"
            "arguments[0].click();", element)

    def answer_instead(self, name, status, always=False):
        """Let requests of the page get HTML instead of their answer; the
        number of such requests is in `window.instead`.

        :param name: part of the address
        :param status: status of the answer
        :param always: whether only the next request gets it, or all
        """
        self.browser.execute_script(INSTEAD, name, status, always)

    def has(self, text):
        """Tell whether a text is to be read on the page."""
        return text in self.browser.find_element(By.TAG_NAME, "body").text

    def reads(self, text):
        """Wait until a text is to be read on the page."""
        self.until(lambda: self.has(text), repr(text))

    # -- listings

    def rows(self):
        """Return the uids of the rows of the listing."""
        return [box.get_attribute("value") for box in self.all(
            ROWS + " input[name='uids:list']")]

    def shows(self, tasks):
        """Wait until the listing has these rows, in whatever order."""
        wanted = sorted(task["task_uid"] for task in tasks)
        try:
            self.until(lambda: sorted(self.rows()) == wanted,
                       "listing of {}".format(wanted))
        except AssertionError as error:
            raise AssertionError("{}, but {} {}".format(error, [
                row.text for row in self.all(ROWS)],
                self.browser.execute_script(
                    "return window.listings.queue_tasks.state")))

    def tab(self, name):
        """Open a tab of the listing."""
        self.press("button.nav-item#{}".format(name))
        self.wait("button.nav-item#{}.active".format(name))

    def select(self, *tasks):
        """Select the rows of tasks."""
        for task in tasks:
            self.press("input[name='uids:list'][value='{}']".format(
                task["task_uid"]))

    def do(self, action, confirm=False):
        """Press one of the buttons below the listing."""
        self.press("button#{}_transition".format(action))
        if confirm:
            self.press(".popover.confirmation .btn-outline-primary, "
                       ".popover .confirmation-buttons .btn:first-child")

    def is_clean(self):
        """Tell whether no hostile text did what it was meant to do."""
        return not self.browser.execute_script("return window.hacked")
