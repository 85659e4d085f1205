# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""E-mails of tasks go out when, and if, the task commits: once."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from bika.lims import api as senaite_api
from Products.MailHost.MailHost import MailBase
from ZODB.POSException import ConflictError

from senaite.queue.model.current import working_on
from senaite.queue.model.queue_task import new_task
from senaite.queue.model import states
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.testing import eventually
from senaite.queue.tests.integration import test_single_process

MESSAGE = "From: lab@example.com\nTo: qa@example.com\nSubject: {}\n\nFailed."


class Mailer(object):
    """Stands for the SMTP server, the edge of the world."""

    def __init__(self):
        self.sent = []

    def send(self, sender, recipients, message):
        self.sent.append(message)

    def abort(self):
        """Nothing to take back."""

    def vote(self, sender, recipients, message):
        """Always willing."""


class MailTest(test_single_process.ProcessTestCase):
    """In the process endpoint, with real commits and conflicts."""

    def setUp(self):
        super(MailTest, self).setUp()
        self.mailer = Mailer()
        former = MailBase._makeMailer
        MailBase._makeMailer = lambda mailhost: self.mailer
        self.addCleanup(setattr, MailBase, "_makeMailer", former)

    def send(self, subject="Instrument"):
        """Send an e-mail as core does, which does not wait for a commit."""
        mailhost = senaite_api.get_tool("MailHost")
        mailhost.send(MESSAGE.format(subject), immediate=True)

    def test_people_do_not_wait(self):
        self.send()
        self.assertEqual(len(self.mailer.sent), 1)

    def test_not_before_the_commit(self):
        with working_on(new_task("some_task", self.portal)):
            self.send("aborted")
            transaction.abort()
            self.send("committed")
            self.assertEqual(self.mailer.sent, [])
            transaction.commit()
        sent, = self.mailer.sent
        self.assertIn("committed", sent)

    def test_retried_and_failed_tasks(self):
        """Three attempts meet conflicts twice; another one fails for good."""
        def work(context, task):
            self.attempts.append(task.task_uid)
            self.send(task["subject"])
            if task["subject"] == "never":
                raise ValueError("This will not work")
            if len(self.attempts) < 3:
                raise ConflictError()
        test_single_process._work[:] = [work]
        self.click(subject="retried")
        queue = get_server_utility(self.portal)
        self.consume()
        eventually(lambda: not len(queue))
        self.assertEqual(len(self.attempts), 3)
        self.assertEqual(len(self.mailer.sent), 1)

        task = self.click(subject="never", retries=0)
        self.consume()
        eventually(lambda: queue.get_task(task.task_uid).status ==
                   states.FAILED)
        self.assertEqual(len(self.mailer.sent), 1)
        self.assertIn("retried", self.mailer.sent[0])
