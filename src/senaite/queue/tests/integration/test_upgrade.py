# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Upgrades of sites with 1.0.x, built here according to its profiles and
manuals, for each profile version. Afterwards a site equals one with a fresh
installation, plus what other add-ons keep."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import logging
import sys
import types
import unittest

import six
import transaction
from bika.lims import api as senaite_api
from BTrees.OOBTree import OOBTree
from OFS.SimpleItem import SimpleItem
from persistent import Persistent
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping
from plone.app.testing import TEST_USER_ID
from plone.app.testing import TEST_USER_NAME
from plone.app.testing import login
from plone.app.testing import setRoles
from plone.browserlayer.utils import register_layer
from plone.registry import Record
from plone.registry import field
from plone.registry.interfaces import IRegistry
from plone.testing.zope import Browser
from Products.CMFPlone.utils import get_installer
from Products.GenericSetup.interfaces import IBody
from Products.PluggableAuthService.interfaces.plugins import \
    IAuthenticationPlugin
from Products.PluggableAuthService.interfaces.plugins import IExtractionPlugin
from zope import schema
from zope.annotation.interfaces import IAnnotations
from zope.component import getMultiAdapter
from zope.component import getSiteManager
from zope.component import getUtility
from zope.component import queryUtility
from zope.component.hooks import setSite
from zope.globalrequest import setRequest
from zope.interface import alsoProvides
from zope.interface import implementer
from zope.interface import Interface
from zope.interface.interface import InterfaceClass
from zope.testing.loggingsupport import InstalledHandler

from senaite.queue import api
from senaite.queue.auth.pas import QueueAuthPlugin
from senaite.queue.auth import signing_keys
from senaite.queue.browser import controlpanel
from senaite.queue import config
from senaite.queue.consumer.clock_view import QueueDispatcherView
from senaite.queue.interfaces import IQueued
from senaite.queue.interfaces import IQueueDispatcher
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue.model.fields import to_text
from senaite.queue.model.minimums import get_minimum
from senaite.queue.model import surroundings
from senaite.queue import PAS_PLUGIN_ID
from senaite.queue.storage import QueueTask
from senaite.queue.testing import BARE_FUNCTIONAL_TESTING
from senaite.queue.testing import QUEUE_FUNCTIONAL_TESTING
from senaite.queue.testing import set_setting
from senaite.queue.tests.integration.test_profile import skeleton
from senaite.queue.upgrade import leftovers

PROFILE = "senaite.queue:default"

#: Profile versions whose sites are built and upgraded: releases wrote their own
#: number, the last line of 1.x a larger one
LAST = "10301"
VERSIONS = ("1000", "1.0.1", "1.0.2", "1.0.3", LAST, "1001", "1002", "1003")

#: Other numbers that profiles of 1.x have had
OTHER_VERSIONS = ("1.0.0",)

#: Modules that are there while the fixture is made, and gone afterwards
GONE = "senaite.queue.formerly"
DISPATCHER = "senaite.queue.views.dispatcher"

#: The module of the settings of the first versions
FIRST_SETTINGS = "senaite.queue.controlpanel"

TASK = {"name": "task_assign_analyses", "context_path": "/plone/worksheets/x",
        "task_uid": "a" * 32, "username": "analyst1", "uids": ["b" * 32],
        "__ac": "s3cr3t-of-the-test"}

#: What the profiles of 1.0.x have written, besides records
ACTIONS = """
<object name="portal_actions" meta_type="Plone Actions Tool">
  <object name="portal_tabs">
    <object name="queue_tasks" meta_type="CMF Action">
      <property name="title">Queue Monitor</property>
      <property name="url_expr">string:$portal_url/queue_tasks</property>
      <property name="permissions">
        <element value="senaite.core: Manage Bika" />
      </property>
      <property name="visible">True</property>
    </object>
  </object>
</object>
"""
CONFIGLET = """
<object name="portal_controlpanel">
  <configlet title="Queue Settings" action_id="senaite.queue"
             appId="senaite.queue" category="Products" condition_expr=""
             icon_expr="string:++resource++senaite.queue.static/icon.png"
             url_expr="string:${portal_url}/@@queue-controlpanel"
             visible="True">
    <permission>senaite.core: Manage Bika</permission>
  </configlet>
</object>
"""
UTILITY = """
<componentregistry>
  <utilities>
    <utility interface="senaite.queue.interfaces.IQueueDispatcher"
             factory="senaite.queue.views.dispatcher.QueueDispatcher" />
  </utilities>
</componentregistry>
"""

