# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Permissions on the content of a client when a user is linked to a contact.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api as senaite_api
from bika.lims.utils.analysisrequest import create_analysisrequest
from DateTime import DateTime
from plone.app.testing import TEST_USER_ID
from plone.app.testing import TEST_USER_NAME
from plone.app.testing import login
from plone.app.workflow.events import LocalrolesModifiedEvent
from senaite.core.registry import set_registry_record
from zope.event import notify
from zope.globalrequest import getRequest

from senaite.queue.adapters import object_security
from senaite.queue import api
from senaite.queue.model.categories import PROCESSES
from senaite.queue.tests.integration.base import WorksheetTestCase
from senaite.queue.tests import utils

PASSWORD = "Secret-of-1-contact"
SAMPLES = "senaite_catalog_sample"
ANALYSES = "senaite_catalog_analysis"


class OwnershipTest(WorksheetTestCase):
    """A client without a group, with samples, and a user without rights."""

    def setUp(self):
        super(OwnershipTest, self).setUp()
        set_registry_record("auto_create_client_group", False)
        self.client = senaite_api.create(
            self.portal.clients, "Client", title="Old Springs",
            ClientID="OLDSPRINGS")
        self.contact = senaite_api.create(
            self.client, "Contact", Firstname="Ana", Surname="Old")
        self.samples = [self.add_sample() for _number in range(3)]
        self.portal.acl_users._doAddUser("ana", PASSWORD, ["Member"], [])
        # Index now, not at the first search of the catalog
        transaction.commit()

    def add_sample(self):
        service = self.portal.bika_setup.bika_analysisservices.objectValues()
        return create_analysisrequest(self.client, getRequest(), {
            "Client": senaite_api.get_uid(self.client),
            "Contact": senaite_api.get_uid(self.contact),
            "DateSampled": DateTime().strftime("%Y-%m-%d"),
            "SampleType": senaite_api.get_uid(
                self.portal.setup.sampletypes["sampletype-1"]),
        }, [senaite_api.get_uid(service[0])])

    def seen_by(self, who, catalog=SAMPLES):
        """Return the ids of the client's objects that a user finds."""
        transaction.commit()
        login(self.portal, who)
        try:
            found = senaite_api.get_tool(catalog)(
                path=senaite_api.get_path(self.client))
            return sorted(brain.getId for brain in found)
        finally:
            login(self.portal, TEST_USER_NAME)

    def link(self):
        self.assertTrue(self.contact.setUser("ana"))
        transaction.commit()

    def ids(self):
        return sorted(sample.getId() for sample in self.samples)

    def test_core_does_not_reindex_existing_content(self):
        """The reason for this module: fails as soon as core is fixed."""
        with utils.not_installed():
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), [])

    def test_linked_user_finds_existing_content(self):
        self.assertEqual(self.seen_by("ana"), [])
        self.link()
        task, = self.pending()
        self.assertEqual(task.name, "task_reindex_object_security")
        self.assertEqual(task.username, TEST_USER_ID)
        self.assertEqual(task.context_uid, senaite_api.get_uid(self.client))
        self.assertEqual(self.seen_by("ana"), [])
        self.drain()
        self.assertEqual(self.seen_by("ana"), self.ids())
        self.assertEqual(len(self.seen_by("ana", ANALYSES)), 3)
        # Nobody else finds it
        self.portal.acl_users._doAddUser("eve", PASSWORD, ["Member"], [])
        self.assertEqual(self.seen_by("eve"), [])

    def test_content_created_meanwhile(self):
        self.link()
        self.samples.append(self.add_sample())
        new = [self.samples[-1].getId()]
        self.assertEqual(self.seen_by("ana"), new)
        self.drain()
        self.assertEqual(self.seen_by("ana"), self.ids())

    def test_unlinked_user_finds_nothing(self):
        self.link()
        self.drain()
        self.contact.unlinkUser()
        self.assertEqual(self.seen_by("ana"), [])
        self.assertEqual(self.seen_by("ana", ANALYSES), [])

    def test_unlinking_before_the_task_has_run(self):
        self.link()
        self.contact.unlinkUser()
        self.drain()
        self.assertEqual(self.seen_by("ana"), [])

    def test_in_chunks_each_object_once(self):
        self.link()
        task, = self.pending()
        self.assertEqual(task.chunk_size, 20)
        # client, contact, three samples of one analysis each
        with utils.settings(default=1):
            add = api.add_reindex_obj_security_task(self.client, chunk_size=3)
        done = self.drain()
        paths = [other["after"] for other in done if other.get("after")]
        self.assertEqual([other.job_uid for other in done].count(
            add.job_uid), 3)
        self.assertEqual(paths, sorted(paths))

    def test_objects_are_looked_up_once(self):
        looked_up = []
        get_paths = object_security.get_paths
        self.addCleanup(setattr, object_security, "get_paths", get_paths)
        object_security.get_paths = lambda context: looked_up.append(
            context) or get_paths(context)
        with utils.settings(default=1):
            add = api.add_reindex_obj_security_task(self.client, chunk_size=3)
        transaction.commit()
        done = self.drain()
        self.assertEqual([other.job_uid for other in done].count(
            add.job_uid), 3)
        self.assertEqual(len(looked_up), 1)
        self.assertEqual(len(object_security.known_paths._found), 0)

    def test_a_chunk_frees_its_memory(self):
        self.link()
        transaction.commit()
        connection = self.portal._p_jar
        connection.cacheMinimize()
        self.drain()
        awake = [sample for sample in self.samples
                 if sample._p_changed is not None]
        self.assertEqual(awake, [])

    def test_second_contact_needs_no_task(self):
        self.link()
        self.drain()
        other = senaite_api.create(
            self.client, "Contact", Firstname="Ben", Surname="Old")
        self.portal.acl_users._doAddUser("ben", PASSWORD, ["Member"], [])
        other.setUser("ben")
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ben"), self.ids())

    def test_roles_are_given_and_revoked(self):
        """As on the page "Sharing"."""
        self.client.manage_setLocalRoles("ana", ["Owner"])
        notify(LocalrolesModifiedEvent(self.client, getRequest()))
        self.drain()
        self.assertEqual(self.seen_by("ana"), self.ids())
        self.client.manage_delLocalRoles(["ana"])
        notify(LocalrolesModifiedEvent(self.client, getRequest()))
        self.assertEqual(len(self.pending()), 1)
        self.drain()
        self.assertEqual(self.seen_by("ana"), [])

    def test_done_at_once_when_the_queue_takes_no_tasks(self):
        with utils.settings(default=0):
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), self.ids())

    def test_done_at_once_for_few_objects(self):
        with utils.settings(min_items=100):
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), self.ids())

    def test_nothing_is_done_when_the_process_is_disabled(self):
        others = tuple(name for name in PROCESSES if name != "security")
        with utils.settings(queued_processes=others):
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), [])
