# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What open pages ask for: one answer with one version."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import threading

import transaction
from plone.app.testing import TEST_USER_ID
from six.moves.urllib.parse import urlencode

from senaite.queue.browser import page_state
from senaite.queue.client import snapshot
from senaite.queue.client import view
from senaite.queue.model import clock
from senaite.queue.model import states
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests.integration import people
from senaite.queue.tests import utils


class PageStateTest(WorksheetTestCase):

    def setUp(self):
        super(PageStateTest, self).setUp()
        self.samples, self.analyses, self.worksheet = self.make()
        self.enter_results(self.analyses)
        utils.have_answer(self.portal)

    def ask(self, context=None, **form):
        """Return the answer to a page; None for one without content."""
        text = self.get("{}/queue_state?{}".format(
            (context or self.portal).absolute_url(), urlencode(form)))
        status = self.browser.headers["Status"]
        if status.startswith("204"):
            self.assertEqual(text, "")
            return None
        return json.loads(text)

    def ask_all(self, context=None, objects=(), jobs=()):
        return self.ask(context, all=1, jobs=",".join(jobs), uids=",".join(
            obj.UID() for obj in objects))

    def test_no_content_until_something_changes(self):
        version = self.ask()["version"]
        self.assertIsNone(self.ask(since=version))
        self.click(self.worksheet, "submit", self.analyses)
        changed = self.ask(since=version)
        self.assertEqual(list(changed), ["version"])
        self.assertNotEqual(changed["version"], version)
        # The same on all pages
        self.assertIsNone(self.ask(self.worksheet, since=changed["version"]))
        self.assertIsNone(self.ask(self.samples[0], since=changed["version"]))
        self.assertEqual(self.ask_all(self.worksheet)["version"],
                         changed["version"])
        # Also when a chunk is done, before the queue server knows
        utils.process(self.portal, self.pending()[0])
        self.assertIsNotNone(self.ask(since=changed["version"]))

    def test_version_tells_what_work_waits_for(self):
        agent = utils.hold_agent(self, self.portal)
        seen = []

        def note(**values):
            for name, value in values.items():
                setattr(agent, name, value)
            seen.append(self.ask_all()["version"])
        job = "a" * 32
        pause = {"name": "", "since": 1, "username": "jane"}
        note(line={})
        note(line={"pauses": [], "jobs": [[job, 2, 9.0]], "rest": None})
        note(line={"pauses": [], "jobs": [[job, 1, 9.0]], "rest": None})
        note(line={"pauses": [pause], "jobs": [], "rest": None})
        note(unattended_seconds=400)
        note(held={"kind": "database"})
        self.assertEqual(len(set(seen)), len(seen))
        note(unattended_seconds=500)
        self.assertEqual(seen[-1], seen[-2])

    def test_version_tells_when_the_turn_comes_as_texts_tell_it(self):
        agent = utils.hold_agent(self, self.portal)

        def look(ahead, seconds):
            agent.line = {"pauses": [], "rest": None,
                          "jobs": [["a" * 32, ahead, seconds]]}
            return self.ask_all()["version"]
        told = [look(2, seconds) for seconds in (
            None, 59.0, 61.0, 300.0, 4000.0, 8000.0)]
        self.assertEqual(len(set(told)), len(told))
        # What is told in the same words
        self.assertEqual(look(2, 1.0), told[1])
        self.assertEqual(look(2, 310.0), told[3])
        self.assertEqual(look(2, 8400.0), told[5])
        self.assertEqual(look(0, 8000.0), look(0, 1.0))

    def test_version_tells_of_jobs_that_are_found_to_be_behind_others(self):
        agent = utils.hold_agent(self, self.portal)

        def look(version, rest):
            agent.line = {"pauses": [], "jobs": [], "rest": rest,
                          "version": version, "read_at": 1.0}
            return self.ask_all()["version"]
        self.assertNotEqual(look("epoch:1", 100), look("epoch:2", 100))
        self.assertEqual(look("epoch:1", None), look("epoch:2", None))

    def test_version_tells_of_holds_and_outages(self):
        agent = utils.hold_agent(self, self.portal)

        def look(held=None, seconds=None):
            agent.held = held
            agent._trouble_since = seconds and clock.monotonic() - seconds
            return self.ask_all()["version"]
        told = [look(), look({"kind": "database"}), look(seconds=200)]
        self.assertEqual(len(set(told)), len(told))
        self.assertEqual(look(seconds=view.OUTAGE_SECONDS / 2), told[0])
        self.assertEqual(look(seconds=400), told[2])

    def test_version_tells_that_failed_work_was_done(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        agent = utils.hold_agent(self, self.portal)
        agent.state = snapshot.apply_feed(snapshot.State(), {
            "version": "epoch:1", "reset": True, "more": False,
            "tasks": [dict(task, status=states.FAILED)]})
        version = self.ask()["version"]
        self.assertEqual(self.ask_all(self.worksheet)["progress"]["failed"], 1)
        # Other work is no news
        self.samples[0].reindexObject()
        self.assertIsNone(self.ask(since=version))
        self.do("submit", self.analyses[:1])
        changed = self.ask(since=version)
        self.assertNotEqual(changed["version"], version)
        self.do("submit", self.analyses[1:])
        self.assertIsNotNone(self.ask(since=changed["version"]))
        self.assertEqual(self.ask_all(self.worksheet)["progress"]["failed"], 0)

    def test_who_knows_nothing_does_not_say_that_nothing_is_queued(self):
        """A process that has just started."""
        agent = utils.hold_agent(self, self.portal)
        self.browser.raiseHttpErrors = False

        def status(**form):
            self.get("{}/queue_state?{}".format(
                self.worksheet.absolute_url(), urlencode(form)))
            return self.browser.headers["Status"][:3]
        known, agent.state = agent.state, snapshot.State()
        started = clock.monotonic()
        for form in ({}, {"since": "x"}, {"all": 1}):
            self.assertEqual(status(**form), "503")
            self.assertEqual(self.browser.headers["Retry-After"], "5")
        self.assertLess(clock.monotonic() - started, 60)
        # Users who were logged out are told
        manager, self.browser = self.browser, self.new_browser()
        self.assertIsNone(self.ask_all()["user"])
        self.browser = manager
        # It is the queue server, or there is none
        agent.is_alone = True
        self.assertEqual(status(all=1), "200")
        agent.is_alone = False
        with utils.settings(server=""):
            self.assertEqual(status(all=1), "200")
        self.assertEqual(status(all=1), "503")
        agent.state = known
        self.assertEqual(status(all=1), "200")
        # An outage takes away nothing of what is known
        agent._trouble_since = clock.monotonic() - 200
        self.assertEqual(status(all=1), "200")

    def test_each_user_has_versions_of_their_own(self):
        version = self.ask()["version"]
        people.make(self.portal)
        self.browser = self.new_browser()
        people.log_in(self.browser, "analyst")
        self.assertIsNotNone(self.ask(since=version))
        # Users who have been logged out in the meantime are told
        self.browser = self.new_browser()
        self.assertIsNotNone(self.ask(since=version))
        self.assertIsNone(self.ask_all()["user"])

    def test_threads_agree_on_the_version(self):
        version = view.version_of(self.portal)
        found = []

        def look():
            with self.layer["portal"]._p_jar.db().transaction() as connection:
                found.append(view.version_of(
                    connection.root()["Application"][self.portal.getId()]))
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        self.assertEqual(found, [version])

    def test_nothing_is_written(self):
        transaction.commit()
        for form in ({}, {"since": "x"}, {"all": "1"}):
            self.layer["request"].form.update(form)
            page_state.PageStateView(
                self.worksheet, self.layer["request"])()
        self.assertEqual(self.portal._p_jar._registered_objects, [])

    def test_what_all_pages_show(self):
        self.click(self.worksheet, "submit", self.analyses[:3])
        rows = self.analyses + self.samples + [self.worksheet]
        answer = self.ask_all(self.worksheet, rows)
        self.assertEqual(answer["user"], TEST_USER_ID)
        self.assertEqual((answer["active"], answer["skipped"]), (1, 0))
        queued = self.analyses[:3] + self.samples[:1] + [self.worksheet]
        self.assertEqual(answer["queued"], [obj.UID() for obj in queued])
        self.assertEqual((answer["progress"]["left"],
                          answer["progress"]["total"]), (3, 3))
        self.assertEqual((answer["ended"], answer["unsettled"]), ({}, []))
        self.assertEqual(self.ask_all(self.samples[0])["progress"]["left"], 3)
        self.assertIsNone(self.ask_all()["progress"])

    def test_jobs_of_which_nobody_knows_how_they_have_ended(self):
        self.click(self.worksheet, "submit", self.analyses)
        job, = [job["uid"] for job in self.ask_all()["jobs"]]
        # Not over, neither here nor there
        answer = self.ask_all(jobs=[job])
        self.assertEqual((answer["ended"], answer["unsettled"]), ({}, []))
        self.drain()
        # Nobody has told the queue server, which cannot be reached here
        answer = self.ask_all(jobs=[job])
        self.assertEqual((answer["ended"], answer["unsettled"]), ({}, [job]))
        self.assertEqual(answer["active"], 0)
