# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The queue on the pages of worksheets and samples: which users see what."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import os

from plone.app.testing import TEST_USER_ID

from senaite.queue.client import agent as agents
from senaite.queue.client import snapshot
from senaite.queue import config
from senaite.queue.errors import KeyNotProved
from senaite.queue.errors import ServerRefused
from senaite.queue.client import view
from senaite.queue.integration import notices
from senaite.queue.integration import progress
from senaite.queue.model import clock
from senaite.queue.model import restores
from senaite.queue.model import states
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests.integration import people
from senaite.queue.tests import utils

HIDDEN = 'hidden="hidden"'


class ResultsTestCase(WorksheetTestCase):
    """Tests pages of analyses that have results, but are not submitted."""

    def setUp(self):
        super(ResultsTestCase, self).setUp()
        self.samples, self.analyses, self.worksheet = self.make()
        self.enter_results(self.analyses)

    def know(self, *tasks, **values):
        """Add tasks to this process' view, as received from the queue server."""
        agent = agents.get_agent(self.portal)
        agent.state = snapshot.apply_feed(snapshot.State(), {
            "version": "epoch:1", "reset": True, "more": False,
            "tasks": [dict(task, **values) for task in tasks]})
        return agent


class ViewletsTest(ResultsTestCase):

    def figures(self, obj):
        return json.loads(self.get(obj.absolute_url() + "/queue_progress"))

    def box(self, page, name):
        """Return the start tag of a box of the viewlet."""
        before, after = page.split('class="{} '.format(name), 1)
        return before.rsplit("<", 1)[1] + after.split(">", 1)[0]

    def test_worksheet_and_sample(self):
        started = clock.now()
        self.click(self.worksheet, "submit", self.analyses)
        found = progress.get_progress(self.worksheet)
        self.assertEqual((found["left"], found["total"]), (6, 6))
        self.assertEqual(found["users"], [TEST_USER_ID])
        self.assertGreaterEqual(found["since"], int(started))
        self.assertLessEqual(found["since"], clock.now())
        # A sample counts its own analyses only
        for sample in self.samples:
            self.assertEqual(self.figures(sample)["left"], 3)

        utils.process(self.portal, self.pending()[0])
        half = progress.get_progress(self.worksheet)
        self.assertEqual((half["left"], half["total"]), (3, 6))
        # Since the click, not since the last chunk
        self.assertEqual(half["since"], found["since"])
        # The form channel has its own order
        self.samples.sort(key=lambda sample: self.figures(sample)["left"])
        self.assertEqual([self.figures(sample)["left"]
                          for sample in self.samples], [0, 3])
        for obj, hidden in ((self.worksheet, False), (self.samples[0], True),
                            (self.samples[1], False)):
            page = self.get(obj.absolute_url() + "/view" if obj in
                            self.samples else
                            obj.absolute_url() + "/manage_results")
            box = self.box(page, "queue-progress")
            self.assertEqual(HIDDEN in box, hidden, obj)
            self.assertIn(HIDDEN, self.box(page, "queue-failed"))
            self.assertEqual("Started by" in page.split(
                "queue-progress-who")[1].split("</div>")[0], not hidden)
            # Of a sample, nobody knows what was skipped
            known = obj is self.worksheet
            for text in ('role="progressbar"', "Processed in the background",
                         "queue-progress-done"):
                self.assertEqual(text in page, known, (text, obj))
            self.assertEqual("Analyses still to be processed" in page,
                             not known)
        self.drain()
        self.assertEqual(self.figures(self.worksheet)["left"], 0)

    def test_clients_do_not_see_user_names(self):
        people.make(self.portal)
        self.click(self.worksheet, "submit", self.analyses)
        self.browser = self.new_browser()
        people.log_in(self.browser, "client_contact")
        figures = self.figures(self.samples[0])
        self.assertEqual(figures["left"], 3)
        self.assertEqual(figures["who"], "")

    def test_what_the_work_waits_for(self):
        people.make(self.portal)
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        agent = self.know(task, version="epoch:1", visible_at=8.0)
        self.assertEqual(self.figures(self.worksheet)["waits"], "")
        browsers = {"": self.browser}
        self.browser = browsers["client_contact"] = self.new_browser()
        people.log_in(self.browser, "client_contact")
        paused = {"name": "", "since": clock.now(), "username": "lab_manager"}
        for line, text in (
                ({"jobs": [[task.job_uid, 3, None]]}, "Jobs ahead: 3."),
                ({"jobs": [[task.job_uid, 3, 20.0]]}, "Jobs ahead: 3. Its "
                 "turn is in less than a minute."),
                ({"jobs": [[task.job_uid, 3, 200.0]]}, "Jobs ahead: 3. Its "
                 "turn is in about 3 min."),
                ({"jobs": [[task.job_uid, 3, 8000.0]]}, "Jobs ahead: 3. Its "
                 "turn is in about 2 h."),
                ({"jobs": [[task.job_uid, 0, 0.0]]}, "Next in line."),
                ({"jobs": [["f" * 32, 3, None]], "rest": 100, "read_at": 9.0,
                  "version": "epoch:1", "under_way": []},
                 "Jobs ahead: 100 or more."),
                ({"jobs": [["f" * 32, 3, None]], "rest": 100, "read_at": 7.0,
                  "version": "epoch:1", "under_way": []}, ""),
                ({"jobs": [["f" * 32, 3, None]], "rest": None}, ""),
                ({"pauses": [dict(paused, name="task_action_verify")],
                  "jobs": [[task.job_uid, 1, None]]}, "Jobs ahead: 1."),
                ({"pauses": [dict(paused, name=task.name)]},
                 "Work of this kind has been paused by "),
                ({"pauses": [paused]},
                 "The whole queue has been paused by ")):
            agent.line = line
            for user, self.browser in browsers.items():
                told = self.figures(self.samples[0])["waits"]
                if text.endswith("by "):
                    self.assertTrue(told.startswith(text), told)
                    self.assertEqual("the laboratory" in told, bool(user))
                    self.assertNotIn("lab_manager", told if user else "")
                else:
                    self.assertEqual(told, text)
        page = self.get(self.samples[0].absolute_url() + "/view")
        self.assertIn("The whole queue has been paused by", page.split(
            "queue-progress-waits")[1].split("</div>")[0])
        # What runs waits for nothing
        self.know(task, status=states.RUNNING)
        self.assertEqual(self.figures(self.samples[0])["waits"], "")

    def test_failed(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        self.know(dict(task, status=states.FAILED))
        for obj in (self.worksheet, self.samples[0]):
            found = self.figures(obj)
            self.assertEqual((found["failed"], found["left"]), (1, 0))
        page = self.get(self.worksheet.absolute_url() + "/manage_results")
        self.assertNotIn(HIDDEN, self.box(page, "queue-failed"))
        self.assertIn("@@queue_tasks", page)
        # It is not queued: users can try again
        self.click(self.worksheet, "submit", self.analyses)
        self.assertEqual(len(self.pending()), 2)

        people.make(self.portal)
        self.browser = self.new_browser()
        people.log_in(self.browser, "client_contact")
        page = self.get(self.samples[0].absolute_url() + "/view")
        self.assertNotIn(HIDDEN, self.box(page, "queue-failed"))
        self.assertNotIn("@@queue_tasks", page)

    def test_marks(self):
        self.click(self.worksheet, "submit", self.analyses[:3])
        uids = [self.samples[0].UID(), self.samples[1].UID(),
                self.analyses[0].UID(), self.worksheet.UID(), "x", ""]
        answer = self.marks(uids)
        queued = [uids[0], uids[2], uids[3]]
        self.assertEqual(answer["queued"], queued)
        self.assertEqual(
            answer["marks"], [uid + ":queued" for uid in queued])
        self.assertEqual(self.marks([]), {"queued": [], "marks": []})

    def marks(self, uids):
        return json.loads(self.get("{}/queue_marks?uids={}".format(
            self.portal.absolute_url(), ",".join(uids))))

    def rows(self, url):
        """Return the rows of a listing by uid."""
        answer = json.loads(self.post(
            url + "/folderitems", json.dumps({}), "application/json"))
        return dict((row["uid"], row) for row in answer["folderitems"])

    def test_rows_tell_what_they_wait_for(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        agent = self.know(task, version="epoch:1", visible_at=8.0)
        paused = {"name": "", "since": clock.now(), "username": "lab_manager"}
        listings = (
            (self.portal.samples.absolute_url() + "/view", "getId",
             self.samples[0].UID()),
            (self.worksheet.absolute_url() + "/analyses_classic_view",
             "Service", self.analyses[0].UID()))
        for url, first, uid in listings:
            for pauses, kind, text, title in (
                    ([], "queued", "Queued",
                     "Queued: will be processed in the background"),
                    ([paused], "paused", "Queued, paused",
                     "The whole queue has been paused by lab_manager"),
                    ([dict(paused, name=task.name)], "paused",
                     "Queued, paused", "Work of this kind has been paused"),
                    ([dict(paused, name="task_x")], "queued", "Queued",
                     "Queued: ")):
                agent.line = {"pauses": pauses}
                row = self.rows(url)[uid]
                self.assertTrue(row["disabled"])
                # On a phone, only the first columns are in sight
                for column, css in (("state_title", "queued-mark"),
                                    (first, "queue-mark-small")):
                    mark = row["after"][column]
                    self.assertIn(css, mark)
                    self.assertIn("</i> {}</span>".format(text), mark)
                    self.assertIn('title="' + title, mark)
                self.assertEqual(
                    self.marks([uid]),
                    {"queued": [uid], "marks": [uid + ":" + kind]})

    def test_rows_of_failed_jobs(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        self.know(dict(task, status=states.FAILED))
        for url, uid in (
                (self.portal.samples.absolute_url() + "/view",
                 self.samples[0].UID()),
                (self.worksheet.absolute_url() + "/analyses_classic_view",
                 self.analyses[0].UID())):
            row = self.rows(url)[uid]
            self.assertFalse(row.get("disabled"))
            self.assertIn("queue-failed-mark", row["after"]["state_title"])
            self.assertIn("Failed in the background",
                          row["after"]["state_title"])
            self.assertEqual(
                self.marks([uid]), {"queued": [], "marks": [uid + ":failed"]})
        # A hidden task is no job of anybody
        self.know(dict(task, status=states.FAILED, ghost=True))
        self.assertEqual(self.marks([uid])["marks"], [])

    def test_every_page_has_the_script(self):
        for path in ("samples", "worksheets", "clients/client-1"):
            page = self.get("{}/{}".format(
                self.portal.absolute_url(), path))
            self.assertIn('id="senaite-queue-script"', page)


class NoticesTest(ResultsTestCase):
    """Tests each notice on a page of a manager, and on one of a user who cannot
    change anything about it."""

    def said(self, browser=None):
        self.browser = browser or self.browser
        page = self.get(self.portal.absolute_url() + "/samples")
        return [part.split("</span>")[0] for part in page.split(
            'class="queue-notice ')[1:]]

    def test_wrong_configuration(self):
        self.know()
        self.addCleanup(os.environ.pop, config.ROLE.variable, None)
        os.environ[config.ROLE.variable] = "servre"
        said, = self.said()
        self.assertIn("SENAITE_QUEUE_ROLE is 'servre'",
                      said.replace("&#39;", "'"))
        with utils.settings(server=""):
            self.assertEqual(len(self.said()), 2)
        people.make(self.portal)
        analyst = self.new_browser()
        people.log_in(analyst, "analyst")
        self.assertEqual(self.said(analyst), [])

    def hold_agent(self):
        """Return the agent; none of its rounds ends while the test says what
        is wrong."""
        agent = self.know()
        agent._work_lock.acquire()
        self.addCleanup(agent._work_lock.release)
        return agent

    def test_no_consumer(self):
        agent = self.hold_agent()
        agent._trouble_since = None
        agent.unattended_seconds = view.UNATTENDED_SECONDS
        self.assertEqual(self.said(), [])
        agent.unattended_seconds = 400
        said, = self.said()
        self.assertIn("a task has been waiting for 6 min", said)
        self.assertIn("password of its clock-server", said)

    def test_restored_backup(self):
        agent = self.hold_agent()
        agent._trouble_since = clock.monotonic() - 200
        for kind in restores.KINDS:
            agent.held = {"kind": kind}
            said, = self.said()
            self.assertIn("No tasks are run or accepted", said)
        agent.held = None

    def test_copy(self):
        agent = self.hold_agent()
        # The outage is none that passes
        agent._trouble_since = clock.monotonic() - 200
        agent.membership.is_refused = True
        self.addCleanup(setattr, agent.membership, "is_refused", False)
        said, = self.said()
        self.assertIn("this is a copy of another site", said)
        self.assertIn("or leave it empty to switch the queue off", said)

    def test_server_that_refuses(self):
        agent = self.hold_agent()
        agent._trouble_since = clock.monotonic() - 200
        agent.trouble = ServerRefused(401, "no")
        reason, consequence = self.said()
        self.assertIn("does not accept our key", reason)
        self.assertIn("for 3 min", consequence)

    def test_server_without_our_key(self):
        agent = self.hold_agent()
        agent._trouble_since = clock.monotonic() - 200
        agent.trouble = KeyNotProved("http://there answers 200")
        reason, _consequence = self.said()
        self.assertIn("does not prove that it has the key", reason)

    def test_notices(self):
        manager = self.browser
        self.assertEqual(self.said(), [])
        with utils.settings(server=""):
            self.assertIn("is empty", self.said()[0])
        agent = self.hold_agent()
        agent._trouble_since = clock.monotonic() - 200
        with utils.settings(outage_seconds=300):
            said, = self.said()
            self.assertIn("has not answered for 3 min", said)
            self.assertNotIn("at once", said)
        with utils.settings(outage_seconds=100):
            self.assertIn("new actions run at once", self.said()[0])
            people.make(self.portal)
            analyst = self.new_browser()
            people.log_in(analyst, "analyst")
            self.assertEqual(self.said(analyst), [])
        # A short outage, as at a restart, is not shown
        agent._trouble_since = clock.monotonic() - notices.OUTAGE_SECONDS / 2
        self.assertEqual(self.said(manager), [])
        agent._trouble_since = None

        self.click(self.worksheet, "submit", self.analyses)
        agent = self.know(*self.pending(), overtime=180)
        agent._trouble_since = None
        self.assertIn("should be 180 seconds or more", self.said()[0])
        with utils.settings(max_seconds_unlock=180):
            self.assertEqual(self.said(), [])
