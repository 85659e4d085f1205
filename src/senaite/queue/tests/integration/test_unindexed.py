# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What waits for being indexed is left alone by searches in these blocks."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from Products.CMFCore.indexing import REINDEX
from Products.CMFCore.indexing import getQueue
from Products.CMFCore.indexing import processQueue

from senaite.queue.speedups.unindexed import nothing_queued
from senaite.queue.speedups.unindexed import searches_noticed

FIRST, SECOND = [(REINDEX, name, None, 1) for name in ("first", "second")]


class UnindexedTest(unittest.TestCase):

    def setUp(self):
        self.queue = getQueue()
        self.addCleanup(self.queue.setState, self.queue.getState())
        self.queue.setState([FIRST])

    def add(self):
        self.queue.setState(self.queue.getState() + [SECOND])

    def test_nothing_queued(self):
        with nothing_queued():
            self.assertEqual(processQueue(), 0)
            self.assertEqual(self.queue.length(), 0)
            self.add()
        self.assertEqual(self.queue.getState(), [FIRST, SECOND])

    def test_searches_noticed(self):
        with searches_noticed() as noticed:
            self.assertEqual(noticed, [])
            self.assertEqual(processQueue(), 0)
            self.add()
            self.assertEqual(processQueue(), 0)
            self.assertEqual(len(noticed), 2)
        self.assertEqual(self.queue.getState(), [FIRST, SECOND])
        self.assertNotIn("process", self.queue.__dict__)

    def test_searches_noticed_while_nothing_waits(self):
        self.queue.setState([])
        with searches_noticed() as noticed:
            processQueue()
        self.assertEqual(len(noticed), 1)
        self.assertEqual(self.queue.getState(), [])

    def test_put_right_after_an_error(self):
        for block in (nothing_queued, searches_noticed):
            with self.assertRaises(ValueError):
                with block():
                    raise ValueError("No")
            self.assertEqual(self.queue.getState(), [FIRST])
            self.assertNotIn("process", self.queue.__dict__)
