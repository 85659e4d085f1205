# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Who calls the routes: people of each role, and who has the key."""

import base64
import os
import re
import secrets
import sys

import requests
from harness import paths
from harness import ports
from harness.cluster import Cluster

ANONYMOUS, SIGNED = "anonymous", "signed"

#: Caller -> role in the site
ROLES = {
    "contact": "Client",
    "analyst": "Analyst",
    "labmanager": "LabManager",
    "manager": "Manager",
    "consumer": "QueueConsumer",
}

CALLERS = (ANONYMOUS, "contact", "consumer", "analyst", "labmanager",
           "manager", SIGNED)

#: Access of a route -> who is let in
ALLOWED = {
    "signed": (SIGNED,),
    "view": (SIGNED, "analyst", "labmanager", "manager"),
    "consume": (SIGNED, "consumer", "manager"),
}


def get_auth_module():
    """Return `senaite.queue.auth.signer`, the code that signs."""
    sys.path.insert(0, os.path.join(paths.ROOT, "src"))
    try:
        from senaite.queue.auth import signer as auth
        return auth
    finally:
        del sys.path[0]


class QueueServer(object):
    """A queue server alone with its ZEO: nothing moves but what is asked."""

    def __init__(self, say=None):
        self.auth_module = get_auth_module()
        self.key = base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")
        self.cluster = Cluster(
            packages=["queuetest"], web_ports=[], consumer_ports=[], say=say,
            env={"SENAITE_QUEUE_KEY": self.key,
                 "SENAITE_QUEUE_STANDALONE": "off",
                 # who may call `queue_consume` starts a consumer; this one
                 # never reaches itself, and so takes no tasks
                 "SENAITE_QUEUE_CONSUMER_URL":
                     "http://{}:{}/senaite".format(
                         ports.HOST, ports.free_ports(1)[0])},
            # little is rescued while somebody is fuzzing
            settings={"lease_seconds": 600})
        # a directory of its own for the test add-on
        self.cluster.env["QUEUETEST_DIR"] = self.cluster.home
        self.passwords = {}
        self.mark = ""

    def __enter__(self):
        self.cluster.__enter__()
        self.add_people()
        self.mark = self.make_mark()
        return self

    def __exit__(self, *exc_info):
        self.cluster.__exit__(*exc_info)

    @property
    def base_url(self):
        return self.cluster.server.url + "/@@API/senaite/v1"

    def add_people(self):
        """Add a user for each role, through the test add-on's view."""
        for name, role in ROLES.items():
            self.passwords[name] = secrets.token_urlsafe(12)
            response = requests.post(
                self.cluster.server.url + "/queuetest_user", timeout=60,
                auth=("admin", self.cluster.secrets["admin"]),
                json={"name": name, "password": self.passwords[name],
                      "role": role})
            assert response.json() == {"added": name}, response.text

    def make_mark(self):
        """Return the mark of a process that sees the database."""
        response = requests.get(
            self.cluster.server.url + "/queuetest_mark", timeout=60,
            auth=("admin", self.cluster.secrets["admin"]))
        return response.json()["mark"]

    def rescued(self):
        """Return the short uids of tasks that the server has taken back when
        their leases ended, by itself."""
        with open(self.cluster.server.log, errors="replace") as log:
            return set(re.findall(r"event=rescued task=(\w+)", log.read()))

    def auth(self, caller):
        """Return the `auth` argument of a request for a caller."""
        if caller == ANONYMOUS:
            return None
        if caller == SIGNED:
            return self.auth_module.Signer(
                "", lambda: self.key, lambda: self.mark)
        return (caller, self.passwords[caller])
