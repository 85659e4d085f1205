# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The task model: creation, validation, copies and chunks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import unittest

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from senaite.queue.model.conversion import count_items
from senaite.queue.model.conversion import ITEMS
from senaite.queue.model.conversion import put_back
from senaite.queue.model import fields
from senaite.queue.model import queue_task
from senaite.queue.tests.sitecase import SiteCase
from senaite.queue.tests.tasks import make_task


class TestNewTask(SiteCase):

    def test_fields_come_from_context_user_and_settings(self):
        self.provide(max_retries=2, default=7, min_seconds_task=1,
                     max_seconds_unlock=99)
        task = queue_task.new_task("task_x", "ctx", uids=["a", "b"], action="go")
        self.assertEqual(task.context_uid, "ctx")
        self.assertEqual(task.context_path, "/site/ctx")
        self.assertEqual(task.username, "me")
        self.assertEqual((task.retries, task.chunk_size, task.min_seconds,
                          task.max_seconds), (2, 7, 1, 99))
        self.assertEqual(task.priority, 10)
        self.assertEqual(task.status, "queued")
        self.assertEqual(task.job_uid, task.task_uid)
        self.assertEqual(task.job_total, 2)
        self.assertEqual(task.action, "go")
        self.assertEqual(len(task.task_uid), 32)
        self.assertEqual(task.task_short_uid, task.task_uid[:9])
        self.assertEqual(task.get_context(), ("ctx", "/site/ctx"))

    def test_all_fields_are_there(self):
        self.provide()
        task = queue_task.new_task("task_x", "ctx")
        self.assertEqual(set(task), set(fields.CHECKS) | {"task_short_uid"})
        self.assertEqual(task.job_total, 1)

    def test_given_values_win_over_settings(self):
        self.provide()
        task = queue_task.new_task("task_x", "ctx", username="you", retries=9,
                              priority=50, delay=3, unique=True, ghost=True)
        self.assertEqual((task.username, task.retries, task.priority,
                          task.delay, task.unique, task.ghost),
                         ("you", 9, 50, 3, True, True))

    def test_callers_may_give_numbers_as_strings(self):
        self.provide()
        task = queue_task.new_task("task_x", "ctx", priority="5", retries=u"2",
                                   min_seconds="1.5", chunk_size=" 7 ")
        self.assertEqual((task.priority, task.retries, task.min_seconds,
                          task.chunk_size), (5, 2, 1.5, 7))
        copy = queue_task.copy_task(task, priority="3")
        self.assertEqual((copy.priority, copy.retries), (3, 2))
        for wrong in ("", "high", "nan", "1.5"):
            with self.assertRaises(TypeError) as caught:
                queue_task.new_task("task_x", "ctx", priority=wrong)
            self.assertIn("'priority'", str(caught.exception))
        with self.assertRaises(ValueError) as caught:
            queue_task.new_task("task_x", "ctx", priority="-1")
        self.assertIn("'priority'", str(caught.exception))

    def test_callers_may_give_flags_as_words_and_numbers(self):
        self.provide()
        for on, off in ((1, 0), ("true", "false"), (u"1", ""), (True, False)):
            task = queue_task.new_task("task_x", "ctx", unique=on, ghost=off)
            self.assertEqual((task.unique, task.ghost), (True, False))
        for wrong in ("perhaps", 2, [], object()):
            with self.assertRaises(TypeError) as caught:
                queue_task.new_task("task_x", "ctx", unique=wrong)
            self.assertIn("'unique'", str(caught.exception))

    def test_none_is_the_default(self):
        self.provide(max_retries=2, default=7)
        names = ("retries", "priority", "chunk_size", "min_seconds",
                 "max_seconds", "delay", "unique", "ghost")
        task = queue_task.new_task(
            "task_x", "ctx", **dict.fromkeys(names))
        other = queue_task.new_task("task_x", "ctx")
        for name in names:
            self.assertEqual(task[name], other[name], name)
        self.assertNotIn(queue_task.GIVEN, task)
        copy = queue_task.copy_task(
            make_task(1, priority=4), priority=None, retries=None)
        self.assertEqual((copy.priority, copy.retries), (4, 2))

    def test_tasks_with_the_same_uid_are_equal(self):
        task = make_task(1)
        self.assertEqual(task, make_task(1, name="other"))
        self.assertNotEqual(task, make_task(2))
        self.assertNotEqual(task, dict(task))
        self.assertEqual(len({task, make_task(1), make_task(2)}), 2)

    def test_unknown_attribute_raises_an_error(self):
        with self.assertRaises(AttributeError):
            make_task(1).nothing

    def test_context_requires_a_site(self):
        with self.assertRaises(ValueError):
            queue_task.new_task("task_x", "ctx")


