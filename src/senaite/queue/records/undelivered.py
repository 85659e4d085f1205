# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the outbox adds to what the queue server knows.

A task that this transaction has added, or that is on its way, is queued as far
as its user is concerned. The utilities of server and client read it here.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.model.queue_task import to_task
from senaite.queue.records import ledger
from senaite.queue.records import outbox


def outbox_tasks(portal):
    """Return the tasks that wait in the outbox, as the running transaction
    sees it. The server may know some of them by now, where a delivery has not
    been noted yet.

    :param portal: root object of the site
    :returns: list of QueueTask, oldest first
    """
    return [to_task(data) for data, _at in outbox.pending(portal)
            if not ledger.has(portal, data["task_uid"])]
