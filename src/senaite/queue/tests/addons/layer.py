# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A site with this add-on and those of SENAITE 2.6 that addons.cfg names."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import importlib

import transaction
from plone.app.testing import PloneSandboxLayer
from plone.app.testing import applyProfile
from plone.testing import zope

from senaite.queue.testing import QUEUE_FIXTURE
from senaite.queue.testing import QueueTesting

#: In an order that their dependencies allow
NAMES = (
    "senaite.abx",
    "senaite.microorganism",
    "senaite.ast",
    "senaite.databox",
    "senaite.patient",
    "senaite.diagnosis",
    "senaite.panic",
    "senaite.storage",
)


class Addons(PloneSandboxLayer):
    """Installs the other add-ons in a site that has the queue already."""

    defaultBases = (QUEUE_FIXTURE,)

    def setUpZope(self, app, configurationContext):
        for name in NAMES:
            self.loadZCML(package=importlib.import_module(name))
        for name in NAMES:
            zope.installProduct(app, name)

    def setUpPloneSite(self, portal):
        for name in NAMES:
            applyProfile(portal, name + ":default")
        # Commit here, while the site is active: catalogs are looked up in it
        transaction.commit()


ADDONS_FIXTURE = Addons(name="senaite.queue:Addons")
ADDONS_TESTING = QueueTesting(
    bases=(ADDONS_FIXTURE,), name="senaite.queue:WithAddons")
