# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Everything that can be configured: one table of settings and variables.

* `SETTINGS`: what a manager of a site sets on the settings page. The values
  are records of plone.app.registry.
* `VARIABLES`: what an administrator sets for a process, by an environment
  variable or a key of `<product-config senaite.queue>` in zope.conf. The
  environment wins.

The settings page and docs/configuration.rst are made from these tables, and
no other module reads the environment or the product configuration.

What happens to a wrong value:

* Setting: the page does not save it. One that is in the registry already
  (edited by hand, or written by an older version) is replaced by the nearest
  bound or the default when it is read, see `Setting.clean`. No page breaks.
* Variable: `queue-consumer` refuses to start. A Zope process starts: an error
  at start-up would take down the LIMS, which has to work without the queue.
  It logs one ERROR for each wrong value (`on_process_starting`), and health,
  metrics and the notices for managers report it for as long as it lasts. Where
  the default is safe, the process goes on with the default. With a wrong
  `ROLE` or `KEY` it is not: the process would keep tasks in the wrong place,
  or sign with the wrong key. Such a process takes no part in the queue: it is
  not a queue server, takes no tasks and delivers none. Tasks that it has
  added stay in the outbox, and its users' actions run at once. It does not
  learn what is queued: of other processes' tasks it knows those in the outbox,
  which tasks leave some seconds after they were delivered.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import os
import re

import six
from six.moves.urllib.parse import urlsplit

from senaite.queue.errors import ConfigError
from senaite.queue import logger
from senaite.queue import messageFactory as _

#: Prefix of the records in plone.app.registry
PREFIX = "senaite.queue"

#: Section of zope.conf: `<product-config senaite.queue>`
PRODUCT = "senaite.queue"

#: What all environment variables of this package begin with
VARIABLE_PREFIX = "SENAITE_QUEUE_"

# Types of settings
INTEGER = "whole number"
BOOLEAN = "yes or no"
URL = "URL"
NAMES = "list of names"
CHOICES = "selection"

SECONDS = "seconds"
HOURS = "hours"
DAYS = "days"
BYTES = "bytes"
ITEMS = "items"
TASKS = "tasks"

ON = "on"
OFF = "off"

#: The roles of a process
SERVER = "server"
CLIENT = "client"

#: What a uid takes in a task, in bytes: quotes, 32 digits, comma, blank
UID_BYTES = 36


# Settings of a site

class Setting(object):
    """A setting of a site: the record `senaite.queue.<name>`."""

    def __init__(self, name, kind, default, title, description,
                 consequence=None, unit=None, low=None, high=None,
                 choices=(), decides_trust=False, fallback=None):
        """
        :param name: name of the record, without prefix
        :param kind: INTEGER, BOOLEAN, URL, NAMES or CHOICES
        :param default: value of a new site
        :param title: how people call it
        :param description: what it is
        :param consequence: what a different value brings about
        :param unit: SECONDS, HOURS, DAYS, BYTES, ITEMS, TASKS or None
        :param low: least value of a number
        :param high: greatest value of a number
        :param choices: pairs of value and title, for CHOICES
        :param decides_trust: whether it decides which process is trusted, so
            that only administrators may change it
        :param fallback: name of the setting that counts while this number is
            empty; such a number has the default None
        """
        self.fallback = fallback
        self.decides_trust = decides_trust
        self.name = name
        self.kind = kind
        self.default = default
        self.title = title
        self.description = description
        self.consequence = consequence
        self.unit = unit
        self.low = low
        self.high = high
        self.choices = choices

    def clean(self, value):
        """Return a value of the registry as the code can use it.

        :param value: what the record holds; None where people left it empty
        :returns: the value, the nearest bound, or the default; and what was
            wrong with the value, or None
        :rtype: tuple
        """
        if self.kind == INTEGER:
            return self._clean_number(value)
        if self.kind == BOOLEAN:
            if isinstance(value, bool):
                return value, None
            return self.default, "must be True or False"
        if value is None:
            return type(self.default)(), None
        if self.kind == URL:
            if isinstance(value, six.string_types):
                return value, None
            return self.default, "must be text"
        return self._clean_names(value)

    def _clean_number(self, value):
        if value is None and self.fallback:
            return None, None
        expected = "must be a whole number from {} to {}".format(
            self.low, self.high)
        if isinstance(value, bool) or \
                not isinstance(value, six.integer_types):
            return self.default, expected
        if self.low <= value <= self.high:
            return value, None
        return min(max(value, self.low), self.high), expected

    def _clean_names(self, value):
        if not isinstance(value, (list, tuple)):
            return self.default, "must be a list of names"
        known = [name for name, _title in self.choices]
        kept = tuple(name for name in value
                     if isinstance(name, six.string_types)
                     and (not known or name in known))
        if len(kept) == len(value):
            return kept, None
        return kept, "must be names" if not known else \
            "must be some of {}".format(", ".join(known))


