# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A layer with samples and a worksheet in stock: creating them takes two
seconds, which most tests would otherwise spend on the same ones."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api
from plone.app.testing import TEST_USER_ID
from plone.app.testing import TEST_USER_NAME
from plone.app.testing import PloneSandboxLayer
from plone.app.testing import login
from plone.app.testing import setRoles

from senaite.queue.testing import QUEUE_FIXTURE
from senaite.queue.testing import QueueTesting
from senaite.queue.tests import utils


def make(portal):
    """Create the stock; the current user must be a lab manager.

    :returns: two received samples with three unassigned analyses each, and an
        empty worksheet
    """
    worksheet = utils.create_worksheet(portal)
    worksheet.setAnalyst(TEST_USER_ID)
    return utils.create_samples(portal, 2), worksheet


class Stock(PloneSandboxLayer):
    """Provides the resource `stock`: the uids of the samples and of the
    worksheet, which is empty."""

    defaultBases = (QUEUE_FIXTURE,)

    def setUpPloneSite(self, portal):
        roles = portal.acl_users.getUserById(TEST_USER_ID).getRoles()
        setRoles(portal, TEST_USER_ID, ["Member", "LabManager"])
        login(portal, TEST_USER_NAME)
        # Some guards are scripts of the skin
        portal.changeSkin("Plone Default")
        samples, worksheet = make(portal)
        self["stock"] = ([api.get_uid(sample) for sample in samples],
                         api.get_uid(worksheet))
        setRoles(portal, TEST_USER_ID, [
            role for role in roles if role != "Authenticated"])
        # Commit here, while the site is active: catalogs are looked up in it
        transaction.commit()

    def tearDownPloneSite(self, portal):
        del self["stock"]


STOCK_FIXTURE = Stock(name="senaite.queue:Stock")
STOCK_TESTING = QueueTesting(
    bases=(STOCK_FIXTURE,), name="senaite.queue:Stocked")
