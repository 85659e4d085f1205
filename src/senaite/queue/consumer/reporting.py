# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The consumer's reports to the queue server: how an attempt has ended.

While the server is away, a report is repeated: nothing else could be done, and
a report may be repeated. If the server is there, but fails to take the report,
the report itself may be at fault. It is repeated a few times, then replaced by
a plain one without the texts, and finally dropped: the consumer releases the
task, which is handed out again, with one retry less. If its work was done,
the ledger knows.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.errors import ReportGivenUp
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.errors import ServerUnreachable
from senaite.queue import logger

#: Seconds between attempts to tell the server, from and to
TELL_FROM = 0.5
TELL_UP_TO = 5

#: The server's answers that may be different when the key is read again
KEY_TROUBLE = (401, 403)
MOST_KEY_TROUBLE = 5

#: Number of times that a report may fail, and a plain one after it
MOST_FAILURES = 4

#: Statuses of a server whose store is away, and of a proxy whose server is:
#: no report is at fault
AWAY = (502, 503, 504)

#: Statuses by which the server refuses the content of a report
REFUSED_REPORT = (400, 413, 422)

#: Texts of a report -> what a plain report says instead
PLAIN_TEXTS = {
    "note": None,
    "skipped_items": [],
    "traceback": None,
    "error_message": u"The task failed, and the queue server could not take "
                     u"the reason. It is in the event log of the consumer.",
}


class Report(object):
    """One report, until the server has taken it or it is dropped."""

    def __init__(self, agent, stopping, task, route, payload,
                 is_dropped=None, tell_at_the_end=None):
        """
        :param agent: the site's agent
        :type agent: senaite.queue.client.agent.Agent
        :param stopping: set when the consumer is asked to stop
        :type stopping: senaite.queue.site.waiting.Event
        :param task: the task
        :param route: e.g. "queue_server/done"
        :param payload: what to report
        :type payload: dict
        :param is_dropped: callable; true when somebody else reports
        :param tell_at_the_end: callable that gets route and payload when the
            consumer is asked to stop, and returns the answer
        """
        self.agent = agent
        self.stopping = stopping
        self.task = task
        self.route = route
        self.payload = dict(payload)
        self._is_dropped = is_dropped or (lambda: False)
        self._tell_at_the_end = tell_at_the_end or (lambda *_report: None)
        self._is_plain = False
        self._failures = 0
        self._key_trouble = 0

    def send(self):
        """Send the report until it is taken.

        :returns: the answer of the server; None when the report is about a
            task that is not ours any more, or the consumer has to stop
        :rtype: dict
        :raises ReportGivenUp: the server does not take the report
        """
        wait = TELL_FROM
        while True:
            try:
                return self.agent.transport.call(
                    self.route, self.payload, force=True, timeout=10)
            except ServerFailed as error:
                if error.answered not in AWAY:
                    self._note_failure(error)
            except ServerUnreachable as error:
                logger.debug("event=tell_again route=%s reason=%s",
                             self.route, error)
            except ServerRefused as refusal:
                if not self._may_repeat_refused(refusal):
                    return None
            if self._is_dropped():
                return None
            if self.stopping.wait(wait):
                # if the work was done, the ledger knows
                return self._tell_at_the_end(self.route, self.payload)
            wait = min(wait * 2, TELL_UP_TO)

    def _note_failure(self, error):
        """Note a failure, which may be the last one.

        :raises ReportGivenUp: when even a plain report fails
        """
        self._failures += 1
        if self._failures < MOST_FAILURES:
            return
        if self._is_plain:
            raise ReportGivenUp("The queue server does not take the report on "
                                "task {} ({}): {}".format(
                                    self.task.task_short_uid, self.route,
                                    error))
        self._make_plain(error)

    def _may_repeat_refused(self, refusal):
        """Tell whether to try again after a refusal."""
        if refusal.status in KEY_TROUBLE:
            self._key_trouble += 1
            if self._key_trouble <= MOST_KEY_TROUBLE:
                self.agent.configure()
                return True
        elif refusal.status in REFUSED_REPORT and not self._is_plain:
            self._make_plain(refusal)
            return True
        # another consumer has it, or it was removed
        logger.warning("event=not_ours task=%s reason=%s",
                       self.task.task_short_uid, refusal)
        return False

    def _make_plain(self, error):
        """Replace the texts, one of which the server may stumble over."""
        for name in sorted(PLAIN_TEXTS):
            if self.payload.get(name):
                logger.warning("event=report_made_plain task=%s %s=%r",
                               self.task.task_short_uid, name,
                               self.payload[name])
                self.payload[name] = PLAIN_TEXTS[name]
        logger.warning("event=report_made_plain task=%s route=%s reason=%s",
                       self.task.task_short_uid, self.route, error)
        self._is_plain = True
        self._failures = 0