#: The process of tasks that belong to none of the others
OTHER = "other"

#: The processes that can be queued, as people call them
PROCESS_TITLES = (
    ("assign", _(u"Adding analyses to worksheets")),
    ("template", _(u"Applying worksheet templates")),
    ("submit", _(u"Submitting results")),
    ("verify", _(u"Verifying results")),
    ("retract", _(u"Retracting and retesting")),
    ("reject", _(u"Rejecting analyses")),
    ("unassign", _(u"Removing analyses from worksheets")),
    ("security", _(u"Giving a new contact access to the client's content")),
    (OTHER, _(u"Tasks of other add-ons")),
)

#: The processes that can be queued
PROCESSES = tuple(name for name, _title in PROCESS_TITLES)

#: The processes, and what the settings with their own minimum are called
MINIMUM_TITLES = (
    ("assign", _(u"Minimum for adding analyses to worksheets")),
    ("template", _(u"Minimum for applying worksheet templates")),
    ("submit", _(u"Minimum for submitting results")),
    ("verify", _(u"Minimum for verifying results")),
    ("retract", _(u"Minimum for retracting and retesting")),
    ("reject", _(u"Minimum for rejecting analyses")),
    ("unassign", _(u"Minimum for removing analyses from worksheets")),
    ("security", _(u"Minimum for giving a new contact access")),
    (OTHER, _(u"Minimum for tasks of other add-ons")),
)

#: What is counted, unless it is the selected analyses
COUNTED = {
    "template": _(u"Counts the analyses that the template takes."),
    "security": _(u"Counts the objects in the client's folder, such as "
                  u"samples."),
    OTHER: _(u"Counts the selected items, such as samples."),
}

#: Counts where a process has no minimum of its own
MIN_ITEMS = "min_items"


def get_minimum_name(process):
    """Return the name of the setting with the minimum of a process.

    :param process: one of `PROCESSES`
    :rtype: str
    """
    return "{}_{}".format(MIN_ITEMS, process)


def _make_minimum(process, title):
    return Setting(
        get_minimum_name(process), INTEGER, None, title,
        COUNTED.get(process, _(u"Counts the selected analyses.")),
        unit=ITEMS, low=1, high=500, fallback=MIN_ITEMS)

