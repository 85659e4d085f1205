# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Clients, their contacts, and the users that are linked to them."""

import uuid


def make_client(lab):
    """Register a client and a contact of it; the lab works for them then.

    :returns: paths of client and contact, below the site
    """
    def create(portal_type, parent, **values):
        answer = lab.lims.post_json(
            "@@API/senaite/v1/{}/create".format(portal_type),
            dict(values, parent_uid=parent))
        return answer["items"][0]
    folder = lab.lims.api("clientfolder")["items"][0]
    number = uuid.uuid4().hex[:8]
    client = create("Client", folder["uid"], title="Springs " + number,
                    ClientID="C" + number)
    contact = create("Contact", client["uid"], Firstname="Ana",
                     Surname=number)
    lab.client, lab.contact = client["uid"], contact["uid"]
    site = "/" + lab.lims.url.rsplit("/", 1)[1] + "/"
    return [item["path"].split(site, 1)[1] for item in (client, contact)]


def press(lims, contact, button, **fields):
    """Press a button on the page "Login details" of a contact."""
    page = lims.page(contact + "/login_details?_authenticator=" + token(lims))
    fields = dict(fields, submitted="1", **{button: "1"})
    fields["_authenticator"] = page.xpath(
        "//input[@name='_authenticator']")[0].get("value")
    lims.post(contact + "/login_details", fields)


def token(lims):
    page = lims.page("worksheets")
    return page.xpath("//input[@name='_authenticator']")[0].get("value")
