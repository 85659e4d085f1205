# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The category of a task or a workflow action."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.model.categories import get_process
from senaite.queue.model.categories import PROCESSES


class TestProcesses(unittest.TestCase):

    def test_actions_and_tasks_have_a_category(self):
        for name, process in (
                ("submit", "submit"),
                ("task_action_submit", "submit"),
                ("verify", "verify"),
                ("multi_verify", "verify"),
                ("task_action_multi_verify", "verify"),
                ("retest", "retract"),
                ("assign", "assign"),
                ("task_assign_analyses", "assign"),
                ("task_apply_worksheet_template", "template"),
                ("task_reindex_object_security", "security"),
                ("task_generic_action", "other"),
                ("dispatch", "other"),
                ("task_action_dispatch", "other"),
                ("my_own_task", "other"),
                ("", "other")):
            self.assertEqual(process, get_process(name), name)

    def test_category_name_is_its_own_category(self):
        for process in PROCESSES:
            self.assertEqual(process, get_process(process))