#: The settings in the order of the page: (title of the group, settings)
GROUPS = (
    (_(u"Queue server"), (
        Setting(
            "server", URL, "http://localhost:8080/senaite",
            _(u"Queue server"),
            _(u"URL of this site on the Zope process that keeps the queue: "
              u"scheme, host, port and path of the site. If it is empty, the "
              u"queue is off: all actions run at once, while users wait."),
            _(u"A site that runs in a single process (without ZEO) is its own "
              u"queue server, whatever the URL."),
            decides_trust=True),
        Setting(
            "outage_seconds", INTEGER, 300,
            _(u"Tolerated outage (seconds)"),
            _(u"When the queue server has not responded for this long, new "
              u"actions run at once, while users wait. Tasks that are queued "
              u"already are kept and delivered later."),
            _(u"Choose a value greater than the time that a restart of the "
              u"queue server takes."),
            SECONDS, 10, 86400),
    )),
    (_(u"What is queued"), (
        Setting(
            "queued_processes", CHOICES, PROCESSES,
            _(u"Queued processes"),
            _(u"Processes that run in the background. All others run at once, "
              u"while users wait."),
            choices=PROCESS_TITLES),
        Setting(
            "max_uids", INTEGER, 10000,
            _(u"Largest selection"),
            _(u"Selections of more items are refused with an error message."),
            _(u"All items of a selection must fit into the largest task, at "
              u"36 bytes per item."),
            ITEMS, 100, 100000),
        Setting(
            "max_payload_bytes", INTEGER, 1024 * 1024,
            _(u"Largest task (bytes)"),
            _(u"Tasks with more data are refused with an error message."),
            _(u"Large tasks take up memory of all processes of the queue."),
            BYTES, 10 * 1024, 16 * 1024 * 1024),
    )),
    (_(u"Minimum number of items"), (
        Setting(
            MIN_ITEMS, INTEGER, 5,
            _(u"Minimum number of items to queue"),
            _(u"Actions on fewer items, such as analyses, run at once. It "
              u"holds for all processes that have no number of their own."),
            _(u"A few items take less time than waiting for the queue. With "
              u"1, every action is queued."),
            ITEMS, 1, 500),
    ) + tuple(_make_minimum(process, title)
              for process, title in MINIMUM_TITLES)),
    (_(u"Order"), (
        Setting(
            "top_priority_tasks", NAMES,
            ("task_action_unassign", "task_assign_analyses",
             "task_action_submit", "task_action_verify"),
            _(u"Top-priority tasks"),
            _(u"Names of tasks, one per line. They run before all other "
              u"tasks, in this order."),
            _(u"A change also reorders the tasks that are already "
              u"waiting.")),
    )),
    (_(u"Speed"), (
        Setting(
            "default", INTEGER, 10,
            _(u"Chunk size"),
            _(u"Number of items, such as analyses, that a job processes in "
              u"its first transaction. While chunks finish quickly, the next "
              u"one is twice as large, unless speedups are off. 0 switches "
              u"the queue off: tasks that are queued already are processed, "
              u"new actions run at once."),
            _(u"Larger chunks are faster overall, but conflict more often "
              u"with users who work on the same worksheet or sample."),
            ITEMS, 0, 500),
        Setting(
            "max_items", INTEGER, 40,
            _(u"Largest chunk"),
            _(u"Chunks do not grow beyond this number of items. After a "
              u"conflict with other work a chunk is repeated with half as "
              u"many, unless speedups are off."),
            _(u"If it is not greater than the chunk size, chunks do not "
              u"grow."),
            ITEMS, 1, 500),
        Setting(
            "max_consumers", INTEGER, 4,
            _(u"Maximum number of running tasks"),
            _(u"Number of tasks that may run at the same time, however many "
              u"consumers there are."),
            _(u"As a rule, one for each processor core that consumers may "
              u"use."),
            TASKS, 1, 100),
        Setting(
            "min_seconds_task", INTEGER, 0,
            _(u"Minimum time per task (seconds)"),
            _(u"After the start of a task, a consumer waits at least this "
              u"long before it starts the next one."),
            _(u"A higher value leaves more of a small machine to the users, "
              u"and makes the queue slower."),
            SECONDS, 0, 60),
        Setting(
            "speedups", BOOLEAN, True,
            _(u"Use speedups"),
            _(u"Tasks avoid work that SENAITE repeats for each item, such as "
              u"indexing the same object several times. The result is the "
              u"same."),
            _(u"Without speedups, tasks take longer. Switch them off if you "
              u"suspect a conflict with another add-on.")),
    )),
    (_(u"Failures"), (
        Setting(
            "max_retries", INTEGER, 3,
            _(u"Maximum number of retries"),
            _(u"How often a failed task is tried again. The delay grows with "
              u"each retry."),
            _(u"With 0, every conflict with a user who works on the same "
              u"sample leaves a failed task, which somebody has to "
              u"requeue."),
            None, 0, 10),
        Setting(
            "max_seconds_unlock", INTEGER, 120,
            _(u"Maximum time per task (seconds)"),
            _(u"Tasks that exceed the limit are stopped and retried with "
              u"fewer items."),
            _(u"If the value is too low, tasks fail that would have "
              u"finished. If it is too high, a task that hangs keeps its "
              u"sample or worksheet locked for a long time."),
            SECONDS, 30, 1800),
        Setting(
            "lease_seconds", INTEGER, 30,
            _(u"Lease (seconds)"),
            _(u"When a consumer has not responded for this long, another "
              u"consumer gets its task."),
            _(u"With a low value, work resumes sooner after a crash. If the "
              u"value is too low, consumers on a slow network lose tasks "
              u"that they are working on."),
            SECONDS, 10, 600),
    )),
    (_(u"History"), (
        Setting(
            "retention_days", INTEGER, 7,
            _(u"History (days)"),
            _(u"Number of days for which finished and removed tasks can be "
              u"looked up."),
            _(u"A higher value makes the database of the queue larger, not "
              u"slower."),
            DAYS, 1, 365),
        Setting(
            "payload_hours", INTEGER, 0,
            _(u"Data of finished tasks (hours)"),
            _(u"Number of hours for which the data that a caller sent with a "
              u"task is kept after the task has ended. The history keeps what "
              u"the monitor describes."),
            _(u"The data may contain secrets, such as the cookie of a "
              u"session. With 0, it is removed within seconds."),
            HOURS, 0, 8760),
    )),
)

