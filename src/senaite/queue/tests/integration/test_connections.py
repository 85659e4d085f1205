# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Connections of the agent's threads: kept while they work, and closed with
the database."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from ZEO.Exceptions import ClientDisconnected

from senaite.queue.errors import DatabaseClosed
from senaite.queue.site import connections
from senaite.queue.tests.integration.clientcase import ClusterTestCase
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import Connected
from senaite.queue.tests.zodbsite import eventually


class TestKeptConnection(unittest.TestCase):
    """A site with a kept connection, next to a request."""

    def setUp(self):
        self.world = zodbsite.MemoryStorage()
        self.addCleanup(self.world.close)
        self.db = self.world.db
        self.site = connections.Site(self.db, zodbsite.PATH)
        self.site.keep_connection()

    def connection_used(self, site=None):
        with (site or self.site).opened() as (portal, _manager):
            return portal._p_jar

    def open_request(self):
        """Open a connection as a request does, and load an object."""
        connection = self.db.open()
        self.addCleanup(connection.close)
        self.site.find(connection.root()).done.keys()
        return connection

    def test_requests_keep_their_own_connection(self):
        self.connection_used()
        former = self.open_request()
        former.close()
        for _number in range(3):
            with self.site.opened() as (portal, _manager):
                request = self.open_request()
                self.assertIs(request, former)
                request.close()

    def test_site_without_kept_connection_takes_that_of_a_request(self):
        # The reason for keeping one: the pool hands out the fullest
        former = self.open_request()
        former.close()
        other = connections.Site(self.db, zodbsite.PATH)
        self.assertIs(self.connection_used(other), former)

    def test_kept_connection_sees_changes_of_others(self):
        with self.site.opened() as (portal, _manager):
            self.assertFalse(portal.done)
        other = Connected(self.db)
        self.addCleanup(other.close)
        other.begin().done["x"] = 1
        other.commit()
        with self.site.opened() as (portal, _manager):
            self.assertEqual(dict(portal.done), {"x": 1})

    def test_uncommitted_changes_are_dropped(self):
        with self.site.opened() as (portal, _manager):
            portal.done["x"] = 1
        with self.site.opened() as (portal, _manager):
            self.assertFalse(portal.done)

    def test_connection_is_closed_after_a_failure(self):
        kept = self.connection_used()
        with self.assertRaises(ValueError):
            with self.site.opened() as (portal, _manager):
                self.assertIs(portal._p_jar, kept)
                portal.done["x"] = 1
                raise ValueError("x")
        self.assertIsNone(kept.opened)
        with self.site.opened() as (portal, _manager):
            self.assertFalse(portal.done)

    def test_nested_use_opens_two_connections_and_keeps_one(self):
        with self.site.opened() as (outer, _manager):
            with self.site.opened() as (inner, _manager):
                self.assertIsNot(outer._p_jar, inner._p_jar)
                self.assertIsNotNone(inner._p_jar.opened)
            kept, other = inner._p_jar, outer._p_jar
        self.assertIsNotNone(kept.opened)
        self.assertIsNone(other.opened)

    def test_release_closes_the_kept_connection(self):
        kept = self.connection_used()
        self.assertIsNotNone(kept.opened)
        self.site.release_connection()
        self.assertIsNone(kept.opened)
        self.assertIsNone(self.connection_used().opened)

    def test_kept_connection_is_closed_with_its_database(self):
        self.connection_used()
        self.db.close()
        with self.assertRaises(DatabaseClosed):
            self.connection_used()
        self.site.release_connection()


class TestOverZEO(unittest.TestCase):

    def test_kept_connection_recovers_with_zeo(self):
        world = zodbsite.ZEOServer()
        self.addCleanup(world.close)
        ours, theirs = world.databases(2)
        site = connections.Site(ours, zodbsite.PATH)
        site.keep_connection()
        with site.opened() as (portal, _manager):
            self.assertFalse(portal.done)
        world.kill()
        eventually(lambda: not ours.storage.is_connected())
        world.start()
        eventually(lambda: self.write(theirs))
        eventually(lambda: self.read(site) == {"x": 1})

    @staticmethod
    def write(db):
        """Change the site; return whether ZEO answered."""
        other = Connected(db)
        try:
            other.begin().done["x"] = 1
            other.commit()
            return True
        except ClientDisconnected:
            return False
        finally:
            other.close()

    @staticmethod
    def read(site):
        """Return the contents of `done`; None without ZEO."""
        try:
            with site.opened() as (portal, _manager):
                return dict(portal.done)
        except ClientDisconnected:
            return None


class TestClosedDatabase(ClusterTestCase):

    def test_agent_stops_with_its_database(self):
        thread = self.agent._thread
        self.assertTrue(thread.is_alive())
        self.db.close()
        self.agent.wake()
        thread.join(10)
        self.assertFalse(thread.is_alive())


if __name__ == "__main__":
    unittest.main()
