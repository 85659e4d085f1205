# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Code that transitions queued objects, and ignores that it could not."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api
from bika.lims.workflow import doActionFor
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from Products.CMFCore.WorkflowCore import WorkflowException
from Products.statusmessages.interfaces import IStatusMessage
from zope.annotation.interfaces import IAnnotations
from zope.i18n import interpolate

from senaite.queue.integration import refusals
from senaite.queue.model.current import working_on
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils


class RefusalsTest(WorksheetTestCase):

    def setUp(self):
        super(RefusalsTest, self).setUp()
        self.samples, self.analyses, self.worksheet = self.make()
        self.enter_results(self.analyses)
        # Three analyses of the first sample
        self.click(self.worksheet, "submit", self.analyses[:3])
        self.messages()

    def messages(self):
        """Return the messages of the page, and forget them."""
        request = self.layer["request"]
        IAnnotations(request).pop(refusals.TOLD, None)
        return [(message.type, interpolate(
            message.message, getattr(message.message, "mapping", None)))
            for message in IStatusMessage(request).show()]

    def do(self, obj, action):
        """Transition an object as add-ons do; return whether that worked."""
        utils.clear_caches(self.layer["request"])
        return doActionFor(obj, action)[0]

    def test_page_says_what_is_queued_and_who_did_it(self):
        sample = self.samples[0]
        self.assertFalse(self.do(sample, "cancel"))
        (level, text), = self.messages()
        self.assertEqual(level, "warning")
        self.assertEqual(text, u"{} is queued by {}; try again when it is "
                         u"done.".format(
                             api.get_id(sample),
                             api.get_user_fullname(TEST_USER_ID) or
                             TEST_USER_ID))

    def test_error_is_raised_as_before(self):
        utils.clear_caches(self.layer["request"])
        with self.assertRaises(WorkflowException):
            api.get_tool("portal_workflow").doActionFor(
                self.analyses[0], "submit")
        self.assertEqual(len(self.messages()), 1)

    def test_once_for_each_object(self):
        for _number in range(3):
            for obj in (self.analyses[0], self.samples[0]):
                self.assertFalse(self.do(obj, "submit"))
        self.assertEqual(len(self.messages()), 2)

    def test_number_of_messages_is_limited(self):
        former = refusals.MOST_TOLD
        self.addCleanup(setattr, refusals, "MOST_TOLD", former)
        refusals.MOST_TOLD = 2
        for analysis in self.analyses[:3]:
            self.do(analysis, "submit")
        self.assertEqual(len(self.messages()), 2)

    def test_users_who_may_not_view_the_queue_are_told_less(self):
        setRoles(self.portal, TEST_USER_ID, ["Member", "Client"])
        found = refusals.describe(self.samples[0])
        self.assertEqual(
            interpolate(found, found.mapping),
            u"{} is queued; try again when it is done.".format(
                api.get_id(self.samples[0])))

    def test_nothing_is_said_of_promotions(self):
        """Core tries to promote worksheet and sample after each analysis, and
        the worksheet is queued."""
        for analysis in self.analyses[3:]:
            self.assertTrue(self.do(analysis, "submit"))
        self.assertEqual(self.messages(), [])

    def test_nothing_is_said_of_other_reasons(self):
        self.assertFalse(self.do(self.samples[1], "publish"))
        self.assertFalse(self.do(self.analyses[3], "verify"))
        self.assertEqual(self.messages(), [])

    def test_nothing_is_said_within_the_task(self):
        task, = self.pending()
        with working_on(task):
            self.assertFalse(self.do(self.analyses[0], "verify"))
            # A task may do what its own or other tasks keep from others
            task["uids"] = task["locks"] = []
            task["context_uid"] = api.get_uid(self.worksheet)
            self.assertTrue(self.do(self.analyses[0], "submit"))
        self.assertEqual(self.messages(), [])

    def test_nothing_is_said_where_it_is_not_installed(self):
        with utils.not_installed():
            self.assertFalse(self.do(self.samples[0], "publish"))
        self.assertEqual(self.messages(), [])

    def test_next_transition_is_the_outermost_one_again(self):
        """Also after an error of any kind."""
        with self.assertRaises(ZeroDivisionError):
            with refusals.watching(self.samples[0], "submit"):
                1 // 0
        self.assertFalse(self.do(self.samples[0], "cancel"))
        self.assertEqual(len(self.messages()), 1)

    def test_samples_that_may_be_stored(self):
        queued, free = self.samples
        for reference in (queued, api.get_uid(queued)):
            self.assertFalse(refusals.may_store(reference))
        self.assertEqual(len(self.messages()), 1)
        self.assertTrue(refusals.may_store(free))
        # other code says what is wrong with it
        self.assertTrue(refusals.may_store("0" * 32))
        self.assertEqual(self.messages(), [])