#: name -> `Setting`
SETTINGS = dict((setting.name, setting)
                for _title, settings in GROUPS for setting in settings)

#: name -> value in a new site
DEFAULTS = dict((name, setting.default) for name, setting in SETTINGS.items())


# Variables of a process

def _show(text):
    return repr(str(text))


def _show_length(text):
    return "a secret value of {} characters".format(len(text))


def _show_without_login(text):
    """Leave out what may be a password."""
    text = str(text).partition("?")[0]
    login, at_sign, rest = text.rpartition("@")
    if at_sign:
        scheme, slashes, _login = login.partition("://")
        text = "{}...@{}".format(scheme + slashes if slashes else "", rest)
    return repr(text)


class Variable(object):
    """Something that is set for a process."""

    def __init__(self, name, parse, allowed, description, consequence,
                 default=None, default_text=None, key=None, show=_show,
                 when_wrong="The default is used."):
        """
        :param name: name of the environment variable, without prefix
        :param parse: function(text) that returns the value, or raises
            ValueError when the text is not allowed
        :param allowed: what the text may be; completes "must be ..."
        :param description: what it is
        :param consequence: what it brings about
        :param default: value when it is not set
        :param default_text: what happens when it is not set
        :param key: name in `<product-config senaite.queue>`, or None when
            there is only the environment variable
        :param show: function(text) that returns the text for error messages,
            without secrets
        :param when_wrong: what a process does when the value is wrong
        """
        self.variable = VARIABLE_PREFIX + name
        self.parse = parse
        self.allowed = allowed
        self.description = description
        self.consequence = consequence
        self.default = default
        self.default_text = default_text
        self.key = key
        self.show = show
        self.when_wrong = when_wrong


_KEY = re.compile(r"^[A-Za-z0-9_-]{43}=\Z")
_STORE = re.compile(r"^(sqlite|postgresql)(\+[a-z0-9]+)?://\S*\Z")
_BLANK = re.compile(r"\s")

#: A shorter token could be guessed
SHORTEST_TOKEN = 16

MOST_CONFLICT_RETRIES = 100

MOST_STOP_SECONDS = 600


def _one_of(*values):
    def parse(text):
        if text not in values:
            raise ValueError(text)
        return text
    return parse


def _switch(text):
    if text.lower() not in (ON, OFF):
        raise ValueError(text)
    return text.lower() == ON


def _matching(pattern):
    def parse(text):
        if not pattern.match(text):
            raise ValueError(text)
        return text
    return parse


def _site_url(text):
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or \
            _BLANK.search(text) or not _has_good_port(text, parts):
        raise ValueError(text)
    return text.rstrip("/")


def _conflict_retries(text):
    if text.lower() == OFF:
        return OFF
    if not text.isdigit() or int(text) > MOST_CONFLICT_RETRIES:
        raise ValueError(text)
    return int(text)


def _stop_seconds(text):
    if not text.isdigit() or int(text) > MOST_STOP_SECONDS:
        raise ValueError(text)
    return int(text)


def _token(text):
    if len(text) < SHORTEST_TOKEN:
        raise ValueError(text)
    return text


TAKES_NO_PART = ("Until it is corrected and the process restarted, this "
                 "process takes no part in the queue: it is not a queue "
                 "server, takes no tasks and delivers none.")

