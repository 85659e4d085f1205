# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Every error that the queue raises.

The docstring of a class tells an operator what happened and what to do; its
first paragraph is the message of an error that is raised without one. Code
decides by class, or by `status` and `error_name` where an error came through
HTTP, never by the text of a message.

This module imports nothing of ours, and nothing but Python.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function


class QueueError(Exception):
    """The queue cannot do what it was asked to do."""

    #: HTTP status of the answer when a JSON route raises the error; None: it
    #: is unexpected there, logged with its traceback and answered with 500
    status = None

    #: Further keys of that answer
    details = {}

    def __init__(self, *args):
        super(QueueError, self).__init__(*(args or (_explanation(self),)))

    @property
    def message(self):
        """The message for people, `str` or text."""
        return self.args[0]


def _explanation(error):
    """Return the first paragraph of an error's docstring, on one line."""
    paragraph = (type(error).__doc__ or type(error).__name__).split("\n\n")[0]
    return " ".join(paragraph.split())


# -- tasks and their rules


class TransitionNotAllowed(QueueError, ValueError):
    """The event does not apply to a task in this state."""


# -- the configuration


class ConfigError(QueueError, ValueError):
    """A value of the environment or of `<product-config senaite.queue>` is not
    valid. The message names the variable, its value and what is allowed.
    Correct it and restart the process."""

    def __init__(self, variable, source, text):
        """
        :param variable: the variable
        :type variable: senaite.queue.config.Variable
        :param source: where the value comes from, e.g. "SENAITE_QUEUE_ROLE"
        :param text: the value
        """
        problem = "{} is {}, but must be {}.".format(
            source, variable.show(text), variable.allowed)
        super(ConfigError, self).__init__(
            "{} {}".format(problem, variable.when_wrong))
        #: the message without what the process does about it
        self.problem = problem
        self.variable = variable
        #: the name of the environment variable, or the key and its section
        self.source = source


# -- the site


class NoSite(QueueError, LookupError):
    """No site is set: the queue works inside a site only."""


class SiteGone(QueueError, LookupError):
    """The site no longer exists in the database, or it has no queue.

    Threads that work for the site end. Nothing has to be done.
    """


class DatabaseClosed(QueueError):
    """The database was closed.

    Threads that use it end. It happens when the process stops.
    """


# -- requests


class BadToken(QueueError, ValueError):
    """Bad token

    The token of a request does not sign this request. Answers do not say why,
    on purpose. Check that all processes use the same key, and that their
    clocks agree.
    """


class StaleToken(BadToken):
    """Bad token

    The token of a request is dated too early or too late. The clocks of two
    machines differ, or one of them was set.
    """

    def __init__(self, nonce):
        """
        :param nonce: nonce of the token
        """
        super(StaleToken, self).__init__()
        self.nonce = nonce


class BadAnswer(QueueError, ValueError):
    """The answer to a request is not signed with our key."""


class OtherDatabase(QueueError):
    """This queue server does not see the database of the caller.

    The caller is most likely part of a copy of the site. Give the copy a queue
    server of its own, or empty its setting "Queue server".
    """

    status = 403


class Refused(QueueError):
    """The request cannot be answered as asked."""

    def __init__(self, status, message, **details):
        """
        :param status: HTTP status of the answer
        :type status: int
        :param message: for the caller to read
        :type message: str
        :param details: further keys of the answer
        """
        super(Refused, self).__init__(message)
        self.status = status
        self.details = details


class NoSuchRoute(QueueError):
    """No such route

    The caller asks for a route that this version does not have. Install the
    same version of senaite.queue everywhere.
    """

    status = 404


class JobNotFound(QueueError):
    """No task of the job is known: it was never added, or it was removed from
    the history."""

    status = 404

    def __init__(self, job_uid):
        """
        :param job_uid: uid of the job
        :type job_uid: str
        """
        super(JobNotFound, self).__init__("Job {} not found".format(job_uid))


# -- calls of the queue server


class TransportError(QueueError):
    """The queue server could not be asked."""


class ServerUnreachable(TransportError):
    """The queue server does not answer, or says that it cannot work.

    Check that it runs, and the setting "Queue server". Tasks are kept and
    delivered later.
    """

    status = 504


class NotConnected(ServerUnreachable):
    """Nothing listens at the address of the queue server: the request was not
    sent."""


class AnswerTimeout(ServerUnreachable):
    """The request was sent, but not answered in time.

    It may have been carried out all the same.
    """


class CircuitOpen(ServerUnreachable):
    """The queue server did not answer a moment ago, and was not asked again.
    """


