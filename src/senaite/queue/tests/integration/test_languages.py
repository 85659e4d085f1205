# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Pages work in all languages, whatever work waits for: most of them have
letters that ASCII lacks.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from lxml import html
from plone.registry.interfaces import IRegistry
from zope.component import getUtility
from zope.i18n import translate

from senaite.queue import messageFactory as _
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils

#: Languages as browsers ask for them, and their catalogs
LANGUAGES = {"ca": "ca", "cs": "cs", "de": "de", "es": "es", "fr": "fr",
             "zh-cn": "zh_CN"}

#: What is known of the queue, and the beginning of what is told
WAITS = (
    (dict(unattended_seconds=400,
          line={"pauses": [], "jobs": [], "rest": None}),
     _(u"No consumer is running: nothing has been started since ${time}.")),
    (dict(unattended_seconds=0, line={
        "pauses": [{"name": "", "since": 1.0, "username": "jane"}],
        "jobs": [], "rest": None}),
     _(u"The whole queue has been paused by ${user} since ${time}: no new "
       u"tasks are started.")),
    (dict(line={"pauses": [{"name": "task_action_submit", "since": 1.0,
                            "username": "jane"}], "jobs": [], "rest": None}),
     _(u"Work of this kind has been paused by ${user} since ${time}.")),
)


class TestLanguages(WorksheetTestCase):

    def setUp(self):
        super(TestLanguages, self).setUp()
        _samples, self.analyses, self.worksheet = self.make()
        self.enter_results(self.analyses)
        registry = getUtility(IRegistry)
        registry["plone.available_languages"] = ["en"] + sorted(LANGUAGES)
        registry["plone.use_request_negotiation"] = True
        self.agent = utils.hold_agent(self, self.portal)
        self.click(self.worksheet, "submit", self.analyses)

    def speak(self, language):
        self.browser = self.logged_in_browser()
        self.browser.addHeader("Accept-Language", language)

    def say(self, message, language):
        """Return what the catalog of a language has for a message."""
        found = translate(message, target_language=LANGUAGES[language])
        self.assertNotEqual(found, message, language)
        return found

    def text(self, url):
        return u" ".join(html.fromstring(
            self.get(url).decode("utf-8")).text_content().split())

    def test_what_work_waits_for(self):
        site, worksheet = (obj.absolute_url() for obj in (
            self.portal, self.worksheet))
        special = 0
        for language in sorted(LANGUAGES):
            self.speak(language)
            for known, message in WAITS:
                for name, value in known.items():
                    setattr(self.agent, name, value)
                told = self.say(message, language)
                told = u" ".join(told[:told.index(u"$")].split())
                special += told != told.encode("ascii", "replace").decode()
                # Without a queue server, this one tells that
                self.text(site + "/@@queue_my_tasks")
                for page in (worksheet + "/manage_results",
                             self.analyses[0].getRequest().absolute_url()):
                    text = self.text(page)
                    self.assertIn(told, text, u"{}: {}".format(page, text))
                answer = json.loads(self.get(
                    worksheet + "/queue_state?all=1"))
                self.assertIn(told, answer["waits"])
                self.assertIn(told, answer["progress"]["waits"])
        self.assertGreater(special, 5)

    def test_marks_of_rows(self):
        url = self.worksheet.absolute_url() + \
            "/analyses_classic_view/folderitems"
        for language in sorted(LANGUAGES):
            self.speak(language)
            rows = json.loads(self.post(
                url, json.dumps({}), "application/json"))["folderitems"]
            queued = self.say(_(u"Queued"), language)
            marks = [row for row in rows if u"queued-mark" in json.dumps(row)]
            self.assertEqual(len(marks), len(self.analyses), language)
            self.assertIn(queued, u"".join(marks[0]["after"].values()))

    def test_what_a_click_has_left_out(self):
        message = _(u"${count} are queued by ${user}")
        for language in sorted(LANGUAGES):
            self.speak(language)
            click = self.click_row(
                self.worksheet, "submit", self.analyses[0].UID(),
                [analysis.UID() for analysis in self.analyses])["click"]
            told = self.say(message, language)
            told = told.split(u"$")[-2].split(u"}")[-1].strip()
            self.assertTrue(told)
            self.assertIn(told, click["message"], language)
