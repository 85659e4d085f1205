# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Runs SENAITE core's own tests (Python 2.7, run by bin/zopepy).

`core_tests.py without|with|queued [options of zope.testrunner]`; "with" loads
this add-on's ZCML into the layers of core's tests and installs its profile,
with the queue switched off; "queued" has, in addition, a task do each
transition that a doctest asks for. Whatever fails then and not without the
add-on is our fault.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import sys

import senaite.core.tests
from senaite.core.tests import layers
from zope.testrunner import run

PACKAGE = "senaite.core.tests"


def load_addon():
    """Have the layers of core's tests load and install the add-on."""
    former_zope = layers.BaseLayer.setUpZope
    former_site = layers.BaseLayer.setUpPloneSite

    def setUpZope(self, app, configurationContext):
        import plone.jsonapi.core
        import senaite.jsonapi
        import senaite.queue
        from plone.testing import zope
        former_zope(self, app, configurationContext)
        for package in (plone.jsonapi.core, senaite.jsonapi, senaite.queue):
            self.loadZCML(package=package)
        zope.installProduct(app, senaite.queue.PRODUCT_NAME)

    def setUpPloneSite(self, portal):
        import transaction
        from plone.app.testing import applyProfile
        from senaite.queue import is_installed
        from senaite.queue.api import is_queue_ready
        from senaite.queue.testing import set_setting
        from zope.component.hooks import site
        former_site(self, portal)
        applyProfile(portal, "senaite.queue:default")
        with site(portal):
            set_setting("default", 0)
            # A run that does not test what it says is worth nothing
            assert is_installed() and not is_queue_ready()
        transaction.commit()
        print("  senaite.queue is installed, its queue is switched off.")

    layers.BaseLayer.setUpZope = setUpZope
    layers.BaseLayer.setUpPloneSite = setUpPloneSite


def take_detour():
    """Have tasks do what doctests ask for."""
    former = layers.BaseLayer.setUpPloneSite

    def setUpPloneSite(self, portal):
        from senaite.queue.tests import detour
        former(self, portal)
        detour.take()

    def tearDownPloneSite(self, portal):
        from senaite.queue.tests import detour
        print("  {} transitions were done by tasks.".format(
            sum(detour.counts.values())))

    layers.BaseLayer.setUpPloneSite = setUpPloneSite
    layers.BaseLayer.tearDownPloneSite = tearDownPloneSite


def main(argv):
    # Layers that cannot be torn down go on in another process, which is
    # called with the very same words
    mode = argv[1]
    if mode in ("with", "queued"):
        load_addon()
    if mode == "queued":
        take_detour()
    root = senaite.core.tests.__file__
    for _level in PACKAGE.split("."):
        root = os.path.dirname(root)
    defaults = ["--path", os.path.dirname(root), "-s", PACKAGE,
                "--tests-pattern", "^test_"]
    run(defaults, args=[argv[0]] + argv[2:],
        script_parts=[os.path.abspath(argv[0]), mode])


if __name__ == "__main__":
    main(sys.argv)
