# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Who sees what a client owns, when a user is linked to one of its contacts.
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
        # indexed now, not when the catalog is asked for the first time
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
        """Return the ids of what of the client a user finds."""
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

    def test_core_leaves_out_what_was_there_before(self):
        """The reason for all of this: fails when core has mended it."""
        with utils.not_installed():
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), [])

    def test_linked_user_sees_what_was_there_before(self):
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
        # and nobody else does
        self.portal.acl_users._doAddUser("eve", PASSWORD, ["Member"], [])
        self.assertEqual(self.seen_by("eve"), [])

    def test_what_is_made_meanwhile(self):
        self.link()
        self.samples.append(self.add_sample())
        new = [self.samples[-1].getId()]
        self.assertEqual(self.seen_by("ana"), new)
        self.drain()
        self.assertEqual(self.seen_by("ana"), self.ids())

    def test_unlinking_takes_it_away(self):
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

    def test_a_chunk_leaves_nothing_in_memory(self):
        self.link()
        transaction.commit()
        connection = self.portal._p_jar
        connection.cacheMinimize()
        self.drain()
        awake = [sample for sample in self.samples
                 if sample._p_changed is not None]
        self.assertEqual(awake, [])

    def test_nothing_to_do_for_the_second_contact(self):
        self.link()
        self.drain()
        other = senaite_api.create(
            self.client, "Contact", Firstname="Ben", Surname="Old")
        self.portal.acl_users._doAddUser("ben", PASSWORD, ["Member"], [])
        other.setUser("ben")
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ben"), self.ids())

    def test_roles_are_given_and_revoked(self):
        """As the page "Sharing" does."""
        self.client.manage_setLocalRoles("ana", ["Owner"])
        notify(LocalrolesModifiedEvent(self.client, getRequest()))
        self.drain()
        self.assertEqual(self.seen_by("ana"), self.ids())
        self.client.manage_delLocalRoles(["ana"])
        notify(LocalrolesModifiedEvent(self.client, getRequest()))
        self.assertEqual(len(self.pending()), 1)
        self.drain()
        self.assertEqual(self.seen_by("ana"), [])

    def test_at_once_where_the_queue_takes_no_tasks(self):
        with utils.settings(default=0):
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), self.ids())

    def test_at_once_where_there_is_little_to_do(self):
        with utils.settings(min_items=100):
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), self.ids())

    def test_as_core_where_people_do_not_want_it(self):
        others = tuple(name for name in PROCESSES if name != "security")
        with utils.settings(queued_processes=others):
            self.link()
        self.assertEqual(self.pending(), [])
        self.assertEqual(self.seen_by("ana"), [])
