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
from OFS.Folder import Folder
from zExceptions import NotFound
from ZEO.Exceptions import ClientDisconnected
from ZODB.POSException import POSKeyError
from ZODB.POSException import ReadConflictError

from senaite.queue.auth import pas
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


class TestTraverse(unittest.TestCase):

    def setUp(self):
        self.site = Folder("site")

    def put(self, error):
        """Put a folder in the site that raises this."""
        if "ghost" in self.site.objectIds():
            self.site._delObject("ghost", suppress_events=True)
        self.site._setObject(
            "ghost", Ghost("ghost", error), suppress_events=True)

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