#: Values with the types that 1.0.x has given them
SETTINGS = {"default": 7, "max_retries": 5, "min_seconds_task": 3,
            "max_seconds_unlock": 240,
            "server": u"http://queue.lab.example:8090/senaite",
            "top_priority_tasks": ["task_b", "task_a"]}

#: Records of other add-ons that lie below our prefix
OTHERS = ("senaite.queue.lab_opens_at", "senaite.queue.lab_sends_to")


def make_former_schema(version, names_field):
    """Return the schema whose records a profile version has registered.

    It takes the place of ours while the fixture is made: the records of a
    site have its dotted name.

    :param names_field: class of the field with names of tasks
    """
    fields = {"default": schema.Int(title=u"x", default=5, min=0, max=20),
              "max_retries": schema.Int(title=u"x", default=3, min=0, max=10)}
    if is_first(version):
        fields["max_seconds_unlock"] = schema.Int(title=u"x", default=600)
        for name in ("max_stats_hours", "task_assign_analyses",
                     "task_action_unassign", "task_action_submit",
                     "task_action_verify", "task_action_retract",
                     "task_action_reject"):
            fields[name] = schema.Int(title=u"x", default=10)
    else:
        fields["server"] = schema.TextLine(
            title=u"x", default=u"http://localhost:8080/senaite",
            required=False)
        fields["min_seconds_task"] = schema.Int(
            title=u"x", default=3, min=3, max=30)
        fields["max_seconds_unlock"] = schema.Int(
            title=u"x", default=120, min=30, max=1800)
        fields["auth_key"] = schema.TextLine(title=u"x", default=u"k" * 44)
    if version == LAST:
        fields["top_priority_tasks"] = names_field(
            title=u"x", value_type=schema.ASCIILine())
    module = controlpanel
    if is_first(version):
        package, name = FIRST_SETTINGS.rsplit(".", 1)
        module = sys.modules[FIRST_SETTINGS] = types.ModuleType(FIRST_SETTINGS)
        setattr(sys.modules[package], name, module)
    module.IQueueControlPanel = InterfaceClass(
        "IQueueControlPanel", (Interface,), fields,
        __module__=module.__name__)
    return module.IQueueControlPanel


def names_of_settings(version):
    """Return the names of the settings in `SETTINGS` that a profile version
    had."""
    found = {"default", "max_retries", "max_seconds_unlock"}
    if not is_first(version):
        found |= {"server", "min_seconds_task"}
    if version == LAST:
        found.add("top_priority_tasks")
    return found


def is_first(version):
    """Tell whether a profile version is from before the queue server."""
    return version in ("1000", "1.0.1", "1001")


#: Settings of another add-on, with the module that it is in
OTHERS_MODULE = "another.addon"
IOthersSettings = InterfaceClass("IOthersSettings", (Interface,), {
    "lab_opens_at": schema.Int(title=u"x", default=8),
}, __module__=OTHERS_MODULE)


class FormerTask(Persistent):
    """A task that is an object."""

    def __init__(self, **state):
        self.__dict__.update(state)


class FormerPlugin(SimpleItem):
    """An authentication plugin."""

    def __init__(self, id):
        self.id = id

    def extractCredentials(self, request):
        return {}

    def authenticateCredentials(self, credentials):
        return None


class FormerTool(SimpleItem):
    """A tool in the site's root."""

    id = "queue_storage"