class TestToTask(unittest.TestCase):

    def check(self, error, key, value):
        with self.assertRaises(error) as caught:
            queue_task.to_task(dict(make_task(1), **{key: value}))
        self.assertIn("'{}'".format(key), str(caught.exception))

    def test_fields_of_wrong_type_are_named(self):
        for key in fields.CHECKS:
            self.check(TypeError if key != "status" else ValueError,
                       key, object())
        for key in ("priority", "created", "retries", "delay", "job_total",
                    "job_created"):
            self.check(TypeError, key, "1")
            self.check(TypeError, key, True)
            self.check(TypeError, key, float("nan"))
            self.check(TypeError, key, float("inf"))
        self.check(TypeError, "unique", 1)
        self.check(TypeError, "uids", "abc")
        self.check(TypeError, "uids", ["a", 1])
        self.check(TypeError, "retries", 1.5)

    def test_fields_out_of_bounds_are_named(self):
        for key, value in (
                ("task_uid", "x" * 32), ("task_uid", "A" * 32),
                ("task_uid", "a" * 31), ("task_uid", "a" * 32 + "\n"),
                ("name", ""), ("name", "a b"), ("name", "x\n"),
                ("name", "x" * 101), ("context_uid", "../x"),
                ("context_path", "no/path"), ("context_path", "/a\nb"),
                ("username", ""), ("username", "a\nb"), ("priority", -1),
                ("retries", -1), ("max_seconds", 0), ("delay", -1),
                ("chunk_size", -1), ("uids", ["a b"]), ("locks", [""]),
                ("status", "waiting"), ("created", -1),
                ("job_uid", "1")):
            self.check(ValueError, key, value)

    def test_missing_fields_are_named(self):
        for key in fields.REQUIRED:
            data = dict(make_task(1))
            del data[key]
            with self.assertRaises(ValueError) as caught:
                queue_task.to_task(data)
            self.assertIn("'{}'".format(key), str(caught.exception))

    def test_task_must_be_a_dict(self):
        for value in (None, "x", 1, []):
            with self.assertRaises(TypeError):
                queue_task.to_task(value)

    def test_free_keys_must_be_json(self):
        for value in (object(), set(), b"\xff", {1: 2}, [object()],
                      {"a": {"b": object()}}, float("nan")):
            self.check(TypeError, "mine", value)
        deep = []
        for _ in range(100):
            deep = [deep]
        self.check(TypeError, "mine", deep)
        task = make_task(1, mine=(1, {"a": None, "b": [True, 1.5]}))
        self.assertEqual(task["mine"], [1, {"a": None, "b": [True, 1.5]}])

    def test_task_survives_a_json_round_trip(self):
        task = make_task(1, username=u"J\xf6rg", title=u"\u6c34",
                         error_message=u"\xdf", locks=["x"])
        back = queue_task.to_task(json.loads(queue_task.to_json(task)))
        self.assertEqual(dict(back), dict(task))
        for key in ("task_uid", "name", "context_path", "username"):
            self.assertIsInstance(back[key], str)

    def test_uids_that_occur_twice_count_once(self):
        data = dict(make_task(1), uids=["b", "a", u"b", "a", "c"])
        del data["job_total"]
        task = queue_task.to_task(data)
        self.assertEqual(task.uids, ["b", "a", "c"])
        self.assertEqual(task.job_total, 3)
        self.assertEqual(set(map(type, task.uids)), {str})

    def test_short_uid_is_derived_from_the_uid(self):
        task = queue_task.to_task(dict(make_task(1), task_short_uid="x"))
        self.assertEqual(task.task_short_uid, "0" * 9)


