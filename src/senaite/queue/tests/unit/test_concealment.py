# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Secrets in the free keys of tasks: which keys name one, where none is shown.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.model.concealment import conceal
from senaite.queue.model.concealment import CONCEALED
from senaite.queue.model.concealment import is_secret
from senaite.queue.model import fields
from senaite.queue.model import queue_task
from senaite.queue.tests.tasks import make_task

HIDDEN = "s3cr3t-of-the-test"


class TestKeys(unittest.TestCase):

    def test_names_of_secrets(self):
        for key in ("_authenticator", "_ZopeId", "csrf", "jwt", "PHPSESSID",
                    "sid", "bearer", "accesskey", "privatekey",
                    "__ac", "__ac_password", "cookie", "Cookie", "cookies",
                    "password", "PASSWORD", "user_passwd", "pwd", "token",
                    "csrf_token", "accessToken", "authToken", "auth_key",
                    "api_key", "apikey", "apiKey", "private-key", "key",
                    "secret", "client_secret", "Authorization", "auth",
                    "credentials", "session_id", "sessionid", "key2",
                    u"token"):
            self.assertTrue(is_secret(key), key)

    def test_names_of_other_things(self):
        for key in ("action", "slots", "keyword", "keywords", "monkey",
                    "author", "passed", "compass", "template", "after",
                    "steps", "colour", "account", "", 1, None,
                    # uids are keys, too
                    "3ac9" * 8, "ac" + "3f" * 15):
            self.assertFalse(is_secret(key), key)

    def test_no_field_of_a_task_is_one(self):
        for key in make_task(1):
            self.assertFalse(is_secret(key), key)


class TestConceal(unittest.TestCase):

    def test_values_are_replaced_however_deep(self):
        task = make_task(1, __ac=HIDDEN, colour="blue", options={
            "deep": [{"password": HIDDEN, "user": "x"}]})
        shown = conceal(task)
        self.assertNotIn(HIDDEN, repr(shown))
        self.assertEqual(shown["__ac"], CONCEALED)
        self.assertEqual(shown["options"]["deep"],
                         [{"password": CONCEALED, "user": "x"}])
        self.assertEqual((shown["colour"], shown["task_uid"]),
                         ("blue", task.task_uid))
        # the task itself goes on with what it has
        self.assertEqual(task["__ac"], HIDDEN)

    def test_tasks_for_those_who_look_at_them(self):
        task = make_task(1, __ac=HIDDEN, colour="blue", uids=["a"],
                         more={"token": HIDDEN})
        shown = queue_task.concealed(task)
        self.assertEqual(shown, dict(
            task, __ac=CONCEALED, more={"token": CONCEALED}))
        self.assertEqual(task["__ac"], HIDDEN)

    def test_history_has_the_described_fields(self):
        for name, own in (
                ("task_action_submit", {"action": "submit"}),
                ("task_generic_action", {"action": "submit"}),
                ("task_assign_analyses",
                 {"slots": [1, ""], "slots_by_uid": {"a": 1}}),
                ("task_apply_worksheet_template",
                 {"template": "b", "slots": {"a": 1}, "steps": []}),
                ("task_reindex_object_security", {"after": "/site"})):
            task = make_task(1, name=name, __ac=HIDDEN, cookie="x", note="x",
                             **own)
            kept = queue_task.without_free_keys(task)
            # Our own keys are no secrets, and it cannot be done again without
            self.assertEqual(
                kept, dict(make_task(1, name=name), note="x", **own))
            self.assertEqual(queue_task.to_task(kept), task)

    def test_keys_like_ours_in_tasks_of_others(self):
        """They may be anything there."""
        others = {"action": {"x": HIDDEN}, "slots": HIDDEN, "steps": [HIDDEN],
                  "template": HIDDEN, "after": HIDDEN, "slots_by_uid": HIDDEN}
        for name in ("addon_x", "task_action", "task_generic_action_2"):
            kept = queue_task.without_free_keys(
                make_task(1, name=name, **others))
            self.assertEqual(kept, dict(make_task(1, name=name)))
        kept = queue_task.without_free_keys(
            make_task(1, name="task_action_x", action="x", steps=[HIDDEN]))
        self.assertEqual(set(kept) - set(make_task(1)), {"action"})

    def test_what_was_given_with_the_job_is_kept(self):
        """Numbers and uids, and nothing else."""
        given = {"retries": 2, "chunk_size": 5, "locks": ["a"]}
        kept = queue_task.without_free_keys(make_task(1, job_given=given))
        self.assertEqual(kept["job_given"], given)
        for wrong in (HIDDEN, [HIDDEN], {"retries": HIDDEN},
                      {"locks": ["a b"]}, {"locks": "a"},
                      dict(given, more=HIDDEN)):
            self.assertNotIn("job_given", queue_task.without_free_keys(
                make_task(1, job_given=wrong)))

    def test_what_is_empty_hides_nothing(self):
        self.assertEqual(conceal({"token": None, "key": ""}),
                         {"token": None, "key": ""})

    def test_errors_show_no_secret(self):
        for call, error in (
                (lambda: make_task(1, __ac=[HIDDEN, object()]), TypeError),
                (lambda: make_task(1, x={"token": {HIDDEN, 1}}), TypeError),
                (lambda: make_task(1, password={1: HIDDEN}), TypeError),
                (lambda: queue_task.get_task_uid({"token": HIDDEN}),
                 ValueError),
                (lambda: queue_task.get_chunks_for({"__ac": HIDDEN}),
                 ValueError)):
            with self.assertRaises(error) as caught:
                call()
            self.assertNotIn(HIDDEN, str(caught.exception))

    def test_error_names_the_key(self):
        with self.assertRaises(TypeError) as caught:
            fields.check_json("__ac", object())
        self.assertIn("'__ac'", str(caught.exception))
        self.assertIn("***", str(caught.exception))
