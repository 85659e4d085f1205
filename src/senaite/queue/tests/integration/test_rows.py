# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Rows of listings that are queued: nobody writes to them, they stay where they
are, and each analysis is on one listing only.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from bika.lims import api as senaite_api
from senaite.app.listing.interfaces import IListingViewAdapter
from six.moves.urllib.parse import urlencode
from zope.component import subscribers
from zope.globalrequest import getRequest

from senaite.queue import api
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests.integration import people
from senaite.queue.tests import utils


class RowsTestCase(WorksheetTestCase):

    def ask(self, url, **payload):
        return json.loads(self.post(
            url, json.dumps(payload), "application/json"))

    def rows(self, url, **query):
        return [row for row in self.ask(
            url + "/folderitems", **query)["folderitems"] if row.get("uid")]

    def uids(self, objects):
        return [senaite_api.get_uid(obj) for obj in objects]


class SavingTest(RowsTestCase):

    def test_queued_rows_are_not_written(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click(worksheet, "submit", analyses[:3])
        queued, free = self.uids([analyses[0], analyses[3]])
        url = worksheet.absolute_url() + "/analyses_classic_view/set_fields"

        answer = self.ask(url, save_queue={queued: {"Result": "99"}})
        self.assertEqual(analyses[0].getResult(), "10")
        self.assertIn("Not saved", answer["errors"][queued])
        row, = answer["folderitems"]
        self.assertEqual(row["uid"], queued)
        self.assertTrue(row["disabled"])
        self.assertIn("Not saved", json.dumps(row["after"]))
        self.assertIn('role=\\"alert\\"', json.dumps(row["after"]))

        # No message for a field that was visited but not changed
        answer = self.ask(url, save_queue={queued: {"Result": "10"}})
        self.assertEqual(answer["errors"], {})
        row, = answer["folderitems"]
        self.assertTrue(row["disabled"])
        self.assertNotIn("Not saved", json.dumps(row["after"]))

        # Unknown fields and invalid values count as changes
        for values in ({"UID": queued}, {"no such": "10"}, "10", ["10"]):
            answer = self.ask(url, save_queue={queued: values})
            self.assertIn("Not saved", answer["errors"][queued])

        # Values of other rows are saved
        answer = self.ask(url, save_queue={
            queued: {"Result": "99"}, free: {"Result": "77"}})
        self.assertEqual(analyses[0].getResult(), "10")
        self.assertEqual(analyses[3].getResult(), "77")
        self.assertEqual(list(answer["errors"]), [queued])
        self.assertEqual(set(row["uid"] for row in answer["folderitems"]),
                         {queued, free})

        # The same on the page of the sample
        url = senaite_api.get_url(analyses[0].getRequest())
        url += "/table_lab_analyses"
        answer = self.ask(url + "/set_fields",
                          save_queue={queued: {"Result": "99"}})
        self.assertIn(queued, answer["errors"])
        self.assertEqual(analyses[0].getResult(), "10")
        marked = [row["uid"] for row in self.rows(url) if row["disabled"]]
        self.assertEqual(sorted(marked), sorted(self.uids(analyses[:3])))

        # The same for a form that is sent from there
        sample = analyses[0].getRequest()
        self.click(sample, "submit", analyses[:1], **{
            "Result.{}:records".format(queued): "99"})
        self.assertEqual(analyses[0].getResult(), "10")
        self.assertEqual(self.states(analyses[:1]), ["assigned"])

        with utils.not_installed():
            self.ask(url + "/set_fields",
                     save_queue={queued: {"Result": "99"}})
        self.assertEqual(analyses[0].getResult(), "99")


class OrderTest(RowsTestCase):

    def test_sorting_filtering_paging(self):
        """Marks change neither the order nor the selection of rows."""
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        queries = (
            {"sort_on": "created", "sort_order": "descending"},
            {"sort_on": "getId", "sort_order": "ascending", "pagesize": 1},
            {"sort_on": "getId", "limit_from": 1, "pagesize": 1},
            {"filter": samples[1].getId()})
        places = [self.portal.samples.absolute_url() + "/view"]
        places += ["{}/{}".format(worksheet.absolute_url(), name) for name in (
            "analyses_classic_view", "analyses_transposed_view")]

        def look():
            return [[(row["uid"], row.get("category"))
                     for row in self.rows(place, **query)]
                    for place in places for query in queries]
        before = look()
        self.click(worksheet, "submit", analyses[:3])
        self.assertEqual(look(), before)
        self.assertEqual(len(before[0]), len(before[1]) + len(before[2]))
        self.assertEqual(before[3], [(samples[1].UID(), None)])

    def test_slots_of_a_worksheet_show_their_sample(self):
        """Core treats a disabled row as an empty slot."""
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        url = worksheet.absolute_url() + "/analyses_classic_view"

        def look():
            return [(row.get("rowspan"), row.get("skip"), [
                sample.getId() for sample in samples
                if sample.getId() in (row["replace"].get("Pos") or "")])
                for row in self.rows(url)]
        before = look()
        self.assertEqual(len([ids for _span, _skip, ids in before if ids]), 2)
        self.click(worksheet, "submit", analyses)
        self.assertEqual(look(), before)

    def test_assigned_rows_are_shown_once(self):
        _samples, analyses, worksheet = self.make(assign=False)
        other = utils.create_worksheet(self.portal)
        self.click(worksheet, "assign", analyses)
        url = worksheet.absolute_url()

        def look():
            found = self.rows(url + "/add_analyses", pagesize=100)
            found += self.rows(url + "/analyses_classic_view")
            uids = [row["uid"] for row in found]
            return sorted(uid for uid in uids if uid in self.uids(analyses))
        expected = sorted(self.uids(analyses))
        self.assertEqual(look(), expected)
        # Half of them are done
        utils.process(self.portal, self.pending()[0])
        self.assertEqual(len(worksheet.getAnalyses()), 3)
        self.assertEqual(look(), expected)
        # Analyses queued for one worksheet are not offered to another
        offered = [row["uid"] for row in self.rows(
            other.absolute_url() + "/add_analyses", pagesize=100)
            if not row["disabled"]]
        self.assertEqual(set(offered) & set(expected), set())
        self.click(other, "assign", analyses)
        self.assertEqual(len(self.pending()), 1)
        self.drain()
        self.assertEqual(look(), expected)
        self.assertEqual(len(worksheet.getAnalyses()), 6)


class QCViewsTest(RowsTestCase):

    def test_duplicates(self):
        samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click(worksheet, "submit", analyses[:3])
        url = worksheet.absolute_url() + "/add_duplicate"
        rows = self.ask(url + "/folderitems")["folderitems"]
        marks = [(row["uid"], bool(row.get("disabled")),
                  "queued-mark" in json.dumps(row)) for row in rows]
        self.assertEqual(marks, [(samples[0].UID(), True, True),
                                 (samples[1].UID(), False, False)])
        # An outdated page may still send it
        token = self.token(url)
        self.post(url, urlencode([
            ("submitted", "1"), ("_authenticator", token),
            ("uids:list", samples[0].UID()),
            ("uids:list", samples[1].UID())]))
        duplicates = worksheet.getDuplicateAnalyses()
        self.assertEqual(
            set(an.getAnalysis().getRequest().UID() for an in duplicates),
            {samples[1].UID()})

    def token(self, url):
        page = self.get(url)
        return page.split('name="_authenticator"')[1].split(
            'value="')[1].split('"')[0]

    def test_blanks_and_controls(self):
        """A queued reference sample is marked on both pages."""
        supplier = self.portal.setup.suppliers.objectValues()[0]
        reference = senaite_api.create(
            supplier, "ReferenceSample", title="Blank water", Blank=True)
        worksheet = utils.create_worksheet(self.portal)
        api.add_task("task_generic_action", reference, action="expire")
        for name in ("add_blank", "add_control"):
            view = senaite_api.get_view(
                name, context=worksheet, request=getRequest())
            adapters = subscribers((view, worksheet), IListingViewAdapter)
            item = {"uid": reference.UID(), "after": {}, "disabled": False}
            for adapter in adapters:
                adapter.folder_item(reference, item, 0)
            self.assertTrue(item["disabled"], name)
            self.assertIn("queued-mark", item["after"]["Title"])


class GuardedTest(RowsTestCase):
    """Tests the other ways to change queued objects."""

    def test_json_api(self):
        _samples, analyses, worksheet = self.make()
        self.enter_results(analyses)
        self.click(worksheet, "submit", analyses[:3])
        url = self.portal.absolute_url() + "/@@API/senaite/v1/update"
        for analysis in (analyses[0], analyses[3]):
            try:
                self.post(url, json.dumps({
                    "uid": analysis.UID(), "transition": "submit"}),
                    "application/json")
            except Exception:
                # The API reports "not allowed" as an error
                self.come_back()
        self.assertEqual(self.states([analyses[0], analyses[3]]),
                         ["assigned", "to_be_verified"])

    def test_any_object(self):
        client = self.portal.clients["client-1"]
        utils.clear_caches(getRequest())
        self.assertIn("deactivate", self.transitions(client))
        api.add_action_task(client, "deactivate")
        utils.clear_caches(getRequest())
        self.assertEqual(self.transitions(client), [])
        self.drain()
        self.assertIn("activate", self.transitions(client))

    def transitions(self, obj):
        return [transition["id"]
                for transition in senaite_api.get_transitions_for(obj)]

    def test_tasks_give_no_additional_rights(self):
        """A task does nothing that its user may not do, and notes it."""
        _samples, analyses, worksheet = self.make()
        people.make(self.portal)
        self.enter_results(analyses)
        self.do("submit", analyses)
        api.add_action_task(analyses, "verify", worksheet, username="analyst")
        done = self.drain()
        self.come_back()
        self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)
        self.assertIn("not possible any more", done[0]["note"])

        # A user who may not even see the worksheet
        api.add_action_task(
            analyses, "verify", worksheet, username="client_contact")
        done = self.drain()
        self.come_back()
        self.assertEqual(self.states(analyses), ["to_be_verified"] * 6)
        self.assertEqual(sum(task["skipped"] for task in done), 6)

        api.add_action_task(
            analyses, "verify", worksheet, username="lab_manager")
        self.drain()
        self.assertEqual(self.states(analyses), ["verified"] * 6)
