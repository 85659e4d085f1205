# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What tasks do to SENAITE's content: adapters to `IQueuedTaskAdapter`.

The classes that other add-ons extend can be imported from here.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.adapters.assign import QueuedAssignAnalysesTaskAdapter  # noqa: F401,E501
from senaite.queue.adapters.items import get_object  # noqa: F401
from senaite.queue.adapters.items import QueuedUIDsTaskAdapter  # noqa: F401
from senaite.queue.adapters.object_security import \
    QueuedObjectSecurityTaskAdapter as QueueObjectSecurityAdapter  # noqa: F401
from senaite.queue.adapters.workflow import QueuedActionTaskAdapter  # noqa: F401,E501
