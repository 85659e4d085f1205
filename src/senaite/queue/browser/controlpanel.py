# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The control panel, under the names that other add-ons import.

An add-on with settings of its own in the panel subclasses the schema and the
form, and registers a page with its form; see docs/extend.rst.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.browser.settings.page import QueueSettingsForm
from senaite.queue.browser.settings.page import QueueSettingsView
from senaite.queue.browser.settings.settings_schema import IQueueSettings

#: What 1.0.x called them; other add-ons extend them
IQueueControlPanel = IQueueSettings
QueueControlPanelView = QueueSettingsView


class QueueControlPanelForm(QueueSettingsForm):
    """The form, for other add-ons to extend."""

    @property
    def action(self):
        """The URL of the page that shows the form: our own page would not save
        the fields of a subclass."""
        return self.request.getURL()
