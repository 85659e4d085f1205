# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What cannot be loaded now is not gone: ZEO may come back."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from AccessControl.unauthorized import Unauthorized
from bika.lims import api
from OFS.Folder import Folder
from Products.Archetypes.UIDCatalog import UIDCatalogBrains
from Products.ZCatalog.interfaces import ICatalogBrain
from zExceptions import NotFound
from ZEO.Exceptions import ClientDisconnected
from ZODB.POSException import POSKeyError
from ZODB.POSException import ReadConflictError
from zope.interface import implementer

from senaite.queue.adapters import reasons
from senaite.queue.auth import pas
from senaite.queue.model import left_out
from senaite.queue.site import objects

TROUBLE = (ClientDisconnected("away"), POSKeyError(b"\0" * 8),
           ReadConflictError())


class Ghost(Folder):
    """An object that cannot be loaded, or not found in."""

    def __init__(self, id, error):
        super(Ghost, self).__init__(id)
        self.error = error

    def __getattr__(self, name):
        if name == "_getOb" or name.startswith("_") or name == "error":
            raise AttributeError(name)
        raise self.error

    def _getOb(self, id, default=None):
        raise self.error

    def __bobo_traverse__(self, request, name):
        raise self.error


class GhostCase(unittest.TestCase):

    def setUp(self):
        self.site = Folder("site")

    def put(self, error):
        """Put a folder in the site that raises this."""
        if "ghost" in self.site.objectIds():
            self.site._delObject("ghost", suppress_events=True)
        self.site._setObject(
            "ghost", Ghost("ghost", error), suppress_events=True)


class TestTraverse(GhostCase):

    def test_objects_are_found(self):
        self.site._setObject("a", Folder("a"), suppress_events=True)
        self.assertEqual(objects.traverse(self.site, "a").getId(), "a")

    def test_objects_that_are_gone(self):
        self.assertIsNone(objects.traverse(self.site, "b"))
        self.assertIsNone(objects.traverse(self.site, "a/b"))
        for error in (NotFound("x"), KeyError("x"), Unauthorized("x")):
            self.put(error)
            self.assertIsNone(objects.traverse(self.site, "ghost/x"))

    def test_objects_that_cannot_be_loaded_now(self):
        for error in TROUBLE:
            self.put(error)
            with self.assertRaises(type(error)):
                objects.traverse(self.site, "ghost/x")
            # ... as a default would have it
            if not isinstance(error, ReadConflictError):
                self.assertIsNone(
                    self.site.unrestrictedTraverse("ghost/x", None))

    def test_folder_that_cannot_be_loaded_now(self):
        class Away(object):
            @property
            def _getOb(self):
                raise ClientDisconnected("away")

        class Item(object):
            __parent__ = Away()

        with self.assertRaises(ClientDisconnected):
            objects.is_there(Item())


    def test_errors_in_the_code_of_an_object_are_none_of_the_path(self):
        class Broken(Folder):
            def __bobo_traverse__(self, request, name):
                return None.title

        class Archetype(Folder):
            def __bobo_traverse__(self, request, name):
                raise AttributeError(name)

        for kind in (Broken, Archetype):
            folder = kind("folder")
            folder._setObject("there", Folder("there"), suppress_events=True)
            self.site._setObject("folder", folder, suppress_events=True)
            self.assertIsNone(objects.traverse(self.site, "folder/gone"))
            for path in ("folder/there", ["folder", "there"]):
                with self.assertRaises(AttributeError):
                    objects.traverse(self.site, path)
            self.site._delObject("folder", suppress_events=True)


@implementer(ICatalogBrain)
class Brain(UIDCatalogBrains):
    """A brain with what it acquires from the catalog."""

    path = site = None
    # Those of a record do not take attributes
    __setattr__ = object.__setattr__

    def getPath(self):
        return self.path

    @property
    def portal_url(self):
        return self

    def getPortalObject(self):
        return self.site


class TestObjectsByUID(GhostCase):
    """With the brains of Archetypes' UID catalog."""

    UID = "a" * 32

    def setUp(self):
        super(TestObjectsByUID, self).setUp()
        self.paths = {}
        for name, stub in (("get_brain_by_uid", self.find_brain),
                           ("get_portal", lambda: self.site)):
            self.addCleanup(setattr, api, name, getattr(api, name))
            setattr(api, name, stub)

    def find_brain(self, uid, default=None):
        if uid not in self.paths:
            return default
        brain = Brain()
        brain.path, brain.site = self.paths[uid], self.site
        return brain

    def test_object_by_its_uid(self):
        self.assertIsNone(objects.get_object(self.UID))
        self.site._setObject("a", Folder("a"), suppress_events=True)
        self.paths[self.UID] = "a"
        self.assertEqual(objects.get_object(self.UID).getId(), "a")
        self.paths[self.UID] = "b"
        self.assertIsNone(objects.get_object(self.UID))

    def test_object_that_cannot_be_loaded_now(self):
        self.paths[self.UID] = "ghost/x"
        for error in TROUBLE:
            self.put(error)
            with self.assertRaises(type(error)):
                objects.get_object(self.UID)

    def test_object_that_is_gone(self):
        self.paths[self.UID] = "ghost/x"
        for error in (NotFound("x"), KeyError("x"), Unauthorized("x")):
            self.put(error)
            self.assertIsNone(objects.get_object(self.UID))


class TestReasons(unittest.TestCase):
    """Why something is not possible, is not known while the database cannot be
    read: the task is retried, and does not skip its items."""

    def setUp(self):
        self.patch("_find_transition", lambda obj, action: Transition)
        self.patch("getAdapters", lambda *args: [("other", self)])
        self.patch("api", self)

    def patch(self, name, value):
        self.addCleanup(setattr, reasons, name, getattr(reasons, name))
        setattr(reasons, name, value)

    def get_path(self, obj):
        return "/site/a"

    def guard(self, action):
        raise self.error

    def test_guard_that_cannot_read_the_database(self):
        for error in TROUBLE:
            self.error = error
            with self.assertRaises(type(error)):
                reasons.explain(object(), "submit")

    def test_guard_that_is_broken(self):
        self.error = ValueError("broken")
        self.assertEqual(reasons.explain(object(), "submit"),
                         {"reason": left_out.NOT_ALLOWED})


class Transition(object):
    guard = None


class TestUser(unittest.TestCase):
    """A task must not fail because its user cannot be looked up now."""

    def test_user_that_cannot_be_looked_up_now(self):
        class Away(object):
            def getUserById(self, user_id):
                raise self.error

        plugin = pas.QueueAuthPlugin("plugin")
        plugin._getPAS = Away
        credentials = {pas.CREDENTIAL: "jane", "extractor": "plugin"}
        for error in TROUBLE:
            Away.error = error
            with self.assertRaises(type(error)):
                plugin.authenticateCredentials(credentials)
        # A plugin that is broken makes nobody of the user, and is logged
        Away.error = ValueError("broken")
        self.assertIsNone(plugin.authenticateCredentials(credentials))
