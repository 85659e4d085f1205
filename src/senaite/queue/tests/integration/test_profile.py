# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Installation and uninstallation: everything needed, and nothing left.

The components of a site are compared before the installation and after the
uninstallation.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import unittest

import six
import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import applyProfile
from plone.app.testing import setRoles
from plone.registry import field
from plone.registry.interfaces import IRegistry
from plone.registry import Record
from Products.CMFPlone.utils import get_installer
from Products.statusmessages.interfaces import IStatusMessage
from zope.annotation.interfaces import IAnnotations
from zope.component import getSiteManager
from zope.component import getUtility
from zope.interface import implementer
from zope.interface import noLongerProvides
from zope.testing.loggingsupport import InstalledHandler
from ZODB.serialize import referencesf
from ZODB.utils import oid_repr

from senaite.queue import api
from senaite.queue.auth import signing_keys
from senaite.queue.errors import QueueHeld
from senaite.queue.errors import ServerUnreachable
from senaite.queue.errors import StoreUnavailable
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue.interfaces import IServerQueueUtility
from senaite.queue import is_installed
from senaite.queue.model.fields import to_text
from senaite.queue.model.queue_task import new_task
from senaite.queue.model import surroundings
from senaite.queue import PAS_PLUGIN_ID
from senaite.queue.permissions import CONSUMER_ROLE
from senaite.queue.permissions import ConsumeTasks
from senaite.queue.permissions import ManageQueue
from senaite.queue.permissions import PERMISSIONS
from senaite.queue.permissions import ViewQueue
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.server.server_utility import ServerQueueUtility
from senaite.queue import setuphandlers
from senaite.queue.storage import open_store
from senaite.queue.testing import BARE_FUNCTIONAL_TESTING
from senaite.queue.testing import set_setting

DEFAULT = "senaite.queue:default"
UNINSTALL = "senaite.queue:uninstall"

#: Attributes of the portal that other code writes at any time
VOLATILE = ("_p_changed", "_v_")


def roles_of(portal, permission):
    """Return the roles that have a permission, and whether it is acquired."""
    found = portal.rolesOfPermission(permission)
    return (portal.acquiredRolesAreUsedBy(permission),
            sorted(row["name"] for row in found if row["selected"]))


def users(acl_users):
    """Return the plugins of a user folder, and their active interfaces."""
    plugins = acl_users.plugins
    active = dict(
        (info["id"], plugins.listPluginIds(info["interface"]))
        for info in plugins.listPluginTypeInfo())
    return sorted(acl_users.objectIds()), active


def components(portal):
    """Return the registrations of the site's component registry."""
    manager = getSiteManager(portal)
    found = []
    for listing in (manager.registeredUtilities,
                    manager.registeredAdapters,
                    manager.registeredSubscriptionAdapters,
                    manager.registeredHandlers):
        for item in listing():
            found.append((item.__class__.__name__, item.name,
                          repr(getattr(item, "provided", None)),
                          repr(getattr(item, "required", None))))
    return sorted(found)


def actions(tool):
    """Return the actions in a tool, e.g. the configlets."""
    return sorted(
        (action.id, action.category, tuple(action.permissions),
         action.getActionExpression()) for action in tool._actions)


def skeleton(portal):
    """Return all components of a site, as comparable values."""
    root = portal.getPhysicalRoot()
    manager = portal.acl_users.portal_role_manager
    return {
        "registry": sorted(getUtility(IRegistry).records.keys()),
        "interfaces": sorted(set(
            record.interfaceName for record in
            getUtility(IRegistry).records.values() if record.interfaceName)),
        "configlets": actions(portal.portal_controlpanel),
        "actions": sorted(
            "/".join(item.getPhysicalPath()) for item in
            portal.portal_actions.objectValues()),
        "site users": users(portal.acl_users),
        "root users": users(root.acl_users),
        "roles": sorted(portal.valid_roles()),
        "roles of the manager": sorted(manager.listRoleIds()),
        "permissions": [roles_of(portal, name) for name in PERMISSIONS],
        "attributes": sorted(
            key for key in portal.__dict__ if not key.startswith(VOLATILE)),
        "attributes of the root": sorted(
            key for key in root.__dict__ if not key.startswith(VOLATILE)),
        "content": sorted(portal.objectIds()),
        "annotations": sorted(IAnnotations(portal)),
        "components": components(portal),
        "versions": sorted(
            portal.portal_setup._profile_upgrade_versions),
        "import steps": sorted(portal.portal_setup.getSortedImportSteps()),
        "skins": sorted(portal.portal_skins.objectIds()),
        "resources": sorted(portal.portal_resources.objectIds()),
    }


