# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The settings: names, bounds and what they mean to people.

The records live in plone.app.registry with the prefix "senaite.queue", the
defaults are those of `senaite.queue.site.surroundings`. There is no secret among
them: the JSON API gives the registry to anybody.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import re

from six.moves.urllib.parse import urlsplit
from zope import schema
from zope.interface import Interface
from zope.interface import Invalid
from zope.interface import invariant
from zope.schema.vocabulary import SimpleTerm
from zope.schema.vocabulary import SimpleVocabulary

from senaite.queue import messageFactory as _
from senaite.queue.model.categories import OTHER
from senaite.queue.model.fields import NAME
from senaite.queue.model.fields import to_text
from senaite.queue.site.surroundings import DEFAULTS

#: The processes, as people call them
PROCESS_TITLES = (
    ("assign", _(u"Adding analyses to worksheets")),
    ("template", _(u"Applying worksheet templates")),
    ("submit", _(u"Submitting results")),
    ("verify", _(u"Verifying results")),
    ("retract", _(u"Retracting and retesting")),
    ("reject", _(u"Rejecting analyses")),
    ("unassign", _(u"Removing analyses from worksheets")),
    ("security", _(u"Showing what a client owns to a new contact")),
    (OTHER, _(u"Whatever other add-ons queue")),
)

PROCESS_VOCABULARY = SimpleVocabulary(
    [SimpleTerm(name, name, title) for name, title in PROCESS_TITLES])

#: What a uid takes in a task, in bytes: quotes, 32 digits, comma, blank
UID_BYTES = 36

BAD_PORT = _(u"The port of the URL is not a number from 1 to 65535")

#: A host is followed by a colon
HAS_PORT = re.compile(r"^\w+://[^/?#]*:[^/?#\]]*([/?#]|$)")


def check_server(value):
    """Accept the URL of a site, or nothing.

    :raises Invalid: saying what is wrong with it
    """
    if not value:
        return True
    try:
        value.encode("ascii")
    except UnicodeError:
        raise Invalid(_(u"'${title}' must consist of ASCII characters",
                        mapping={"title": _(u"Queue server")}))
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https"):
        raise Invalid(_(u"The URL must begin with http:// or https://"))
    if not parts.hostname:
        raise Invalid(_(u"The URL must name a host"))
    if parts.username is not None or parts.password is not None:
        raise Invalid(_(u"The URL must not contain a login: settings are "
                        u"readable by others"))
    check_port(value, parts)
    if parts.query or parts.fragment:
        raise Invalid(_(u"The URL must end with the path of the site"))
    if not parts.path.strip("/"):
        raise Invalid(_(u"The URL must go on to the site, such as "
                        u"http://localhost:8080/senaite"))
    return True


def check_port(url, parts):
    """Accept a URL without a port, or with one that is a number.

    :raises Invalid: for any other port
    """
    try:
        port = parts.port
    except ValueError:
        raise Invalid(BAD_PORT)
    # Python 2 has no port, and no error, where the number is too large
    if port == 0 or (port is None and HAS_PORT.search(url)):
        raise Invalid(BAD_PORT)


def check_task_names(value):
    """Accept names of tasks, each of them once.

    :raises Invalid: showing the line that is wrong
    """
    seen = set()
    for name in value or ():
        if not NAME.match(name):
            raise Invalid(_(u"Not the name of a task: '${name}'",
                            mapping={"name": name}))
        if name in seen:
            raise Invalid(_(u"Listed twice: '${name}'",
                            mapping={"name": name}))
        seen.add(name)
    return True


