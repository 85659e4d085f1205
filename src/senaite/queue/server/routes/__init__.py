# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The routes below `queue_server/`. Importing this package declares them."""

from senaite.queue.server.routes import control  # noqa: F401
from senaite.queue.server.routes import manage  # noqa: F401
from senaite.queue.server.routes import monitor_reads  # noqa: F401
from senaite.queue.server.routes import read  # noqa: F401
