# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Signs the requests of processes: the `auth` argument of `requests`.

A request that the server refuses because it counts another time is signed and
sent again, see `senaite.queue.auth.server_time`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import six

from senaite.queue.auth import server_time
from senaite.queue.auth import tokens
from senaite.queue.errors import BadToken
from senaite.queue.model import clock


class Signer(object):
    """Signs the requests of the `requests` library, as its `auth` argument.

    :param username: see `tokens.make_token`
    :param get_key: callable that returns the key in force
    :param get_mark: callable that returns the mark of this process, see
        `tokens.make_nonce`
    """

    def __init__(self, username, get_key, get_mark=None):
        self.username = username
        self.get_key = get_key
        self.get_mark = get_mark
        #: of the request that was signed last: its answer is signed with them
        self.key = None
        self.nonce = None

    def __call__(self, prepared):
        """Sign a `requests.PreparedRequest`; returns it."""
        body = prepared.body
        if body is not None and not isinstance(body, (bytes, six.text_type)):
            raise ValueError("A stream cannot be signed")
        self._sign(prepared)
        prepared.register_hook("response", self.sign_again)
        return prepared

    def _sign(self, prepared):
        ahead, process = server_time.get(tokens.get_server(prepared.url))
        self.key = self.get_key()
        self.nonce = tokens.make_nonce(self.get_mark() if self.get_mark else "")
        prepared.headers[tokens.HEADER] = tokens.make_token(
            self.key, self.username, prepared.method,
            tokens.get_route(prepared.url), prepared.body,
            now=clock.steady() + ahead, process=process, nonce=self.nonce)

    def sign_again(self, response, **options):
        """Repeat a request that a server refused because it counts another
        time; once, dated by that time. A refused request was not carried out.

        :param response: `requests.Response`
        :param options: those of `Session.send`
        :returns: the answer to the second request; the first one when there
            was nothing to learn
        """
        if response.status_code != 401:
            return response
        request, key = response.request, self.get_key()
        server = tokens.get_server(request.url)
        try:
            claims = tokens.decrypt([key], request.headers.get(tokens.HEADER))
        except BadToken:
            # The key was changed in the meantime
            return response
        told = server_time.read(
            key, claims["nonce"], response.headers.get(server_time.HEADER))
        if told is None:
            server_time.forget(server)
            return response
        server_time.learn(server, told[0] - clock.steady(), told[1])
        connection = getattr(response, "connection", None)
        if connection is None:
            return response
        response.close()
        again = request.copy()
        self._sign(again)
        second = connection.send(again, **options)
        second.history.append(response)
        second.request = again
        return second