class QueueDispatcher(object):
    """The utility that the profile of 1.0.0 has registered in the site."""


class PersistentDispatcher(Persistent):
    """One with a record of its own in the database."""


IQueueControlPanel = controlpanel.IQueueControlPanel


def make_package():
    """Add the old classes in modules that are removed later."""
    for module, classes in (
            (GONE, (FormerTask, FormerPlugin, FormerTool)),
            (DISPATCHER, (QueueDispatcher, PersistentDispatcher))):
        package = sys.modules[module] = types.ModuleType(module)
        for cls in classes:
            cls.__module__ = module
            setattr(package, cls.__name__, cls)
    views = DISPATCHER.rsplit(".", 1)[0]
    sys.modules[views] = types.ModuleType(views)
    implementer(IQueueDispatcher)(QueueDispatcher)
    implementer(IQueueDispatcher)(PersistentDispatcher)
    alsoProvidesClass(FormerPlugin)


def make_other_addon():
    """Put the module of the other add-on where imports find it."""
    package, name = OTHERS_MODULE.split(".")
    sys.modules[package] = types.ModuleType(package)
    module = sys.modules[OTHERS_MODULE] = types.ModuleType(OTHERS_MODULE)
    setattr(sys.modules[package], name, module)
    module.IOthersSettings = IOthersSettings


def forget_package():
    """Take the modules away, and put our schema in place again."""
    controlpanel.IQueueControlPanel = IQueueControlPanel
    for name in (GONE, DISPATCHER, DISPATCHER.rsplit(".", 1)[0],
                 FIRST_SETTINGS):
        sys.modules.pop(name, None)
    package, name = FIRST_SETTINGS.rsplit(".", 1)
    vars(sys.modules[package]).pop(name, None)


def alsoProvidesClass(cls):
    from zope.interface import classImplements
    classImplements(cls, IExtractionPlugin, IAuthenticationPlugin)


