# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Layers and helpers for the tests of this add-on and of add-ons that use it.

    BARE_FIXTURE              SENAITE with demo data and our ZCML; the add-on
                              is not installed
    QUEUE_FIXTURE             the same, with the add-on installed
    *_FUNCTIONAL_TESTING      each test has its own ZODB changes and store
    QUEUE_WSGI_TESTING        the same, with an HTTP port
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import importlib
import os
import shutil
import tempfile
import time

import transaction
from plone.app.testing import PLONE_SITE_ID
from plone.app.testing import FunctionalTesting
from plone.app.testing import PloneSandboxLayer
from plone.app.testing import applyProfile
from plone.registry.interfaces import IRegistry
from plone.testing import zope
from senaite.core.tests.layers import DATA_LAYER_FIXTURE
from zope.component import getUtility
from zope.component.hooks import site as in_site

from senaite.queue import config
from senaite.queue.model import clock
from senaite.queue.model.fields import to_text
from senaite.queue import PRODUCT_NAME
from senaite.queue.site import hotfix

#: Name of the variable that each test sets
STORE = config.STORE.variable

#: Seconds between two checks of `eventually`
LOOK_SECONDS = 0.05


class BareLayer(PloneSandboxLayer):
    """SENAITE with demo data and our code; the add-on is not installed."""

    defaultBases = (DATA_LAYER_FIXTURE,)

    def setUpZope(self, app, configurationContext):
        import plone.jsonapi.core
        import senaite.jsonapi
        import senaite.queue
        self.loadZCML(package=plone.jsonapi.core)
        self.loadZCML(package=senaite.jsonapi)
        self.loadZCML(package=senaite.queue)
        self.load_hotfix()
        zope.installProduct(app, PRODUCT_NAME)

    def load_hotfix(self):
        """Load SENAITE's security hotfix where it is installed, as sites do.

        Add-ons that use this layer may be tested without it.
        """
        try:
            package = importlib.import_module(hotfix.NAME)
        except ImportError:
            return
        self.loadZCML(package=package)

    def setUpPloneSite(self, portal):
        applyProfile(portal, "senaite.lims:default")

    def tearDownZope(self, app):
        from senaite.queue.model import surroundings
        surroundings.provide(surroundings.Surroundings())


class QueueLayer(PloneSandboxLayer):
    """The same, with the add-on installed by its profile."""

    def setUpPloneSite(self, portal):
        applyProfile(portal, "senaite.queue:default")


class QueueTesting(FunctionalTesting):
    """Gives each test its own store, and stops its threads at the end."""

    def testSetUp(self):
        super(QueueTesting, self).testSetUp()
        self["store_dir"] = tempfile.mkdtemp(prefix="senaite.queue.")
        self._former_store = os.environ.get(STORE)
        os.environ[STORE] = "sqlite:///{}".format(
            os.path.join(self["store_dir"], "tasks.db"))

    def testTearDown(self):
        stop_threads()
        if self._former_store is None:
            del os.environ[STORE]
        else:
            os.environ[STORE] = self._former_store
        shutil.rmtree(self["store_dir"], ignore_errors=True)
        del self["store_dir"]
        super(QueueTesting, self).testTearDown()


class QueueHTTPTesting(QueueTesting):
    """The same, with an HTTP port that is configured as the queue server."""

    def testSetUp(self):
        super(QueueHTTPTesting, self).testSetUp()
        with in_site(self["portal"]):
            set_setting("server", self.get_url())
        transaction.commit()

    def get_url(self):
        """Return the URL of the site."""
        return str("http://{}:{}/{}".format(
            self["host"], self["port"], PLONE_SITE_ID))


BARE_FIXTURE = BareLayer()
BARE_FUNCTIONAL_TESTING = QueueTesting(
    bases=(BARE_FIXTURE,), name="senaite.queue:BareFunctional")

QUEUE_FIXTURE = QueueLayer(bases=(BARE_FIXTURE,), name="senaite.queue:Queue")
QUEUE_FUNCTIONAL_TESTING = QueueTesting(
    bases=(QUEUE_FIXTURE,), name="senaite.queue:Functional")
QUEUE_WSGI_TESTING = QueueHTTPTesting(
    bases=(QUEUE_FIXTURE, zope.WSGI_SERVER_FIXTURE),
    name="senaite.queue:WSGI")


def stop_threads():
    """Stop the threads that use the site of a test, and close its store."""
    from senaite.queue.client import agent
    from senaite.queue.server import server_utility
    agent.stop_all()
    server_utility.forget_utilities()


def set_setting(name, value):
    """Change a setting of the current site, in the running transaction.

    :param name: name of the setting, without prefix
    :param value: its value; strings may be native ones
    """
    getUtility(IRegistry)["{}.{}".format(PRODUCT_NAME, name)] = to_text(value)


def eventually(check, seconds=30, message=None):
    """Wait until a check succeeds.

    :param check: function; called again while it returns something false or
        raises AssertionError
    :param seconds: time limit
    :param message: describes the check in the error
    :returns: the last result of the function
    :raises AssertionError: when the check does not succeed in time
    """
    until = clock.monotonic() + seconds
    while True:
        error = None
        try:
            found = check()
            if found:
                return found
        except AssertionError as caught:
            error = caught
        if clock.monotonic() > until:
            raise AssertionError("{} did not come true within {} s{}".format(
                message or getattr(check, "__name__", check), seconds,
                ": {}".format(error) if error else ""))
        time.sleep(LOOK_SECONDS)



def drain(portal, limit=100):
    """Process all queued tasks in this thread, as their users.

    Commits. Errors of a task are raised, without a retry.

    :param portal: root object of the site
    :param limit: maximum number of tasks
    :returns: the tasks, in the order in which they were processed
    :rtype: list of senaite.queue.model.queue_task.QueueTask
    """
    from senaite.queue.tests import utils
    return utils.drain(portal, limit)


def create_samples(portal, count):
    """Create and receive samples of the demo client.

    :param portal: root object of the site
    :param count: number of samples
    :returns: the samples
    """
    from senaite.queue.tests import utils
    return utils.create_samples(portal, count)
