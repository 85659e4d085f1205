# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What pages tell of the outcome of tasks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

import transaction
from bika.lims import api as senaite_api
from lxml import html
from plone.registry.interfaces import IRegistry
from zope.component import getUtility

from senaite.queue import api
from senaite.queue.browser import html as cells
from senaite.queue.browser.monitor import meanings
from senaite.queue.browser import outcome
from senaite.queue.client import snapshot
from senaite.queue.model import clock
from senaite.queue.model import failures
from senaite.queue.model import left_out
from senaite.queue.model.queue_task import new_task
from senaite.queue.server.line_up import LineUp
from senaite.queue.server.line_up import MOST_JOBS
from senaite.queue.tests.integration.test_monitor import CONSUMER
from senaite.queue.tests.integration.test_monitor import MonitorCase
from senaite.queue.tests import utils

JOB = "f" * 32


class OutcomeCase(MonitorCase):

    def setUp(self):
        super(OutcomeCase, self).setUp()
        self.queue = api.get_queue()
        utils.have_answer(self.portal)
        self.name_of(u"analyst", u"J\xe4ne Doe")

    def name_of(self, user_id, fullname):
        senaite_api.get_user(user_id).setMemberProperties(
            {"fullname": fullname.encode("utf-8")})
        transaction.commit()

    def skip(self, count=2, of=3, items=None, **kw):
        """Return a task that is done, and has skipped items."""
        values = dict(username="analyst", name="task_action_submit",
                      uids=["a%d" % number for number in range(of)],
                      job_uid=JOB, job_total=of)
        values.update(kw)
        task = self.add(**values)
        self.assertEqual(self.queue.pop(CONSUMER).task_uid, task.task_uid)
        if items is None:
            items = [self.item()] * count
        self.queue.done(task, CONSUMER, processed=of, skipped=count,
                        skipped_items=items)
        return task

    def item(self, **kw):
        return dict({
            "uid": self.client.UID(), "item": u"Calcium",
            "path": senaite_api.get_path(self.client), "sample": u"H2O-0003",
            "reason": left_out.IN_STATE, "state": u"retracted",
            "user": u"analyst", "at": 1700000000.0}, **kw)

    def open(self, path, who="analyst"):
        browser = self.browse(who)
        browser.open(self.portal.absolute_url() + path)
        return browser.contents.decode("utf-8")

    def text_of(self, page, selector):
        """Return the text of an element, with single blanks."""
        found, = html.fromstring(page).xpath(selector)
        return u" ".join(found.text_content().split())

    def ask(self, query, who="analyst"):
        return json.loads(self.open("/queue_state?all=1&" + query, who))


