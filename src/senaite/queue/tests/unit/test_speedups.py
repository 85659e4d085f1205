# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Speedups are switched by a setting, and by a variable that wins."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os

from senaite.queue import config
from senaite.queue import speedups
from senaite.queue.speedups.plain import Plain
from senaite.queue.tests.sitecase import SiteCase
from senaite.queue.tests.tasks import make_task

VARIABLE = config.SPEEDUPS.variable


class Other(Plain):
    """Stands for speedups."""


class TestSwitch(SiteCase):

    def setUp(self):
        self.former = os.environ.pop(VARIABLE, None)
        self.addCleanup(self.restore)
        self.other = Other()
        self.addCleanup(speedups.provide, speedups.provide(self.other))

    def restore(self):
        os.environ.pop(VARIABLE, None)
        if self.former is not None:
            os.environ[VARIABLE] = self.former

    def test_on_by_default(self):
        self.provide()
        self.assertIs(speedups.session(), self.other)

    def test_setting(self):
        self.provide(speedups=False)
        self.assertFalse(speedups.is_on())
        self.assertIs(type(speedups.session()), Plain)
        self.provide(speedups=True)
        self.assertTrue(speedups.is_on())
        self.assertIs(speedups.session(), self.other)

    def test_variable_wins(self):
        self.provide(speedups=True)
        os.environ[VARIABLE] = "off"
        self.assertIs(type(speedups.session()), Plain)
        self.provide(speedups=False)
        os.environ[VARIABLE] = "on"
        self.assertIs(speedups.session(), self.other)

    def test_wrong_variable(self):
        self.provide()
        os.environ[VARIABLE] = "no"
        error, = config.get_errors([config.SPEEDUPS])
        for text in (VARIABLE, "'no'", "'on' or 'off'"):
            self.assertIn(text, str(error))
        # A page or task does not break: the setting decides
        self.assertTrue(speedups.is_on())
        self.provide(speedups=False)
        self.assertFalse(speedups.is_on())

    def test_empty_variable(self):
        self.provide(speedups=False)
        os.environ[VARIABLE] = ""
        self.assertFalse(speedups.is_on())


class TestPlain(SiteCase):
    """Without speedups, chunks keep their size and nothing is held back."""

    def test_session(self):
        session = Plain()
        self.assertIsNone(session.read_ahead([object()]))
        self.assertIsNone(session.read_status_ahead([object()]))
        self.assertEqual(session.get_changed(), [])
        for block in (session.working_off(), session.processing(None),
                      session.reading_once(),
                      session.asked_once(None, "submit")):
            with block as found:
                self.assertIsNone(found)

    def test_chunk(self):
        self.provide(default=10, max_items=40)
        chunk = Plain().chunk(make_task(1, chunk_size=7))
        self.assertEqual(chunk.get_size(), 7)
        with chunk.holding("submit"):
            self.assertFalse(chunk.is_futile("submit", [object()]))
        self.assertEqual(chunk.get_owed_reindexing(), [])
        self.assertEqual(chunk.get_owed_promotions(), [])
        self.assertEqual(chunk.get_last_verified(), {})
        self.assertEqual(chunk.index(None), set())
        self.assertEqual(chunk.get_next_size(7), 7)
