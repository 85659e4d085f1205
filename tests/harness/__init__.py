# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Real SENAITE clusters for demonstrations and black-box tests (Python 3).

Starts ZEO, web clients, a queue server and consumers as the processes they
are in production, and talks to them through HTTP only. `starter.py` and
`site_setup.py` are the exceptions: they run inside those processes, on
Python 2.7, and nothing here imports them.
"""
