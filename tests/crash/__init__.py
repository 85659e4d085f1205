# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The crash campaign: a cluster under load, while its processes are killed.

`make crashtest KILLS=200 SEED=7`. Everything is real: ZEO, two web clients,
the queue server, two consumers, and clicks through HTTP. Every connection to
ZEO and to the queue server leads through a proxy that can cut, delay or
swallow it. In the end, all committed work is compared with the result, item by
item.
"""