def oids_with(connection, text):
    """Return the oids of all objects whose pickles contain a text."""
    found = []
    todo, seen = [connection.root()._p_oid], set()
    while todo:
        oid = todo.pop()
        if oid in seen:
            continue
        seen.add(oid)
        pickle, _serial = connection.db().storage.load(oid, "")
        if text in pickle:
            found.append(oid_repr(oid))
        todo.extend(referencesf(pickle))
    return found


@implementer(IServerQueueUtility)
class RecordingQueue(object):
    """Counts how often it was purged. Its tasks cannot be read."""

    purged = 0
    error = None

    def remove_all(self):
        self.purged += 1
        if self.error is not None:
            raise self.error

    def get_tasks(self, status):
        raise StoreUnavailable("locked")


class Away(object):
    """The queue of a client whose server does not answer."""

    def get_tasks(self, status):
        raise ServerUnreachable("refused")


class TestProfile(unittest.TestCase):

    layer = BARE_FUNCTIONAL_TESTING
    maxDiff = None

    def setUp(self):
        self.portal = self.layer["portal"]
        self.root = self.portal.getPhysicalRoot()
        setRoles(self.portal, TEST_USER_ID, ["Manager"])

    def install(self):
        applyProfile(self.portal, DEFAULT)

    def uninstall(self):
        applyProfile(self.portal, UNINSTALL)

    def test_not_installed_by_default(self):
        self.assertFalse(is_installed())

    def test_install_adds_plugins_key_outbox_and_role(self):
        self.install()
        self.assertTrue(is_installed())
        for acl_users in (self.portal.acl_users, self.root.acl_users):
            ids, active = users(acl_users)
            self.assertIn(PAS_PLUGIN_ID, ids)
            self.assertEqual(
                ["IAuthenticationPlugin", "IExtractionPlugin"],
                sorted(key for key in active
                       if PAS_PLUGIN_ID in active[key]))
        self.assertTrue(signing_keys.get_key(self.portal))
        self.assertIsNotNone(outbox.get_root(self.portal))
        self.assertIsNotNone(ledger.get_root(self.portal))
        self.assertIn(CONSUMER_ROLE, self.portal.valid_roles())

    def test_is_installed_without_the_layer(self):
        self.install()
        noLongerProvides(self.layer["request"], ISenaiteQueueLayer)
        self.assertTrue(is_installed())

    def test_roles_have_their_permissions(self):
        self.install()
        lab = ["Analyst", "LabClerk", "LabManager", "Manager", "Verifier"]
        self.assertEqual((False, lab), self.roles(ViewQueue))
        self.assertEqual((False, ["LabManager", "Manager"]),
                         self.roles(ManageQueue))
        self.assertEqual((False, ["Manager", CONSUMER_ROLE]),
                         self.roles(ConsumeTasks))

    def roles(self, permission):
        acquired, found = roles_of(self.portal, permission)
        return bool(acquired), found

    def test_settings_have_their_defaults(self):
        self.install()
        for name, value in surroundings.DEFAULTS.items():
            self.assertEqual(
                value, surroundings.get().get_setting(name), name)
        with self.assertRaises(KeyError):
            surroundings.get().get_setting("nothing")

    def test_uninstall_leaves_nothing(self):
        before = skeleton(self.portal)
        self.install()
        user = self.portal.acl_users.getUserById(TEST_USER_ID)
        self.portal.acl_users.portal_role_manager.assignRoleToPrincipal(
            CONSUMER_ROLE, user.getId())
        outbox.put(self.portal, new_task("some_task", self.portal.samples))
        ledger.record(self.portal, "a" * 32, 0)
        self.uninstall()
        after = skeleton(self.portal)
        for key in sorted(before):
            self.assertEqual(before[key], after[key], key)
        self.assertFalse(is_installed())
        self.assertFalse(ISenaiteQueueLayer.providedBy(
            self.layer["request"]))

    def test_no_pickle_needs_our_code(self):
        text = b"senaite.queue."
        self.install()
        transaction.commit()
        installed = oids_with(self.portal._p_jar, text)
        self.uninstall()
        transaction.commit()
        found = oids_with(self.portal._p_jar, text)
        self.assertLess(len(found), len(installed))
        # GenericSetup's own logs of imported profiles
        setup = self.portal.portal_setup
        logs = set(oid_repr(item._p_oid) for item in setup.objectValues())
        self.assertEqual([], sorted(set(found) - logs))

    def test_uninstall_logs_lost_tasks(self):
        self.install()
        task = new_task("some_task", self.portal.samples)
        outbox.put(self.portal, task)
        handler = InstalledHandler("senaite.queue")
        self.addCleanup(handler.uninstall)
        self.uninstall()
        lines = [r.getMessage() for r in handler.records]
        self.assertTrue(any("event=task_lost" in line and
                            task.task_uid in line for line in lines), lines)
        self.assertTrue(any("count=1" in line for line in lines), lines)

    def test_queue_is_purged_when_the_uninstallation_commits(self):
        queue = RecordingQueue()
        setuphandlers.purge_after_commit(queue)
        transaction.abort()
        self.assertEqual(0, queue.purged)
        setuphandlers.purge_after_commit(queue)
        transaction.commit()
        self.assertEqual(1, queue.purged)

    def test_page_says_what_was_lost(self):
        self.install()
        outbox.put(self.portal, new_task("some_task", self.portal.samples))
        self.uninstall()
        self.assertEqual(1, len([text for text in self.status_messages() if
                                 "had not finished" in text and
                                 text.endswith("lists them.")]))

    def test_page_says_that_the_store_is_kept(self):
        """It cannot be emptied from here: how it can be, is said."""
        self.install()
        setuphandlers.purge_after_commit(object())
        text, = self.status_messages()
        self.assertIn("stay in the task store", text)
        self.assertIn("To remove them", text)

    def text_of_kept_tasks(self):
        """Return the only message that says that tasks stay in the store."""
        text, = [text for text in self.status_messages()
                 if "stay in the task store" in text]
        return text

    def test_server_that_does_not_answer_is_no_reason_to_be_silent(self):
        """The tasks are not known, and stay in the store all the same."""
        self.install()
        self.use_queue(Away())
        self.uninstall()
        self.assertIn("not the queue server", self.text_of_kept_tasks())

    def test_store_that_cannot_be_opened_is_told(self):
        self.install()

        def find():
            raise StoreUnavailable("locked")
        self.addCleanup(setattr, api, "get_queue", api.get_queue)
        api.get_queue = find
        self.uninstall()
        self.assertIn("could not be emptied", self.text_of_kept_tasks())

    def test_store_that_cannot_be_read_is_emptied_when_it_can(self):
        self.install()
        queue = self.use_queue(RecordingQueue())
        self.uninstall()
        transaction.commit()
        self.assertEqual(1, queue.purged)

    def test_store_that_is_not_emptied_is_told(self):
        for error, text in (
                (StoreUnavailable("locked"), "stay in the task store"),
                (QueueHeld("foreign"), "belongs to another database")):
            queue = RecordingQueue()
            queue.error = error
            setuphandlers.purge_after_commit(queue)
            transaction.commit()
            self.assertEqual(1, queue.purged)
            found, = self.status_messages()
            self.assertIn(text, found)

    def use_queue(self, queue):
        self.addCleanup(setattr, api, "get_queue", api.get_queue)
        api.get_queue = lambda: queue
        return queue

    def test_store_is_emptied(self):
        self.install()
        folder = tempfile.mkdtemp(prefix="queue-profile-")
        self.addCleanup(shutil.rmtree, folder)
        store = open_store(
            "sqlite:///" + os.path.join(folder, "tasks.db"), "/plone")
        self.addCleanup(store.close)
        self.use_queue(ServerQueueUtility(store, "/plone"))
        for _number in range(2):
            store.add(new_task("some_task", self.portal.samples,
                               unique=False))
        self.assertEqual(2, store.count())
        self.uninstall()
        self.assertEqual(2, store.count())
        transaction.commit()
        self.assertEqual(0, store.count())
        self.assertEqual([], [text for text in self.status_messages()
                              if "stay in the task store" in text])

    def status_messages(self):
        return [message.message for message in
                IStatusMessage(self.layer["request"]).show()]

    def test_reimport_keeps_a_server_of_another_type(self):
        """Sites of 20600 and 20601 kept it as bytes. The profile may be
        imported again before they are upgraded."""
        self.install()
        url = "http://queue.lab.example:8090/senaite"
        records = getUtility(IRegistry).records
        records["senaite.queue.server"] = Record(
            field.ASCIILine(title=u"x", required=False), url)
        for version in ("20600", "20601"):
            self.portal.portal_setup.setLastVersionForProfile(
                DEFAULT, version)
            self.install()
            self.assertEqual(to_text(url),
                             surroundings.get().get_setting("server"))
            self.assertIsInstance(records["senaite.queue.server"].value,
                                  six.text_type)

    def test_reimport_keeps_the_queue_switched_off(self):
        self.install()
        records = getUtility(IRegistry).records
        for value in (None, "", "queue.lab.example"):
            records["senaite.queue.server"] = Record(
                field.ASCIILine(title=u"x", required=False), value)
            self.install()
            self.assertFalse(surroundings.get().get_setting("server"))

    def test_uninstall_through_the_add_ons_panel(self):
        installer = get_installer(self.portal, self.layer["request"])
        self.assertTrue(installer.install_product("senaite.queue"))
        self.assertTrue(installer.is_product_installed("senaite.queue"))
        self.assertTrue(installer.uninstall_product("senaite.queue"))
        self.assertFalse(installer.is_product_installed("senaite.queue"))
        self.assertFalse(is_installed())

    def test_reinstall_creates_a_new_key(self):
        self.install()
        key = signing_keys.get_key(self.portal)
        self.uninstall()
        self.install()
        self.assertTrue(is_installed())
        self.assertNotEqual(key, signing_keys.get_key(self.portal))
        self.assertIn(PAS_PLUGIN_ID, self.portal.acl_users)
        self.assertIn(PAS_PLUGIN_ID, self.root.acl_users)

    def test_repeated_install_keeps_data_and_settings(self):
        self.install()
        key = signing_keys.get_key(self.portal)
        set_setting("default", 33)
        set_setting("server", "http://elsewhere:8090/lab")
        outbox.put(self.portal, new_task("some_task", self.portal.samples))
        self.install()
        self.assertEqual(key, signing_keys.get_key(self.portal))
        self.assertEqual(33, surroundings.get().get_setting("default"))
        self.assertEqual("http://elsewhere:8090/lab",
                         surroundings.get().get_setting("server"))
        self.assertEqual(1, len(outbox.pending(self.portal)))

    def test_repeated_uninstall_does_no_harm(self):
        self.install()
        self.uninstall()
        self.uninstall()
        self.assertFalse(is_installed())

    def test_root_keeps_the_plugin_for_another_site(self):
        self.install()
        others = [self.portal]
        former = setuphandlers.get_sites

        class OtherSite(object):
            class portal_setup(object):
                @staticmethod
                def getLastVersionForProfile(profile):
                    return ("20603",)

        setuphandlers.get_sites = lambda root: others + [OtherSite]
        self.addCleanup(setattr, setuphandlers, "get_sites", former)
        self.uninstall()
        self.assertNotIn(PAS_PLUGIN_ID, self.portal.acl_users)
        self.assertIn(PAS_PLUGIN_ID, self.root.acl_users)

    def test_sites_are_found_in_folders(self):
        self.assertEqual(
            ["plone"],
            [site.getId() for site in setuphandlers.get_sites(self.root)])