class MyTasksTest(OutcomeCase):

    agent = None

    def row(self):
        return self.text_of(self.open("/@@queue_my_tasks"), "//tr[@data-job]")

    def test_skipped_items_are_named(self):
        self.skip()
        row = self.row()
        self.assertIn(u"Done, 2 skipped", row)
        self.assertIn(u"1 / 3", row)
        self.assertIn(u"Calcium of H2O-0003: it was retracted by J\xe4ne Doe",
                      row)
        page = self.open("/@@queue_my_tasks")
        self.assertIn(u"badge-warning", page)
        self.assertNotIn(u"badge-success", page)

    def test_nothing_that_is_done_does_not_look_done(self):
        self.skip(3, items=[self.item()] * 2)
        row = self.row()
        self.assertIn(u"Not done, 3 skipped", row)
        self.assertIn(u"0 / 3", row)
        self.assertIn(u"and 1 more", row)

    def test_chunks_add_up(self):
        self.skip(1, job_total=6)
        self.skip(2, job_total=6)
        self.assertIn(u"Done, 3 skipped", self.row())

    def test_texts_are_shown_as_text(self):
        self.skip(1, items=[self.item(
            item=u"<b>\u202e", reason=u"<script>x", sample=u"<i>")])
        page = self.open("/@@queue_my_tasks")
        self.assertIn(u"&lt;b&gt;", page)
        for text in (u"<b>\u202e", u"<script>x", u"<i>"):
            self.assertNotIn(text, page)

    def test_objects_are_linked_for_those_who_may_see_them(self):
        task = self.skip(1)
        link = u'href="{}"'.format(self.client.absolute_url())
        page = u"/@@queue_task?uid=" + task.task_uid
        self.assertIn(link, self.open(page, "lab_manager"))
        gone = self.skip(1, items=[self.item(path=u"/gone", uid=u"gone")])
        page = u"/@@queue_task?uid=" + gone.task_uid
        self.assertIn(u"Calcium of H2O-0003", self.open(page, "lab_manager"))

    def test_failures_are_told_in_words_of_the_lab(self):
        task = self.add(username="analyst", name="task_action_submit")
        self.queue.fail(self.queue.pop(CONSUMER), "You are not allowed to "
                        "access 'portal_type' in this context", kind="fatal",
                        error_code=failures.NOT_ALLOWED)
        row = self.row()
        self.assertIn(u"J\xe4ne Doe may not submit results any more.", row)
        self.assertNotIn(u"portal_type", row)
        # Those who look for the cause see the message, too
        page = self.open("/@@queue_task?uid=" + task.task_uid, "lab_manager")
        for text in (u"may not submit results any more", u"portal_type"):
            self.assertIn(text, page)

    def test_owner_of_a_failed_task_sees_words_only(self):
        task = self.add(username="client_contact", name="colour_it")
        self.queue.fail(self.queue.pop(CONSUMER), "KeyError: 7", kind="fatal",
                        error_code=failures.NOT_ALLOWED)
        page = self.open("/@@queue_task?uid=" + task.task_uid,
                         "client_contact")
        self.assertIn(u"may not do this any more: Colour it.", page)
        self.assertNotIn(u"KeyError", page)

    def test_owner_is_told_who_removed_the_task(self):
        self.name_of("lab_manager", u"Ann L.")
        task = self.add(username="analyst")
        self.queue.delete(task, "lab_manager")
        self.assertIn(u"Removed by Ann L. (", self.row())
        page = self.open("/@@queue_task?uid=" + task.task_uid)
        self.assertIn(u"Removed by Ann L. (", page)


    def test_owner_is_told_of_priorities_and_pauses(self):
        self.name_of("lab_manager", u"Ann L.")
        task = self.add(username="analyst")
        self.queue.set_priority(task, 7, "lab_manager")
        self.queue.pause(None, "lab_manager")
        self.addCleanup(self.queue.resume)
        row = self.row()
        self.assertIn(u"Priority changed to 7 by Ann L. (", row)
        self.assertIn(u"has been paused by Ann L. since", row)

    def test_pause_is_told_after_it_has_ended(self):
        self.name_of("lab_manager", u"Ann L.")
        before = self.add(username="analyst")
        self.queue.pop(CONSUMER)
        self.queue.done(before, CONSUMER)
        task = self.add(username="analyst")
        self.queue.pause(None, "lab_manager")
        self.queue.resume(None, "analyst")
        self.queue.pause("task_action_verify", "lab_manager")
        self.queue.resume("task_action_verify", "lab_manager")
        url = "/@@queue_task?uid="
        told = u"The whole queue was paused by Ann L. ("
        page = self.open(url + task.task_uid)
        self.assertIn(told, page)
        self.assertIn(u") and resumed by J\xe4ne Doe (", page)
        self.assertNotIn(u"has been paused", page)
        self.assertNotIn(u"'Verify results' was paused", page)
        # It stays, but not with what was done before
        self.queue.pop(CONSUMER)
        self.queue.done(task, CONSUMER)
        self.assertIn(told, self.open(url + task.task_uid))
        self.assertNotIn(told, self.open(url + before.task_uid))
        theirs = self.add(username="client_contact")
        self.queue.pause(theirs.name, "lab_manager")
        self.queue.resume(theirs.name, "lab_manager")
        page = self.open(url + theirs.task_uid, "client_contact")
        self.assertIn(u"was paused by the laboratory (", page)
        self.assertNotIn(u"Ann L.", page)

    def know_line(self):
        """Have this process learn what jobs wait for, as with the change
        feed."""
        if self.agent is None:
            self.agent = utils.hold_agent(self, self.portal)
        self.agent.state = snapshot.apply_feed(
            snapshot.State(), self.queue.store.changes())
        self.agent.line = json.loads(json.dumps(LineUp(
            self.queue.store).describe()))

    def waits(self, page):
        """Return what the jobs of a page wait for, by uid."""
        return dict(
            (row.get("data-job"), u" ".join(
                element.text_content() for element in
                row.xpath(".//*[contains(@class, 'queue-waits')]")))
            for row in html.fromstring(page).xpath("//tr[@data-job]"))

    def test_owner_is_told_how_many_jobs_come_first(self):
        first = self.add(username="lab_manager")
        self.queue.pop(CONSUMER)
        second = self.add(username="analyst")
        third = self.add(username="client_contact")
        self.know_line()
        self.assertEqual(
            self.waits(self.open("/@@queue_my_tasks")),
            {second.job_uid: u"Jobs ahead: 1."})
        # Numbers, and nothing else, of other people's work
        page = self.open("/@@queue_my_tasks", "client_contact")
        self.assertEqual(self.waits(page),
                         {third.job_uid: u"Jobs ahead: 2."})
        for secret in (first.task_uid, second.task_uid, first.job_uid,
                       second.job_uid, u"analyst", u"lab_manager"):
            self.assertNotIn(secret, page)
        state = self.ask("", "client_contact")
        self.assertEqual(state["waits"], u"Jobs ahead: 2.")
        # Running work waits for nothing
        self.assertEqual(self.waits(self.open(
            "/@@queue_my_tasks", "lab_manager")), {first.job_uid: u""})
        self.assertEqual(self.ask("", "lab_manager")["waits"], u"")

    def test_owner_is_told_in_another_language(self):
        registry = getUtility(IRegistry)
        registry["plone.available_languages"] = ["en", "de"]
        registry["plone.use_request_negotiation"] = True
        self.add(username="lab_manager")
        self.queue.pop(CONSUMER)
        job = self.add(username="analyst").job_uid
        self.know_line()
        transaction.commit()
        browser = self.browse("analyst")
        browser.addHeader("Accept-Language", "de")
        for name, known, told in (
                ("unattended_seconds", 400, u"Kein Verarbeiter l\xe4uft: "),
                ("unattended_seconds", 0, u"Auftr\xe4ge davor: 1.")):
            setattr(self.agent, name, known)
            browser.open(self.portal.absolute_url() + "/@@queue_my_tasks")
            said = self.waits(browser.contents.decode("utf-8"))[job]
            self.assertTrue(said.startswith(told), said)

    def test_pause_is_told_in_place_of_the_line(self):
        task = self.add(username="analyst")
        self.queue.pause(task.name, "lab_manager")
        self.addCleanup(self.queue.resume, task.name)
        self.know_line()
        self.assertEqual(self.waits(self.open("/@@queue_my_tasks")),
                         {task.job_uid: u""})
        self.assertIn(u"Work of this kind has been paused by ",
                      self.ask("")["waits"])
        self.queue.resume(task.name)
        self.know_line()
        self.assertEqual(self.ask("")["waits"], u"Next in line.")

    def test_hold_is_told_instead_of_the_line(self):
        task = self.add(username="analyst")
        self.know_line()
        self.agent.held = {"kind": "database"}
        self.agent.unattended_seconds = 600
        told = self.ask("")["waits"]
        self.assertTrue(told.startswith(u"The queue is on hold: "), told)
        self.assertEqual(self.waits(self.open("/@@queue_my_tasks")),
                         {task.job_uid: told})

    def test_pauses_of_several_kinds_are_told(self):
        names = ("task_action_submit", "task_action_verify")
        jobs = [self.add(name=name, username="analyst").job_uid
                for name in names]
        for name in names:
            self.queue.pause(name, "lab_manager")
            self.addCleanup(self.queue.resume, name)
        self.know_line()
        self.assertEqual(self.ask("")["waits"].count(
            u"Work of this kind has been paused by "), 2)
        # What is not paused has its turn
        self.queue.resume(names[1])
        self.know_line()
        self.assertEqual(self.ask("")["waits"], u"Next in line.")
        self.assertEqual(self.waits(self.open("/@@queue_my_tasks")),
                         {jobs[0]: u"", jobs[1]: u"Next in line."})
        # What is paused does not wait for a consumer
        self.queue.pause(names[1], "lab_manager")
        self.know_line()
        self.agent.unattended_seconds = 600
        self.assertNotIn(u"No consumer", self.ask("")["waits"])

    def add_many(self, count):
        """Add jobs of somebody else."""
        self.queue.accept([
            new_task("some_task", self.client, username="lab_manager")
            for _number in range(count)])

    def test_jobs_behind_those_that_are_known_are_told(self):
        self.add_many(MOST_JOBS)
        waiting = self.add(username="analyst")
        self.know_line()
        told = u"Jobs ahead: 100 or more."
        self.assertEqual(self.ask("")["waits"], told)
        self.assertEqual(self.waits(self.open("/@@queue_my_tasks")),
                         {waiting.job_uid: told})
        # One that was added after the line was read may come first
        line = self.agent.line
        sooner = self.add(username="analyst", priority=0)
        self.know_line()
        self.assertEqual(self.ask("")["waits"], u"Next in line.")
        self.agent.line = line
        self.assertEqual(self.ask("")["waits"], u"")
        self.assertEqual(self.waits(self.open("/@@queue_my_tasks")),
                         {waiting.job_uid: told, sooner.job_uid: u""})

    def test_scheduled_jobs_are_not_said_to_be_behind_others(self):
        self.add_many(MOST_JOBS + 1)
        later = self.add(username="analyst", delay=3600)
        self.know_line()
        self.assertEqual(self.agent.line["rest"], MOST_JOBS)
        self.assertEqual(self.ask("")["waits"], u"")
        self.assertEqual(self.waits(self.open("/@@queue_my_tasks")),
                         {later.job_uid: u""})
        # Nor what waits for its next attempt
        again = self.add(username="analyst", priority=0)
        popped = self.queue.pop(CONSUMER)
        self.assertEqual(popped.task_uid, again.task_uid)
        self.queue.fail(popped, "Not now")
        self.know_line()
        self.assertEqual(self.ask("")["waits"], u"")

    def test_jobs_are_not_said_to_be_behind_by_a_server_that_cannot_know(self):
        self.add_many(MOST_JOBS + 1)
        self.add(username="analyst")
        self.know_line()
        for name in ("version", "read_at", "under_way"):
            self.agent.line.pop(name)
        self.assertEqual(self.ask("")["waits"], u"")

    def test_owner_is_told_that_no_consumer_is_running(self):
        waiting = self.add(username="analyst")
        self.know_line()
        self.agent.unattended_seconds = 61
        told = u"No consumer is running: nothing has been started since "
        self.assertIn(told, self.waits(self.open("/@@queue_my_tasks"))[
            waiting.job_uid])
        self.assertIn(told, self.ask("")["waits"])
        # A consumer may be restarting
        self.agent.unattended_seconds = 59
        self.assertNotIn(told, self.ask("")["waits"])

    def test_nothing_is_told_while_the_server_does_not_answer(self):
        self.add(username="analyst")
        self.know_line()
        self.assertEqual(self.ask("")["waits"], u"Next in line.")
        self.agent._trouble_since = clock.monotonic() - 10
        self.assertEqual(self.ask("")["waits"], u"")

    def test_clients_do_not_see_who_works_in_the_laboratory(self):
        self.name_of("lab_manager", u"Ann L.")
        items = [self.item(), self.item(reason=left_out.DONE_BY),
                 self.item(reason=left_out.ASSIGNED_TO),
                 self.item(reason=left_out.ELSEWHERE, where=u"WS-007"),
                 self.item(reason=left_out.NOT_PERMITTED)]
        done = self.skip(5, 6, items=items, username="client_contact")
        removed = self.add(username="client_contact", job_uid="e" * 32)
        self.queue.delete(removed, "lab_manager")
        waiting = self.add(username="client_contact")
        self.queue.set_priority(waiting, 7, "lab_manager")
        self.queue.pause(None, "lab_manager")
        self.addCleanup(self.queue.resume)
        pages = [self.open(path, "client_contact") for path in
                 ["/@@queue_my_tasks"] + [
                     "/@@queue_task?uid=" + task.task_uid
                     for task in (done, removed, waiting)]]
        ended = self.ask("jobs={},{}".format(JOB, "e" * 32),
                         "client_contact")["ended"]
        pages.extend(told["text"] for told in ended.values())
        self.assertEqual(len(pages), 6)
        for page in pages:
            self.assertIn(u"the laboratory", page)
            for text in (u"J\xe4ne", u"Ann L.", u"WS-007", u"lab_manager"):
                self.assertNotIn(text, page)
        # Their own names are no secret
        for text in (u"retracted by the laboratory (",
                     u"it is assigned to the laboratory",
                     u"it is on another worksheet",
                     cells.user_name("client_contact")
                     + u" may not do this any more"):
            self.assertIn(text, pages[1])
        for text in (u"Removed by the laboratory (",
                     u"Priority changed to 7 by the laboratory (",
                     u"has been paused by the laboratory since"):
            self.assertIn(text, pages[0])
        page = self.open("/@@queue_task?uid=" + done.task_uid, "lab_manager")
        for text in (u"J\xe4ne Doe", u"WS-007"):
            self.assertIn(text, page)