class IQueueSettings(Interface):
    """The settings of the queue in one site."""

    server = schema.TextLine(
        title=_(u"Queue server"),
        description=_(
            u"URL of this site in the Zope process that keeps the queue, with "
            u"scheme, host, port and path of the site. Default: "
            u"http://localhost:8080/senaite. Left empty, the queue is off and "
            u"everything is done at once, while people wait."),
        default=to_text(DEFAULTS["server"]),
        required=False,
        constraint=check_server,
    )

    default = schema.Int(
        title=_(u"Items per task"),
        description=_(
            u"How many items, such as analyses, are processed in one go. "
            u"Default: 10, from 0 to 500. More are faster on the whole, but "
            u"get in the way of people who work on the same worksheet or "
            u"sample. 0 switches the queue off: what waits is still "
            u"processed, new work is done at once."),
        default=DEFAULTS["default"],
        min=0,
        max=500,
    )

    max_items = schema.Int(
        title=_(u"Most items per task"),
        description=_(
            u"While the tasks of a job end quickly, each takes twice as many "
            u"items as the one before, up to this number; after a conflict "
            u"with somebody else's work half as many. Default: 40, from 1 to "
            u"500. The number above, or less, keeps tasks as they are."),
        default=DEFAULTS["max_items"],
        min=1,
        max=500,
    )

    max_consumers = schema.Int(
        title=_(u"Tasks at a time"),
        description=_(
            u"How many tasks run at the same time at most, however many "
            u"consumers there are. Default: 4, from 1 to 100. As a rule, one "
            u"for each processor core that consumers may use."),
        default=DEFAULTS["max_consumers"],
        min=1,
        max=100,
    )

    queued_processes = schema.Tuple(
        title=_(u"What is queued"),
        description=_(
            u"All else is done at once, while people wait. Default: all."),
        value_type=schema.Choice(
            title=_(u"Process"),
            vocabulary=PROCESS_VOCABULARY),
        default=DEFAULTS["queued_processes"],
        required=False,
    )

    min_items = schema.Int(
        title=_(u"Queued from so many items on"),
        description=_(
            u"A click on less items than this, such as analyses, is done at "
            u"once: that takes less time than to wait for the queue. Default: "
            u"5, from 1 (everything is queued) to 500."),
        default=DEFAULTS["min_items"],
        min=1,
        max=500,
    )

    top_priority_tasks = schema.Tuple(
        title=_(u"Tasks that come first"),
        description=_(
            u"Names of tasks, one a line; they come before all others, in "
            u"this order. A change also re-orders what waits already."),
        value_type=schema.TextLine(title=_(u"Name of a task")),
        default=tuple(to_text(n) for n in DEFAULTS["top_priority_tasks"]),
        required=False,
        constraint=check_task_names,
    )

    max_retries = schema.Int(
        title=_(u"Retries"),
        description=_(
            u"How often a task that failed is tried again, later each time. "
            u"Default: 3, from 0 to 10. With 0, each conflict with somebody "
            u"who works on the same sample ends in a failed task, which "
            u"somebody has to requeue."),
        default=DEFAULTS["max_retries"],
        min=0,
        max=10,
    )

    min_seconds_task = schema.Int(
        title=_(u"Pause between tasks (seconds)"),
        description=_(
            u"The least time from the start of a task to the start of the "
            u"next one of the same consumer. Default: 0, from 0 to 60. More "
            u"leaves room for people on a small machine, and makes the queue "
            u"slower."),
        default=DEFAULTS["min_seconds_task"],
        min=0,
        max=60,
    )

    max_seconds_unlock = schema.Int(
        title=_(u"Longest time of a task (seconds)"),
        description=_(
            u"A task that takes longer is given up and tried again with less "
            u"items. Default: 120, from 30 to 1800. Too low a value makes "
            u"tasks fail that would have come to an end, too high a value "
            u"keeps a sample or worksheet locked by a task that hangs."),
        default=DEFAULTS["max_seconds_unlock"],
        min=30,
        max=1800,
    )

    lease_seconds = schema.Int(
        title=_(u"Lease (seconds)"),
        description=_(
            u"A consumer that is not heard of for so long is taken for dead, "
            u"and another one gets its task. Default: 30, from 10 to 600. A "
            u"low value gets work going again sooner, too low a value takes "
            u"work from consumers on a slow network."),
        default=DEFAULTS["lease_seconds"],
        min=10,
        max=600,
    )

    outage_seconds = schema.Int(
        title=_(u"Patience with the queue server (seconds)"),
        description=_(
            u"When the queue server does not answer for so long, new work is "
            u"done at once, while people wait; what is queued is kept and "
            u"delivered later. Default: 300, from 10 to 86400 (a day)."),
        default=DEFAULTS["outage_seconds"],
        min=10,
        max=86400,
    )

    retention_days = schema.Int(
        title=_(u"History (days)"),
        description=_(
            u"For how long finished and removed tasks can be looked up. "
            u"Default: 7, from 1 to 365. More makes the queue's database "
            u"larger, not slower."),
        default=DEFAULTS["retention_days"],
        min=1,
        max=365,
    )

    payload_hours = schema.Int(
        title=_(u"Data of finished tasks (hours)"),
        description=_(
            u"How long the data that a caller sent along with a task is kept "
            u"after the task has ended. Default: 0, from 0 to 8760 (a year). "
            u"It may hold secrets, such as the cookie of a session. With 0 it "
            u"is removed within seconds; the history keeps what the monitor "
            u"describes."),
        default=DEFAULTS["payload_hours"],
        min=0,
        max=8760,
    )

    max_payload_bytes = schema.Int(
        title=_(u"Largest task (bytes)"),
        description=_(
            u"A task with more data than this is refused, with an error for "
            u"who caused it. Default: 1048576 (1 MiB), from 10240 to "
            u"16777216."),
        default=DEFAULTS["max_payload_bytes"],
        min=10 * 1024,
        max=16 * 1024 * 1024,
    )

    max_uids = schema.Int(
        title=_(u"Most items of a task"),
        description=_(
            u"A selection of more items than this is refused, with an error "
            u"for who made it. Default: 10000, from 100 to 100000. They must "
            u"fit into the largest task, at 36 bytes an item."),
        default=DEFAULTS["max_uids"],
        min=100,
        max=100000,
    )

    @invariant
    def items_fit_into_task(data):
        """The largest selection must fit into the largest task."""
        if data.max_uids is None or data.max_payload_bytes is None:
            return
        if data.max_uids * UID_BYTES > data.max_payload_bytes:
            raise Invalid(_(
                u"'Most items of a task': ${uids} items do not fit into the "
                u"${limit} bytes of 'Largest task', they need ${bytes}",
                mapping={"uids": data.max_uids,
                         "limit": data.max_payload_bytes,
                         "bytes": data.max_uids * UID_BYTES}))
