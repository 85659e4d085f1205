# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Why tasks fail for good, as codes: pages tell each reader in plain words.

The error message is for those who look for the cause.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

#: The user of the task has lost a right; the user or the object is gone;
#: nothing processes tasks of this name; others have changed the same objects
NOT_ALLOWED = "not_allowed"
USER_GONE = "user_gone"
OBJECT_GONE = "object_gone"
NO_ADAPTER = "no_adapter"
CONFLICT = "conflict"