class ToastTest(OutcomeCase):
    """What the script of the toolbar is told of jobs that have ended."""

    def test_skipped_items_are_told(self):
        self.skip(5, 6, items=[self.item()] * 4)
        told = self.ask("jobs=" + JOB)["ended"][JOB]
        self.assertEqual(told["level"], "warning")
        lines = told["text"].split("\n")
        self.assertEqual(lines[0], "Submit results: Done, 5 skipped")
        self.assertTrue(lines[1].startswith(
            u"Calcium of H2O-0003: it was retracted by J\xe4ne Doe ("))
        self.assertEqual((len(lines), lines[-1]), (5, "and 2 more"))

    def test_nobody_is_told_of_what_has_not_ended(self):
        task = self.add(username="analyst", job_uid=JOB)
        self.assertEqual(self.ask("jobs=" + JOB)["ended"], {})
        self.queue.pop(CONSUMER)
        self.assertEqual(self.ask("jobs=" + JOB)["ended"], {})
        self.queue.done(task, CONSUMER)
        answer = self.ask("jobs=" + JOB)
        self.assertEqual(answer["ended"][JOB]["text"], "Finished: Some task")
        self.assertEqual(answer["unsettled"], [])

    def test_failures_and_removals_are_told(self):
        self.add(username="analyst", job_uid=JOB)
        self.queue.fail(self.queue.pop(CONSUMER), "no", kind="fatal")
        self.assertEqual(self.ask("jobs=" + JOB)["ended"][JOB], {
            "level": "danger", "text": "Failed: Some task"})
        self.queue.cancel_job(JOB, "lab_manager")
        told = self.ask("jobs=" + JOB)["ended"][JOB]
        self.assertEqual((told["level"], told["text"]), (
            "warning", "Removed before it was finished: Some task\n"
            "Removed by lab_manager"))

    def test_jobs_of_others_and_unknown_ones(self):
        self.skip()
        for who, jobs in (("lab_manager", JOB), ("analyst", "0" * 32)):
            self.assertEqual(self.ask("jobs=" + jobs, who)["ended"],
                             {jobs: None})
        self.assertEqual(self.ask("jobs=" + JOB, None)["ended"], {})
        self.assertEqual(self.ask("jobs=x,<b>,")["ended"], {})