class UpgradeCase(unittest.TestCase):

    layer = BARE_FUNCTIONAL_TESTING

    #: Field of the names of tasks: there were sites with either
    names_field = schema.Tuple

    def setUp(self):
        self.app = self.layer["app"]
        self.portal = self.layer["portal"]
        self.setup = self.portal.portal_setup
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        make_package()
        make_other_addon()
        self.addCleanup(forget_package)
        self.log = InstalledHandler("senaite.queue", level=logging.INFO)
        self.addCleanup(self.log.uninstall)
        self.errors = InstalledHandler("", level=logging.ERROR)
        self.addCleanup(self.errors.uninstall)

    def messages(self):
        return [record.getMessage() for record in self.log.records]

    def forget_package(self):
        """Commit, and continue as a process without the old code."""
        transaction.commit()
        forget_package()
        self.portal._p_jar.cacheMinimize()
        transaction.begin()

    # -- the data of an old site

    def make_old_site(self, version):
        self.setup.setLastVersionForProfile(PROFILE, version)
        self.add_records(version)
        self.add_dispatcher(version)
        self.add_annotations()
        self.add_markers()
        for acl_users in (self.portal.acl_users, self.app.acl_users):
            self.add_plugin(acl_users)
        self.portal._setObject("queue_storage", FormerTool(),
                               suppress_events=True)
        self.add_actions()
        self.portal.acl_users.source_users.addUser(
            "queue_daemon", "queue_daemon", "queue_daemon")
        self.forget_package()

    def add_records(self, version):
        registry = getUtility(IRegistry)
        former = make_former_schema(version, self.names_field)
        registry.registerInterface(former, prefix="senaite.queue")
        for name, value in SETTINGS.items():
            if name not in former.names():
                continue
            if self.names_field is schema.Tuple and isinstance(value, list):
                value = tuple(value)
            registry["senaite.queue." + name] = value
        if version == LAST:
            # That of a still earlier version, which nobody removed
            registry.records["senaite.queue.task_assign_analyses"] = Record(
                field.Int(title=u"x"), 10)
        registry.registerInterface(IOthersSettings, prefix="senaite.queue")
        registry["senaite.queue.lab_opens_at"] = 7
        registry.records["senaite.queue.lab_sends_to"] = Record(
            field.TextLine(title=u"x"), u"lab@lab.example")

    def add_dispatcher(self, version):
        """The utility of 1.0.0 stays in a site whatever came later."""
        if is_first(version):
            self.import_xml(getSiteManager(self.portal), UTILITY)
            self.assertIsNotNone(queryUtility(IQueueDispatcher))
            return
        getSiteManager(self.portal).registerUtility(
            sys.modules[DISPATCHER].PersistentDispatcher(), IQueueDispatcher)

    def import_xml(self, tool, text):
        """Import what a profile says of a tool."""
        context = self.setup._getImportContext("profile-" + PROFILE)
        getMultiAdapter((tool, context), IBody).body = text

    def add_annotations(self):
        storage = OOBTree()
        storage["tasks"] = PersistentList([dict(TASK, name="task_one")])
        storage["current"] = FormerTask(**dict(TASK, name="task_two"))
        storage["running_tasks"] = PersistentList(
            [dict(TASK, name="task_eight")])
        storage["failed_tasks"] = PersistentList([dict(TASK, name="task_nine")])
        annotations = IAnnotations(self.portal)
        annotations["senaite.queue.main.storage"] = storage
        # 1.0.0 has kept tasks in the setup, the latest one that was done, too
        of_setup = IAnnotations(self.portal.bika_setup)
        of_setup["senaite.queue.main.storage"] = OOBTree({
            "current": QueueTask(TASK, name="task_five"),
            "processed": QueueTask(TASK, name="task_done"),
            "failed": [QueueTask(TASK, name="task_six")]})
        of_setup["senaite.queue.main.storage.tasks"] = OOBTree({
            "tasks": [QueueTask(TASK, name="task_seven")]})
        annotations["senaite.queue.empty"] = PersistentMapping()
        annotations["another.add-on"] = 1
        self.client = self.portal.clients.objectValues()[0]
        of_client = IAnnotations(self.client)
        of_client["senaite.queue.action"] = PersistentMapping(
            TASK, name="task_three")
        of_client["another.add-on"] = 1
        # Enough for a tree with several buckets
        self.other = self.portal.clients.objectValues()[-1]
        of_other = IAnnotations(self.other)
        for number in range(200):
            of_other["another.add-on.{}".format(number)] = number
        of_other["senaite.queue.action"] = [dict(TASK, name="task_four")]

    def add_markers(self):
        for obj in (self.client, self.portal.worksheets):
            alsoProvides(obj, IQueued)
            obj.reindexObject()
        # An object that is in no catalog
        alsoProvides(self.portal.portal_properties, IQueued)

    def add_plugin(self, acl_users):
        acl_users._setObject(PAS_PLUGIN_ID, sys.modules[GONE].FormerPlugin(
            PAS_PLUGIN_ID))
        for interface in (IExtractionPlugin, IAuthenticationPlugin):
            acl_users.plugins.activatePlugin(interface, PAS_PLUGIN_ID)

    def add_actions(self):
        self.import_xml(self.portal.portal_actions, ACTIONS)
        self.import_xml(self.portal.portal_controlpanel, CONFIGLET)
        register_layer(ISenaiteQueueLayer, "senaite.queue")
        self.portal.portal_controlpanel.registerConfiglet(
            "queue_settings", "Queue", "string:${portal_url}/"
            "@@queue-controlpanel", appId="other", category="Products")
        from Products.CMFCore.ActionInformation import Action
        self.portal.portal_actions.user._setObject("queue", Action(
            "queue", title="Queue", url_expr="string:${portal_url}/"
            "queue_tasks", visible=True))

    def upgrade(self):
        self.setup.upgradeProfile(PROFILE)
        transaction.commit()

    def check_settings_are_kept(self, version):
        """Each setting that the version had has the value of the site."""
        kept = names_of_settings(version)
        self.assertGreaterEqual(len(kept), 3)
        for name in kept:
            value = SETTINGS[name]
            if isinstance(value, list):
                value = tuple(value)
            self.assertEqual(surroundings.get().get_setting(name), value,
                             (version, name))
        if "server" in kept:
            self.assertEqual(api.get_server_url(), SETTINGS["server"])
        self.assertFalse([line for line in self.messages()
                          if "event=setting_not_kept" in line])


