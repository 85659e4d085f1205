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

from bika.lims import api as senaite_api
from plone.app.testing import TEST_USER_ID

from senaite.queue.client import agent as agents
from senaite.queue.client import snapshot
from senaite.queue import config
from senaite.queue.errors import KeyNotProved
from senaite.queue.errors import ServerRefused
from senaite.queue.client import view
from senaite.queue.integration import notices
from senaite.queue.integration import progress
from senaite.queue.integration import row_marks
from senaite.queue.integration import undone
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

    def test_hold_and_outage_are_told_to_those_who_wait(self):
        people.make(self.portal)
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        browsers = []
        for who in ("analyst", "client_contact"):
            self.browser = self.new_browser()
            people.log_in(self.browser, who)
            browsers.append(self.browser)
        hold, outage = ("The queue is on hold: nothing is started until an "
                        "administrator has decided",
                        "The queue server has not been available since ")
        for status, held, seconds, text in (
                (states.QUEUED, None, 0, ""),
                (states.QUEUED, {"kind": "database"}, 0, hold),
                # The server refuses tasks for this reason
                (states.QUEUED, {"kind": "database"}, 200, hold),
                (states.RUNNING, {"kind": "database"}, 0, ""),
                (states.QUEUED, None, 200, outage),
                # Nobody knows whether it still does
                (states.RUNNING, None, 200, outage),
                # It may be restarting
                (states.QUEUED, None, view.OUTAGE_SECONDS / 2, "")):
            agent = self.know(task, status=status)
            agent.held = held
            agent._trouble_since = \
                clock.monotonic() - seconds if seconds else None
            for self.browser in browsers:
                told = self.figures(self.samples[0])["waits"]
                self.assertEqual(told[:len(text)] if text else told, text)
                state = json.loads(self.get(
                    self.samples[0].absolute_url() + "/queue_state?all=1"))
                self.assertEqual(state["progress"]["waits"], told)

    def test_failed(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        self.know(dict(task, status=states.FAILED))
        for obj in (self.worksheet, self.samples[0]):
            found = self.figures(obj)
            self.assertEqual((found["failed"], found["left"]), (1, 0))
        page = self.get(self.worksheet.absolute_url() + "/manage_results")
        box = self.failed_box(page)
        self.assertIn("@@queue_tasks", box)
        self.assertFalse(self.hides_my_tasks(box))
        # It is not queued: users can try again
        self.click(self.worksheet, "submit", self.analyses)
        self.assertEqual(len(self.pending()), 2)

    def failed_box(self, page):
        """Return the box of failed jobs, which is shown."""
        self.assertNotIn(HIDDEN, self.box(page, "queue-failed"))
        return page.split('class="queue-failed ')[1].split("</div>")[0]

    def hides_my_tasks(self, box):
        link = box.split('class="queue-failed-mine')[1].split(">")[0]
        return HIDDEN in link

    def test_failed_box_leads_where_its_reader_may_go(self):
        people.make(self.portal)
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        for who, owner, may_view in (
                ("analyst", TEST_USER_ID, True), ("analyst", "analyst", True),
                ("lab_manager", TEST_USER_ID, True),
                ("client_contact", TEST_USER_ID, False),
                ("client_contact", "client_contact", False)):
            self.know(task, status=states.FAILED, username=owner)
            self.browser = self.new_browser()
            people.log_in(self.browser, who)
            box = self.failed_box(self.get(
                self.samples[0].absolute_url() + "/view"))
            self.assertEqual("@@queue_tasks" in box, may_view, who)
            self.assertEqual("A laboratory manager can" in box, not may_view)
            self.assertEqual(self.hides_my_tasks(box), owner != who, who)
            self.assertEqual(self.figures(self.samples[0])["mine"],
                             owner == who)

    def test_failed_work_that_was_done_since(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        self.know(task, status=states.FAILED)
        rows = self.analyses + self.samples + [self.worksheet]

        def failed():
            return [obj for obj in rows if obj.UID() + ":failed" in
                    self.marks([obj.UID()])["marks"]]

        def counts():
            return [self.figures(obj)["failed"]
                    for obj in self.samples + [self.worksheet]]
        self.assertEqual(failed(), rows)
        self.assertEqual(counts(), [1, 1, 1])
        row = self.rows(self.worksheet.absolute_url() +
                        "/analyses_classic_view")[self.analyses[0].UID()]
        self.assertIn("has not been done since", row["after"]["state_title"])
        self.do("submit", self.analyses[:3])
        self.assertEqual(self.states(self.analyses[:3]),
                         ["to_be_verified"] * 3)
        self.assertEqual(failed(), self.analyses[3:] + self.samples[1:] +
                         [self.worksheet])
        self.assertEqual(counts(), [0, 1, 1])
        self.do("submit", self.analyses[3:])
        self.assertEqual(failed(), [])
        self.assertEqual(counts(), [0, 0, 0])
        page = self.get(self.worksheet.absolute_url() + "/manage_results")
        self.assertIn(HIDDEN, self.box(page, "queue-failed"))
        self.assertNotIn("as it was before", page)

    def test_failed_verification_of_several(self):
        """The analysis stays in its state."""
        senaite_api.get_setup().setTypeOfmultiVerification(
            "self_multi_enabled")
        analysis = self.analyses[0]
        analysis.setNumberOfRequiredVerifications(2)
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        self.drain()
        self.assertEqual(self.states([analysis]), ["to_be_verified"])
        utils.hold_agent(self, self.portal)
        self.know(task, status=states.FAILED, job_created=clock.now(),
                  name="task_action_multi_verify", task_uid="e" * 32)
        uid = analysis.UID()
        self.assertEqual(self.marks([uid])["marks"], [uid + ":failed"])
        self.do("multi_verify", [analysis])
        self.assertEqual(self.states([analysis]), ["to_be_verified"])
        self.assertEqual(self.marks([uid])["marks"], [])

    def test_failed_work_whose_end_nobody_knows(self):
        utils.hold_agent(self, self.portal)
        uid = self.worksheet.UID()
        self.know({"task_uid": "e" * 32, "status": states.FAILED, "uids": [],
                   "name": "task_apply_worksheet_template",
                   "context_uid": uid, "username": TEST_USER_ID})
        mark, = self.marks([uid])["marks"]
        self.assertTrue(mark.startswith(uid + ":failed-"), mark)
        kinds = row_marks.Kinds(self.portal)
        self.assertEqual(kinds.title(uid, kinds.get(uid)),
                         "A job with this item failed in the background.")

    def test_catalogs_are_asked_once_for_failed_work(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        self.know(task, status=states.FAILED)
        uids = [obj.UID() for obj in self.analyses + self.samples]
        asked = []
        find = undone.find_objects

        def note(uids):
            asked.append(len(uids))
            return find(uids)
        undone.find_objects = note
        self.addCleanup(setattr, undone, "find_objects", find)
        for _round in range(3):
            self.assertEqual(len(self.marks(uids)["marks"]), 8)
            self.figures(self.worksheet)
        self.assertEqual(asked, [6])
        self.samples[0].reindexObject()
        for _round in range(3):
            self.marks(uids)
        self.assertEqual(asked, [6, 6])
        # What this transaction has not committed is told to nobody else
        self.do("submit", self.analyses)
        self.marks(uids)
        known = dict(undone._known)
        self.analyses[0].reindexObject()
        del asked[:]
        row_marks.Kinds(self.portal).describe(uids)
        self.assertTrue(asked)
        self.assertEqual(undone._known, known)

    def test_numbers_are_those_of_the_jobs_that_are_known(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        uids = [analysis.UID() for analysis in self.analyses]
        first = dict(task, uids=uids[:2], job_total=6, job_skipped=1)
        second = dict(task, task_uid="e" * 32, job_uid="d" * 32,
                      uids=uids[2:], job_total=4)

        def numbers():
            found = self.figures(self.worksheet)
            return found["left"], found["total"], found["skipped"]
        self.know(first, second)
        self.assertEqual(numbers(), (6, 10, 1))
        # Removed or failed: what it has done and skipped is not told any more
        for status in (states.FAILED, states.CANCELLED):
            self.know(dict(first, status=status), second)
            self.assertEqual(numbers(), (4, 4, 0))

    def test_menu_leaves_messages_to_the_page(self):
        self.browser.followRedirects = False
        self.click(self.worksheet, "submit", self.analyses)
        self.browser.followRedirects = True
        # The work changes the state, and the script fetches the menu
        self.drain()
        self.get(self.worksheet.absolute_url() + "/menu/workflow_menu")
        self.assertIn("plone-contentmenu-workflow", self.browser.contents)
        said = "will be processed in the background."
        page = self.worksheet.absolute_url() + "/manage_results"
        self.assertIn(said, self.get(page))
        # A page uses it up
        self.assertNotIn(said, self.get(page))

    def test_marks(self):
        # No queue server can be reached here: an outage, sooner or later
        utils.hold_agent(self, self.portal)
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
                     "Queued: "),
                    (None, "held", "Queued, on hold",
                     "The queue is on hold: nothing is started")):
                agent.line = {"pauses": pauses or ()}
                agent.held = {"kind": "database"} if pauses is None else None
                row = self.rows(url)[uid]
                self.assertTrue(row["disabled"])
                # On a phone, only the first columns are in sight
                for column, css in (("state_title", "queued-mark"),
                                    (first, "queue-mark-small")):
                    mark = row["after"][column]
                    self.assertIn(css, mark)
                    self.assertIn("</i> {}</span>".format(text), mark)
                    self.assertIn('title="' + title, mark)
                    look = mark.split('data-kind="')[1].split('"')[0]
                    self.assertEqual(look.split("-")[0], kind)
                    self.assertEqual(
                        self.marks([uid]),
                        {"queued": [uid], "marks": [uid + ":" + look]})

    def test_marks_tell_when_the_reason_changes(self):
        self.click(self.worksheet, "submit", self.analyses)
        task, = self.pending()
        utils.hold_agent(self, self.portal)
        agent = self.know(task)
        uid = self.analyses[0].UID()
        paused = {"name": "", "since": 1000.0, "username": "lab_manager"}

        def look(pauses=(), trouble=None):
            agent.line = {"pauses": list(pauses)}
            agent._trouble_since = trouble
            mark, = self.marks([uid])["marks"]
            return mark.split(":")[1]
        seen = [look(), look(trouble=clock.monotonic() - 200),
                look([paused]), look([dict(paused, since=2000.0)]),
                look([dict(paused, username="jane")]),
                look([paused, dict(paused, name=task.name)])]
        self.assertEqual(len(set(seen)), len(seen), seen)
        self.assertEqual(seen[0], "queued")
        # The time of an outage is no news
        self.assertEqual(look(trouble=clock.monotonic() - 400), seen[1])
        row = self.rows(self.worksheet.absolute_url() +
                        "/analyses_classic_view")[uid]
        self.assertIn("The queue server has not been available since",
                      row["after"]["state_title"])

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
