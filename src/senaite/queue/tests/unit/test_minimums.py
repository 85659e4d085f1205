# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""From how many items on each process is queued."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import unittest

from senaite.queue.model.categories import PROCESSES
from senaite.queue.model.minimums import get_minimum
from senaite.queue.model import surroundings


class Settings(surroundings.Surroundings):
    """Some settings of a site, and the defaults."""

    def __init__(self, **values):
        self.values = values

    def get_setting(self, name):
        default = super(Settings, self).get_setting(name)
        return self.values.get(name, default)


class TestMinimums(unittest.TestCase):

    def use(self, **values):
        former = surroundings.provide(Settings(**values))
        self.addCleanup(surroundings.provide, former)

    def test_one_number_holds_for_all_without_their_own(self):
        self.use(min_items=17)
        for process in PROCESSES:
            self.assertEqual(get_minimum(process), 17, process)

    def test_own_number_holds_for_that_process_alone(self):
        for process in PROCESSES:
            self.use(**{"min_items": 17, "min_items_" + process: 3})
            self.assertEqual(
                [name for name in PROCESSES if get_minimum(name) != 17],
                [process])
            self.assertEqual(get_minimum(process), 3)

    def test_names_of_actions_and_tasks(self):
        self.use(min_items_verify=2, min_items_retract=3, min_items_other=4,
                 min_items_assign=6, min_items_template=7)
        for name, expected in (
                ("verify", 2), ("multi_verify", 2), ("task_action_verify", 2),
                ("retest", 3), ("receive", 4), ("task_generic_action", 4),
                ("task_assign_analyses", 6),
                ("task_apply_worksheet_template", 7), ("submit", 5)):
            self.assertEqual(get_minimum(name), expected, name)