class TestUpgrade(UpgradeCase):

    def test_equals_a_fresh_installation(self):
        get_installer(self.portal).install_product("senaite.queue")
        fresh = skeleton(self.portal)
        transaction.abort()
        for version in VERSIONS:
            if version != VERSIONS[0]:
                self.setUp()
            self.check_upgrade(version, fresh)
            # Each version starts with a site without the add-on
            self.layer.testTearDown()
            self.layer.testSetUp()

    def test_other_versions_are_offered_the_same_upgrade(self):
        for version in VERSIONS + OTHER_VERSIONS:
            self.setup.setLastVersionForProfile(PROFILE, version)
            # a list for steps that belong together, as these do
            steps = self.setup.listUpgrades(PROFILE)
            steps = [step for item in steps for step in
                     (item if isinstance(item, list) else [item])]
            self.assertEqual([step["sdest"] for step in steps],
                             ["20600", "20601", "20602", "20603",
                              "20604"], version)

    def check_upgrade(self, version, fresh):
        self.make_old_site(version)
        self.check_schema_is_that_of_the_version(version)
        self.check_site_opens()
        self.assertTrue(self.setup.listUpgrades(PROFILE), version)
        self.upgrade()
        self.check_site_opens()
        self.assertEqual(
            self.setup.getLastVersionForProfile(PROFILE), ("20604",))
        self.assertFalse(self.setup.listUpgrades(PROFILE))

        found = skeleton(self.portal)
        found["annotations"].remove("another.add-on")
        for name in OTHERS:
            found["registry"].remove(name)
        found["interfaces"].remove(IOthersSettings.__identifier__)
        self.assertEqual(found, fresh)
        self.assertEqual(self.errors.records, [])
        left = leftovers.scan(self.portal._p_jar)
        self.assertEqual(left.marked, [])
        self.assertEqual([key for obj in left.annotated
                          for key in obj.__annotations__
                          if leftovers.is_old(key)], [])
        self.check_utility_is_gone()
        self.check_settings_are_kept(version)

    def check_schema_is_that_of_the_version(self, version):
        record = getUtility(IRegistry).records["senaite.queue.default"]
        self.assertEqual(
            record.field.interfaceName, "{}.IQueueControlPanel".format(
                FIRST_SETTINGS if is_first(version)
                else controlpanel.__name__))

    def check_site_opens(self):
        """What people open first is there, and so is the way to upgrade."""
        transaction.commit()
        browser = Browser(self.layer["app"])
        browser.handleErrors = False
        for path in ("", "/login", "/senaite-frontpage"):
            browser.open(self.portal.absolute_url() + path)
            self.assertTrue(browser.headers["status"].startswith("200"))
        setSite(self.portal)
        setRequest(self.layer["request"])
        login(self.portal, TEST_USER_NAME)
        transaction.begin()

    def check_utility_is_gone(self):
        self.assertIsNone(queryUtility(IQueueDispatcher))
        manager = getSiteManager(self.portal)
        for oid in (manager._p_oid, manager.utilities._p_oid):
            data = self.portal._p_jar.db().storage.load(oid)[0]
            self.assertNotIn(b"senaite.queue.views", data)
            self.assertNotIn(b"IQueueDispatcher", data)


