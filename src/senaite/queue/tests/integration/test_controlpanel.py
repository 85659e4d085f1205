# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The control panel, as a person with a browser uses it."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

import requests
import transaction
from lxml import html
from plone.app.registry.browser.controlpanel import ControlPanelFormWrapper
from plone.app.testing import SITE_OWNER_NAME
from plone.app.testing import SITE_OWNER_PASSWORD
from plone.app.testing import login
from plone.registry.interfaces import IRegistry
from plone.registry.record import Record
from plone.supermodel import model
from plone.testing.zope import Browser
from plone.z3cform.layout import wrap_form
from Products.CMFPlone.interfaces import IPloneSiteRoot
from six.moves.urllib.parse import urlencode
from zExceptions import Unauthorized
from zope import schema
from zope.component import getGlobalSiteManager
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.configuration import xmlconfig
from zope.globalrequest import setRequest
from zope.interface import Interface

from senaite.queue.auth import signing_keys
from senaite.queue.browser.controlpanel import IQueueControlPanel
from senaite.queue.browser.controlpanel import QueueControlPanelForm
from senaite.queue.browser.controlpanel import QueueControlPanelView
from senaite.queue.browser.settings.settings_schema import IQueueSettings
from senaite.queue import config
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue.model.categories import PROCESSES
from senaite.queue.model.fields import to_text
from senaite.queue.model.minimums import get_minimum
from senaite.queue.model import surroundings
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.testing import QUEUE_WSGI_TESTING
from senaite.queue.tests.integration import people


class ILabSettings(IQueueControlPanel):
    """What an add-on adds to our settings."""

    model.fieldset("lab_times", label=u"Times", fields=["lab_closes_at"])

    lab_opens_at = schema.Int(title=u"Lab opens at", default=8, min=0, max=23)
    lab_closes_at = schema.Int(title=u"Lab closes at", default=18, max=23)


class LabForm(QueueControlPanelForm):

    schema = ILabSettings


LabView = wrap_form(LabForm, ControlPanelFormWrapper)

LAB_PAGE = """
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:browser="http://namespaces.zope.org/browser">
  <browser:page
      name="{name}"
      for="Products.CMFPlone.interfaces.IPloneSiteRoot"
      class="{module}.LabView"
      permission="cmf.ManagePortal"
      layer="senaite.queue.interfaces.ISenaiteQueueLayer" />
</configure>
"""


