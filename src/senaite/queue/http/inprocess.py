# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Requests to this process that need no HTTP server.

A process that is queue server, client and consumer at once calls itself.
Through HTTP it would have to know its own address, which a WSGI process learns
from its first request only, and it would occupy the few threads that serve
users. Here the publisher is called directly, on a thread of its own: with the
same routes, authentication, skins and layers as for a click, and with its own
connection to the database.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import io
import os
import sys
import threading

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from six.moves.urllib.parse import unquote
from six.moves.urllib.parse import urlsplit

from senaite.queue import config
from senaite.queue.http.transport import Transport
from senaite.queue import logger
from senaite.queue.site import process_role
from senaite.queue.site.waiting import Event

#: What links in e-mails of tasks begin with that no click has added, unless the
#: environment names the process
BASE = "http://localhost"

#: Seconds to wait for an answer when the caller names none
LONGEST_WAIT = 3600

_preferred = []


def prefer():
    """Let the consumers of this process work without HTTP."""
    _preferred.append(os.getpid())


def is_preferred():
    """Tell whether `prefer` was called in this process."""
    return os.getpid() in _preferred


def get_url(path):
    """Return the URL of a site for requests in this process.

    :param path: physical path of the site
    :type path: sequence of str
    """
    base = BASE
    configured = config.read_or_default(config.CONSUMER_URL)
    if configured:
        parts = urlsplit(configured)
        base = "{}://{}".format(parts.scheme, parts.netloc)
    return base + "/".join(path)


def make_transport(site, get_key):
    """Return a way to the routes of a site in this very process.

    :param site: senaite.queue.site.connections.Site
    :param get_key: function that returns the key to sign with
    :rtype: senaite.queue.http.transport.Transport
    """
    return Transport(get_url(site.path), get_key, adapter=InProcessAdapter())


class InProcessAdapter(BaseAdapter):
    """Carries the requests of the `requests` library to Zope's publisher."""

    def send(self, request, stream=False, timeout=None, verify=True,
             cert=None, proxies=None):
        """Publish a request and return the response.

        :param request: requests.PreparedRequest
        :param timeout: seconds to wait, or (to connect, to read)
        :raises requests.exceptions.ReadTimeout: not answered in time; it is
            carried out all the same, like one sent through HTTP
        """
        if isinstance(timeout, tuple):
            timeout = timeout[1]
        publication = Publication(make_environ(request))
        publication.start()
        if not publication.is_over.wait(timeout or LONGEST_WAIT):
            raise requests.exceptions.ReadTimeout(
                "Not answered within {} s".format(timeout), request=request)
        return publication.make_response(request)

    def close(self):
        """There is nothing to close."""


class Publication(threading.Thread):
    """Publishes one request; `is_over` is set when the answer is there.

    On a thread of its own: the publisher sets and clears what is kept per
    thread (transaction, user, site, request), and the caller's must stay.
    """

    def __init__(self, environ):
        super(Publication, self).__init__(name="senaite.queue publication")
        self.daemon = True
        self.environ = environ
        self.is_over = Event()
        self.status = 500
        self.headers = []
        self.body = b""

    def run(self):
        try:
            self.body = b"".join(self._publish())
        except Exception:
            logger.exception("event=publication_failed path=%s",
                             self.environ["PATH_INFO"])
        finally:
            self.is_over.set()

    def _publish(self):
        from ZPublisher.WSGIPublisher import publish_module
        from zExceptions import HTTPException
        try:
            return list(publish_module(self.environ, self._start_response))
        except HTTPException as error:
            # what a server's middleware does: it is a response, too
            return list(error(self.environ, self._start_response))

    def _start_response(self, status, headers, exc_info=None):
        self.status = int(status.split(None, 1)[0])
        self.headers = headers

    def make_response(self, request):
        """Return the answer as the `requests` library has it."""
        response = requests.Response()
        response.status_code = self.status
        response.headers = CaseInsensitiveDict(self.headers)
        response.raw = io.BytesIO(self.body)
        response.url = request.url
        response.request = request
        return response


def make_environ(request):
    """Return the WSGI environment of a request.

    :param request: requests.PreparedRequest
    :rtype: dict
    """
    parts = urlsplit(request.url)
    body = request.body or b""
    if not isinstance(body, bytes):
        body = body.encode("utf-8")
    secure = parts.scheme == "https"
    environ = {
        process_role.IN_PROCESS: True,
        "REQUEST_METHOD": str(request.method),
        "SCRIPT_NAME": "",
        "PATH_INFO": str(unquote(parts.path)),
        "QUERY_STRING": str(parts.query),
        "SERVER_NAME": str(parts.hostname),
        "SERVER_PORT": str(parts.port or (443 if secure else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": str(parts.netloc),
        "HTTPS": "on" if secure else "off",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": str(parts.scheme),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        name = name.upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        environ[str(name)] = _native(value)
    return environ


def _native(value):
    if isinstance(value, bytes) and not isinstance(value, str):
        return value.decode("latin-1")
    return str(value)