ROLE = Variable(
    "ROLE", _one_of(SERVER, CLIENT), "'server' or 'client'",
    "The role of the process: 'server' keeps the queue, 'client' does not.",
    "Set it for all processes of a cluster. A process with a role takes tasks "
    "only when a clock-server or queue-consumer tells it to.",
    default_text="a process whose database no other process can open is the "
    "queue server, and so is a ZEO client at the address in the setting "
    "'Queue server'",
    key="role", when_wrong=TAKES_NO_PART)

KEY = Variable(
    "KEY", _matching(_KEY),
    "32 bytes in URL-safe base64 (44 characters that end with '=')",
    "The key that signs the requests between the processes.",
    "It must be the same in all processes, and can no longer be changed on "
    "the settings page.",
    default_text="a key that is kept in the database of the site and changed "
    "on the settings page",
    show=_show_length, when_wrong=TAKES_NO_PART)

STORE = Variable(
    "STORE", _matching(_STORE),
    "a SQLAlchemy URL that begins with sqlite:// or postgresql:// and "
    "contains no blank",
    "The database in which a queue server keeps the tasks.",
    "Several queue servers need one PostgreSQL database. Another database is "
    "another queue: stop all processes and move the tasks first.",
    default_text="senaite.queue.db (SQLite) in the directory of the process' "
    "own files",
    key="store", show=_show_without_login,
    when_wrong="Until it is corrected and the process restarted, a queue "
    "server with this value refuses all requests.")

STANDALONE = Variable(
    "STANDALONE", _switch, "'on' or 'off'",
    "Whether a queue server without a configured role takes tasks, too.",
    "With 'off', tasks wait until a consumer is started.",
    default=True, default_text="on")

CONSUMER_URL = Variable(
    "CONSUMER_URL", _site_url,
    "a URL of the site, such as http://localhost:8080/senaite",
    "The URL of the site on this process, for consumers that cannot find it "
    "out.",
    "Processes that do not use HTTP to talk to themselves use only its host, "
    "for links in e-mails of tasks that were not added by a click.",
    default_text="the address at which the process listens")

CONFLICT_RETRIES = Variable(
    "CONFLICT_RETRIES", _conflict_retries,
    "a whole number from 0 to {}, or 'off'".format(MOST_CONFLICT_RETRIES),
    "How often Zope retries a request that meets a write conflict.",
    "With 0, users see an error page at every conflict. 'off' leaves Zope as "
    "it is: ZServer 4.0.2 then does not retry at all.",
    default_text="max-conflict-retries of zope.conf (3 unless set), unless "
    "Zope retries already",
    key="conflict_retries")

METRICS_TOKEN = Variable(
    "METRICS_TOKEN", _token,
    "at least {} characters".format(SHORTEST_TOKEN),
    "The token with which programs may read the metrics.",
    "Anybody who knows it can read the metrics.",
    default_text="only users with the permission to view the queue can read "
    "the metrics",
    key="metrics_token", show=_show_length,
    when_wrong="Until it is corrected and the process restarted, no token is "
    "accepted.")

SPEEDUPS = Variable(
    "SPEEDUPS", _switch, "'on' or 'off'",
    "Whether tasks of this process use speedups. It overrides the setting "
    "'Use speedups' of all sites.",
    "With 'off', tasks take longer; the results are the same.",
    default_text="the setting decides")

STOP_SECONDS = Variable(
    "STOP_SECONDS", _stop_seconds,
    "a whole number from 0 to {}".format(MOST_STOP_SECONDS),
    "How many seconds the chunks of a Zope process may still take when it is "
    "stopped. What has not ended by then is handed back.",
    "The value must be less than what the system allows before it kills the "
    "process: 10 seconds for supervisor and Docker, 90 for systemd. "
    "queue-consumer has the option --grace instead.",
    default=8, default_text="8", key="stop_seconds")

VARIABLES = (ROLE, KEY, STORE, STANDALONE, CONSUMER_URL, CONFLICT_RETRIES,
             METRICS_TOKEN, SPEEDUPS, STOP_SECONDS)

#: A process that has one of these wrong must not take part in the queue
CRITICAL = (ROLE, KEY)