class MonitorTest(OutcomeCase):

    def found(self, text=u""):
        return self.rows("all", filter=text)["folderitems"]

    def test_row_of_a_task_with_skipped_items(self):
        self.skip(5, 6)
        row, = self.found()
        self.assertIn(u"Done, 5 skipped", row["state"])
        self.assertIn(u"badge-warning", row["state"])
        self.assertIn(u"and 2 more", row["state"])
        self.assertIn(u"bg-warning", row["job_progress"])
        self.assertIn(u"5 skipped", row["job_progress"])
        page = self.open("/@@queue_tasks", "lab_manager")
        self.assertIn(u"5", self.text_of(
            page, "//*[@id='queue-number-skipped']//dd"))

    def test_duration(self):
        self.add()
        self.assertEqual(self.found()[0]["duration"], "")
        self.queue.done(self.queue.pop(CONSUMER), CONSUMER)
        self.assertRegexpMatches(self.found()[0]["duration"], r"^\d+\.\d s$")

    def test_search_finds_what_the_list_shows(self):
        task = self.add(username="analyst", name="task_action_submit")
        self.add(username="lab_manager", name="task_action_verify")
        for text in (u"j\xe4ne", u"DOE", u"submit results", u"J\xc4NE results"):
            self.assertEqual([row["uid"] for row in self.found(text)],
                             [task.task_uid], text)
        self.assertEqual(self.found(u"j\xe4ne verify"), [])
        self.queue.pop(CONSUMER)
        self.assertEqual(len(self.found(CONSUMER.split("/")[0])), 1)

    def test_search_with_odd_characters(self):
        self.add()
        for text in (u"(", u"*", u"a AND", u"\"", u"%", u"\u202e" * 300):
            self.assertEqual(self.found(text), [])
        self.assertEqual(meanings.find(u""), {})

    def test_word_with_too_many_meanings_costs_no_other_its_own(self):
        most = meanings.MOST_CHARACTERS
        self.addCleanup(setattr, meanings, "MOST_CHARACTERS", most)
        meanings.MOST_CHARACTERS = len("lab_manager") + 5
        self.name_of("lab_manager", u"Wyatt Ann Quist")
        self.name_of("analyst", u"Wyatt Doe")
        self.assertEqual(meanings.find(u"wyatt quist"),
                         {u"quist": [u"lab_manager"]})

    def test_label_of_a_bar_is_what_is_read_below_it(self):
        found = html.fragments_fromstring(
            cells.progress_bar(1, 3, skipped=1, failed=1))
        self.assertEqual(found[0].get("aria-label"),
                         u"1 / 3, 1 skipped, 1 failed")
        self.assertEqual([part.text for part in found[1:]],
                         [u"1 / 3", u"1 skipped", u"1 failed"])

    def test_empty_queue_is_said_to_be_empty(self):
        self.assertIn(u"Nothing is queued.",
                      self.open("/@@queue_tasks", "lab_manager"))
        self.add()
        self.assertNotIn(u"Nothing is queued.",
                         self.open("/@@queue_tasks", "lab_manager"))

    def test_acts_of_people_are_shown(self):
        self.name_of("lab_manager", u"Ann L.")
        task = self.add()
        self.queue.set_priority(task, 3, "lab_manager")
        self.queue.pause(task.name, "lab_manager")
        self.addCleanup(self.queue.resume, task.name)
        page = self.open("/@@queue_task?uid=" + task.task_uid, "lab_manager")
        for text in (u"Priority changed to 3 by Ann L. (",
                     u"has been paused by Ann L. since",
                     u"Remove this task? It will not be done; it stays in "
                     u"the history."):
            self.assertIn(text, page)

    def test_skipped_items_of_the_job_are_named(self):
        first = self.skip(1, job_total=6)
        second = self.skip(2, job_total=6, items=[self.item(
            item=u"Magnesium", reason=left_out.OWN_RESULTS)] * 2)
        page = self.open("/@@queue_task?uid=" + first.task_uid, "lab_manager")
        self.assertIn(u"Skipped by the job", page)
        self.assertIn(u"Magnesium of H2O-0003: ", self.text_of(
            page, "//body"))
        self.assertIn(u"own results cannot be verified", page)
        other = self.text_of(page, "//li[a[contains(@href, '{}')]]".format(
            second.task_uid))
        self.assertIn(u"Done, 2 skipped, items: 3, ", other)


class ReasonsTest(OutcomeCase):

    def test_every_reason_has_words(self):
        for reason in left_out.REASONS:
            if reason != left_out.IN_STATE:
                self.assertIn(reason, outcome.REASONS)
        self.assertEqual(outcome.tell_reason(
            {"reason": left_out.NOT_PERMITTED}, "analyst"),
            u"J\xe4ne Doe may not do this any more")
        self.assertEqual(outcome.tell_reason(
            {"reason": left_out.IN_STATE, "state": u"odd"}),
            u"its state is 'odd' (unknown, ?)")
        self.assertEqual(outcome.tell_reason({"reason": u"of tomorrow"}),
                         u"of tomorrow")
