# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Routes of the monitor: pages, figures, and the actions of managers."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time

from senaite.queue.auth import tokens
from senaite.queue.client import diagnosis
from senaite.queue import config
from senaite.queue.server.reading import get_site_id
from senaite.queue.tests.integration import httpcase

UNKNOWN = "0" * 32


class TestPages(httpcase.HTTPCase):

    def count(self, **query):
        return self.ask("queue_server/page", query)["total"]

    def test_filters_and_search(self):
        self.put(name="task_a", username=u"\xe4nne")
        self.put(name="task_b", ghost=True)
        self.put(name="task_b", delay=500, created=time.time())
        for query, count in (
                ({}, 2), ({"ghosts": True}, 3), ({"kinds": "queued"}, 1),
                ({"kinds": "scheduled,failed"}, 1), ({"kinds": "done"}, 0),
                ({"text": u"\xc4NNE"}, 1), ({"name": "task_b"}, 1),
                ({"username": u"\xe4nne"}, 1), ({"offset": 2}, 2),
                ({"sort": "name", "descending": 1}, 2)):
            self.assertEqual(self.count(**query), count, query)
        page = self.ask("queue_server/page", {"limit": 1, "sort": "name"})
        self.assertEqual([item["name"] for item in page["items"]], ["task_a"])

    def test_refusals(self):
        for payload in ({"kinds": "x"}, {"kinds": 3}, {"sort": "x"},
                        {"limit": 0}, {"limit": 100000}, {"offset": -1},
                        {"text": ["x"]}, {"sort": ["name"]}):
            self.refused(400, "queue_server/page", payload)
        self.refused(412, "queue_server/page", {"uid": "!"})
        self.refused(404, "queue_server/history/" + UNKNOWN, method="GET")
        self.refused(412, "queue_server/history/x", method="GET")


class TestSteering(httpcase.HTTPCase):

    def test_priority(self):
        self.put()
        uid = self.put()
        about = {"task_uid": uid, "priority": 1, "username": "boss"}
        self.assertTrue(self.ask("queue_server/priority", about)["changed"])
        who = {"consumer_id": httpcase.CONSUMER}
        task = self.ask("queue_server/pop", who)["task"]
        self.assertEqual((task["task_uid"], task["priority"]), (uid, 1))
        self.assertFalse(self.ask("queue_server/priority", about)["changed"])
        for value in (None, "x", -1, 10 ** 9, True, 1.5):
            self.refused(400, "queue_server/priority",
                         dict(about, priority=value))
        self.refused(404, "queue_server/priority",
                     dict(about, task_uid=UNKNOWN))

    def test_job(self):
        uid = self.put(job_uid="f" * 32)
        answer = self.ask("queue_server/cancel_job", {"job_uid": "f" * 32})
        self.assertEqual(answer["cancelled"], [uid])
        self.refused(404, "queue_server/cancel_job", {"job_uid": UNKNOWN})
        self.refused(406, "queue_server/cancel_job")
        self.refused(412, "queue_server/cancel_job", {"job_uid": "x"})

    def test_pause_and_resume(self):
        uid = self.put()
        who = {"consumer_id": httpcase.CONSUMER}
        for about in ({"username": "boss"}, {"name": "task_x"}):
            for expected in (True, False):
                answer = self.ask("queue_server/pause", about)
                self.assertEqual(answer["changed"], expected)
            self.assertIsNone(self.ask("queue_server/pop", who)["task"])
            for expected in (True, False):
                answer = self.ask("queue_server/resume", about)
                self.assertEqual(answer["changed"], expected)
        self.assertEqual(self.ask("queue_server/pop", who)["task"][
            "task_uid"], uid)
        for route in ("pause", "resume"):
            self.refused(400, "queue_server/" + route, {"name": "a b"})
            self.refused(400, "queue_server/" + route, {"name": ["x"]})


    def test_remove_all(self):
        self.put()
        self.put()
        answer = self.ask("queue_server/remove_all", {"username": "boss"})
        self.assertEqual(answer["removed"], 2)
        self.assertEqual(
            self.ask("queue_server/search", method="GET")["items"], [])
        self.assertEqual(
            self.ask("queue_server/remove_all")["removed"], 0)


class TestDiagnosis(httpcase.HTTPCase):
    """The connection test reports what is wrong."""

    def examine(self, url=None, site_id=None, key=None):
        found = diagnosis.test(
            self.url if url is None else url,
            site_id or get_site_id(self.portal), lambda: key or self.key)
        return [good for good, _text in found], \
            found[-1][1] if not found[-1][0] else None

    def test_no_faults(self):
        self.assertEqual(self.examine(), ([True] * 5, None))

    def test_faults(self):
        host = self.url.split("/")[2]
        for url, part in (
                ("", "is empty"), ("nonsense", "not the URL of a site"),
                ("http://no.such.host.invalid/senaite", "is not known"),
                ("http://127.0.0.1:1/plone", "Nothing listens"),
                ("http://{}/nothing".format(host), "no SENAITE site"),
                ("https://{}/plone".format(host), "speak https")):
            goods, message = self.examine(url)
            self.assertEqual(goods[-1], False)
            self.assertIn(part, message, url)

    def test_wrong_key(self):
        self.assertIn("does not accept our key",
                      self.examine(key=tokens.make_key())[1])
        self.assertIn("no key to sign with", self.examine(key="x")[1])

    def test_another_site(self):
        self.assertIn("leads to the site", self.examine(site_id="/other")[1])

    def test_not_a_queue_server(self):
        from senaite.queue.site import process_role
        self.setenv(config.ROLE.variable, process_role.CLIENT)
        self.assertIn("not a queue server", self.examine()[1])

    def test_store_fails(self):
        self.setenv(config.STORE.variable, "sqlite:////proc/none/tasks.db")
        self.assertIn("cannot work", self.examine()[1])