class TestPayload(SiteCase):

    def test_too_many_uids_are_refused(self):
        self.provide(max_uids=3)
        queue_task.check_payload(make_task(1, uids=["a", "b", "c"]))
        with self.assertRaises(ValueError) as caught:
            queue_task.check_payload(make_task(1, uids=list("abcd")))
        self.assertIn("3", str(caught.exception))
        self.assertIn("4", str(caught.exception))

    def test_too_many_bytes_are_refused(self):
        task = make_task(1, text=u"\u6c34" * 100)
        size = len(queue_task.to_json(task))
        self.provide(max_payload_bytes=size)
        queue_task.check_payload(task)
        self.provide(max_payload_bytes=size - 1)
        with self.assertRaises(ValueError) as caught:
            queue_task.check_payload(task)
        self.assertIn(str(size), str(caught.exception))
        self.assertIn(str(size - 1), str(caught.exception))


class TestCopy(SiteCase):

    def test_follow_up_belongs_to_the_same_job(self):
        self.provide(max_retries=3)
        source = make_task(1, retries=0, attempt=4, delay=9, chunk_size=5,
                           status="running", consumer_id="c/00000000",
                           error_message="x", started=1.0, action="go",
                           uids=["a", "b", "c"], priority=7, note="x")
        copy = queue_task.copy_task(source, uids=["c"])
        self.assertNotEqual(copy.task_uid, source.task_uid)
        self.assertEqual(copy.task_short_uid, copy.task_uid[:9])
        self.assertEqual(copy.job_uid, source.job_uid)
        self.assertEqual(copy.job_total, 3)
        self.assertEqual(copy.uids, ["c"])
        self.assertEqual((copy.action, copy.priority, copy.chunk_size),
                         ("go", 7, 5))
        self.assertEqual((copy.retries, copy.attempt, copy.delay), (3, 0, 0))
        self.assertEqual(copy.status, "queued")
        self.assertGreater(copy.created, source.created)
        for key in ("consumer_id", "started", "error_message", "note"):
            self.assertIsNone(copy[key])

    def test_only_tasks_are_copied(self):
        for value in (None, "x", {}, {"name": "task_x"}):
            with self.assertRaises(ValueError):
                queue_task.copy_task(value)

    def test_dict_is_copied_like_the_task(self):
        self.provide()
        source = make_task(1, action="go", uids=["a", "b"])
        copy = queue_task.copy_task(dict(source), uids=["b"])
        self.assertEqual(copy.job_uid, source.job_uid)
        self.assertEqual((copy.action, copy.uids), ("go", ["b"]))

    def test_copy_about_another_object(self):
        self.provide()
        source = make_task(1, unique=True)
        copy = queue_task.copy_task(source, context="other", unique=False)
        self.assertEqual(copy.context_uid, "other")
        self.assertEqual(copy.context_path, "/site/other")
        self.assertIs(copy.unique, False)
        self.assertNotIn("context", copy)

    def test_what_was_given_holds_for_the_whole_job(self):
        self.provide(max_retries=3, default=10)
        task = queue_task.new_task("task_x", "ctx", retries=9, chunk_size=5)
        # what attempts have made of them
        task.update(retries=2, chunk_size=1, attempt=8)
        copy = queue_task.copy_task(queue_task.copy_task(task))
        self.assertEqual((copy.retries, copy.chunk_size), (9, 5))
        copy = queue_task.copy_task(task, retries=1, chunk_size=2)
        self.assertEqual((copy.retries, copy.chunk_size), (1, 2))

    def test_settings_hold_for_the_rest_where_nothing_was_given(self):
        self.provide(max_retries=3, default=10)
        task = queue_task.new_task("task_x", "ctx")
        task.update(retries=0, chunk_size=4)
        self.provide(max_retries=2, default=10)
        copy = queue_task.copy_task(task)
        self.assertEqual((copy.retries, copy.chunk_size), (2, 4))

    def test_given_locks_hold_beside_those_of_the_items(self):
        self.provide()
        task = queue_task.new_task("task_x", "ctx", locks=["a"])
        task["locks"] = ["a", "b"]
        copy = queue_task.copy_task(task)
        self.assertEqual(copy.locks, ["a", "b"])
        self.assertEqual(queue_task.given_with(copy), {"locks": ["a"]})
        copy = queue_task.copy_task(copy, locks=("c",))
        self.assertEqual(copy.locks, ["c"])
        self.assertEqual(queue_task.given_with(copy), {"locks": ["c"]})
        task = queue_task.new_task("task_x", "ctx")
        self.assertEqual(queue_task.given_with(task), {})

    def test_values_of_the_job(self):
        self.provide()
        task = queue_task.new_task(
            "task_x", "ctx", uids=["a", "b"], priority=3, ghost=True,
            retries=1, colour="blue", username="other")
        other = queue_task.new_task(
            "task_x", "ctx", uids=["b"], **queue_task.job_values(task))
        self.assertNotEqual(other, task)
        self.assertEqual(other.job_uid, task.job_uid)
        self.assertEqual(other.job_created, task.job_created)
        self.assertEqual((other.job_total, other.uids), (2, ["b"]))
        self.assertEqual((other.priority, other.ghost, other.retries),
                         (3, True, 1))
        self.assertNotIn("colour", other)
        self.assertEqual(queue_task.given_with(other), {"retries": 1})


