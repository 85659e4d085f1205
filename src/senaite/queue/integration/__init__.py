# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Where the queue meets SENAITE's pages and workflows.

* `decisions`: whether a click is queued, and which of its objects;
* `ajax`: transitions that listings send row by row;
* `guards`: what is queued is left alone until its task is done;
* `listings`, `viewlets`: people see what is queued, and how far it is;
* `patches`: the one place for patches of core.

The adapters of the form channel are in `senaite.queue.adapters.actions`, where
other add-ons look for them.
"""
