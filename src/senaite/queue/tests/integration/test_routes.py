# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Answers and refusals of the queue server's routes."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import time
import uuid

import transaction
from senaite.queue import config
from senaite.queue.errors import Refused
from senaite.queue.http import routing
from senaite.queue.model.queue_task import new_task
from senaite.queue.model import surroundings
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.site.portal import get_portal
from senaite.queue.tests.integration import httpcase

OTHER = "client2/00000001"
UNKNOWN = "0" * 32


class TestAnswers(httpcase.HTTPCase):

    def test_task_is_added_popped_and_acknowledged(self):
        since = self.ask("queue_server/diff")["version"]
        uid = self.put(uids=["item1"], note_of_mine={"a": [1, None]})
        answer = self.ask("queue_server/tasks", method="GET")
        self.assertEqual([item["task_uid"] for item in answer["items"]],
                         [uid])
        self.assertEqual(answer["count"], 1)
        self.assertTrue(answer["url"].endswith("queue_server/tasks"))
        self.assertTrue(answer["zeo"].startswith("http://"))

        who = {"consumer_id": httpcase.CONSUMER}
        task = self.ask("queue_server/pop", who)["task"]
        self.assertEqual(task["task_uid"], uid)
        self.assertEqual(task["note_of_mine"], {"a": [1, None]})
        self.assertEqual(self.ask("queue_server/pop", who)["task"], task)
        other = self.ask("queue_server/pop", {"consumer_id": OTHER})
        self.assertEqual(other["task"], None)
        self.assertTrue(0 < other["next_due"] < 3600)

        about = dict(who, task_uid=uid)
        self.assertTrue(self.ask("queue_server/heartbeat", about)["held"])
        stolen = dict(about, consumer_id=OTHER)
        self.assertFalse(self.ask("queue_server/heartbeat", stolen)["held"])
        self.refused(412, "queue_server/done", stolen)

        for _ in range(2):
            self.ask("queue_server/done", dict(about, processed=1, note="x"))
        answer = self.ask("queue_server/" + uid, method="GET")
        self.assertEqual((answer["status"], answer["note"]), ("done", "x"))
        answer = self.ask("queue_server/diff?since=" + since, method="GET")
        self.assertEqual([item["status"] for item in answer["tasks"]],
                         ["done"])
        answer = self.ask("queue_server/jobs/" + uid, method="GET")
        self.assertEqual((answer["total"], answer["done"]), (1, 1))

    def test_skipped_items_and_failures_are_told(self):
        uid = self.put(uids=["a", "b"])
        about = {"consumer_id": httpcase.CONSUMER, "task_uid": uid}
        self.ask("queue_server/pop", about)
        item = {"item": u"<b>Calcium", "reason": "gone"}
        self.ask("queue_server/done", dict(
            about, processed=2, skipped=1, skipped_items=[item, 3, None]))
        job = self.ask("queue_server/jobs/" + uid, method="GET")
        self.assertEqual((job["done"], job["skipped"], job["skipped_items"]),
                         (1, 1, [item]))
        page = self.ask("queue_server/page", method="GET")
        self.assertEqual(page["items"][0]["skipped_items"], [item])

        about["task_uid"] = self.put(retries=0)
        self.ask("queue_server/pop", about)
        self.ask("queue_server/fail", dict(
            about, kind="fatal", error_message="No", error_code="not_allowed"))
        task = self.ask("queue_server/" + about["task_uid"], method="GET")
        self.assertEqual(task["error_code"], "not_allowed")

    def test_acknowledgement_returns_the_next_task(self):
        first = self.put(uids=["a"])
        second = self.put(uids=["b"], created=1000001)
        who = {"consumer_id": httpcase.CONSUMER}
        self.assertEqual(
            self.ask("queue_server/pop", who)["task"]["task_uid"], first)
        about = dict(who, task_uid=first, next=True)
        # The first answer may get lost
        for _ in range(2):
            answer = self.ask("queue_server/done", about)
            self.assertEqual(answer["task_uid"], first)
            self.assertEqual(answer["task"]["task_uid"], second)
        answer = self.ask("queue_server/done", dict(
            who, task_uid=second, next=False))
        self.assertNotIn("task", answer)
        third = self.put(uids=["c"], created=time.time(), delay=500)
        self.ask("queue_server/done", dict(about, task_uid=second))
        answer = self.ask("queue_server/done", dict(about, task_uid=second))
        self.assertIsNone(answer["task"])
        self.assertTrue(0 < answer["next_due"] <= 500)
        answer = self.ask("queue_server/" + third, method="GET")
        self.assertEqual(answer["status"], "queued")

    def test_batch_is_answered_task_by_task(self):
        good, bad = self.task(), self.task(priority="high")
        payload = {"tasks": [good, bad]}
        results = self.ask("queue_server/add", payload)["results"]
        self.assertEqual(results[good["task_uid"]], "added")
        self.assertTrue(results[bad["task_uid"]].startswith(
            "invalid: Task field 'priority'"))
        results = self.ask("queue_server/add", payload)["results"]
        self.assertEqual(results[good["task_uid"]], "known")

    def test_added_task_starts_as_queued_whatever_its_fields_say(self):
        uid = self.put(status="running", consumer_id=OTHER, attempt=7,
                       started=5.0)
        answer = self.ask("queue_server/" + uid, method="GET")
        self.assertEqual(
            [answer[key] for key in ("status", "attempt", "consumer_id")],
            ["queued", 0, None])

    def test_free_keys_do_not_break_answers(self):
        uid = self.put(success=False, request=1, content=2, url="x", zeo="y",
                       context="z", message="m")
        answer = self.ask("queue_server/" + uid, method="GET")
        self.assertEqual(answer["request"], 1)
        self.assertNotEqual(answer["url"], "x")

    def test_secrets_are_for_consumers_only(self):
        hidden = "s3cr3t-of-the-test"
        uid = self.put(__ac=hidden, options={"token": hidden}, colour="blue")
        for route in ("tasks", "search", uid, "history/" + uid):
            text = self.call("queue_server/" + route, caller="manager",
                             method="GET").text
            self.assertNotIn(hidden, text, route)
            self.assertEqual(text.count("***"), 2, route)
            self.assertIn("blue", text, route)
        for route in ("diff", "page", "uids", "stats"):
            text = self.call("queue_server/" + route, caller="manager",
                             method="GET").text
            self.assertNotIn(hidden, text, route)
        task = self.ask("queue_server/pop",
                        {"consumer_id": httpcase.CONSUMER})["task"]
        self.assertEqual(task["__ac"], hidden)
        self.assertEqual(task["options"], {"token": hidden})

    def test_client_of_a_click_is_for_consumers_only(self):
        origin = {"server_url": "https://lims.example.com",
                  "virtual_root": ["lab"], "root_path": "/plone",
                  "languages": ["de", "en"], "comments": "not-for-all",
                  "client": {"address": "192.0.2.7", "user_agent": "Some"}}
        uid = self.put(click_origin=origin)
        for route in ("tasks", "search", uid, "history/" + uid, "diff",
                      "page", "uids", "stats"):
            text = self.call("queue_server/" + route, caller="manager",
                             method="GET").text
            for hidden in ("not-for-all", "192.0.2.7", "Some"):
                self.assertNotIn(hidden, text, route)
        task = self.ask("queue_server/pop",
                        {"consumer_id": httpcase.CONSUMER})["task"]
        for name, value in origin.items():
            if name != "client":
                self.assertEqual(task["click_origin"][name], value)
        self.assertEqual(task["click_origin"]["client"]["address"], "192.0.2.7")

    def test_forged_origins_are_refused(self):
        for part, value in (("server_url", "https://evil.example.com/x"),
                            ("server_url", "javascript:alert(1)"),
                            ("virtual_root", [".."]),
                            ("languages", ["../de"])):
            origin = {"server_url": "https://lims.example.com", part: value}
            message = self.refused(400, "queue_server/add", self.task(
                click_origin=origin))
            self.assertIn("'click_origin.{}".format(part), message)

    def test_ghosts_are_hidden_unless_asked_for(self):
        self.put(ghost=True)
        route = "queue_server/tasks"
        self.assertEqual(self.ask(route)["count"], 0)
        self.assertEqual(self.ask(route, {"ghost": True})["count"], 1)
        answer = self.ask(route + "?ghost=1", method="GET")
        self.assertEqual(answer["count"], 1)

    def test_search_filters_tasks(self):
        uid = self.put(uids=["item1"], name="task_y")
        self.put()
        for query, count in (("uid=item1", 1), ("name=task_y", 1),
                             ("uid=item1&name=task_x", 0), ("", 2),
                             ("status=done", 0), ("status=queued,failed", 2),
                             ("limit=1", 1), ("offset=2", 0)):
            answer = self.ask("queue_server/search?" + query, method="GET")
            self.assertEqual(answer["count"], count, query)
        answer = self.ask("queue_server/uids/queued", method="GET")
        self.assertTrue("item1" in answer["items"])
        self.assertEqual(self.ask("queue_server/search", {"uid": "item1"})
                         ["items"][0]["task_uid"], uid)

    def test_failed_task_is_requeued(self):
        uid = self.put(retries=0)
        about = {"task_uid": uid, "consumer_id": httpcase.CONSUMER}
        self.refused(412, "queue_server/requeue/" + uid)
        self.ask("queue_server/pop", about)
        answer = self.ask("queue_server/fail", dict(
            about, error_message=u"Oh \xe9 <script>", traceback="..."))
        self.assertEqual(answer["status"], "failed")
        self.ask("queue_server/requeue/" + uid, {"username": "boss"})
        self.ask("queue_server/pop", about)
        answer = self.ask("queue_server/timeout", about)
        self.assertTrue(answer["status"] in ("queued", "failed"))
        self.assertTrue(self.ask("queue_server/delete", about)["changed"])
        self.assertFalse(self.ask("queue_server/delete", about)["changed"])

    def test_restarted_consumer_returns_its_task(self):
        uid = self.put()
        self.ask("queue_server/pop", {"consumer_id": httpcase.CONSUMER})
        again = {"consumer_id": httpcase.CONSUMER[:-1] + "9"}
        self.assertEqual(self.ask("queue_server/hello", again)["requeued"],
                         [uid])


