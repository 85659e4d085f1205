# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The token of a request that Zope runs again, and bodies read on the side."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest
from io import BytesIO

from senaite.queue.auth import pas
from senaite.queue.auth import tokens
from ZPublisher.HTTPRequest import HTTPRequest
from ZPublisher.HTTPResponse import HTTPResponse

KEY = tokens.make_key()
BODY = b'{"a": 1}'


class TestRequest(unittest.TestCase):

    def setUp(self):
        self.addCleanup(setattr, pas, "get_site_keys",
                        pas.get_site_keys)
        pas.get_site_keys = lambda: [KEY]
        self.token = tokens.make_token(KEY, "jane", "POST", "queue_server/pop",
                                     BODY)

    def request(self, token=None, body=BODY):
        environ = {
            "REQUEST_METHOD": "POST", "SERVER_NAME": "x", "SERVER_PORT": "80",
            "PATH_INFO": "/site/@@API/senaite/v1/queue_server/pop",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_QUEUE_AUTH_TOKEN": token or self.token,
        }
        return HTTPRequest(BytesIO(body), environ, HTTPResponse())

    def claims(self, request):
        return pas.request_claims(request)

    def test_asked_by_several_the_token_is_spent_once(self):
        request = self.request()
        first = self.claims(request)
        self.assertEqual(first["user"], u"jane")
        self.assertTrue(self.claims(request) is first)
        self.assertEqual(self.claims(self.request()), None)

    def test_a_retry_is_the_same_request(self):
        request = self.request()
        self.assertTrue(self.claims(request))
        again = request.retry()
        self.assertTrue(self.claims(again))
        self.assertTrue(self.claims(again.retry()))

    def test_the_retry_of_a_replay_is_a_replay(self):
        self.assertTrue(self.claims(self.request()))
        replayed = self.request()
        self.assertEqual(self.claims(replayed), None)
        self.assertEqual(self.claims(replayed.retry()), None)

    def test_body_can_still_be_read(self):
        request = self.request()
        request.stdin.seek(3)
        self.assertTrue(self.claims(request))
        self.assertEqual(request.stdin.tell(), 3)
        request.stdin.seek(0)
        request.processInputs()
        self.assertEqual(pas.get_body(request), BODY)
        self.assertEqual(request["BODY"], BODY)

    def test_forged_memo(self):
        request = self.request("garbage")
        request.form[pas.MEMO] = "x"
        request.cookies[pas.MEMO] = "x"
        self.assertEqual(self.claims(request), None)

    def test_bodies_are_not_read_for_who_has_no_key(self):
        request = self.request("garbage")
        request.stdin = None
        self.assertEqual(self.claims(request), None)

        class Unreadable(object):
            def tell(self):
                raise AssertionError("read")

        request = self.request(tokens.make_token(
            tokens.make_key(), "", "POST", "queue_server/pop", BODY))
        request.stdin = Unreadable()
        self.assertEqual(self.claims(request), None)

    def test_errors_of_the_surroundings_are_no_error_of_the_page(self):
        pas.get_site_keys = lambda: 1 / 0
        self.assertEqual(self.claims(self.request()), None)
        plugin = pas.QueueAuthPlugin("x")
        self.assertEqual(plugin.extractCredentials(self.request()), {})
