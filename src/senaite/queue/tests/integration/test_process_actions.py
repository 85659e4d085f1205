# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Workflow actions on a worksheet's analyses: queued, and at once."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.tests.integration.process import ProcessTestCase

#: Rows of the table of differences
RETESTS = ("order of retests", "first retest")


class ActionsTest(ProcessTestCase):

    def test_submit_and_verify_by_form(self):
        self.compare(self.with_results, self.by_form("submit"),
                     self.by_form("verify"))

    def test_submit_and_verify_by_ajax(self):
        self.compare(self.with_results, self.by_ajax("submit"),
                     self.by_ajax("verify"))

    def test_retract(self):
        self.compare(self.submitted, self.by_form("retract"), known=RETESTS)

    def test_retest(self):
        self.compare(self.submitted, self.by_form("retest"), known=RETESTS)

    def test_reject(self):
        self.compare(self.submitted, self.by_form("reject"))

    def test_unassign(self):
        self.compare(self.as_made, self.by_form("unassign"))