class TestControlPanel(unittest.TestCase):

    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        self.url = self.portal.absolute_url() + "/@@queue-controlpanel"
        people.make(self.portal)
        transaction.commit()
        self.browser = self.browse(SITE_OWNER_NAME)

    def browse(self, who):
        browser = Browser(self.layer["app"])
        browser.handleErrors = False
        if who == SITE_OWNER_NAME:
            people.log_in(browser, who, SITE_OWNER_PASSWORD)
        elif who:
            people.log_in(browser, who)
        return browser

    def control(self, name):
        return self.browser.getControl(name="form.widgets." + name)

    def save(self, **values):
        """Open the form, fill some fields in, save; return the page."""
        self.browser.open(self.url)
        for name, value in values.items():
            self.control(name).value = value
        self.browser.getControl(name="form.buttons.save").click()
        transaction.begin()
        return self.browser.contents

    def setting(self, name):
        return surroundings.get().get_setting(name)

    def assertRefused(self, message, **values):
        before = dict((name, self.setting(name))
                      for name in surroundings.DEFAULTS)
        page = self.save(**values)
        self.assertNotIn("Changes saved", page)
        self.assertIn(message, page)
        for name, value in before.items():
            self.assertEqual(value, self.setting(name), name)

    def test_schema_has_all_settings_with_their_defaults(self):
        self.assertEqual(sorted(surroundings.DEFAULTS),
                         sorted(name for name in IQueueSettings
                                if name != "items_fit_into_task"))
        for name, value in surroundings.DEFAULTS.items():
            self.assertEqual(value, IQueueSettings[name].default, name)
            self.assertIs(type(value), type(self.setting(name)), name)

    def test_page_shows_default_and_bounds(self):
        self.browser.open(self.url)
        for name, setting in config.SETTINGS.items():
            field = IQueueSettings[name]
            if setting.kind == config.INTEGER:
                self.assertEqual((field.min, field.max),
                                 (setting.low, setting.high))
            if setting.fallback:
                wanted = "Leave it empty to use '{}'. Allowed: {} to {}." \
                    .format(config.SETTINGS[setting.fallback].title,
                            setting.low, setting.high)
            elif setting.kind == config.INTEGER:
                wanted = "Default: {}. Allowed: {} to {}.".format(
                    setting.default, setting.low, setting.high)
            elif setting.kind == config.BOOLEAN:
                wanted = "Default: {}".format(
                    "on" if setting.default else "off")
            elif setting.kind == config.URL:
                wanted = "Default: {}".format(setting.default)
            else:
                continue
            self.assertIn(wanted, self.facts(name), name)

    def test_page_shows_title_description_and_consequence(self):
        self.browser.open(self.url)
        page = html.fromstring(self.browser.contents.decode("utf-8"))
        shown = " ".join(page.text_content().split())
        for name, setting in config.SETTINGS.items():
            self.assertIn(setting.title, shown)
            self.assertIn(setting.description, shown)
            if setting.consequence:
                self.assertIn(setting.consequence, self.facts(name))

    def test_every_setting_is_in_a_named_group(self):
        self.browser.open(self.url)
        page = html.fromstring(self.browser.contents)
        found = [
            (group.find("legend").text,
             [element.get("id") for element in group.xpath(".//p[@id]")])
            for group in page.xpath("//fieldset[contains(@class, "
                                    "'queue-settings-group')]")]
        self.assertEqual(found, [
            (title, ["form-widgets-{}-facts".format(setting.name)
                     for setting in settings])
            for title, settings in config.GROUPS])

    def facts(self, name):
        """Return what the page says below the field of a setting."""
        page = html.fromstring(self.browser.contents)
        element = page.get_element_by_id(
            "form-widgets-{}-facts".format(name))
        return " ".join(element.text_content().split())

    def test_site_that_is_older_than_a_setting(self):
        records = getUtility(IRegistry).records
        for name in ("speedups", "max_items"):
            del records["senaite.queue." + name]
        transaction.commit()
        self.assertEqual(True, self.setting("speedups"))
        self.browser.open(self.url)
        self.assertEqual("40", self.control("max_items").value)
        self.assertIn("Changes saved", self.save(default="7"))
        self.assertEqual(7, self.setting("default"))
        self.assertEqual(40, records["senaite.queue.max_items"].value)
        self.assertEqual(True, records["senaite.queue.speedups"].value)

    def test_save(self):
        page = self.save(
            server="http://localhost:8090/plone", default="7",
            top_priority_tasks="task_b\ntask_a", retention_days="30")
        self.assertIn("Changes saved", page)
        self.assertEqual("http://localhost:8090/plone",
                         self.setting("server"))
        self.assertEqual(7, self.setting("default"))
        self.assertEqual(("task_b", "task_a"),
                         self.setting("top_priority_tasks"))
        self.assertEqual(30, self.setting("retention_days"))

    def test_minimum_of_a_process_is_saved_and_emptied(self):
        """Lab managers may do it: it decides about work, not about trust."""
        self.browser = self.browse("lab_manager")
        page = self.save(min_items="6", min_items_verify="2")
        self.assertIn("Changes saved", page)
        self.assertEqual(6, self.setting("min_items"))
        self.assertEqual(2, self.setting("min_items_verify"))
        self.assertIsNone(self.setting("min_items_submit"))
        self.assertEqual(2, get_minimum("verify"))
        self.assertEqual(6, get_minimum("submit"))
        self.assertIn("Changes saved", self.save(min_items_verify=""))
        self.assertIsNone(self.setting("min_items_verify"))
        self.assertEqual(6, get_minimum("verify"))

    def test_wrong_minimum_of_a_process_is_named(self):
        for value in ("0", "501"):
            self.assertRefused(
                "'Minimum for verifying results' must be from 1 to 500, not "
                + value, min_items_verify=value)

    def test_speedups_are_switched_on_and_off(self):
        self.browser.open(self.url)
        self.assertTrue(self.control("speedups:list").value)
        for expected in (False, True):
            self.browser.open(self.url)
            self.control("speedups:list").value = \
                ["selected"] if expected else []
            self.browser.getControl(name="form.buttons.save").click()
            transaction.begin()
            self.assertIs(self.setting("speedups"), expected)

    def test_empty_server_and_priorities_are_allowed(self):
        self.assertIn("Changes saved",
                      self.save(server="", top_priority_tasks=""))
        self.assertEqual("", self.setting("server"))
        self.assertEqual((), tuple(self.setting("top_priority_tasks")))

    def test_extended_by_another_add_on(self):
        self.check_extended("lab-queue-controlpanel")

    def test_replaced_by_another_add_on(self):
        """As with a page of the same name in its overrides."""
        manager = getGlobalSiteManager()
        key = ((IPloneSiteRoot, ISenaiteQueueLayer), Interface,
               "queue-controlpanel")
        ours = manager.adapters.lookup(*key)
        self.assertTrue(issubclass(ours, QueueControlPanelView))

        def put_back():
            setSite(None)
            manager.registerAdapter(ours, *key)
        self.addCleanup(put_back)
        self.check_extended("queue-controlpanel")

    def check_extended(self, name):
        # With a site set, the page would be registered in its database
        setSite(None)
        xmlconfig.string(LAB_PAGE.format(name=name, module=__name__),
                         context=self.layer["configurationContext"])
        setSite(self.portal)
        registry = getUtility(IRegistry)
        registry.registerInterface(ILabSettings, prefix="senaite.queue")
        transaction.commit()
        self.browser = self.browse(SITE_OWNER_NAME)
        self.url = self.portal.absolute_url() + "/@@" + name
        page = self.save(lab_opens_at="6", default="7")
        self.assertIn("Changes saved", page)
        self.assertIn("Lab opens at", page)
        groups = html.fromstring(page).xpath(
            "//fieldset[contains(@class, 'queue-settings-group')]")
        self.assertEqual([group.find("legend").text for group in groups[-2:]],
                         ["Settings of other add-ons", "Times"])
        self.assertEqual(18, registry["senaite.queue.lab_closes_at"])
        self.assertIn("Changes saved", self.save(lab_closes_at="17"))
        self.assertEqual(17, registry["senaite.queue.lab_closes_at"])
        self.assertEqual(6, registry["senaite.queue.lab_opens_at"])
        self.assertEqual(6, registry["senaite.queue.lab_opens_at"])
        self.assertEqual(7, self.setting("default"))
        self.browser.open(self.url)
        self.assertEqual("6", self.control("lab_opens_at").value)
        self.assertNotIn("Changes saved", self.save(lab_opens_at="24"))
        self.assertEqual(6, registry["senaite.queue.lab_opens_at"])

    def test_processes_are_switched_on_and_off(self):
        self.browser.open(self.url)
        self.assertIn("Applying worksheet templates", self.browser.contents)
        chosen = self.control("queued_processes:list")
        self.assertEqual(list(PROCESSES), chosen.value)
        chosen.value = ["assign", "other"]
        self.browser.getControl(name="form.buttons.save").click()
        transaction.begin()
        self.assertEqual(("assign", "other"),
                         self.setting("queued_processes"))
        self.browser.open(self.url)
        chosen = self.control("queued_processes:list")
        self.assertEqual(["assign", "other"], chosen.value)
        chosen.value = []
        self.browser.getControl(name="form.buttons.save").click()
        transaction.begin()
        self.assertEqual((), self.setting("queued_processes"))

    def test_server_must_be_the_url_of_a_site(self):
        for value, message in (
                ("localhost:8080/plone", "must begin with http"),
                ("ftp://localhost/plone", "must begin with http"),
                ("http:///plone", "must name a host"),
                ("http://localhost:99999/plone", "port"),
                ("http://localhost:x/plone", "port"),
                ("http://localhost:/plone", "port"),
                ("http://localhost:0/plone", "port"),
                ("http://localhost:8080", "must contain the path of the site"),
                ("http://localhost:8080/", "must contain the path of the site"),
                ("http://admin:secret@localhost/plone", "login"),
                ("http://localhost/plone?x=1", "end with the path"),
                ("http://localhost/plone#x", "end with the path"),
                ("http://localhost/pl one", "must not contain blanks"),
                ("http://local host/plone", "must not contain blanks"),
                (u"http://l\xf6calhost/plone".encode("utf-8"), "ASCII")):
            self.assertRefused(message, server=value)

    def test_numbers_have_bounds_that_are_named(self):
        for name in sorted(config.SETTINGS):
            field = IQueueSettings[name]
            if not hasattr(field, "min") or field.min is None:
                continue
            for value in (field.min - 1, field.max + 1):
                self.assertRefused(
                    "'{}' must be from {} to {}, not {}".format(
                        field.title, field.min, field.max, value),
                    **{name: str(value)})

    def test_numbers_are_numbers(self):
        self.assertRefused("integer", default="many")
        self.assertRefused("Required input is missing", default="")

    def test_priorities_are_names(self):
        self.assertRefused("Not the name of a task: 'no name'",
                           top_priority_tasks="task_a\nno name")
        self.assertRefused("Listed twice: 'task_a'",
                           top_priority_tasks="task_a\ntask_a")
        self.assertRefused(
            "Not the name of a task: 't\xc3\xa4sk'",
            top_priority_tasks=u"t\xe4sk".encode("utf-8"))

    def test_what_is_typed_is_escaped(self):
        evil = "</textarea></div><script>alert(1)</script>"
        page = self.save(top_priority_tasks=evil)
        self.assertIn("Not the name of a task", page)
        self.assertNotIn(evil, page)
        self.assertEqual(evil, self.control("top_priority_tasks").value)

    def test_a_link_cannot_carry_a_script(self):
        evil = "</textarea>\"><script>alert(1)</script>"
        for name in surroundings.DEFAULTS:
            self.browser.open(self.url + "?" + urlencode(
                {"form.widgets." + name: evil}))
            self.assertNotIn("<script>alert", self.browser.contents, name)

    def test_blank_lines_do_not_matter(self):
        self.assertIn("Changes saved", self.save(
            top_priority_tasks="\n task_b \r\n\r\ntask_a\n\n"))
        self.assertEqual(("task_b", "task_a"),
                         self.setting("top_priority_tasks"))

    def test_largest_selection_fits_into_largest_task(self):
        self.assertRefused("do not fit into the 10240 bytes",
                           max_payload_bytes="10240")

    def test_who_may_change_settings(self):
        for who in (None, "client_contact", "analyst", "consumer"):
            browser = self.browse(who)
            for name in ("@@queue-controlpanel", "@@queue-rotate-key"):
                with self.assertRaises(Unauthorized):
                    browser.open(self.portal.absolute_url() + "/" + name)

    def test_settings_cannot_be_changed_from_elsewhere(self):
        with self.assertRaises(Exception) as caught:
            self.browser.post(
                self.url, "form.widgets.default=0&form.buttons.save=Save")
        self.assertIn("orbidden", repr(caught.exception))
        transaction.begin()
        self.assertEqual(10, self.setting("default"))

    def test_rotate_key(self):
        key = signing_keys.get_key(self.portal)
        self.browser.open(self.url)
        self.assertNotIn(key, self.browser.contents)
        fingerprint = self.fingerprint()
        self.browser.getControl(name="rotate").click()
        transaction.begin()
        self.assertIn("The queue has a new key", self.browser.contents)
        new = signing_keys.get_key(self.portal)
        self.assertNotEqual(key, new)
        self.assertEqual([new, key], signing_keys.get_keys(self.portal))
        self.assertNotIn(new, self.browser.contents)
        self.assertNotEqual(fingerprint, self.fingerprint())

    def fingerprint(self):
        start = self.browser.contents.index("queue-key-fingerprint")
        return self.browser.contents[start:start + 40]

    def test_rotate_key_that_leaked(self):
        key = signing_keys.get_key(self.portal)
        self.browser.open(self.url)
        self.browser.getControl(name="leaked").value = ["1"]
        self.browser.getControl(name="rotate").click()
        transaction.begin()
        self.assertNotIn(key, signing_keys.get_keys(self.portal))

    def test_rotate_key_only_from_the_page(self):
        key = signing_keys.get_key(self.portal)
        url = self.portal.absolute_url() + "/@@queue-rotate-key"
        for attempt in (lambda: self.browser.open(url),
                        lambda: self.browser.post(url, "rotate=1")):
            with self.assertRaises(Exception) as caught:
                attempt()
            self.assertIn("orbidden", repr(caught.exception))
        transaction.begin()
        self.assertEqual(key, signing_keys.get_key(self.portal))

    def test_lab_managers_do_not_decide_who_is_trusted(self):
        # Not the default, which may be written by anybody
        before = "http://queue.example:8090/senaite"
        self.assertIn("Changes saved", self.save(server=before))
        self.browser = self.browse("lab_manager")
        page = self.save(default="8")
        self.assertIn("Changes saved", page)
        self.assertEqual(8, self.setting("default"))
        self.assertEqual(before, self.setting("server"))
        self.browser.open(self.url)
        self.assertIn(before, self.browser.contents)
        self.assertIn("Only administrators may change this",
                      self.browser.contents)
        self.assertIn("Only administrators may make a new key",
                      self.browser.contents)
        for name in ("form.widgets.server", "rotate"):
            with self.assertRaises(LookupError):
                self.browser.getControl(name=name)

    def test_lab_managers_cannot_send_the_address_either(self):
        """What the page does not offer is not accepted."""
        before = self.setting("server")
        self.browser = self.browse("lab_manager")
        self.browser.open(self.url)
        form = [form for form in html.fromstring(self.browser.contents).forms
                if "form.widgets.default" in form.fields][0]
        fields = [(name, value.encode("utf-8"))
                  for name, value in form.form_values()
                  if name != "form.widgets.default"]
        fields += [("form.widgets.server", "http://evil.example:1/senaite"),
                   ("form.widgets.default", "9"),
                   ("form.buttons.save", "Save")]
        self.browser.post(self.url, urlencode(fields))
        transaction.begin()
        self.assertEqual(before, self.setting("server"))
        self.assertEqual(9, self.setting("default"))

    def test_registry_is_no_way_around(self):
        before = self.setting("server")
        self.browser = self.browse("lab_manager")
        url = self.portal.absolute_url()
        for path in ("/portal_registry",
                     "/portal_registry/edit/senaite.queue.server"):
            with self.assertRaises(Exception) as caught:
                self.browser.open(url + path)
            self.assertIn("nauthorized", repr(caught.exception))
        request = self.layer["request"]
        request.set("PUBLISHED", object())
        setRequest(request)
        self.addCleanup(request.other.pop, "PUBLISHED", None)
        registry = getUtility(IRegistry)
        login(self.portal, "lab_manager")
        with self.assertRaises(Unauthorized):
            registry["senaite.queue.server"] = u"http://evil.example:1/x"
        # a record that takes the place of the former one, or none at all
        record = registry.records["senaite.queue.server"]
        with self.assertRaises(Unauthorized):
            registry.records["senaite.queue.server"] = Record(
                record.field, u"http://evil.example:1/x")
        with self.assertRaises(Unauthorized):
            del registry.records["senaite.queue.server"]
        transaction.abort()
        registry["senaite.queue.server"] = before and to_text(before)
        registry["senaite.queue.default"] = 3
        transaction.abort()
        login(self.portal.aq_parent, SITE_OWNER_NAME)
        registry["senaite.queue.server"] = u"http://good.example:1/x"
        transaction.abort()

    def test_lab_managers_do_not_rotate_the_key(self):
        key = signing_keys.get_key(self.portal)
        self.browser = self.browse("lab_manager")
        with self.assertRaises(Exception) as caught:
            self.browser.post(
                self.portal.absolute_url() + "/@@queue-rotate-key", "rotate=1")
        self.assertIn("nauthorized", repr(caught.exception))
        transaction.begin()
        self.assertEqual(key, signing_keys.get_key(self.portal))

    def test_control_panel_lists_both_pages(self):
        page = self.browse(SITE_OWNER_NAME)
        page.open(self.portal.absolute_url() + "/@@overview-controlpanel")
        for name in ("@@queue-controlpanel", "@@queue_tasks"):
            self.assertIn(name, page.contents)


class TestSecrets(unittest.TestCase):
    """The registry is open to anybody through the JSON API."""

    layer = QUEUE_WSGI_TESTING

    def test_key_is_not_in_the_registry(self):
        key = signing_keys.get_key(self.layer["portal"])
        registry = getUtility(IRegistry)
        for name in registry.records.keys():
            self.assertNotIn("auth_key", name)
            self.assertNotIn(key, repr(registry.get(name)), name)

    def test_key_is_not_in_what_the_api_tells(self):
        key = signing_keys.get_key(self.layer["portal"])
        url = self.layer.get_url() + "/@@API/senaite/v1/"
        seen = ""
        for route in ("registry/senaite.queue", "registry/queue",
                      "settings", "users", "plone/site", "properties"):
            answer = requests.get(
                url + route, timeout=60,
                auth=(SITE_OWNER_NAME, SITE_OWNER_PASSWORD))
            self.assertNotIn(key, answer.text, route)
            seen += answer.text
        # the settings are there, so this was no idle question
        self.assertIn("senaite.queue.server", seen)