class TestOtherItems(SiteCase):
    """Items that are no uids: the data of a form, as a rule."""

    FORM = {"Client": "c1", "__ac": "s3cr3t-of-the-test"}

    def setUp(self):
        self.provide()

    def test_task_has_no_uids_until_its_adapter_works(self):
        for other in (self.FORM, ["a", "b"], ("a", "b"), "a@example.com", 7):
            task = queue_task.new_task("task_x", "ctx", uids=["a", other])
            self.assertEqual(task.uids, [])
            self.assertEqual(task[ITEMS], ["a", str(other)])
            self.assertEqual(task.job_total, 2)
            stored = queue_task.to_task(json.loads(queue_task.to_json(task)))
            put_back(stored)
            self.assertEqual(stored.uids, ["a", str(other)])
            self.assertEqual({type(item) for item in stored.uids}, {str})
        self.assertEqual(queue_task.get_chunks_for(stored),
                         [["a", "7"], []])

    def test_what_cannot_be_carried_is_named(self):
        for wrong in (None, True, object(), ""):
            with self.assertRaises((TypeError, ValueError)) as caught:
                queue_task.new_task("task_x", "ctx", uids=["a b", wrong])
            self.assertIn("'uids'", str(caught.exception))

    def test_rest_has_them_too(self):
        task = queue_task.new_task("task_x", "ctx", uids=[self.FORM] * 3)
        put_back(task)
        for source in (task, dict(task)):
            rest = queue_task.copy_task(source, uids=task.uids[1:])
            self.assertEqual((rest.uids, rest[ITEMS], rest.job_total),
                             ([], [str(self.FORM)] * 2, 3))
            whole = queue_task.copy_task(source)
            self.assertEqual(whole[ITEMS], [str(self.FORM)] * 3)
        for uids in ([], ["a"]):
            other = queue_task.copy_task(rest, uids=uids)
            self.assertEqual(other.uids, uids)
            self.assertNotIn(ITEMS, other)

    def test_they_are_counted(self):
        task = queue_task.new_task("task_x", "ctx", uids=[self.FORM] * 3)
        self.assertEqual(count_items(task), 3)
        self.assertEqual(count_items(make_task(1)), 1)
        self.assertEqual(count_items(make_task(1, uids=[])), 1)
        self.provide(max_uids=2)
        with self.assertRaises(ValueError):
            queue_task.check_payload(task)

    def test_they_are_not_shown_and_not_kept(self):
        task = queue_task.new_task("task_x", "ctx", uids=[self.FORM])
        for shown in (queue_task.concealed(task),
                      queue_task.without_free_keys(task)):
            self.assertNotIn("s3cr3t", repr(shown))


