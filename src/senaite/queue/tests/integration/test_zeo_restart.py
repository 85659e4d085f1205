# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""No object id is assigned twice when a ZEO server restarts."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.tests import patched
from senaite.queue.tests import zodbsite
from senaite.queue.tests.zodbsite import eventually

#: More than a client fetches in one batch (100)
OIDS = 150


class TestOids(unittest.TestCase):

    def setUp(self):
        patch = patched.get_declaration(".notify_connected")
        if patch.status is None:
            # As ZCML does it; there is none in this layer
            patch.look()
            patch.apply()
            self.addCleanup(patch.take_back)
        self.world = zodbsite.ZEOServer()
        self.addCleanup(self.world.close)

    def test_no_oid_is_assigned_twice(self):
        storages = [db.storage for db in self.world.databases(2)]
        # This client still has some when the server dies
        storages[0].new_oid()
        self.world.kill()
        eventually(lambda: not any(
            storage.is_connected() for storage in storages))
        self.world.start()
        eventually(lambda: all(
            storage.is_connected() for storage in storages))
        # The other client asks first
        given = [storage.new_oid() for storage in reversed(storages)
                 for _ in range(OIDS)]
        self.assertEqual(len(set(given)), len(given))
