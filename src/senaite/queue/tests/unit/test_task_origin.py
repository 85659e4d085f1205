# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The field `click_origin`: where a task was added, checked and kept."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import unittest

from senaite.queue.model.current import working_on
from senaite.queue.model import fields
from senaite.queue.model import queue_task
from senaite.queue.model import surroundings
from senaite.queue.storage import rows
from senaite.queue.tests.sitecase import Site
from senaite.queue.tests.tasks import make_task

ORIGIN = {
    "server_url": "https://lims.example.com",
    "virtual_root": ["lab", "a%20b"],
    "root_path": "/plone",
    "languages": ["de-ch", "de", "en"],
    "chosen_language": "de",
    "comments": "As agreed\non the phone",
    "client": {
        "host": "lims.example.com",
        "accept_language": "de-CH, de;q=0.9",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "referer": "https://lims.example.com/lab/worksheets",
        "x_forwarded_for": "192.0.2.7",
        "x_real_ip": None,
        "remote_addr": "127.0.0.1",
        "address": "192.0.2.7",
    },
}


def other(**parts):
    """Return an origin of which some parts are others."""
    return dict(ORIGIN, **parts)


class ClickedSite(Site):
    """A site that is asked within a request."""

    def get_click_origin(self):
        return other()


class TestChecks(unittest.TestCase):

    def check(self, error, part, value):
        with self.assertRaises(error) as caught:
            make_task(1, click_origin=value)
        self.assertIn("'click_origin{}'".format(part), str(caught.exception))

    def test_what_a_click_saw_is_accepted(self):
        self.assertEqual(make_task(1, click_origin=ORIGIN)["click_origin"], ORIGIN)
        for url in ("http://localhost", "http://127.0.0.1:8080",
                    "https://[::1]:8443", "https://lims_1.example.com."):
            task = make_task(1, click_origin=other(server_url=url))
            self.assertEqual(task["click_origin"]["server_url"], url)

    def test_addresses_that_are_not_of_a_server_are_refused(self):
        for url in ("", "lims.example.com", "//lims.example.com",
                    "ftp://lims.example.com", "javascript:alert(1)",
                    "https://", "https://lims.example.com/",
                    "https://lims.example.com/evil",
                    "https://lims.example.com?x", "https://a#b",
                    "https://user@lims.example.com",
                    "https://lims.example.com:443:1",
                    "https://lims.example.com\n", "https://li ms",
                    "https://lims.example.com\r\nSubject: x",
                    "https://lims\\example.com", "https://\"onclick=",
                    "https://" + 256 * "a"):
            self.check(ValueError, ".server_url", other(server_url=url))
        self.check(TypeError, ".server_url", other(server_url=1))

    def test_paths_that_are_none_are_refused(self):
        for path in (["a/b"], [""], ["."], [".."], ["a b"], ["a?b"], ["<a>"],
                     ["%2"], ["a\n"], 21 * ["a"], [101 * "a"]):
            self.check(ValueError, ".virtual_root", other(virtual_root=path))
        self.check(TypeError, ".virtual_root", other(virtual_root="lab"))
        self.check(TypeError, ".virtual_root", other(virtual_root=[1]))
        for path in ("plone", "/", "/plone/", "//", "/a\nb", 3000 * "/a"):
            self.check(ValueError, ".root_path", other(root_path=path))

    def test_languages_that_are_none_are_refused(self):
        for code in ("", "d/e", "de\n", "../de", "de-", 40 * "d"):
            self.check(ValueError, ".languages", other(languages=[code]))
            self.check(ValueError, ".chosen_language",
                       other(chosen_language=code))
        self.check(ValueError, ".languages", other(languages=51 * ["de"]))

    def test_headers_with_lines_are_refused(self):
        for name, most in fields.CLIENT_LIMITS.items():
            for value in ("a\r\nX: y", "a\x00", (most + 1) * "a"):
                self.check(ValueError, ".client." + name,
                           other(client={name: value}))
            self.check(TypeError, ".client." + name, other(client={name: 1}))
        for host in ("a/b", "a@b", "a b", "a:b"):
            self.check(ValueError, ".client.host",
                       other(client={"host": host}))

    def test_something_else_is_refused(self):
        for value in ("https://lims.example.com", 1, [], True):
            self.check(TypeError, "", value)
        self.check(TypeError, ".client", other(client=[]))
        self.check(ValueError, ".server_url", {"virtual_root": ["lab"]})

    def test_parts_of_a_newer_version_are_left_out(self):
        client = dict(ORIGIN["client"], planet="Earth")
        task = make_task(1, click_origin=other(planet={"a": 1}, client=client))
        self.assertEqual(task["click_origin"], ORIGIN)

    def test_missing_parts_get_their_defaults(self):
        """Scripts name the address of the site, and no more."""
        task = make_task(1, click_origin={"server_url": "https://lims.example.com"})
        self.assertEqual(task["click_origin"], {
            "server_url": "https://lims.example.com", "virtual_root": [],
            "root_path": "", "languages": [], "chosen_language": None,
            "comments": None,
            "client": dict.fromkeys(fields.CLIENT_LIMITS)})
        # ... of their own
        task["click_origin"]["virtual_root"].append("x")
        again = make_task(1, click_origin={"server_url": "https://lims.example.com"})
        self.assertEqual(again["click_origin"]["virtual_root"], [])

    def test_strings_are_native(self):
        task = queue_task.to_task(json.loads(queue_task.to_json(
            make_task(1, click_origin=ORIGIN))))
        self.assertEqual(task["click_origin"], ORIGIN)
        origin = task["click_origin"]
        for value in [origin["server_url"], origin["root_path"]] + \
                origin["virtual_root"] + origin["languages"]:
            self.assertIs(type(value), str)


