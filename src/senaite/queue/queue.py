# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The task model, by the name that add-ons know (see `senaite.queue.model`)."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.queue_task import copy_task  # noqa: F401
from senaite.queue.model.queue_task import get_chunk_size  # noqa: F401
from senaite.queue.model.queue_task import get_chunks  # noqa: F401
from senaite.queue.model.queue_task import get_chunks_for  # noqa: F401
from senaite.queue.model.queue_task import get_max_retries  # noqa: F401
from senaite.queue.model.queue_task import get_max_seconds  # noqa: F401
from senaite.queue.model.queue_task import get_min_seconds  # noqa: F401
from senaite.queue.model.queue_task import get_task_uid  # noqa: F401
from senaite.queue.model.queue_task import is_task  # noqa: F401
from senaite.queue.model.queue_task import new_task  # noqa: F401
from senaite.queue.model.queue_task import QueueTask  # noqa: F401
from senaite.queue.model.queue_task import to_task  # noqa: F401
