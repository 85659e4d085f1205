# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Beside other add-ons of SENAITE 2.6: `make test-addons`."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api
from Products.CMFPlone.utils import get_installer
from six.moves.urllib.parse import urlencode

from senaite.queue.integration import core_patches
from senaite.queue.site import patching
from senaite.queue.tests.addons.layer import ADDONS_TESTING
from senaite.queue.tests.addons.layer import NAMES
from senaite.queue.tests.integration.process import ProcessTestCase
from senaite.queue.tests import patched
from senaite.queue.tests import utils


class TestTogether(ProcessTestCase):

    layer = ADDONS_TESTING

    def test_all_are_installed(self):
        installer = get_installer(self.portal, self.layer["request"])
        for name in NAMES + ("senaite.queue",):
            self.assertTrue(installer.is_product_installed(name), name)

    def test_pages_open(self):
        case = self.new_case()
        self.browser.followRedirects = True
        for obj in [self.portal, case.worksheet] + case.samples:
            self.get(obj.absolute_url())
            self.assertTrue(
                self.browser.headers["status"].startswith("200"), obj)

    def test_queued_submit_ends_as_the_synchronous_one(self):
        self.compare(self.with_results, self.by_form("submit"))

    def test_queued_assign_ends_as_the_synchronous_one(self):
        self.compare(self.as_made, self.by_form("assign"), assign=False)

    def test_queued_verify_ends_as_the_synchronous_one(self):
        self.compare(self.submitted, self.by_form("verify"))

    def test_patches_fit(self):
        """The functions of these add-ons are those that patches are for."""
        found = [item for item in core_patches.table.declarations
                 if item.package == "senaite.storage"]
        self.assertEqual(len(found), 1)
        for item in found:
            self.assertEqual(item.status, patching.APPLIED)
            self.assertEqual(item.installed, item.fingerprint)


class TestStorage(ProcessTestCase):
    """senaite.storage ignores that a sample cannot be stored."""

    layer = ADDONS_TESTING

    def setUp(self):
        super(TestStorage, self).setUp()
        self.browser.followRedirects = True
        root = self.portal.senaite_storage
        facility = api.create(root, "StorageFacility", title="Cellar")
        position = api.create(facility, "StoragePosition", title="Room A")
        freezer = api.create(position, "StorageContainer", title="Freezer A")
        self.box = api.create(freezer, "StorageSamplesContainer",
                              title="Box", Rows=3, Columns=3)
        self.case = self.new_case()
        self.enter_results(self.case.analyses)
        self.browser.followRedirects = False
        self.click(self.case.worksheet, "submit", self.case.analyses[:2])
        self.browser.followRedirects = True
        self.queued, self.free = self.case.samples
        self.assertEqual(len(self.pending()), 1)

    def store(self, *samples):
        """Send the form that puts samples into the box, one after another."""
        form = [("uids", ",".join(map(api.get_uid, samples))),
                ("submitted", "1"), ("button_store", "Store")]
        for column, sample in enumerate(samples, 1):
            uid = api.get_uid(sample)
            form.append(("sample_container.{}:record".format(uid),
                         api.get_uid(self.box)))
            form.append((
                "sample_container_position.{}:record".format(uid),
                self.box.position_to_alpha(0, column - 1)))
        return self.post(
            self.portal.samples.absolute_url() + "/storage_store_samples",
            urlencode(form))

    def test_queued_sample_is_refused_and_can_be_stored_later(self):
        before = self.states(self.case.samples)
        page = self.store(self.queued, self.free)
        self.assertIn("{} is queued by ".format(api.get_id(self.queued)), page)
        self.assertIn("try again when it is done", page)
        # nothing half-done
        self.assertEqual(self.box.get_samples_uids(),
                         [api.get_uid(self.free)])
        self.assertEqual(self.states(self.case.samples),
                         [before[0], "stored"])
        self.drain()
        page = self.store(self.queued)
        self.assertNotIn("is queued", page)
        self.assertEqual(self.states(self.case.samples), ["stored"] * 2)
        self.assertIn(api.get_uid(self.queued), self.box.get_samples_uids())

    def test_code_cannot_put_a_queued_sample_into_a_container(self):
        self.assertFalse(self.box.add_object_at(self.queued, 0, 0))
        self.assertFalse(self.box.add_object(api.get_uid(self.queued)))
        self.assertEqual(self.box.get_samples_uids(), [])
        self.assertTrue(self.box.add_object_at(self.free, 0, 0))

    def test_fault_that_the_patch_prevents(self):
        """Without it, the sample is in the box, but was not stored. When this
        fails, the patch can go."""
        declaration = patched.get_declaration(
            "StorageSamplesContainer.can_add_object")
        self.addCleanup(setattr, declaration, "replacement",
                        declaration.replacement)
        declaration.replacement = lambda original, *args: original(*args)
        self.assertTrue(self.box.add_object_at(self.queued, 0, 0))
        self.assertNotEqual(self.states([self.queued]), ["stored"])
        self.assertFalse(self.box.add_object_at(self.queued, 0, 1))
        transaction.abort()

    def test_where_the_queue_is_not_installed(self):
        with utils.not_installed():
            self.assertTrue(self.box.add_object_at(self.queued, 0, 0))
        transaction.abort()
