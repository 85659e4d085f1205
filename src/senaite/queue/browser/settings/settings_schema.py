# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The schema of the settings page: a field for each of `config.SETTINGS`.

Titles, descriptions, bounds and defaults are those of `senaite.queue.config`.
The values are records of plone.app.registry with the prefix "senaite.queue".
There is no secret among them: the JSON API shows the registry to anybody.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from zope import schema
from zope.interface import Interface
from zope.interface import Invalid
from zope.interface import invariant
from zope.schema.vocabulary import SimpleTerm
from zope.schema.vocabulary import SimpleVocabulary

from senaite.queue import config
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import NAME
from senaite.queue.model.fields import to_text

PROCESS_VOCABULARY = SimpleVocabulary(
    [SimpleTerm(name, name, title) for name, title in config.PROCESS_TITLES])


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
    problem = config.check_url(value)
    if problem:
        raise Invalid(problem)
    return True


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


def about(name, **values):
    """Return what is the same for all kinds of fields."""
    setting = config.SETTINGS[name]
    values.setdefault("default", setting.default)
    return dict(values, title=setting.title, description=setting.description)


def number(name):
    """Return the field of a whole number."""
    setting = config.SETTINGS[name]
    return schema.Int(min=setting.low, max=setting.high,
                      required=setting.fallback is None, **about(name))


class IQueueSettings(Interface):
    """The settings of the queue in one site."""

    server = schema.TextLine(
        required=False, constraint=check_server,
        **about("server", default=to_text(config.DEFAULTS["server"])))

    outage_seconds = number("outage_seconds")

    queued_processes = schema.Tuple(
        value_type=schema.Choice(
            title=_(u"Process"), vocabulary=PROCESS_VOCABULARY),
        required=False, **about("queued_processes"))

    max_uids = number("max_uids")

    max_payload_bytes = number("max_payload_bytes")

    min_items = number("min_items")

    min_items_assign = number("min_items_assign")

    min_items_template = number("min_items_template")

    min_items_submit = number("min_items_submit")

    min_items_verify = number("min_items_verify")

    min_items_retract = number("min_items_retract")

    min_items_reject = number("min_items_reject")

    min_items_unassign = number("min_items_unassign")

    min_items_security = number("min_items_security")

    min_items_other = number("min_items_other")

    top_priority_tasks = schema.Tuple(
        value_type=schema.TextLine(title=_(u"Name of a task")),
        required=False, constraint=check_task_names,
        **about("top_priority_tasks", default=tuple(
            to_text(name)
            for name in config.DEFAULTS["top_priority_tasks"])))

    default = number("default")

    max_items = number("max_items")

    max_consumers = number("max_consumers")

    min_seconds_task = number("min_seconds_task")

    speedups = schema.Bool(required=False, **about("speedups"))

    max_retries = number("max_retries")

    max_seconds_unlock = number("max_seconds_unlock")

    lease_seconds = number("lease_seconds")

    retention_days = number("retention_days")

    payload_hours = number("payload_hours")

    @invariant
    def items_fit_into_task(data):
        """The largest selection must fit into the largest task."""
        if data.max_uids is None or data.max_payload_bytes is None:
            return
        needed = data.max_uids * config.UID_BYTES
        if needed > data.max_payload_bytes:
            raise Invalid(_(
                u"'Largest selection': ${uids} items need ${bytes} bytes, and "
                u"do not fit into the ${limit} bytes of 'Largest task'",
                mapping={"uids": data.max_uids, "bytes": needed,
                         "limit": data.max_payload_bytes}))
