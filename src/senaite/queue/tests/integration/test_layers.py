# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The layers work: the profile installs, and the JSON API answers."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

import requests

from senaite.queue import is_installed
from senaite.queue.testing import QUEUE_WSGI_TESTING


class TestLayers(unittest.TestCase):

    layer = QUEUE_WSGI_TESTING

    def test_profile_is_installed(self):
        self.assertTrue(is_installed())

    def test_json_api_answers(self):
        answer = requests.get(
            self.layer.get_url() + "/@@API/senaite/v1/version", timeout=60)
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertIn("version", answer.json())

    def test_routes_of_the_queue_answer(self):
        answer = requests.get(
            self.layer.get_url() + "/@@API/senaite/v1/queue_server/tasks",
            timeout=60)
        self.assertEqual(401, answer.status_code, answer.text)