class TestAttributes(SiteCase):

    def test_what_is_set_takes_effect(self):
        self.provide()
        task = queue_task.new_task("task_x", "ctx")
        task.username = "other"
        task.retries = 7
        task.chunk_size = 2
        task.colour = u"blue"
        self.assertEqual((task["username"], task["retries"],
                          task["chunk_size"], task["colour"]),
                         ("other", 7, 2, "blue"))
        self.assertEqual(queue_task.to_task(json.loads(
            queue_task.to_json(task))).username, "other")
        copy = queue_task.copy_task(task)
        self.assertEqual((copy.retries, copy.chunk_size), (7, 2))

    def test_what_is_set_is_checked(self):
        task = make_task(1)
        with self.assertRaises(TypeError):
            task.retries = "7"
        with self.assertRaises(ValueError):
            task.username = ""
        with self.assertRaises(TypeError):
            task.colour = object()
        self.assertEqual((task.retries, task.username), (3, "lab"))
        self.assertNotIn("colour", task)

    def test_short_uid_follows(self):
        task = make_task(1)
        task.task_uid = "ab" * 16
        self.assertEqual(task.task_short_uid, "ababababa")


class TestUids(unittest.TestCase):

    def test_uid_of_tasks_and_uids_is_returned(self):
        uid = "a" * 32
        self.assertEqual(queue_task.get_task_uid(uid), uid)
        self.assertEqual(queue_task.get_task_uid(make_task(10)),
                         make_task(10).task_uid)
        self.assertEqual(queue_task.get_task_uid(dict(make_task(10))),
                         make_task(10).task_uid)

    def test_of_anything_else(self):
        for value in (None, "", "x", 1, {}, {"task_uid": "x"},
                      {"task_uid": None}, "A" * 32):
            with self.assertRaises(ValueError) as caught:
                queue_task.get_task_uid(value)
            self.assertIn(repr(value)[:20], str(caught.exception))
            self.assertIsNone(queue_task.get_task_uid(value, default=None))

    def test_only_queue_tasks_are_tasks(self):
        self.assertTrue(queue_task.is_task(make_task(1)))
        self.assertFalse(queue_task.is_task(dict(make_task(1))))


class TestChunks(SiteCase):

    @settings(deadline=None)
    @given(st.lists(st.integers()), st.integers(-3, 20))
    def test_first_chunk_and_rest_are_all_items(self, items, size):
        chunk, rest = queue_task.get_chunks(items, size)
        self.assertEqual(chunk + rest, items)
        if size <= 0 or size >= len(items):
            self.assertEqual(rest, [])
        else:
            self.assertEqual(len(chunk), size)

    def test_there_are_always_two_lists(self):
        self.assertEqual(queue_task.get_chunks([], 5), [[], []])
        self.assertEqual(queue_task.get_chunks((1, 2, 3), 2), [[1, 2], [3]])
        self.assertEqual(queue_task.get_chunks([1, 2, 3], 0),
                         [[1, 2, 3], []])

    @settings(deadline=None)
    @given(st.lists(st.integers(), min_size=1), st.integers(0, 20))
    def test_job_ends_after_processing_each_item_once(self, items, size):
        task = make_task(1, chunk_size=size)
        rest = items
        done = []
        while rest:
            chunk, rest = queue_task.get_chunks_for(task, rest)
            self.assertTrue(chunk)
            done.extend(chunk)
        self.assertEqual(done, items)

    def test_items_default_to_the_uids_of_the_task(self):
        task = make_task(1, uids=["a", "b", "c"], chunk_size=2)
        self.assertEqual(queue_task.get_chunks_for(task), [["a", "b"], ["c"]])

    def test_rest_is_one_chunk_when_the_queue_is_switched_off(self):
        self.provide(default=0)
        task = make_task(1, uids=["a", "b", "c"], chunk_size=2)
        self.assertEqual(queue_task.get_chunks_for(task), [["a", "b", "c"], []])

    def test_default_where_a_setting_has_no_value(self):
        self.provide(min_seconds_task=None, max_seconds_unlock=None,
                     max_retries=None)
        self.assertEqual(queue_task.get_min_seconds(default=4), 4)
        self.assertEqual(queue_task.get_max_seconds(default=90), 90)
        self.assertEqual(queue_task.get_max_retries(default=2), 2)
        self.provide(min_seconds_task=1, max_seconds_unlock=60, max_retries=0)
        self.assertEqual(queue_task.get_min_seconds(default=4), 1)
        self.assertEqual(queue_task.get_max_seconds(default=90), 60)
        self.assertEqual(queue_task.get_max_retries(default=2), 0)

    def test_only_tasks_can_be_chunked(self):
        with self.assertRaises(ValueError):
            queue_task.get_chunks_for({"uids": []})