class TestDetails(UpgradeCase):

    names_field = schema.List

    def test_one_upgrade_in_detail(self):
        """Checks one upgrade in all respects, because searching the records of
        a whole site takes time."""
        self.make_old_site(LAST)
        self.client_uid = senaite_api.get_uid(self.client)
        self.upgrade()
        self.check_settings_are_kept(LAST)
        self.check_records_of_others_are_kept()
        self.check_key_is_another_one_and_not_in_the_registry()
        self.check_what_was_queued_is_reported()
        self.check_annotations_of_others_are_kept()
        self.check_nothing_is_marked()
        self.check_plugin_is_ours()
        self.check_old_user_is_reported()
        self.check_old_name_of_the_clock_servers_view()
        self.check_upgrading_again_changes_nothing()
        self.check_setting_beyond_its_bounds_is_reported()
        self.check_server_without_an_address_is_reported()

    def check_records_of_others_are_kept(self):
        registry = getUtility(IRegistry)
        self.assertEqual(registry["senaite.queue.lab_opens_at"], 7)
        self.assertEqual(registry["senaite.queue.lab_sends_to"],
                         u"lab@lab.example")

    def check_key_is_another_one_and_not_in_the_registry(self):
        self.assertTrue(signing_keys.get_key(self.portal))
        self.assertNotEqual(signing_keys.get_key(self.portal), "k" * 44)
        self.assertNotIn("senaite.queue.auth_key",
                         getUtility(IRegistry).records)

    def check_what_was_queued_is_reported(self):
        lost = [line for line in self.messages() if "event=task_lost" in line]
        for name in ("task_one", "task_two", "task_three", "task_four",
                     "task_five", "task_six", "task_seven", "task_eight",
                     "task_nine"):
            self.assertEqual(
                len([line for line in lost if name in line]), 1, lost)
        self.assertFalse([line for line in self.messages()
                          if "s3cr3t-of-the-test" in line])
        self.assertIn("count=9", [line for line in self.messages()
                                  if "event=tasks_lost" in line][0])

    def check_annotations_of_others_are_kept(self):
        self.assertIn("another.add-on", IAnnotations(self.client))
        others = [key for key in IAnnotations(self.other)
                  if key.startswith("another.add-on.")]
        self.assertEqual(len(others), 200)
        for obj in (self.client, self.other):
            self.assertFalse([key for key in IAnnotations(obj)
                              if key.startswith("senaite.queue")])

    def check_nothing_is_marked(self):
        for obj in (self.client, self.portal.worksheets,
                    self.portal.portal_properties):
            self.assertFalse(IQueued.providedBy(obj))
        self.assertEqual(len(self.portal.portal_catalog(
            object_provides=IQueued.__identifier__)), 0)
        # Unmarked objects are still found by their other interfaces
        self.assertTrue(senaite_api.get_object_by_uid(self.client_uid))

    def check_plugin_is_ours(self):
        for acl_users in (self.portal.acl_users, self.app.acl_users):
            plugin = acl_users[PAS_PLUGIN_ID]
            self.assertIsInstance(plugin.aq_base, QueueAuthPlugin)

    def check_old_user_is_reported(self):
        lines = [line for line in self.messages()
                 if "event=look_at_user user=queue_daemon" in line]
        self.assertEqual(len(lines), 1)

    def check_upgrading_again_changes_nothing(self):
        before = skeleton(self.portal)
        key = signing_keys.get_key(self.portal)
        self.setup.setLastVersionForProfile(PROFILE, "10301")
        self.upgrade()
        self.assertEqual(skeleton(self.portal), before)
        self.assertEqual(signing_keys.get_key(self.portal), key)
        self.check_settings_are_kept(LAST)
        self.check_records_of_others_are_kept()

    def check_old_name_of_the_clock_servers_view(self):
        request = self.layer["request"]
        alsoProvides(request, ISenaiteQueueLayer)
        view = getMultiAdapter((self.portal, request),
                               name="queue_dispatcher")
        self.assertIsInstance(view, QueueDispatcherView)

    def check_setting_beyond_its_bounds_is_reported(self):
        from senaite.queue.upgrade.to20600 import write_settings
        write_settings({"max_retries": 99})
        self.assertEqual(surroundings.get().get_setting("max_retries"), 5)
        self.assertIn("event=setting_not_kept name=max_retries",
                      self.messages()[-1])

    def check_server_without_an_address_is_reported(self):
        """The queue is off: the default is the address of another process."""
        from senaite.queue.upgrade.to20600 import write_settings
        write_settings({"server": "queue.lab.example"})
        self.assertIn("event=setting_not_kept name=server",
                      self.messages()[-1])
        self.assertEqual(api.get_server_url(), "")
        self.assertEqual(api.get_queue_status(), "disabled")