def read(variable):
    """Return the value of a variable of this process.

    :param variable: one of `VARIABLES`
    :returns: the value, or `variable.default` when it is not set
    :raises ConfigError: when the value is not allowed
    """
    source, text = _find(variable)
    if not text:
        return variable.default
    try:
        return variable.parse(text)
    except ValueError:
        raise ConfigError(variable, source, text)


def read_or_default(variable):
    """Return the value of a variable of this process, or its default when it
    is not set or not allowed.

    :param variable: one of `VARIABLES`, but none of `CRITICAL`
    """
    try:
        return read(variable)
    except ConfigError:
        return variable.default


def get_source(variable):
    """Return where the value of a variable comes from.

    :returns: the name of the environment variable, or the key in zope.conf;
        None when it is not set
    :rtype: str
    """
    source, text = _find(variable)
    return source if text else None


def _find(variable):
    text = (os.environ.get(variable.variable) or "").strip()
    if text or not variable.key:
        return variable.variable, text
    text = str(get_product_config().get(variable.key) or "").strip()
    return "'{}' in <product-config {}>".format(variable.key, PRODUCT), text


def get_product_config():
    """Return `<product-config senaite.queue>` of zope.conf.

    :returns: dict, empty where there is no such section or no Zope
    """
    try:
        from App.config import getConfiguration
    except ImportError:
        return {}
    sections = getattr(getConfiguration(), "product_config", None) or {}
    return sections.get(PRODUCT) or {}


def get_errors(variables=VARIABLES):
    """Return what is wrong with the variables of this process.

    :param variables: the ones to check
    :rtype: list of ConfigError
    """
    found = []
    for variable in variables:
        try:
            read(variable)
        except ConfigError as error:
            found.append(error)
    return found


def require_part():
    """Make sure that this process may take part in the queue.

    :raises ConfigError: when one of `CRITICAL` has a wrong value
    """
    for error in get_errors(CRITICAL):
        raise error


def get_unknown_names():
    """Return names that look like ours and mean nothing, such as typing
    errors.

    :returns: names of environment variables and keys of
        `<product-config senaite.queue>`
    :rtype: list of str
    """
    names = set(variable.variable for variable in VARIABLES)
    keys = set(variable.key for variable in VARIABLES)
    found = sorted(name for name in os.environ
                   if name.startswith(VARIABLE_PREFIX) and name not in names)
    return found + ["'{}' in <product-config {}>".format(key, PRODUCT)
                    for key in sorted(get_product_config())
                    if key not in keys]


def on_process_starting(event):
    """Log what is wrong with the variables of this process.

    Never raises: a Zope process has to start, because the LIMS works without
    the queue. See the description of this module.

    :param event: zope.processlifetime.IProcessStarting
    """
    for error in get_errors():
        logger.error("event=wrong_configuration %s", error)
    for name in get_unknown_names():
        logger.warning("event=unknown_configuration %s is not known and has "
                       "no effect", name)


def check_url(url):
    """Return what is wrong with the URL of a site.

    :returns: a message for people, or None when nothing is wrong
    :rtype: zope.i18nmessageid.Message
    """
    if _BLANK.search(url):
        return _(u"The URL must not contain blanks")
    try:
        parts = urlsplit(url)
    except ValueError:
        return _(u"This is not a valid URL")
    if parts.scheme not in ("http", "https"):
        return _(u"The URL must begin with http:// or https://")
    if not parts.hostname:
        return _(u"The URL must name a host")
    if parts.username is not None or parts.password is not None:
        return _(u"The URL must not contain a login, because other users can "
                 u"read the settings")
    if not _has_good_port(url, parts):
        return _(u"The port of the URL must be a number from 1 to 65535")
    if parts.query or parts.fragment:
        return _(u"The URL must end with the path of the site")
    if not parts.path.strip("/"):
        return _(u"The URL must contain the path of the site, such as "
                 u"http://localhost:8080/senaite")
    return None


#: A host that is followed by a colon
_PORT = re.compile(r"^\w+://[^/?#]*:[^/?#\]]*([/?#]|$)")


def _has_good_port(url, parts):
    try:
        port = parts.port
    except ValueError:
        return False
    # Python 2 has no port, and no error, where the number is too large
    return port != 0 and (port is not None or not _PORT.search(url))