class ServerFailed(ServerUnreachable):
    """The queue server, or a proxy before it, answered the request with an
    error or with something that is not JSON.

    The request may be at fault, for example by its size.
    """

    def __init__(self, answered, message, reason=None):
        """
        :param answered: HTTP status of the answer
        :type answered: int
        :param message: what is wrong
        :type message: str
        :param reason: the message in the answer; None: it is not JSON
        :type reason: str
        """
        super(ServerFailed, self).__init__(message)
        self.answered = answered
        self.reason = reason


class KeyNotProved(ServerUnreachable):
    """What answers at the address of the queue server does not prove that it
    has the key of this site.

    Its answer was ignored. Check the setting "Queue server", and that all
    processes run the same version with the same key. After an upgrade from a
    version that does not sign its answers, all processes have to be
    restarted before the upgrade step of the site runs.
    """


class ServerRefused(TransportError):
    """The queue server refused the request.

    Status and message are those of its answer.
    """

    message = None

    def __init__(self, status, message, answer=None):
        """
        :param status: HTTP status
        :type status: int
        :param message: the server's message
        :type message: str
        :param answer: the server's whole answer
        :type answer: dict
        """
        super(ServerRefused, self).__init__("{} {}".format(status, message))
        self.status = status
        self.message = message
        self.answer = answer or {}

    @property
    def error_name(self):
        """Name of the error's class in the server, or None."""
        return self.answer.get("error")

    @property
    def is_nameless(self):
        """Whether this is a 404 of a server that does not name its errors
        yet: most likely the task is not known."""
        return self.status == 404 and bool(self.answer) and \
            self.error_name is None


class DatabaseRefused(ServerRefused):
    """The queue server does not see the database of this process.

    If this is a copy of the site, give it a queue server of its own, or empty
    the setting "Queue server". Meanwhile actions run at once, and nothing is
    sent to the queue server.
    """

    def __init__(self, answer=None):
        """
        :param answer: the server's whole answer
        :type answer: dict
        """
        super(DatabaseRefused, self).__init__(
            OtherDatabase.status, _explanation(self), answer)


class ConnectionFault(QueueError):
    """The test of the connection to the queue server found a fault."""


# -- the task store


class StoreError(QueueError):
    """The task store cannot do what it was asked to do."""


class StoreUnavailable(StoreError):
    """The task store cannot be read or written now; nothing was changed.

    People keep working: what they queue stays in the site's outbox, and is
    delivered when the store is back. The message says what is wrong and what
    helps.
    """

    status = 503


class TaskNotFound(StoreError):
    """The store knows no task with this uid: it was never added, or it was
    removed from the history."""

    status = 404

    def __init__(self, task_uid):
        """
        :param task_uid: uid of the task
        :type task_uid: str
        """
        super(TaskNotFound, self).__init__(
            "Task {} not found".format(task_uid))
        self.details = {"task_uid": task_uid}


class NotRunning(StoreError):
    """The task is not running, or another consumer holds it by now.

    The attempt that reports it is over, and its report changes nothing.
    """

    status = 412


class QueueHeld(StoreError):
    """No tasks are handed out or accepted, because the database or the task
    store was restored from a backup, and the other one was not.

    Tasks stay in the outbox. Reconcile the two on the page `@@queue_reconcile`
    of the site, or with the command `senaite-queue-reconcile`.
    """

    status = 503


class CannotMove(StoreError):
    """The tasks were not moved; both stores are as they were."""


# -- consumers


class NotReady(QueueError):
    """The consumer cannot take tasks now; the message says why.

    It tries again by itself.
    """


class ReportGivenUp(NotReady):
    """The queue server does not take a report of this consumer, although it
    answers.

    The log of the queue server has the reason. The consumer starts again, and
    the task is handed out again.
    """


class PluginMissing(QueueError):
    """The authentication plugin of the queue was deleted or switched off, so
    that tasks cannot run as their users.

    They wait until it is back. Install the add-on again, or switch the plugin
    "senaite_queue_auth" on for extraction and authentication in `acl_users`.
    """


class LeaseNotHeld(QueueError):
    """This process does not hold the task"""

    status = 412


class AlreadyRunning(QueueError):
    """The task is being processed by this process"""

    status = 412


class LeaseLost(QueueError):
    """The lease was lost while the work was done

    Nothing was committed; the task runs again.
    """


class TaskRefused(QueueError):
    """The task can never be processed; the message says why."""

    def __init__(self, message, code=None):
        """
        :param code: one of `senaite.queue.model.failures`
        """
        super(TaskRefused, self).__init__(message)
        self.code = code