class TestLaterSettings(unittest.TestCase):
    """Sites that were installed before a setting was added."""

    layer = QUEUE_FUNCTIONAL_TESTING

    def test_missing_records_are_added(self):
        registry = getUtility(IRegistry)
        set_setting("default", 7)
        del registry.records["senaite.queue.speedups"]
        self.assertIs(surroundings.get().get_setting("speedups"), True)
        setup = self.layer["portal"].portal_setup
        setup.setLastVersionForProfile(PROFILE, "20600")
        setup.upgradeProfile(PROFILE)
        self.assertEqual(
            setup.getLastVersionForProfile(PROFILE), ("20604",))
        self.assertIs(registry["senaite.queue.speedups"], True)
        self.assertEqual(registry["senaite.queue.default"], 7)

    def test_queue_that_was_off_stays_off(self):
        """An empty server was the way to switch off the queue of 1.0.x."""
        registry = getUtility(IRegistry)
        self.assertTrue(registry["senaite.queue.server"])
        registry.records["senaite.queue.server"] = Record(
            field.TextLine(title=u"x", required=False), None)
        setup = self.layer["portal"].portal_setup
        setup.setLastVersionForProfile(PROFILE, "1.0.3")
        setup.upgradeProfile(PROFILE)
        self.assertIsNone(registry["senaite.queue.server"])
        self.assertEqual(api.get_queue_status(), "disabled")

    def test_minimum_of_a_site_holds_for_all_its_processes(self):
        registry = getUtility(IRegistry)
        set_setting("min_items", 12)
        names = ["senaite.queue.min_items_" + name
                 for name in config.PROCESSES]
        for name in names:
            del registry.records[name]
        # Between the start of the new version and the upgrade
        self.assertEqual(get_minimum("submit"), 12)
        setup = self.layer["portal"].portal_setup
        setup.setLastVersionForProfile(PROFILE, "20603")
        setup.upgradeProfile(PROFILE)
        self.assertEqual(
            setup.getLastVersionForProfile(PROFILE), ("20604",))
        self.assertEqual(registry["senaite.queue.min_items"], 12)
        self.assertEqual([registry[name] for name in names],
                         [None] * len(names))
        for process in config.PROCESSES:
            self.assertEqual(get_minimum(process), 12, process)
        # The step may run again
        set_setting("min_items_verify", 3)
        setup.setLastVersionForProfile(PROFILE, "20603")
        setup.upgradeProfile(PROFILE)
        self.assertEqual(get_minimum("verify"), 3)

    def test_server_of_another_type_is_kept(self):
        """Earlier versions kept the URL as bytes in Python 2."""
        registry = getUtility(IRegistry)
        url = "http://queue.lab.example:8090/senaite"
        registry.records["senaite.queue.server"] = Record(
            field.ASCIILine(title=u"x", required=False), url)
        del registry.records["senaite.queue.payload_hours"]
        setup = self.layer["portal"].portal_setup
        setup.setLastVersionForProfile(PROFILE, "20601")
        setup.upgradeProfile(PROFILE)
        self.assertEqual(registry["senaite.queue.server"], to_text(url))
        self.assertIsInstance(registry["senaite.queue.server"], six.text_type)
        self.assertEqual(registry["senaite.queue.payload_hours"], 0)
