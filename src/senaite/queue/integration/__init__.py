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
* `form_channel`: workflow actions of listing forms and menus;
* `ajax`: transitions that listings send row by row;
* `template_pages`: the two pages that apply a worksheet template;
* `guards`: no transitions of queued objects, except by their task;
* `cascades`: which transitions are core's own, and pass the guards;
* `listings`, `duplicate_page`, `saving`: rows of queued objects are marked
  and cannot be changed;
* `progress`, `viewlets`: the progress shown to users;
* `notices`: warnings about the queue, for managers;
* `ownership`: permissions on the content of clients, when roles change;
* `core_patches`: the patches of core that change what users see; those that
  make work cheaper are in `senaite.queue.speedups`.
"""