class TestRefusals(httpcase.HTTPCase):

    def test_invalid_bodies_are_refused(self):
        for status, route, payload in (
                (406, "add", {}), (406, "add", {"tasks": []}),
                (400, "add", {"tasks": {}}), (400, "add", {"tasks": [3]}),
                (412, "add", {"task_uid": "x"}),
                (400, "add", {"task_uid": UNKNOWN}),
                (400, "add", self.task(uids="x")),
                (400, "add", self.task(context_path="/a\nb")),
                (400, "add", self.task(uids=["%d" % n for n in range(10001)])),
                (400, "add", self.task(blob="x" * (1024 * 1024))),
                (428, "pop", {}), (428, "pop", {"consumer_id": "x"}),
                (428, "pop", {"consumer_id": ["x"]}),
                (428, "hello", {"consumer_id": u"\xe9/00000001"}),
                (406, "done", {}), (412, "done", {"task_uid": "x"}),
                (412, "done", {"task_uid": 3}),
                (412, "done", {"task_uid": UNKNOWN + "\n"}),
                (428, "done", {"task_uid": UNKNOWN}),
                (404, "done", self.about()), (404, "fail", self.about()),
                (404, "timeout", self.about()),
                (404, "requeue", self.about()), (404, "delete", self.about()),
                (412, "requeue/x", {}),
                (400, "done", self.about(processed="x")),
                (400, "done", self.about(note=["x"])),
                (400, "done", self.about(skipped="x")),
                (400, "page", {"meanings": "x"}),
                (400, "page", {"meanings": "[1]"}),
                (400, "fail", self.about(kind="bad")),
                (400, "fail", self.about(kind=["error"])),
                (400, "tasks", {"status": 3}), (400, "tasks/nonsense", {}),
                (400, "tasks", {"limit": 0}), (400, "tasks", {"limit": True}),
                (412, "search", {"uid": ["x"]}), (412, "search", {"uid": " "}),
                (404, UNKNOWN, {}), (412, "nonsense", {}),
                (404, "jobs/" + UNKNOWN, {}), (404, "no/such/route", {})):
            message = self.refused(status, "queue_server/" + route, payload)
            self.assertTrue(message, route)

    def about(self, **kw):
        return dict(kw, task_uid=UNKNOWN, consumer_id=httpcase.CONSUMER)

    def test_invalid_json_objects_are_refused(self):
        for body in ("{", "[]", "3", "null", "\xff", '{"a": NaN}',
                     "[" * 100000):
            self.refused(400, "queue_server/pop", body=body)

    def test_forms_are_refused(self):
        for content_type in ("application/x-www-form-urlencoded",
                             "multipart/form-data; boundary=x", "text/plain"):
            response = self.call(
                "queue_server/pop", body="consumer_id=client1/00000001",
                headers={"Content-Type": content_type})
            self.assertEqual(response.status_code, 400)

    def test_other_formats_are_refused(self):
        for query in ("?asbinary=1", "?asxml=1"):
            response = self.call("queue_server/tasks" + query, method="GET")
            self.assertEqual(response.status_code, 400)

    def test_malformed_queries_cause_no_server_error(self):
        for query in ("limit:int=7", "status:list=queued", "ghost:record=1",
                      "uid=%00", "since=%ff", "offset=-1", "name=" + "x" * 999,
                      "limit=" + "9" * 30):
            for route in ("tasks", "diff", "search", "uids"):
                url = "queue_server/{}?{}".format(route, query)
                response = self.call(url, method="GET", caller="manager")
                self.assertTrue(response.status_code < 500, url)

    def test_unavailable_store_is_answered_with_503(self):
        self.setenv(config.STORE.variable, "sqlite:////proc/none/tasks.db")
        self.refused(503, "queue_server/add", self.task())
        self.refused(503, "queue_server/pop", {"consumer_id": httpcase.CONSUMER})
        self.refused(503, "queue_server/tasks", method="GET")

    def test_unexpected_errors_stay_in_the_log(self):
        self.patch(routing, "get_portal", lambda: 1 / 0)
        message = self.refused(500, "queue_server/tasks", method="GET")
        self.assertFalse("division" in message)


