# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Names that other add-ons import: they stay, and are the very objects."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import importlib
import unittest

#: module that other add-ons import -> module of ours -> names
NAMES = {
    "senaite.queue.queue": {
        "senaite.queue.model.queue_task": (
            "QueueTask", "new_task", "to_task", "copy_task", "is_task",
            "get_task_uid", "get_chunk_size", "get_chunks", "get_chunks_for",
            "get_min_seconds", "get_max_seconds", "get_max_retries"),
    },
    "senaite.queue.pasplugin": {
        "senaite.queue.auth.pas": ("QueueAuth", "QueueAuthPlugin"),
    },
    "senaite.queue.adapters.actions": {
        "senaite.queue.integration.form_channel": (
            "AnalysesActionQueueAdapter", "AssignQueueAdapter",
            "QueueingMixin", "SubmitQueueAdapter",
            "WorkflowActionGenericQueueAdapter"),
    },
    "senaite.queue.browser.controlpanel": {
        "senaite.queue.browser.settings.page": (
            "QueueSettingsForm", "QueueSettingsView"),
    },
}


class TestNamesForOthers(unittest.TestCase):

    def check(self, name):
        found = importlib.import_module(name)
        for home, names in NAMES[name].items():
            for attribute in names:
                self.assertIs(
                    getattr(found, attribute),
                    getattr(importlib.import_module(home), attribute))

    def test_queue(self):
        self.check("senaite.queue.queue")

    def test_pasplugin(self):
        self.check("senaite.queue.pasplugin")

    def test_actions(self):
        self.check("senaite.queue.adapters.actions")

    def test_controlpanel(self):
        self.check("senaite.queue.browser.controlpanel")
        from senaite.queue.browser import controlpanel
        from senaite.queue.browser.settings import page
        from senaite.queue.browser.settings import settings_schema
        self.assertIs(controlpanel.IQueueControlPanel,
                      settings_schema.IQueueSettings)
        self.assertTrue(issubclass(controlpanel.QueueControlPanelForm,
                                   page.QueueSettingsForm))

    def test_task_adapters(self):
        from senaite.queue import adapters
        for name in ("QueuedActionTaskAdapter",
                     "QueuedAssignAnalysesTaskAdapter"):
            self.assertTrue(isinstance(getattr(adapters, name), type), name)

    def test_package(self):
        import senaite.queue
        self.assertEqual(senaite.queue.PRODUCT_NAME, "senaite.queue")
        self.assertEqual(senaite.queue.PAS_PLUGIN_ID, "senaite_queue_auth")
        for name in ("is_installed", "initialize"):
            self.assertTrue(callable(getattr(senaite.queue, name)), name)
        for name in ("debug", "info", "warning", "error"):
            self.assertTrue(callable(getattr(senaite.queue.logger, name)))
