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

LANGUAGES = ("ca", "cs", "de", "es", "fr", "zh-cn")

#: What is known of the queue, and the beginning of what is told
WAITS = (
    (dict(unattended_seconds=400),
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
        registry["plone.available_languages"] = ["en"] + list(LANGUAGES)
        registry["plone.use_request_negotiation"] = True
        self.agent = utils.hold_agent(self, self.portal)
        self.click(self.worksheet, "submit", self.analyses)

    def speak(self, language):
        self.browser = self.logged_in_browser()
        self.browser.addHeader("Accept-Language", language)

    def text(self, url):
        return u" ".join(html.fromstring(
            self.get(url).decode("utf-8")).text_content().split())

    def test_what_work_waits_for(self):
        site, worksheet = (obj.absolute_url() for obj in (
            self.portal, self.worksheet))
        special = 0
        for language in LANGUAGES:
            self.speak(language)
            for known, message in WAITS:
                for name, value in known.items():
                    setattr(self.agent, name, value)
                told = translate(message, target_language=language)
                told = told[:told.index(u"$")].strip()
                special += told != told.encode("ascii", "replace").decode()
                if language != "cs":
                    self.assertFalse(message.startswith(told), language)
                for page in (site + "/@@queue_my_tasks",
                             worksheet + "/manage_results",
                             self.analyses[0].getRequest().absolute_url()):
                    self.assertIn(told, self.text(page), (language, page))
                answer = json.loads(self.get(
                    worksheet + "/queue_state?all=1"))
                self.assertIn(told, answer["waits"])
                self.assertIn(told, answer["progress"]["waits"])
        self.assertGreater(special, 5)

    def test_marks_of_rows(self):
        url = self.worksheet.absolute_url() + \
            "/analyses_classic_view/folderitems"
        for language in LANGUAGES:
            self.speak(language)
            rows = json.loads(self.post(
                url, json.dumps({}), "application/json"))["folderitems"]
            queued = translate(_(u"Queued"), target_language=language)
            marks = [row for row in rows if u"queued-mark" in json.dumps(row)]
            self.assertEqual(len(marks), len(self.analyses), language)
            self.assertIn(queued, u"".join(marks[0]["after"].values()))

    def test_what_a_click_has_left_out(self):
        message = _(u"${count} are queued by ${user}")
        for language in LANGUAGES:
            self.speak(language)
            click = self.click_row(
                self.worksheet, "submit", self.analyses[0].UID(),
                [analysis.UID() for analysis in self.analyses])["click"]
            told = translate(message, target_language=language)
            self.assertNotEqual(told, message)
            told = told.split(u"$")[-2].split(u"}")[-1].strip()
            self.assertTrue(told)
            self.assertIn(told, click["message"], language)
