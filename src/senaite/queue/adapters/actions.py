# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The form channel, under the name that other add-ons use."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims.browser.workflow import WorkflowActionGenericAdapter  # noqa: F401

from senaite.queue.integration.form_channel import AnalysesActionQueueAdapter  # noqa: F401
from senaite.queue.integration.form_channel import AssignQueueAdapter  # noqa: F401
from senaite.queue.integration.form_channel import QueueingMixin  # noqa: F401
from senaite.queue.integration.form_channel import SubmitQueueAdapter  # noqa: F401
from senaite.queue.integration.form_channel import WorkflowActionGenericQueueAdapter  # noqa: F401
