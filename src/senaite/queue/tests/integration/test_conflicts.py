# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Clicks that meet a conflict are retried: two users with connections of their
own write the same object, through a WSGI server.

For ZServer the cluster tests show it.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import threading
import unittest

import requests
import transaction
from App import config
from persistent.mapping import PersistentMapping
from plone.app.testing import TEST_USER_ID
from plone.app.testing import TEST_USER_NAME
from plone.app.testing import TEST_USER_PASSWORD
from plone.app.testing import setRoles
from Products.Five.browser import BrowserView
from zope.component import getGlobalSiteManager
from zope.interface import Interface
from zope.publisher.interfaces.browser import IBrowserRequest
from ZPublisher.HTTPRequest import HTTPRequest

from senaite.queue.site import conflict_retries
from senaite.queue.testing import QUEUE_WSGI_TESTING

NAME = "contended_page"
PEOPLE = 2

_attempts = []


class ContendedPage(BrowserView):
    """Counts up; all users have read the number before one writes it."""

    barrier = None

    def __call__(self):
        _attempts.append(self.request.retry_count)
        number = self.context.contended["number"]
        if not self.request.retry_count:
            self.meet()
        self.context.contended["number"] = number + 1
        return "counted"

    @classmethod
    def meet(cls):
        """Wait until all users have arrived."""
        with cls.barrier:
            cls.waiting -= 1
            cls.barrier.notify_all()
            while cls.waiting > 0:
                cls.barrier.wait(10)


class ConflictTest(unittest.TestCase):
    layer = QUEUE_WSGI_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.portal.contended = PersistentMapping(number=0)
        transaction.commit()
        page = (ContendedPage, (Interface, IBrowserRequest), Interface, NAME)
        getGlobalSiteManager().registerAdapter(*page)
        self.addCleanup(getGlobalSiteManager().unregisterAdapter, *page)
        former = HTTPRequest.retry_max_count
        self.addCleanup(setattr, HTTPRequest, "retry_max_count", former)
        del _attempts[:]

    def click(self):
        """Click as all users at the same time; return the statuses."""
        ContendedPage.barrier = threading.Condition()
        ContendedPage.waiting = PEOPLE
        statuses = []

        def run():
            answer = requests.get(
                "{}/{}".format(self.layer.get_url(), NAME),
                auth=(TEST_USER_NAME, TEST_USER_PASSWORD), timeout=60)
            statuses.append(answer.status_code)
        threads = [threading.Thread(target=run) for _ in range(PEOPLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        transaction.begin()
        return sorted(statuses)

    def test_conflicting_click_is_retried(self):
        HTTPRequest.retry_max_count = 0
        configuration = config.getConfiguration()
        former = getattr(configuration, "max_conflict_retries", None)
        configuration.max_conflict_retries = 3
        self.addCleanup(
            setattr, configuration, "max_conflict_retries", former)
        conflict_retries.on_process_starting(None)
        self.assertEqual(self.click(), [200, 200])
        self.assertEqual(self.portal.contended["number"], PEOPLE)
        self.assertEqual(sorted(_attempts), [0, 0, 1])

    def test_conflicting_click_fails_without_retries(self):
        """The consequence of switching the retries off."""
        HTTPRequest.retry_max_count = 0
        statuses = self.click()
        self.assertEqual(statuses[0], 200)
        self.assertGreaterEqual(statuses[1], 500)
        self.assertEqual(self.portal.contended["number"], 1)
