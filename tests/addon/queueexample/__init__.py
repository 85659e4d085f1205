# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""An example of an add-on that has its own work done by the queue (Python 2.7).

A laboratory puts received samples on a shelf: a workflow transition of its
own, "shelve", for hundreds of samples at once.

* `workflow` adds the transition to SENAITE's workflow of samples;
* `configure.zcml` has clicks on it queued, by an adapter of senaite.queue;
* `tasks` says what happens to each sample, when its turn comes.

Loaded by the harness into the clusters under test.
"""
