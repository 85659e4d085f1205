# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Calls of the queue server: signed JSON over HTTP, with short timeouts.

After a call that was not answered, calls fail at once for a while (circuit
breaker), so that a server that is down costs a caller at most one timeout.
Sessions are kept per thread; a `Transport` may be shared.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import threading
import time

import requests
import six
from six.moves.urllib.parse import urlencode

from senaite.queue.auth import answers
from senaite.queue.auth import server_time
from senaite.queue.auth.signer import Signer
from senaite.queue.errors import AnswerTimeout
from senaite.queue.errors import CircuitOpen
from senaite.queue.errors import KeyNotProved
from senaite.queue.errors import NotConnected
from senaite.queue.errors import OtherDatabase
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue.model import clock
from senaite.queue.model import fields

API_PATH = "/@@API/senaite/v1/"

#: Seconds to connect, and to wait for an answer by default
CONNECT_SECONDS = 2
READ_SECONDS = 5

#: Seconds for which the circuit stays open: doubled with each failure
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8


#: Statuses below 500 of proxies that do not let a request through
ANYBODY_SAYS = (403, 413)

#: Seconds before each attempt at an introduction: ZEO may tell the server of
#: our commit a moment later
INTRODUCTION_WAITS = (0, 0.3)


class Transport(object):
    """A way to the JSON routes of one site on one server."""

    def __init__(self, base_url, get_key, clock=clock.monotonic, adapter=None,
                 membership=None):
        """
        :param base_url: URL of the site, e.g. "http://localhost:8080/senaite"
        :type base_url: str
        :param get_key: function that returns the key to sign with
        :param clock: function that returns seconds
        :param adapter: what carries the requests; HTTP by default
        :type adapter: requests.adapters.BaseAdapter
        :param membership: what this process has to show to the server; None
            for a way to itself
        :type membership: senaite.queue.auth.membership.Membership
        """
        self._membership = membership
        self._is_introduced = membership is None
        self.base_url = base_url.rstrip("/")
        self.adapter = adapter
        self.get_key = get_key
        self._clock = clock
        self._local = threading.local()
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0
        self._down_since = None

    def call(self, route, payload=None, method="POST", timeout=None,
             force=False, username="", query=None):
        """Call a route and return its answer.

        :param route: e.g. "queue_server/pop"
        :type route: str
        :param payload: what to send as JSON, or None
        :type payload: dict
        :param method: HTTP method
        :type method: str
        :param timeout: seconds to wait for the answer
        :type timeout: float
        :param force: ask even while the circuit is open
        :type force: bool
        :param username: user to act as; "" for a control call
        :type username: str
        :param query: parameters of the URL
        :type query: dict
        :rtype: dict
        :raises ServerUnreachable: no answer, or one that is not understood
            (ServerFailed)
        :raises KeyNotProved: an answer of something that does not have the key
        :raises ServerRefused: the server refuses
        :raises DatabaseRefused: it does so because it does not see the
            database of this process
        """
        if not force and self._clock() < self._open_until:
            raise CircuitOpen("{} did not answer a moment ago".format(
                self.base_url))
        try:
            answer = self._ask(
                route, payload, method, timeout, username, query)
        except ServerUnreachable:
            self._note_failure()
            # whatever answers next has to prove itself again
            self._is_introduced = self._membership is None
            raise
        except ServerRefused:
            self._note_success()
            raise
        self._note_success()
        return answer

    def down_seconds(self):
        """Return for how long the server has not answered; 0 if it does."""
        since = self._down_since
        return max(0, self._clock() - since) if since is not None else 0

    def _ask(self, *request):
        """Call a route after an introduction."""
        self._introduce()
        try:
            return self._send(*request)
        except ServerRefused as refusal:
            if not _is_about_database(refusal) or self._membership is None:
                raise
        # Another server answers by now, or our mark was removed
        self._is_introduced = False
        self._introduce()
        return self._send(*request)

    def _introduce(self):
        """Have the server prove that it has the key, and show it that this
        process sees its database, before anything else is sent.

        :raises ServerUnreachable: when it does not
        :raises DatabaseRefused: when it does not serve this process
        """
        if self._is_introduced or not self._is_strict():
            return
        self._membership.require_patience()
        for wait in INTRODUCTION_WAITS:
            time.sleep(wait)
            try:
                self._send("queue_server/join", {}, "POST", None, "", None)
            except ServerRefused as refusal:
                if not _is_about_database(refusal):
                    raise
                self._membership.check_mark()
            else:
                self._is_introduced = True
                self._membership.note_accepted()
                return
        self._membership.note_refused()

    def _is_strict(self):
        """Tell whether the other side has to prove that it has the key."""
        return self._membership is None or self._membership.insists()

    def _get_mark(self):
        return self._membership.get_mark() if self._membership else ""

    def _send(self, route, payload, method, timeout, username, query):
        if query:
            route = "{}?{}".format(route, urlencode(sorted(query.items())))
        body = b""
        if payload is not None:
            body = json.dumps(payload, sort_keys=True).encode("utf-8")
        # no connection is kept: one that the other side closes at the wrong
        # moment would leave open whether a request was carried out
        # the signature of the answer holds for its body as it is sent
        headers = {"Accept": "application/json", "Connection": "close",
                   "Accept-Encoding": "identity"}
        if body:
            headers["Content-Type"] = "application/json"
        signer = Signer(username, self.get_key, self._get_mark)
        try:
            response = self._session().request(
                method, self.base_url + API_PATH + route, data=body,
                headers=headers, allow_redirects=False, auth=signer,
                timeout=(CONNECT_SECONDS, timeout or READ_SECONDS))
        except ValueError as error:
            # no key, or not a URL: another attempt would not help
            raise ServerUnreachable("{}: {}".format(self.base_url, error))
        except requests.RequestException as error:
            raise _classify(error)("{}: {}".format(self.base_url, error))
        return self._read(response, signer)

    def _session(self):
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            # no proxies and no .netrc, which would replace our own header
            session.trust_env = False
            if self.adapter is not None:
                session.mount(self.base_url, self.adapter)
        return session

    def _read(self, response, signer):
        """Return the answer. The status alone is not enough: some versions of
        the JSON API answer an error with 200.

        An answer that is not signed counts as none. Some tell no more than
        that the server did not do what was asked, and may come from anybody:
        errors of a proxy, or of Zope when no route was reached, in JSON or
        not, and that of a server that does not know our key and so cannot
        sign with it. Nothing but their status, and the message of the latter,
        is believed.
        """
        status = response.status_code
        server_time.compare(self.base_url, response.headers.get("Date"))
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict) and self._is_strict() and \
                not answers.is_signed(response, signer):
            # it may be a stranger, and gets no other payload before it has
            # proved itself
            self._is_introduced = self._membership is None
            answer = self._read_unsigned(status, answer)
        if not isinstance(answer, dict):
            self._is_introduced = self._membership is None
            if status in (401, 403):
                raise ServerRefused(status, "not allowed")
            raise ServerFailed(
                status, "{} answers {} without JSON, or without a signature"
                .format(self.base_url, status))
        message = answer.get("message") or ""
        if not isinstance(message, str):
            message = fields.to_native(message) \
                if isinstance(message, six.text_type) else str(message)
        if status >= 500:
            raise ServerFailed(status, "{} answers {} {}".format(
                self.base_url, status, message), message)
        if status >= 400 or answer.get("success") is False:
            raise ServerRefused(
                status if status >= 400 else 500, message, answer)
        return answer

    def _read_unsigned(self, status, answer):
        """Return what may be believed of an answer that is not signed, or not
        for this request; None: only its status.

        :raises KeyNotProved: nothing may be
        """
        if status == 401:
            return {"success": False, "message": answer.get("message")}
        if status in ANYBODY_SAYS or status >= 500:
            return None
        raise KeyNotProved(
            "{} answers {}, but does not prove that it has the key of this "
            "site".format(self.base_url, status))

    def _note_failure(self):
        with self._lock:
            now = self._clock()
            if self._down_since is None:
                self._down_since = now
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** self._failures)
            self._failures = min(self._failures + 1, 10)
            self._open_until = now + pause

    def _note_success(self):
        with self._lock:
            self._failures = 0
            self._open_until = 0
            self._down_since = None


def _is_about_database(refusal):
    """Tell whether a server refuses us because it sees another database."""
    return refusal.error_name == OtherDatabase.__name__


def _classify(error):
    """Return the exception that tells what became of a request."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return NotConnected
    if isinstance(error, requests.exceptions.ReadTimeout):
        return AnswerTimeout
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if type(cause).__name__ == "NewConnectionError":
        return NotConnected
    return ServerUnreachable
