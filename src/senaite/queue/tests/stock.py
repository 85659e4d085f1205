# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Layers with samples and worksheets in stock: creating them takes seconds,
which most tests would otherwise spend on the same ones."""

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
from zope.globalrequest import clearRequest
from zope.globalrequest import setRequest

from senaite.queue.testing import QUEUE_FIXTURE
from senaite.queue.testing import QueueTesting
from senaite.queue.tests import utils
from senaite.queue.tests import worksheets


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

    #: Name of the resource
    resource = "stock"

    def setUpPloneSite(self, portal):
        roles = portal.acl_users.getUserById(TEST_USER_ID).getRoles()
        setRoles(portal, TEST_USER_ID, ["Member", "LabManager"])
        login(portal, TEST_USER_NAME)
        # Some guards are scripts of the skin
        portal.changeSkin("Plone Default")
        setRequest(portal.REQUEST)
        self[self.resource] = self.make(portal)
        clearRequest()
        setRoles(portal, TEST_USER_ID, [
            role for role in roles if role != "Authenticated"])
        # Commit here, while the site is active: catalogs are looked up in it
        transaction.commit()

    def make(self, portal):
        samples, worksheet = make(portal)
        return uids_of(samples), api.get_uid(worksheet)

    def tearDownPloneSite(self, portal):
        del self[self.resource]


class Twins(Stock):
    """Provides the resource `twins`: two equal cases, each with the uids of
    two samples of two analyses, and of the worksheet that these are on; and
    the uids of a blank and a control."""

    resource = "twins"

    #: Keywords of the services of all samples
    keywords = ("Ca", "Cu")

    def make(self, portal):
        cases = [self.make_case(portal) for _number in range(2)]
        services = worksheets.get_services(self.keywords)
        references = [
            worksheets.create_reference(portal, services, blank)[1]
            for blank in (True, False)]
        return cases, uids_of(references)

    def make_case(self, portal):
        samples = utils.create_samples(portal, 2, self.keywords)
        worksheet = utils.create_worksheet(portal)
        worksheet.setAnalyst(TEST_USER_ID)
        with utils.settings(default=0):
            worksheet.addAnalyses(utils.analyses_of(samples))
        return uids_of(samples), api.get_uid(worksheet)


def uids_of(objects):
    return [api.get_uid(obj) for obj in objects]


STOCK_FIXTURE = Stock(name="senaite.queue:Stock")
STOCK_TESTING = QueueTesting(
    bases=(STOCK_FIXTURE,), name="senaite.queue:Stocked")

TWINS_FIXTURE = Twins(name="senaite.queue:TwinsInStock")
TWINS_TESTING = QueueTesting(
    bases=(TWINS_FIXTURE,), name="senaite.queue:Twins")
