# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What Zope's undo can undo of the queue's transactions, and what is known
afterwards."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from ZODB.POSException import ConflictError
from ZODB.POSException import UndoError

from senaite.queue.model import clock
from senaite.queue.model import states
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.tests.integration import test_backups
from senaite.queue.tests.zodbsite import make_task

MINUTE = 60


class TestUndo(test_backups.Laboratory):

    def last(self):
        """Return the id of the last transaction."""
        return self.db.undoLog(0, 1)[0]["id"]

    def apply(self, tid):
        """Undo a transaction."""
        manager = transaction.TransactionManager()
        self.db.undo(tid, manager.get())
        try:
            manager.commit()
        finally:
            manager.abort()

    def refused(self, tid):
        with self.assertRaises((UndoError, ConflictError)):
            self.apply(tid)

    def is_undone(self, task, seconds):
        """Tell whether the undo is known so many seconds after the end."""
        ended = clock.now()
        return ledger.was_undone(
            self.jane.begin(), task.task_uid, ended, ended + seconds)

    def test_click_before_delivery(self):
        self.click()
        self.apply(self.last())
        self.assertEqual(outbox.pending(self.jane.begin()), [])
        self.relay()
        self.assertEqual(self.work(), 0)

    def test_click_after_delivery(self):
        self.click()
        click = self.last()
        self.relay()
        self.refused(click)
        self.assertEqual(self.work(), 1)

    def test_work_while_the_ledger_remembers(self):
        task, = self.click()
        self.relay()
        self.work()
        self.assertFalse(self.is_undone(task, 5 * MINUTE))
        self.apply(self.last())
        self.assertEqual(self.done([task]), [0])
        # the queue has been told that it was done
        self.assertEqual(self.states([task]), [states.DONE])
        self.assertTrue(self.is_undone(task, 5 * MINUTE))
        # a record may be missing because it is not there yet, or no more
        self.assertFalse(self.is_undone(task, 1))
        self.assertFalse(self.is_undone(task, 60 * MINUTE))
        # and it is not done again by itself
        self.assertEqual(self.work(), 0)

    def test_work_when_the_ledger_has_forgotten(self):
        task, = self.click()
        self.relay()
        self.work()
        work = self.last()
        self.forget_ledger()
        self.refused(work)
        self.assertEqual(self.done([task]), [1])

    def test_work_with_a_follow_up_that_was_delivered(self):
        self.click()
        self.relay()
        task = self.queue.pop(test_backups.CONSUMER)
        site = self.jane.begin()
        outbox.put(site, make_task(job_uid=task.job_uid))
        ledger.record(site, task.task_uid, clock.now(), 1)
        self.jane.commit()
        work = self.last()
        self.queue.done(task, test_backups.CONSUMER)
        self.relay()
        self.refused(work)
        self.assertEqual(self.work(), 1)