class TestTransactions(httpcase.HTTPCase):

    def declare(self, error):
        name = "write_" + uuid.uuid4().hex
        portal_id = self.portal.getId()

        def write(context, request):
            get_portal().title = name
            if error is not None:
                raise error
            return {"portal": portal_id}

        write.__name__ = name
        routing.route("queue_test", name)(write)
        self.addCleanup(routing.ROUTES.pop)
        self.call("queue_test/" + name, method="GET")
        transaction.begin()
        return self.portal.title == name

    def test_failed_route_is_rolled_back(self):
        self.assertTrue(self.declare(None))
        for error in (RuntimeError("x"), Refused(409, "x"),
                      ValueError(u"\xe9"), KeyError("x")):
            self.assertFalse(self.declare(error))


class TestOutbox(httpcase.HTTPCase):

    def test_own_additions_are_seen_before_the_commit(self):
        queue = get_server_utility(self.portal)
        queue.store.now()
        task = new_task("task_x", self.portal.clients, username="analyst")
        self.assertEqual(queue.add(task), task)
        self.assertEqual(queue.get_tasks(), [task])
        self.assertEqual(queue.get_task(task.task_uid), task)
        self.assertTrue(queue.has_tasks_for(self.portal.clients))
        self.assertEqual(len(queue), 1)
        transaction.abort()
        self.assertEqual(len(queue), 0)
        self.assertFalse(queue.has_task(task))

    def test_store_overrides_the_outbox(self):
        queue = get_server_utility(self.portal)
        task = new_task("task_x", self.portal.clients, username="analyst")
        queue.add(task)
        queue.accept([task])
        running = queue.pop(httpcase.CONSUMER)
        self.assertEqual(queue.get_task(task.task_uid).status, "running")
        self.assertEqual(len(queue.get_tasks()), 1)
        queue.done(running)
        self.assertEqual(queue.get_tasks(), [])
        self.assertTrue(queue.is_empty())
        transaction.abort()

    def test_settings_are_those_of_the_site(self):
        queue = get_server_utility(self.portal)
        self.assertEqual(queue.get_setting("lease_seconds"),
                         surroundings.get().get_setting("lease_seconds"))
