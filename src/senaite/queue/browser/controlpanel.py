# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The control panel, under the name that other add-ons import."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.browser.settings.page import QueueSettingsForm  # noqa: F401
from senaite.queue.browser.settings.page import QueueSettingsView  # noqa: F401
from senaite.queue.browser.settings.settings_schema import IQueueSettings

#: What 1.0.x called them; other add-ons extend them
IQueueControlPanel = IQueueSettings
QueueControlPanelForm = QueueSettingsForm