class TestJourney(unittest.TestCase):
    """From the click through chunks, the store and to who looks at it."""

    def setUp(self):
        former = surroundings.provide(ClickedSite())
        self.addCleanup(surroundings.provide, former)

    def test_task_has_the_origin_of_its_click(self):
        task = queue_task.new_task("task_x", "ctx")
        self.assertEqual(task["click_origin"], ORIGIN)

    def test_task_that_is_added_outside_of_a_request_has_none(self):
        surroundings.provide(Site())
        self.assertIsNone(queue_task.new_task("task_x", "ctx")["click_origin"])

    def test_given_origin_wins(self):
        given = other(server_url="https://other.example.com")
        task = queue_task.new_task("task_x", "ctx", click_origin=given)
        self.assertEqual(task["click_origin"], given)
        self.assertIsNone(queue_task.new_task(
            "task_x", "ctx", click_origin=None)["click_origin"])

    def test_rest_of_a_job_has_the_origin_of_its_first_task(self):
        surroundings.provide(Site())
        first = queue_task.new_task("task_x", "ctx", click_origin=ORIGIN)
        self.assertEqual(queue_task.copy_task(first, uids=["b"])["click_origin"],
                         ORIGIN)

    def test_tasks_that_a_task_adds_have_its_origin(self):
        """Whatever the request of the consumer sees."""
        for origin in (other(server_url="https://x.example.com"), None):
            running = make_task(1, click_origin=origin)
            with working_on(running):
                added = queue_task.new_task("task_y", "ctx")
            self.assertEqual(added["click_origin"], origin)

    def test_tasks_of_older_versions_have_none(self):
        data = dict(make_task(1))
        del data["click_origin"]
        self.assertIsNone(queue_task.to_task(data)["click_origin"])
        former = queue_task.QueueTask(data)
        self.assertIsNone(queue_task.copy_task(former)["click_origin"])
        with working_on(former):
            self.assertIsNone(queue_task.new_task("task_y", "ctx")["click_origin"])
        self.assertNotIn("click_origin", queue_task.concealed(former))

    def test_store_keeps_it(self):
        task = make_task(1, click_origin=ORIGIN)
        row = dict(rows.to_row(task, u"/plone", 1, 0, task["created"]),
                   started=None, consumer_id=None, error_message=None,
                   note=None, error_code=None, skipped=0, skipped_items=None,
                   interventions=None)
        self.assertEqual(rows.to_task(row)["click_origin"], ORIGIN)

    def test_history_keeps_no_more_of_it_than_everybody_may_see(self):
        task = make_task(1, click_origin=ORIGIN)
        kept = queue_task.without_free_keys(task)
        self.assertEqual(kept["click_origin"], dict(
            ORIGIN, chosen_language=None, comments=None,
            client=dict.fromkeys(fields.CLIENT_LIMITS)))
        # It is an origin still: the task can be done again
        self.assertEqual(queue_task.to_task(kept), task)
        self.assertEqual(queue_task.without_free_keys(kept), kept)
        self.assertEqual(task["click_origin"], ORIGIN)
        # Somebody has changed the stored task
        kept = queue_task.without_free_keys(dict(task, click_origin="x"))
        self.assertIsNone(kept["click_origin"])

    def test_no_click_fails_for_what_was_seen_of_it(self):
        """Whatever the browser sent and the user typed."""
        task = make_task(1, text="x")
        surroundings.provide(
            Site(max_payload_bytes=len(queue_task.to_json(task))))
        queue_task.check_payload(make_task(1, text="x", click_origin=other(
            comments=1333 * u"\u6c34", client=dict(
                (name, most * "x") for name, most
                in fields.CLIENT_LIMITS.items() if name != "host"))))
        with self.assertRaises(ValueError):
            queue_task.check_payload(
                make_task(1, text="xx", click_origin=ORIGIN))

    def test_who_looks_at_a_task_does_not_see_the_client(self):
        shown = queue_task.concealed(make_task(1, click_origin=ORIGIN))
        self.assertEqual(shown["click_origin"], dict(
            (name, ORIGIN[name]) for name in
            ("server_url", "virtual_root", "root_path", "languages")))
        self.assertIsNone(queue_task.concealed(make_task(1))["click_origin"])


class TestKeysOfAddons(unittest.TestCase):

    def test_key_origin_is_free(self):
        """Add-ons could use it before tasks knew where they were added."""
        former = surroundings.provide(ClickedSite())
        self.addCleanup(surroundings.provide, former)
        for value in ("import", {"file": "samples.csv"}, 3, None):
            task = queue_task.new_task("task_x", "ctx", origin=value)
            task = queue_task.copy_task(task, uids=["a"])
            task = queue_task.to_task(json.loads(queue_task.to_json(task)))
            self.assertEqual(task["origin"], value)
            self.assertEqual(queue_task.concealed(task)["origin"], value)
            self.assertEqual(task["click_origin"], ORIGIN)
            self.assertNotIn("origin", queue_task.without_free_keys(task))
