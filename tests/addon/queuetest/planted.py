# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.
# Copyright 2026 senaite.queue contributors.

"""Faults planted in the product, to see whether the tests notice.

Switched on by the environment (`QUEUETEST_PLANT=ledger_off`), by nothing
else. Each takes away one thing that a guarantee rests on.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import sqlalchemy as sa
from senaite.queue.client import relay
from senaite.queue.consumer import attempt
from senaite.queue.model import states
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.storage import claims
from senaite.queue.storage import outcomes
from senaite.queue.storage import rows
from senaite.queue.storage import schema

ENVIRONMENT = "QUEUETEST_PLANT"


def acknowledge_first():
    """The server hears that a task is done before the work is committed."""
    process = attempt.Attempt._process

    def acknowledge_and_process(self, lease):
        self._report({"outcome": attempt.DONE, "processed": None})
        return process(self, lease)

    attempt.Attempt._process = acknowledge_and_process


def ledger_off():
    """Nobody takes note of what was done."""
    ledger.record = lambda *args, **kw: None
    ledger.get = lambda *args, **kw: None


def outbox_early():
    """An entry leaves the outbox before the server has answered."""
    deliver = relay._Delivery.deliver

    def forget_and_deliver(self, batch, force=False):
        uids = [task["task_uid"] for task in batch]
        self.site.write(lambda portal: [outbox.forget(portal, uid)
                                        for uid in uids], "planted")
        deliver(self, batch, force)

    relay._Delivery.deliver = forget_and_deliver


def lease_unchecked():
    """Who asks for a task gets it, and who reports on it is believed,
    whoever holds the lease."""
    held = claims._get_held

    def held_by_anybody(unit, consumer_id, lease_seconds):
        mine = held(unit, consumer_id, lease_seconds)
        if mine is not None:
            return mine
        row = unit.first(sa.select(schema.task).where(
            unit.mine(schema.task), schema.task.c.state == states.RUNNING))
        return rows.to_task(row) if row is not None else None

    claims._get_held = held_by_anybody
    outcomes._is_mine = lambda row, consumer_id: True


PLANTS = {
    "acknowledge_first": acknowledge_first,
    "ledger_off": ledger_off,
    "outbox_early": outbox_early,
    "lease_unchecked": lease_unchecked,
}
