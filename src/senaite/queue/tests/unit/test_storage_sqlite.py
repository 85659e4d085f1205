# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The SQLite store passes the contract of all stores."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import shutil
import tempfile
import unittest

from senaite.queue.storage import open_store
from senaite.queue.tests.storecontract import StoreContract


class TestSQLiteStore(StoreContract, unittest.TestCase):

    def prepare(self):
        self.directory = tempfile.mkdtemp()

    def clean_up(self):
        shutil.rmtree(self.directory)

    def open_store(self, site_id, clock):
        # A directory that does not exist yet
        path = os.path.join(self.directory, "var", "tasks.db")
        return open_store(
            "sqlite:///" + path, site_id, clock, clock.measure)
