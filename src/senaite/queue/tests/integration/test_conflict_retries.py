# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The number of conflict retries that Zope is given."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import unittest

from App.config import getConfiguration
from ZPublisher.HTTPRequest import HTTPRequest

from senaite.queue import config
from senaite.queue.site import conflict_retries


class Configuration(object):
    """The shape of ZServer's configuration."""

    max_conflict_retries = 3

    def __init__(self, **kw):
        self.__dict__.update(kw)


class Request(object):
    """Holds the number that Zope reads: 0 in ZServer 4.0.2 with Zope 4.8."""

    def __init__(self, retry_max_count=0):
        self.retry_max_count = retry_max_count


class TestRetries(unittest.TestCase):

    def setUp(self):
        self.zope = getConfiguration()
        former = getattr(self.zope, "product_config", None)
        self.addCleanup(setattr, self.zope, "product_config", former)
        os.environ.pop(config.CONFLICT_RETRIES.variable, None)
        self.addCleanup(os.environ.pop, config.CONFLICT_RETRIES.variable, None)

    def apply(self, request, product_config=None, **kw):
        self.zope.product_config = product_config or {}
        conflict_retries.apply_to(
            request, Configuration(**kw), conflict_retries.get_wanted())
        return request.retry_max_count

    def test_value_of_zope_conf_is_applied(self):
        self.assertEqual(3, self.apply(Request()))
        self.assertEqual(7, self.apply(Request(), max_conflict_retries=7))

    def test_zero_in_zope_conf_means_no_retries(self):
        self.assertEqual(0, self.apply(Request(), max_conflict_retries=0))

    def test_existing_number_is_kept(self):
        self.assertEqual(5, self.apply(Request(5)))

    def test_own_setting_wins(self):
        product = {"senaite.queue": {"conflict_retries": "9"}}
        self.assertEqual(9, self.apply(Request(5), product_config=product))
        os.environ[config.CONFLICT_RETRIES.variable] = "2"
        self.assertEqual(2, self.apply(Request(5), product_config=product))
        os.environ[config.CONFLICT_RETRIES.variable] = "0"
        self.assertEqual(0, self.apply(Request(5), product_config=product))

    def test_off_leaves_the_number_alone(self):
        os.environ[config.CONFLICT_RETRIES.variable] = "off"
        self.assertEqual(0, self.apply(Request()))
        self.assertEqual(5, self.apply(Request(5)))

    def test_zope_starts_with_an_invalid_value(self):
        os.environ[config.CONFLICT_RETRIES.variable] = "many"
        former = HTTPRequest.retry_max_count
        self.addCleanup(setattr, HTTPRequest, "retry_max_count", former)
        HTTPRequest.retry_max_count = 0
        self.addCleanup(
            setattr, self.zope, "max_conflict_retries",
            getattr(self.zope, "max_conflict_retries", None))
        self.zope.max_conflict_retries = 7
        conflict_retries.on_process_starting(None)
        self.assertEqual(HTTPRequest.retry_max_count, 7)

    def test_invalid_value_is_named_in_the_error(self):
        for value in ("many", "-1", "3.5"):
            os.environ[config.CONFLICT_RETRIES.variable] = value
            with self.assertRaises(ValueError) as caught:
                self.apply(Request())
            self.assertIn(value, str(caught.exception))
