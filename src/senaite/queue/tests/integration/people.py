# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Users of a laboratory, for tests of access rights."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import base64

from bika.lims import api
from plone.app.testing import TEST_USER_NAME
from plone.app.testing import login

from senaite.queue.permissions import CONSUMER_ROLE

PASSWORD = "Secret-of-1-laboratory"

#: User id -> roles
PEOPLE = {
    "lab_manager": ["LabManager", "Member"],
    "analyst": ["Analyst", "Member"],
    "consumer": [CONSUMER_ROLE],
    "client_contact": ["Member", "Client"],
}


def make(portal):
    """Add the users; the contact belongs to the first client of the site."""
    for name, roles in sorted(PEOPLE.items()):
        portal.acl_users._doAddUser(name, PASSWORD, roles, [])
    client = portal.clients.objectValues("Client")[0]
    contact = client.objectValues("Contact")[0]
    # The contact's own properties are written
    login(portal, "client_contact")
    contact.setUser(api.get_user("client_contact"))
    login(portal, TEST_USER_NAME)


def log_in(browser, name, password=PASSWORD):
    """Make a test browser log in with each request."""
    browser.addHeader("Authorization", "Basic {}:{}".format(name, password))


def basic(name, password=PASSWORD):
    """Return the header value for basic authentication."""
    login = "{}:{}".format(name, password).encode("ascii")
    return {"Authorization":
            "Basic " + base64.b64encode(login).decode("ascii")}
