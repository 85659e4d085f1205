# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The command that reconciles asks the queue server, and says what was done."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.consumer import reconcile_command
from senaite.queue.model import restores
from senaite.queue.tests.integration.clientcase import ClusterTestCase
from six.moves import StringIO


class TestCommand(ClusterTestCase):

    def say(self, stream):
        """Run it; return the exit status and what it has written."""
        written = StringIO()
        former = getattr(reconcile_command.sys, stream)
        setattr(reconcile_command.sys, stream, written)
        try:
            status = reconcile_command.run([self.site])
        finally:
            setattr(reconcile_command.sys, stream, former)
        return status, written.getvalue()

    def test_what_was_done_is_said(self):
        self.store.hold(restores.STORE, ("another", 7))
        task = self.click()
        self.wait_for(task, "queued")

        def reconcile(payload):
            counts = self.store.reconcile(
                restores.STORE, ("another", 7),
                {task.task_uid: restores.FAIL}, {restores.FAIL: u"restored"})
            return {"reconciled": dict(counts, kind=restores.STORE)}
        self.server.do_reconcile = reconcile
        self.assertEqual(self.say("stdout"), (
            0, "/senaite: the task store is older than the database; tasks "
               "done again: 0, failed: 1, replaced: 0.\n"))
        self.assertIsNone(self.store.get_hold())
        self.assertEqual(self.status(task), "failed")

    def test_nothing_to_do(self):
        self.server.do_reconcile = lambda payload: {"reconciled": None}
        self.assertEqual(self.say("stdout"), (
            0, "/senaite: there was nothing to reconcile.\n"))

    def test_server_that_is_away(self):
        self.stop_server()
        status, said = self.say("stderr")
        self.assertEqual(status, 1)
        self.assertIn("/senaite: nothing was changed", said)
