# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The routes serve processes that see the same database, and sign answers."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import uuid

import transaction
from persistent.mapping import PersistentMapping
from zope.testing.loggingsupport import InstalledHandler

from senaite.queue.auth import answers
from senaite.queue.auth import process_marks
from senaite.queue.auth import signing_keys
from senaite.queue.auth.signer import Signer
from senaite.queue.auth import tokens
from senaite.queue.errors import DatabaseRefused
from senaite.queue.errors import OtherDatabase
from senaite.queue.http.transport import Transport
from senaite.queue.site import connections
from senaite.queue.tests.integration import httpcase


class TestMarks(httpcase.HTTPCase):

    def ask_with(self, mark, route="queue_server/pop"):
        """Return status and answer for a process with this mark."""
        response = self.call(
            route, {"consumer_id": httpcase.CONSUMER},
            auth=Signer("", lambda: self.key, lambda: mark))
        return response.status_code, response.json()

    def test_only_known_marks_are_served(self):
        self.put()
        for mark in ("", uuid.uuid4().hex, "x", "a-b"):
            for route in ("queue_server/pop", "queue_server/join",
                          "queue_server/diff", "queue_server/add"):
                status, answer = self.ask_with(mark, route)
                self.assertEqual((status, answer.get("error")),
                                 (403, OtherDatabase.__name__))
                self.assertNotIn("task", answer)
        self.assertTrue(self.ask_with(self.mark)[1]["task"])

    def test_refused_process_is_logged_once(self):
        log = InstalledHandler("senaite.queue")
        self.addCleanup(log.uninstall)
        mark = uuid.uuid4().hex
        for _number in range(3):
            self.assertEqual(self.ask_with(mark)[0], 403)
        lines = [record.getMessage() for record in log.records]
        line, = [line for line in lines if "event=other_database" in line]
        self.assertIn(mark, line)

    def test_mark_of_a_copy_is_not_found(self):
        """One that is no longer, or not yet, in this database."""
        self.assertEqual(self.ask_with(self.mark)[0], 200)
        transaction.begin()
        process_marks.uninstall(self.portal)
        transaction.commit()
        process_marks.forget_known()
        self.assertEqual(self.ask_with(self.mark)[0], 403)

    def test_refusal_is_known_to_the_transport(self):
        class Copy(object):
            refused = 0

            def insists(self):
                return True

            def get_mark(self):
                return uuid.uuid4().hex

            def require_patience(self):
                """Ask whenever asked to."""

            def check_mark(self):
                Copy.refused += 1

            def note_refused(self):
                raise DatabaseRefused()

        with self.assertRaises(DatabaseRefused):
            Transport(self.url, lambda: self.key, membership=Copy()).call(
                "queue_server/pop", {"consumer_id": httpcase.CONSUMER})
        self.assertEqual(Copy.refused, 2)

    def test_process_with_the_database_is_served(self):
        transport = Transport(
            self.url, lambda: self.key, membership=self.membership)
        uid = self.put()
        task = transport.call(
            "queue_server/pop", {"consumer_id": httpcase.CONSUMER})["task"]
        self.assertEqual(task["task_uid"], uid)

    def test_connection_test_and_people_need_none(self):
        self.assertEqual(self.ask_with("", "queue_server/ping")[0], 200)
        self.ask("queue_server/tasks", caller="analyst", method="GET")

    def test_before_the_upgrade_step_older_processes_are_served(self):
        transaction.begin()
        signing_keys.remove(self.portal)
        connections.annotations(self.portal)[signing_keys.ANNOTATION] = \
            PersistentMapping({"current": self.key, "previous": None,
                               "previous_until": 0})
        transaction.commit()
        self.assertEqual(self.ask_with("")[0], 200)
        transaction.begin()
        signing_keys.move(self.portal)
        transaction.commit()
        # the former key, which all exports contain, holds for an hour
        self.assertEqual(self.ask_with("")[0], 403)
        self.assertNotEqual(signing_keys.get_key(self.portal), self.key)
        self.assertIn(self.key, signing_keys.get_keys(self.portal))


class TestSignedAnswers(httpcase.HTTPCase):

    def verify(self, route, status, payload=None, key=None, **kw):
        signer = Signer(
            "", lambda: key or self.key, lambda: self.mark)
        response = self.call(route, payload, auth=signer, **kw)
        self.assertEqual(response.status_code, status, response.text)
        answers.verify(signer.key, response.headers.get(answers.HEADER),
                       signer.nonce, status, response.content)
        return response

    def test_answers_of_all_kinds_are_signed(self):
        pop = {"consumer_id": httpcase.CONSUMER}
        self.verify("queue_server/pop", 200, pop)
        self.verify("queue_server/join", 200)
        self.verify("queue_server/diff", 200, method="GET")
        self.verify("queue_server/" + uuid.uuid4().hex, 404, method="GET")
        self.verify("queue_server/no/such/route", 404)
        self.verify("queue_server/pop", 428)
        self.verify("queue_server/pop", 405, method="GET")
        self.verify("queue_consumer/process/none", 412)

    def test_signed_with_the_key_of_the_request(self):
        former = self.key
        transaction.begin()
        signing_keys.rotate(self.portal)
        transaction.commit()
        self.verify("queue_server/join", 200, key=former)
        self.verify("queue_server/join", 200,
                    key=signing_keys.get_key(self.portal))

    def test_requests_without_a_key_get_no_signature(self):
        for caller, status in ((httpcase.ANONYMOUS, 401), ("manager", 403)):
            response = self.call("queue_server/pop", {}, caller=caller)
            self.assertEqual(response.status_code, status)
            self.assertNotIn(answers.HEADER, response.headers)
        response = self.call("queue_server/pop", {}, auth=Signer(
            "", tokens.make_key))
        self.assertEqual(response.status_code, 401)
        self.assertNotIn(answers.HEADER, response.headers)
