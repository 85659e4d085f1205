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
* `listings`, `duplicates`, `saving`: rows of what is queued are marked, and
  nobody writes to them;
* `progress`, `viewlets`: people see how far it is;
* `notices`: managers see what is wrong with the queue;
* `ownership`: who sees what a client owns, when roles change;
* `patches`: the patches of core that change what users see; those that make
  work cheaper are in `senaite.queue.speedups`.

The adapters of the form channel are in `senaite.queue.integration.form_channel`, where
other add-ons look for them.
"""
