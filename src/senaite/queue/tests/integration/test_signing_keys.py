# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Where the key of a site is, and what happens to it with the site."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import io
import unittest

import transaction
from persistent.mapping import PersistentMapping

from senaite.queue.auth import process_marks
from senaite.queue.auth import signing_keys
from senaite.queue.auth import tokens
from senaite.queue.browser.settings import advice
from senaite.queue.client import agent as agents
from senaite.queue.permissions import AdministerQueue
from senaite.queue.setuphandlers import PROFILE
from senaite.queue.site import connections
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import Connected


class TestExport(unittest.TestCase):
    layer = QUEUE_FUNCTIONAL_TESTING

    def setUp(self):
        self.portal = self.layer["portal"]

    def export(self):
        """Return what is exported with the site, as `.zexp` has it."""
        transaction.commit()
        target = io.BytesIO()
        self.portal._p_jar.exportFile(self.portal._p_oid, target)
        return target.getvalue()

    def make_old(self):
        """Put the key where former versions kept it; return it."""
        key = signing_keys.get_key(self.portal)
        signing_keys.remove(self.portal)
        process_marks.uninstall(self.portal)
        connections.annotations(self.portal)[signing_keys.ANNOTATION] = \
            PersistentMapping({"current": key, "previous": None,
                               "previous_until": 0})
        return key

    def test_does_not_contain_the_key(self):
        signing_keys.rotate(self.portal)
        exported = self.export()
        self.assertIn(signing_keys.ID.encode("ascii"), exported)
        keys = signing_keys.get_keys(self.portal)
        self.assertEqual(len(keys), 2)
        for key in keys:
            self.assertNotIn(key.encode("ascii"), exported)

    def test_upgrade_step_moves_the_key(self):
        former = self.make_old()
        self.assertIn(former.encode("ascii"), self.export())
        self.assertTrue(signing_keys.is_legacy(self.portal))
        self.assertTrue(self.is_advised())
        setup = self.portal.portal_setup
        for _again in range(2):
            setup.setLastVersionForProfile(PROFILE, "20602")
            setup.upgradeProfile(PROFILE)
            self.assertFalse(signing_keys.is_legacy(self.portal))
            keys = signing_keys.get_keys(self.portal)
            # requests under way, signed with the former one, are accepted
            self.assertEqual(keys[1:], [former])
            self.assertNotEqual(keys[0], former)
        self.assertEqual(
            sorted(role["name"] for role in
                   self.portal.rolesOfPermission(AdministerQueue)
                   if role["selected"]),
            ["Manager", "Site Administrator"])
        self.assertFalse(self.is_advised())
        exported = self.export()
        for key in keys:
            self.assertNotIn(key.encode("ascii"), exported)

    def is_advised(self):
        """Tell whether the settings page asks for the upgrade step."""
        return any("upgrade step" in item.text
                   for item in advice.get_advice(self.portal))

    def test_nothing_is_left_behind(self):
        signing_keys.remove(self.portal)
        self.assertNotIn(signing_keys.ROOT, self.portal._p_jar.root())
        self.assertEqual(signing_keys.get_keys(self.portal), [])


class Placed(zodbsite.BareSite):
    """A site whose place can be changed."""

    place = "/senaite"

    def getPhysicalPath(self):
        return tuple(self.place.split("/"))


class TestPlaces(unittest.TestCase):
    """Sites that are copied, imported and renamed in one database."""

    def setUp(self):
        self.world = zodbsite.MemoryStorage()
        self.addCleanup(self.world.close)
        self.db = self.world.databases(1)[0]
        self.here = Connected(self.db)
        self.addCleanup(self.here.close)
        self.site = self.add("senaite")

    def add(self, name):
        site = Placed()
        site.place = "/" + name
        self.here.connection.root()["Application"][name] = site
        self.here.commit()
        return site

    def keys(self, site):
        return signing_keys.get_keys(site)

    def test_each_site_has_its_own(self):
        other = self.add("other")
        for site in (self.site, other):
            signing_keys.make_key(site)
        self.assertNotEqual(self.keys(self.site), self.keys(other))
        signing_keys.remove(other)
        self.assertEqual(self.keys(other), [])
        self.assertTrue(self.keys(self.site))

    def test_copied_site_has_none_until_it_gets_its_own(self):
        signing_keys.make_key(self.site)
        copied = self.add("copied")
        connections.annotations(copied, create=True).update(
            connections.annotations(self.site))
        self.assertEqual(self.keys(copied), [])
        signing_keys.make_key(copied)
        self.assertNotEqual(self.keys(copied), self.keys(self.site))

    def test_renamed_site_gets_another(self):
        signing_keys.make_key(self.site)
        former = self.keys(self.site)
        self.site.place = "/renamed"
        self.assertEqual(self.keys(self.site), [])
        signing_keys.make_key(self.site)
        self.assertNotEqual(self.keys(self.site), former)

    def test_imported_where_it_was_exported_it_finds_its_own(self):
        signing_keys.make_key(self.site)
        former = self.keys(self.site)
        imported = self.add("senaite")
        connections.annotations(imported, create=True).update(
            connections.annotations(self.site))
        self.assertEqual(self.keys(imported), former)

    def test_new_site_does_not_inherit_from_a_removed_one(self):
        signing_keys.make_key(self.site)
        former = self.keys(self.site)
        successor = self.add("senaite")
        signing_keys.make_key(successor)
        self.assertNotEqual(self.keys(successor), former)
        records = signing_keys.get_records(successor)
        self.assertEqual(list(records), [signing_keys.get_name(successor)])

    def test_agent_makes_the_missing_key(self):
        agent = agents.Agent(connections.Site(self.db, ("", "senaite")))
        self.here.begin()
        self.assertEqual(self.keys(self.here.site), [])
        key = agent._make_key()
        self.assertTrue(tokens.is_key(key))
        self.here.begin()
        self.assertEqual(self.keys(self.here.site), [key])
        self.assertEqual(agent._make_key(), key)
