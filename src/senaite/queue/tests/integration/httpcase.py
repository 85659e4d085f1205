# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Base of the tests that call the JSON routes through a real HTTP server."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json
import os
import shutil
import tempfile
import unittest
import uuid

import requests
import transaction
from plone.app.testing import TEST_USER_PASSWORD
from senaite.queue.auth.membership import Membership
from senaite.queue.auth import signing_keys
from senaite.queue.auth.signer import Signer
from senaite.queue.auth import tokens
from senaite.queue import config
from senaite.queue.server import server_utility
from senaite.queue.site import connections
from senaite.queue.site import process_role
from senaite.queue.testing import QUEUE_WSGI_TESTING
from zope.component.hooks import setSite

API = "/@@API/senaite/v1/"
CONSUMER = "client1/00000001"

ANONYMOUS = "anonymous"
SIGNED = "signed"

#: The callers in the table of routes, with their roles in the site
PEOPLE = {
    "contact": ["Member", "Client"],
    "analyst": ["Member", "Analyst"],
    "labmanager": ["Member", "LabManager"],
    "manager": ["Member", "Manager"],
    "consumer": ["QueueConsumer"],
}


class HTTPCase(unittest.TestCase):
    """This process is a queue server with an empty store."""

    layer = QUEUE_WSGI_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]
        setSite(self.portal)
        self.url = self.portal.absolute_url()
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory, True)
        self.addCleanup(server_utility.forget_utilities)
        self.setenv(config.STORE.variable,
                    "sqlite:///" + os.path.join(directory, "tasks.db"))
        self.setenv(config.ROLE.variable, process_role.SERVER)
        folder = self.portal.acl_users
        for name, granted in PEOPLE.items():
            if folder.getUserById(name) is None:
                folder.userFolderAddUser(name, TEST_USER_PASSWORD, granted,
                                         [])
        signing_keys.make_key(self.portal)
        transaction.commit()
        self.key = signing_keys.get_key(self.portal)
        self.membership = Membership(connections.Site.of(self.portal))
        self.mark = self.membership.get_mark()

    def setenv(self, name, value):
        """Set an environment variable until the test ends."""
        former = os.environ.get(name)
        os.environ[name] = value
        self.addCleanup(self.restore, name, former)

    def restore(self, name, value):
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value

    def patch(self, owner, name, value):
        """Replace an attribute until the test ends."""
        self.addCleanup(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)

    def credentials(self, caller):
        """Return the `auth` argument for a caller."""
        if caller == SIGNED:
            return Signer("", lambda: self.key, lambda: self.mark)
        if caller == ANONYMOUS:
            return None
        return (caller, TEST_USER_PASSWORD)

    def call(self, route, payload=None, caller=SIGNED, method="POST",
             body=None, **kw):
        """Call a route and return the response, whatever its status.

        :param payload: data to send as JSON
        :param body: raw body to send instead
        """
        kw.setdefault("headers", {"Content-Type": "application/json"})
        kw.setdefault("auth", self.credentials(caller))
        if body is None and method == "POST":
            body = json.dumps(payload or {})
        return requests.request(method, self.url + API + route, data=body,
                                timeout=60, **kw)

    def ask(self, route, payload=None, **kw):
        """Call a route that must succeed; return the decoded answer."""
        response = self.call(route, payload, **kw)
        answer = response.json()
        self.assertEqual((200, True),
                         (response.status_code, answer.get("success")),
                         response.text)
        return answer

    def refused(self, status, *args, **kw):
        """Call a route that must refuse with a status; return the message."""
        response = self.call(*args, **kw)
        answer = response.json()
        self.assertEqual((status, False),
                         (response.status_code, answer.get("success")),
                         response.text)
        return answer["message"]

    def token(self, route, payload=None, user="", method="POST", **kw):
        """Return the headers that sign a request."""
        body = json.dumps(payload or {}) if method == "POST" else None
        kw.setdefault("nonce", tokens.make_nonce(self.mark))
        return {
            tokens.HEADER: tokens.make_token(
                kw.pop("key", self.key), user, method, route, body, **kw),
            "Content-Type": "application/json",
        }

    def task(self, **kw):
        """Return the data of a new task."""
        values = dict(
            task_uid=uuid.uuid4().hex, name="task_x", created=1000000.0,
            context_uid=uuid.uuid4().hex, username="analyst")
        values["context_path"] = "/plone/a/" + values["context_uid"]
        values.update(kw)
        return values

    def put(self, **kw):
        """Add a task; return its uid."""
        task = self.task(**kw)
        answer = self.ask("queue_server/add", task)
        self.assertEqual(answer["results"], {task["task_uid"]: "added"})
        return task["task_uid"]
